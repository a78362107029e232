"""Switches the night and every campaign on in a new Airflow, and waits until the campaigns ask for their approval.

It runs where Airflow's environment is, and asks nothing but its API:
    python first_day.py http://127.0.0.1:8080 nightly campaign_birthday campaign_win_back
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from urllib.request import Request, urlopen

# On a machine however slow: given up is only what has not moved for so long.
_STANDSTILL = 900
_Seen = TypeVar("_Seen")


class Airflow:
    """Airflow's API, in the name of an administrator."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token = ""
        self._token = self._sign_in()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._url + path, data=data, headers=headers, method=method)  # noqa: S310 - our own
        with urlopen(request, timeout=120) as answer:  # noqa: S310 - our own
            return dict(json.loads(answer.read() or b"{}"))

    def _sign_in(self) -> str:
        if os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "").lower() == "true":
            return str(self.ask("GET", "/auth/token")["access_token"])
        users = os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
        name = next((user.split(":")[0] for user in users if user.endswith(":admin")), None)
        if name is None:
            sys.exit("None of the users is an administrator: switch the DAGs on in Airflow.")
        file = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
        password = json.loads(file.read_text(encoding="utf-8"))[name]
        signed_in = self.ask("POST", "/auth/token", {"username": name, "password": password})
        return str(signed_in["access_token"])


def main(url: str, *dags: str) -> None:
    """Ends when each campaign waits for somebody, or has nobody to write to."""
    _wait(lambda: _answers(url), bool)
    airflow = Airflow(url)
    _wait(lambda: _known(airflow), lambda known: known.issuperset(dags))
    campaigns = [dag for dag in dags if dag.startswith("campaign_")]
    _switch_on(airflow, campaigns)
    states = _wait(
        lambda: [_state(airflow, dag) for dag in campaigns],
        {"asks", "ended"}.issuperset,
    )
    # Not before: its first run would take the machine from those who plan, and what they need is there.
    _switch_on(airflow, [dag for dag in dags if dag not in campaigns])
    sys.stdout.write(f"{states.count('asks')} of {len(campaigns)} campaigns ask for approval.\n")


def _switch_on(airflow: Airflow, dags: list[str]) -> None:
    for dag in dags:
        airflow.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False})


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/api/v2/monitor/health", timeout=10):  # noqa: S310 - our own
            return True
    except OSError:
        return False


def _known(airflow: Airflow) -> set[str]:
    return {dag["dag_id"] for dag in airflow.ask("GET", "/api/v2/dags?limit=1000")["dags"]}


def _state(airflow: Airflow, dag: str) -> str:
    """Of a campaign's newest run; while it is at work, how far it has come."""
    path = f"/api/v2/dags/{dag}/dagRuns"
    for run in airflow.ask("GET", f"{path}?order_by=-run_after&limit=1")["dag_runs"]:
        found = airflow.ask("GET", f"{path}/{quote(run['dag_run_id'])}/taskInstances?limit=200")
        states = sorted(f"{task['task_id']} {task['state']}" for task in found["task_instances"])
        if any(state.endswith(" awaiting_input") for state in states):
            return "asks"
        return "ended" if run["state"] in {"success", "failed"} else " ".join(states)
    return "has not begun"


def _wait(look: Callable[[], _Seen], done: Callable[[_Seen], bool]) -> _Seen:
    """Looks until it is done, as long as something moves."""
    seen, since = look(), time.monotonic()
    while not done(seen):
        if time.monotonic() - since > _STANDSTILL:
            sys.exit(f"Nothing has moved for {_STANDSTILL // 60} minutes: {seen}")
        time.sleep(2)
        now = look()
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
