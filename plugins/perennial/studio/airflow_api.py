"""Airflow's own REST API, asked in the visitor's name: what the visitor may not do there, they may not do here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from perennial.errors import PerennialError
from perennial.studio.visitors import Visitor

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_TOO_MANY = 100
# A night waits for the one before it: more of them at once bring nothing.
_RUNS_OF_A_BACKFILL = 2


class AirflowRefused(PerennialError):
    """Airflow did not do what was asked: it does not answer, or the visitor may not ask."""


@dataclass(frozen=True, kw_only=True)
class DagState:
    """A DAG as Airflow schedules it. Instants are UTC."""

    dag_id: str
    paused: bool
    next_run: datetime | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a DAG. `day` is what it was started for, where it says."""

    dag_id: str
    run_id: str
    state: str
    day: str | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RequiredAction:
    """Something that waits for a person's answer in Airflow's Required Actions."""

    dag_id: str
    run_id: str
    task_id: str
    subject: str
    body: str
    options: tuple[str, ...]
    waiting_since: datetime | None
    given: Mapping[str, Any] = field(default_factory=dict)
    """What its form holds before anybody fills it in, by name: an answer names each of them."""


class Airflow(Protocol):
    """What the Studio asks Airflow. Each raises AirflowRefused."""

    async def dags(self, visitor: Visitor) -> Mapping[str, DagState]:
        """Every DAG of Perennial, by its id."""
        ...

    async def runs(self, visitor: Visitor, dag_id: str, *, limit: int = 10) -> Sequence[Run]:
        """The last runs, newest first."""
        ...

    async def required_actions(self, visitor: Visitor) -> Sequence[RequiredAction]:
        """What waits for an answer, oldest first."""
        ...

    async def answer(
        self, visitor: Visitor, action: RequiredAction, option: str, given: Mapping[str, Any]
    ) -> None:
        """Answers a required action."""
        ...

    async def trigger(
        self, visitor: Visitor, dag_id: str, conf: Mapping[str, Any], *, at: datetime | None = None
    ) -> str:
        """Starts a run, now or at a later instant; returns its id."""
        ...

    async def backfill(
        self, visitor: Visitor, dag_id: str, *, since: datetime, until: datetime, again: bool
    ) -> None:
        """Starts a run for each slot between two instants; those that have run stay as they are unless `again`."""
        ...

    async def pause(self, visitor: Visitor, dag_id: str, *, paused: bool) -> None:
        """Lets Airflow start no further runs of a DAG, or start them again."""
        ...


class AirflowApi:
    """The API of the Airflow at a base URL, such as http://127.0.0.1:8080."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/") + "/api/v2"

    async def dags(self, visitor: Visitor) -> Mapping[str, DagState]:
        found = await self._ask(visitor, "GET", "/dags", {"tags": "perennial", "limit": _TOO_MANY})
        return {
            dag["dag_id"]: DagState(
                dag_id=dag["dag_id"],
                paused=dag["is_paused"],
                next_run=_instant(dag.get("next_dagrun_run_after")),
            )
            for dag in found["dags"]
        }

    async def runs(self, visitor: Visitor, dag_id: str, *, limit: int = 10) -> Sequence[Run]:
        query = {"limit": limit, "order_by": "-run_after"}
        found = await self._ask(visitor, "GET", f"/dags/{dag_id}/dagRuns", query)
        return [
            Run(
                dag_id=dag_id,
                run_id=run["dag_run_id"],
                state=run["state"],
                day=(run.get("conf") or {}).get("day") or run.get("partition_key"),
                started_at=_instant(run.get("start_date")),
                ended_at=_instant(run.get("end_date")),
            )
            for run in found["dag_runs"]
        ]

    async def required_actions(self, visitor: Visitor) -> Sequence[RequiredAction]:
        query = {"response_received": "false", "state": "awaiting_input", "limit": _TOO_MANY}
        found = await self._ask(visitor, "GET", "/dags/~/dagRuns/~/hitlDetails", query)
        actions = [
            RequiredAction(
                dag_id=detail["task_instance"]["dag_id"],
                run_id=detail["task_instance"]["dag_run_id"],
                task_id=detail["task_instance"]["task_id"],
                subject=detail["subject"],
                body=detail.get("body") or "",
                options=tuple(detail["options"]),
                waiting_since=_instant(detail.get("created_at")),
                given={name: _default(param) for name, param in detail["params"].items()},
            )
            for detail in found["hitl_details"]
        ]
        return sorted(actions, key=lambda a: (a.waiting_since is None, a.waiting_since, a.run_id))

    async def answer(
        self, visitor: Visitor, action: RequiredAction, option: str, given: Mapping[str, Any]
    ) -> None:
        run = quote(action.run_id, safe="")
        path = f"/dags/{action.dag_id}/dagRuns/{run}/taskInstances/{action.task_id}/-1/hitlDetails"
        await self._ask(
            visitor, "PATCH", path, body={"chosen_options": [option], "params_input": dict(given)}
        )

    async def trigger(
        self, visitor: Visitor, dag_id: str, conf: Mapping[str, Any], *, at: datetime | None = None
    ) -> str:
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf)}
        if at is not None:
            body["run_after"] = at.isoformat()
        started = await self._ask(visitor, "POST", f"/dags/{dag_id}/dagRuns", body=body)
        return str(started["dag_run_id"])

    async def backfill(
        self, visitor: Visitor, dag_id: str, *, since: datetime, until: datetime, again: bool
    ) -> None:
        body = {
            "dag_id": dag_id,
            "from_date": since.isoformat(),
            "to_date": until.isoformat(),
            "max_active_runs": _RUNS_OF_A_BACKFILL,
            "reprocess_behavior": "completed" if again else "none",
        }
        await self._ask(visitor, "POST", "/backfills", body=body)

    async def pause(self, visitor: Visitor, dag_id: str, *, paused: bool) -> None:
        await self._ask(visitor, "PATCH", f"/dags/{dag_id}", body={"is_paused": paused})

    def _url(self, path: str) -> URL:
        return URL(self._base + path, encoded=True)

    async def _ask(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {visitor.token.get_secret_value()}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session,
                session.request(method, self._url(path), params=query, json=body) as answer,
            ):
                said = await answer.json(content_type=None)
                if answer.status < 300:
                    return dict(said or {})
        except (
            TimeoutError,
            aiohttp.ClientError,
            asyncio.IncompleteReadError,
            ValueError,
        ) as error:
            msg = f"Airflow's API does not answer ({type(error).__name__}). See that AIRFLOW__API__BASE_URL is right."
            raise AirflowRefused(msg) from None
        raise AirflowRefused(_why(answer.status, said))


def _why(status: int, said: object) -> str:
    if status in {401, 403}:
        return "Airflow says that you may not do this. Whoever looks after Airflow can give you the right."
    detail = said.get("detail") if isinstance(said, dict) else None
    return f"Airflow answered {status}: {detail if isinstance(detail, str) else 'no reason given'}."


def _default(param: object) -> object:
    """What a field of a form holds at first; Airflow hands on the field, or its value alone."""
    return param.get("value") if isinstance(param, dict) else param


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
