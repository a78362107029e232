"""The compose file at work, without containers: a night, a dispatch, a worker that dies, and the count of the provider.

`make test-deploy` runs it; it takes some minutes.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import duckdb
import pytest

from deploy.compose_file import PROJECT, read_variables
from deploy.native_services import NativeServices, Running, missing_programs, native_services

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}"),
]

CAMPAIGN = "win_back"
# The last night that has been due where the sample shop is.
DAY = (datetime.now(ZoneInfo("America/New_York")) - timedelta(hours=2)).date().isoformat()
_PATIENCE = 3600
_ENDED = {"success", "failed"}


@dataclass(frozen=True)
class Airflow:
    """Airflow's API, in the name of the administrator that the compose file makes."""

    url: str
    passwords: Path

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        password = json.loads(self.passwords.read_text(encoding="utf-8"))["admin"]
        signed = self._ask("POST", "/auth/token", {"username": "admin", "password": password}, {})
        token = {"Authorization": f"Bearer {signed['access_token']}"}
        return self._ask(method, f"/api/v2{path}", body, token)

    def begin(self, dag: str, body: Mapping[str, Any]) -> str:
        """Triggers a run, unpauses, and ends the run of the schedule's latest slot, which Airflow starts beside it."""
        run = str(
            self.ask("POST", f"/dags/{dag}/dagRuns", {"logical_date": None, **body})["dag_run_id"]
        )
        self.ask("PATCH", f"/dags/{dag}", {"is_paused": False})
        wait_for(f"{dag} begins", lambda: self._has_begun(dag, run), unless=lambda: None)
        return run

    def _has_begun(self, dag: str, run: str) -> bool:
        for other in self.ask("GET", f"/dags/{dag}/dagRuns")["dag_runs"]:
            if other["dag_run_id"] != run and other["state"] in {"queued", "running"}:
                path = f"/dags/{dag}/dagRuns/{quote(other['dag_run_id'])}"
                self.ask("PATCH", path, {"state": "failed"})
        return self.state(dag, run) != "queued"

    def state(self, dag: str, run: str) -> str:
        return str(self.ask("GET", f"/dags/{dag}/dagRuns/{quote(run)}")["state"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        path = f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances?limit=100"
        return list(self.ask("GET", path)["task_instances"])

    def result(self, dag: str, run: str, task: str) -> dict[str, Any]:
        path = f"/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries/return_value"
        value = self.ask("GET", path)["value"]
        return dict(json.loads(value) if isinstance(value, str) else value)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        told = {"Content-Type": "application/json", **headers}
        request = Request(self.url + path, data=data, headers=told, method=method)  # noqa: S310 - loopback
        with urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            return dict(json.loads(answer.read() or b"{}"))


@pytest.fixture
def deployment() -> Iterator[NativeServices]:
    """As its operator fills in `.env`, with a provider that takes its time."""
    filled = read_variables(PROJECT / ".env.example") | _secrets()
    with native_services(filled) as services, _emulator(services) as providers:
        services.variables |= providers
        yield services


def _secrets() -> dict[str, str]:
    named = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "AIRFLOW_API_SECRET_KEY", "PERENNIAL_SECRET")
    made = {name: secrets.token_hex(32) for name in named}
    return made | {
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW_WORKER_CONCURRENCY": "1",
        # A worker that dies is missed soon, and one email a request makes the middle long.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__API__WORKERS": "1",
        "PERENNIAL_CLOCK": "simulated",
        "PERENNIAL_LEASE_SECONDS": "30",
        "PERENNIAL_SENDGRID_BATCH": "1",
        "PERENNIAL_SENDGRID_CONCURRENCY": "4",
        "PERENNIAL_TWILIO_CONCURRENCY": "4",
        "PERENNIAL_EDGE_URL": "https://mail.shop.example",
    }


@contextlib.contextmanager
def _emulator(services: NativeServices) -> Iterator[dict[str, str]]:
    """`perennial emulate`, and the settings that it prints for whoever pastes them into `.env`."""
    edge = f"http://127.0.0.1:{services.port('edge', 8090)}"
    record = services.home / "accepted.jsonl"
    public = "https://mail.shop.example"
    process = subprocess.Popen(
        [
            Path(sys.executable).parent / "perennial",
            *("emulate", "--port", "0", "--record", record, "--latency", "0.5"),
            *("--edge", edge, "--public-url", public),
        ],
        env=os.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(services.home / "emulator.log").open("wb"),
        text=True,
    )
    assert process.stdout
    settings: dict[str, str] = {}
    try:
        while "PERENNIAL_EDGE_URL" not in settings:
            line = process.stdout.readline()
            assert line, "perennial emulate has ended"
            name, _, value = line.strip().removeprefix("export ").partition("=")
            settings[name] = value
        yield settings
    finally:
        process.terminate()
        process.communicate()


def accepted(services: NativeServices) -> Counter[str]:
    """How often the provider took on each message."""
    record = services.home / "accepted.jsonl"
    text = record.read_text(encoding="utf-8") if record.exists() else ""
    whole = text[: text.rfind("\n") + 1].splitlines()
    return Counter(json.loads(line)["key"] for line in whole)


def planned(services: NativeServices) -> set[str]:
    """The messages that the plan sends."""
    plans = services.volume("perennial") / f"lake/decisions/day={DAY}/{CAMPAIGN}.parquet"
    query = "select message_key from read_parquet(?) where outcome = 'send'"
    return {key for (key,) in duckdb.execute(query, [str(plans)]).fetchall()}


def wait_for(what: str, holds: Callable[[], bool], *, unless: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE
    while not holds():
        if (why := unless()) or time.monotonic() > until:
            pytest.fail(f"{what}: {why or 'not in an hour'}")
        time.sleep(0.5)


def failures(airflow: Airflow, dag: str, run: str) -> list[tuple[str, int, str]]:
    bad = {"failed", "upstream_failed"}
    return [
        (task["task_id"], task["map_index"], task["state"])
        for task in airflow.tasks(dag, run)
        if task["state"] in bad
    ]


def run_to_its_end(airflow: Airflow, dag: str, run: str) -> None:
    wait_for(
        f"{dag} ends well",
        lambda: airflow.state(dag, run) == "success",
        unless=lambda: airflow.state(dag, run) == "failed" and failures(airflow, dag, run),
    )
    airflow.ask("PATCH", f"/dags/{dag}", {"is_paused": True})


def busy_worker(services: NativeServices, airflow: Airflow, dag: str, run: str) -> Running | None:
    """A worker that sends at this moment."""
    sending = [
        task["pid"]
        for task in airflow.tasks(dag, run)
        if task["task_id"] == "dispatch" and task["state"] == "running" and task["pid"]
    ]
    workers = [found for name, found in services.running.items() if name.startswith("worker")]
    return next((w for w in workers if any(w.owns(pid) for pid in sending)), None)


def test_nobody_is_written_to_twice_and_nobody_is_lost_when_a_worker_dies(
    deployment: NativeServices, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cases 1, 3 and 15: every service as it is declared, and kill -9 in the middle of a dispatch."""
    deployment.up(profiles=["try"])
    assert all(
        running.process.is_running() for running in deployment.running.values() if running.check
    )
    sample = ("perennial", "sample", "--shift-to", DAY)
    deployment.run("cli", *sample, given={"PERENNIAL_PROFILE": "demo"})
    airflow = Airflow(
        f"http://127.0.0.1:{deployment.port('api-server', 8080)}",
        deployment.volume("airflow") / "passwords.json",
    )
    dag = f"campaign_{CAMPAIGN}"
    wait_for("DAGs appear", lambda: knows(airflow, "nightly", dag), unless=lambda: None)
    night = airflow.begin("nightly", {"partition_key": DAY})
    run_to_its_end(airflow, "nightly", night)

    run = airflow.begin(dag, {"conf": {"day": DAY}})

    def ended() -> object:
        return airflow.state(dag, run) in _ENDED and (failures(airflow, dag, run) or "it has ended")

    wait_for("messages leave", lambda: len(accepted(deployment)) >= 10, unless=ended)
    found: list[Running] = []
    wait_for(
        "a worker sends",
        lambda: bool(
            found.extend(filter(None, [busy_worker(deployment, airflow, dag, run)])) or found
        ),
        unless=ended,
    )
    found[0].kill()
    before = accepted(deployment)
    everybody = planned(deployment)
    assert len(before) < len(everybody), "the worker died after everything had left"
    run_to_its_end(airflow, dag, run)

    after = accepted(deployment)
    doubts = json.loads(deployment.run("cli", "perennial", "doubts", "--json"))
    in_doubt = {doubt["key"] for doubt in doubts}
    counted = airflow.result(dag, run, "account")
    with capsys.disabled():
        print(  # noqa: T201 - whoever runs it wants to know
            f"\n{len(everybody)} planned, {len(before)} accepted when {found[0].name} died, {after.total()} accepted"
            f" at the end, {len(in_doubt)} in doubt; the account has"
            f" { {name: count for name, count in counted.items() if name != 'plan'} }"
        )
    assert [key for key, times in after.items() if times > 1] == []
    assert set(after) <= everybody
    assert everybody - set(after) <= in_doubt
    deployment.start(found[0].name)
    wait_for(
        "the worker comes back",
        lambda: deployment.healthy(deployment.running[found[0].name]),
        unless=deployment.running[found[0].name].process.poll,
    )


def knows(airflow: Airflow, *dags: str) -> bool:
    found = {dag["dag_id"] for dag in airflow.ask("GET", "/dags?limit=100")["dags"]}
    return set(dags) <= found
