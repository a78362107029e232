"""What a test asks of the emulator itself, over HTTP, because it may run in another process.

GET    /_emulator/account      keys and secrets of the made-up accounts
GET    /_emulator/accepted     how often each key was accepted
GET    /_emulator/mails        the latest emails as each person got them; `?key=` for one
POST   /_emulator/faults       a list of faults, as in a script;  DELETE forgets those that are left
POST   /_emulator/events       {"key", "event", "details"}: an event of an email that was accepted
POST   /_emulator/inbound      {"from", "to", "body"}: a person writes to one of the account's numbers
POST   /_emulator/settled      answers when no webhook is under way any more
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from perennial.emulator.faults import fault_of

if TYPE_CHECKING:
    from perennial.emulator.serving import Emulator


class Control:
    """The door for tests."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        """Where it is reached."""
        return [
            web.get("/_emulator/account", _guarded(self._account)),
            web.get("/_emulator/accepted", _guarded(self._accepted)),
            web.get("/_emulator/mails", _guarded(self._mails)),
            web.post("/_emulator/faults", _guarded(self._add_faults)),
            web.delete("/_emulator/faults", _guarded(self._clear_faults)),
            web.post("/_emulator/events", _guarded(self._tell)),
            web.post("/_emulator/inbound", _guarded(self._receive)),
            web.post("/_emulator/settled", _guarded(self._settled)),
        ]

    async def _account(self, _: web.Request) -> object:
        return self._emulator.account()

    async def _accepted(self, _: web.Request) -> object:
        return dict(sorted(self._emulator.accepted().items()))

    async def _mails(self, request: web.Request) -> object:
        key = request.query.get("key")
        return [_shown(vars(m)) for m in self._emulator.mail.kept if key in {None, m.key}]

    async def _add_faults(self, request: web.Request) -> object:
        faults = [fault_of(entry) for entry in await request.json()]
        self._emulator.fail(*faults)
        return {"added": len(faults)}

    async def _clear_faults(self, _: web.Request) -> object:
        self._emulator.faults.clear()
        return {"played": self._emulator.faults.played}

    async def _tell(self, request: web.Request) -> object:
        asked = await request.json()
        return {"told": self._emulator.tell(asked["key"], asked["event"], asked.get("details"))}

    async def _receive(self, request: web.Request) -> object:
        asked = await request.json()
        return {"sid": self._emulator.receive(asked["from"], asked["to"], asked["body"])}

    async def _settled(self, _: web.Request) -> object:
        await self._emulator.settled()
        return {fate.value: count for fate, count in sorted(self._emulator.courier.fates.items())}


def _shown(mail: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in mail.items() if value is not None}


def _guarded(
    act: Callable[[web.Request], Awaitable[object]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(await act(request))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer
