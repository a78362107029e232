"""The Studio as Airflow's plugin loads it: nothing heavy until the first visitor comes.

Airflow loads plugins in each of its processes, also in those that never answer a request.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/studio"


class LazyStudio:
    """Answers as the Studio does, from the first request on."""

    def __init__(self) -> None:
        self._studio: ASGIApp | None = None
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._opened()(scope, receive, send)

    def _opened(self) -> ASGIApp:
        with self._lock:
            if self._studio is None:
                self._studio = _open()
            return self._studio


def _open() -> ASGIApp:
    from perennial.settings import read_settings
    from perennial.studio.airflow_api import AirflowApi
    from perennial.studio.airflow_login import AirflowLogin, api_address
    from perennial.studio.app import make_studio

    return make_studio(read_settings(), login=AirflowLogin(), airflow=AirflowApi(api_address()))
