"""The Studio in a process of its own, as Airflow's api-server serves it; its login and Airflow's answers are played."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from perennial.edge.serving import server_of
from perennial.settings import Settings
from perennial.studio.airflow_api import DagState, RequiredAction, Run
from perennial.studio.app import make_studio
from perennial.studio.opening import PREFIX
from perennial.studio.visitors import Right, Visitor
from studio_rig.year import CAMPAIGNS

VISITOR = Visitor(name="ann", rights=frozenset(Right), token=SecretStr("token"))


class OpenLogin:
    """Everybody is the same steward."""

    async def visitor(self, request: Request) -> Visitor:  # noqa: ARG002 - as the Studio asks
        return VISITOR


class QuickAirflow:
    """Answers at once, so that what is measured is ours."""

    def __init__(self) -> None:
        later = datetime.now(UTC) + timedelta(hours=20)
        self._states = {
            f"campaign_{name}": DagState(dag_id=f"campaign_{name}", paused=False, next_run=later)
            for name in CAMPAIGNS
        }

    async def dags(self, visitor: Visitor) -> Mapping[str, DagState]:  # noqa: ARG002 - as the Studio asks
        return self._states

    async def runs(self, visitor: Visitor, dag_id: str, *, limit: int = 10) -> Sequence[Run]:  # noqa: ARG002 - as the Studio asks
        return ()

    async def required_actions(self, visitor: Visitor) -> Sequence[RequiredAction]:  # noqa: ARG002 - as the Studio asks
        return ()

    async def answer(
        self, visitor: Visitor, action: RequiredAction, option: str, given: Mapping[str, Any]
    ) -> None:
        raise NotImplementedError

    async def trigger(
        self, visitor: Visitor, dag_id: str, conf: Mapping[str, Any], *, at: datetime | None = None
    ) -> str:
        raise NotImplementedError

    async def pause(self, visitor: Visitor, dag_id: str, *, paused: bool) -> None:
        raise NotImplementedError


def main() -> None:
    home, ledger = Path(sys.argv[1]), SecretStr(sys.argv[2])
    studio = make_studio(
        Settings(home=home, ledger_url=ledger), login=OpenLogin(), airflow=QuickAirflow()
    )
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX}", flush=True)
        server_of(Starlette(routes=[Mount(PREFIX, studio)])).run(sockets=[listener])


if __name__ == "__main__":
    main()
