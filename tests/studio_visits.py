"""A Studio to visit without Airflow: its login and its API are played; the installation is real."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from page_visits import Visit, visit
from perennial.edge.serving import server_of
from perennial.settings import Settings
from perennial.studio.airflow_api import DagState, RequiredAction, Run
from perennial.studio.app import make_studio
from perennial.studio.opening import PREFIX
from perennial.studio.visitors import NotSignedIn, Right, Visitor

STEWARD = Visitor(name="ann", rights=frozenset(Right), token=SecretStr("token-of-ann"))
OPERATOR = replace(STEWARD, name="mark", rights=frozenset((Right.LOOK, Right.OPERATE)))
VIEWER = replace(STEWARD, name="vera", rights=frozenset((Right.LOOK,)))
DEMO_SECRET = Settings().secret.get_secret_value()
VISITORS = {visitor.name: visitor for visitor in (STEWARD, OPERATOR, VIEWER)}


class NamedLogin:
    """Believes whoever names themselves, in a header or, as browsers do, in a cookie."""

    async def visitor(self, request: Request) -> Visitor:
        try:
            return VISITORS[request.headers.get("X-Visitor") or request.cookies.get("visitor", "")]
        except KeyError:
            raise NotSignedIn from None


@dataclass
class PlayedAirflow:
    """An Airflow that says what it was given, and keeps what it was told."""

    states: dict[str, DagState] = field(default_factory=dict)
    past: dict[str, list[Run]] = field(default_factory=dict)
    waiting: list[RequiredAction] = field(default_factory=list)
    told: list[tuple[str, str, Any]] = field(default_factory=list)

    async def dags(self, visitor: Visitor) -> Mapping[str, DagState]:  # noqa: ARG002 - everybody may look
        return self.states

    async def runs(self, visitor: Visitor, dag_id: str, *, limit: int = 10) -> Sequence[Run]:  # noqa: ARG002 - everybody may look
        return self.past.get(dag_id, [])[:limit]

    async def required_actions(self, visitor: Visitor) -> Sequence[RequiredAction]:  # noqa: ARG002 - everybody may look
        return self.waiting

    async def answer(
        self, visitor: Visitor, action: RequiredAction, option: str, given: Mapping[str, Any]
    ) -> None:
        self.told.append((visitor.name, f"answer {action.task_id}", (option, dict(given))))

    async def trigger(
        self, visitor: Visitor, dag_id: str, conf: Mapping[str, Any], *, at: datetime | None = None
    ) -> str:
        self.told.append((visitor.name, f"trigger {dag_id}", (dict(conf), at)))
        return f"manual__{datetime(2026, 1, 1, tzinfo=UTC).isoformat()}"

    async def backfill(
        self, visitor: Visitor, dag_id: str, *, since: datetime, until: datetime, again: bool
    ) -> None:
        self.told.append((visitor.name, f"backfill {dag_id}", (since, until, again)))

    async def pause(self, visitor: Visitor, dag_id: str, *, paused: bool) -> None:
        self.told.append((visitor.name, f"pause {dag_id}", paused))


@dataclass(frozen=True)
class Door:
    """Where the Studio answers, and what a visitor without JavaScript does there."""

    url: str
    visitor: Visitor | None

    def see(self, path: str, **headers: str) -> Visit:
        """Looks at a page; paths begin behind /studio."""
        return visit(self.url + path, headers=self._headers(headers))

    def send(self, path: str, form: Mapping[str, object], **headers: str) -> Visit:
        """Sends off a form that was on one of the visitor's pages."""
        key = self.visitor.form_key(DEMO_SECRET) if self.visitor else "none"
        return visit(self.url + path, {"form_key": key, **form}, headers=self._headers(headers))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return ({"X-Visitor": self.visitor.name} if self.visitor else {}) | dict(more)

    def as_(self, visitor: Visitor | None) -> Door:
        """The same door for somebody else; None has not signed in."""
        return Door(self.url, visitor)


@contextmanager
def studio_door(
    settings: Settings, *, visitor: Visitor | None = STEWARD, airflow: PlayedAirflow | None = None
) -> Iterator[Door]:
    """A Studio on loopback at /studio, as Airflow mounts it."""
    studio = make_studio(settings, login=NamedLogin(), airflow=airflow or PlayedAirflow())
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = server_of(Starlette(routes=[Mount(PREFIX, studio)]))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="studio")
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield Door(f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}", visitor)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
