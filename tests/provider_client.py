"""A customer of both providers, for tests of the emulator: requests that say only what a test is about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from perennial.emulator.options import Options
from perennial.emulator.serving import Emulator

JSON = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as a client sees it."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks to an emulator as both of its customers."""

    def __init__(self, emulator: Emulator, session: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._session = session

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        async with self._session.request(method, self.emulator.url + path, **options) as answer:
            return Reply(status=answer.status, body=await answer.read(), headers=answer.headers)

    async def sendgrid(
        self, method: str, path: str, data: object = None, *, key: str | None = None, **options: Any
    ) -> Reply:
        headers = {"Authorization": f"Bearer {key or self.emulator.options.sendgrid_key}"}
        return await self.request(method, path, json=data, headers=headers, **options)

    async def send_mail(self, data: object, **options: Any) -> Reply:
        return await self.sendgrid("POST", "/v3/mail/send", data, **options)

    async def twilio(
        self, method: str, path: str, form: JSON | None = None, *, token: str | None = None
    ) -> Reply:
        account = self.emulator.options.account_sid
        credentials = aiohttp.encode_basic_auth(account, token or self.emulator.options.auth_token)
        return await self.request(
            method,
            f"/2010-04-01/Accounts/{account}/{path}",
            data=form,
            headers={"Authorization": credentials},
        )

    async def send_text(self, key: str = "k", **changes: Any) -> Reply:
        return await self.twilio("POST", "Messages.json", text(key, **changes))


def play(act: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    """What `act(client)` returns, against an emulator of its own with these options."""

    async def run() -> Any:
        timeout = aiohttp.ClientTimeout(total=20)
        async with (
            Emulator(Options(**options)) as emulator,
            aiohttp.ClientSession(timeout=timeout) as session,
        ):
            return await act(Client(emulator, session))

    return asyncio.run(run())


def mail(*keys: str, **changes: Any) -> dict[str, Any]:
    """A right request of one person a key; changes are members of the request."""
    return {
        "personalizations": [person(key) for key in keys or ("k1",)],
        "from": {"email": "hello@shop.example", "name": "Shop"},
        "subject": "Hello",
        "content": [
            {"type": "text/plain", "value": "Hello -name-"},
            {"type": "text/html", "value": "<p>Hello -name-</p>"},
        ],
        **changes,
    }


def person(key: str, **changes: Any) -> dict[str, Any]:
    """One right personalization."""
    return {
        "to": [{"email": f"{key}@customers.example"}],
        "custom_args": {"perennial_key": key},
        **changes,
    }


def text(key: str = "k", **changes: Any) -> dict[str, Any]:
    """One right text message; a change to None takes a field away."""
    form = {
        "To": "+14155550123",
        "From": "+15005550006",
        "Body": "Hello",
        "StatusCallback": f"http://127.0.0.1:9/status?perennial_key={key}",
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


def fields(reply: Reply) -> Sequence[str | None]:
    """The fields that SendGrid finds fault with."""
    return [error["field"] for error in reply.json["errors"]]
