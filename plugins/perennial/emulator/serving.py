"""SendGrid and Twilio on loopback, in one process: inside a test, in a thread, or by themselves.

async with Emulator(Options(seed=7)) as emulator:
    ...  # emulator.url, emulator.accepted(), emulator.fail(Fault(kind=FaultKind.RESET))

with emulator_thread(Options(seed=7)) as emulator: ...

python -m perennial.emulator.serving --port 8025 --record accepted.jsonl --seed 7 --script faults.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from perennial.emulator.accounts import AccountDesk
from perennial.emulator.control import Control
from perennial.emulator.courier import Courier
from perennial.emulator.exchange import Exchange, unknown_mailing, unknown_texting
from perennial.emulator.faults import Fault, FaultScript, read_faults
from perennial.emulator.mailing.activity import ActivityDesk
from perennial.emulator.mailing.events import EventWebhook
from perennial.emulator.mailing.lists import SuppressionDesk
from perennial.emulator.mailing.sending import MOST_MAIL_BYTES, MailDesk
from perennial.emulator.mailing.stories import MailEvent
from perennial.emulator.mailing.suppressions import Suppressions
from perennial.emulator.options import Habits, Options
from perennial.emulator.people import People
from perennial.emulator.record import Record
from perennial.emulator.routes import (
    Route,
    account_routes,
    mailing_routes,
    suppression_routes,
    texting_routes,
)
from perennial.emulator.texting.callbacks import Callbacks
from perennial.emulator.texting.listing import TextArchive
from perennial.emulator.texting.messages import TextMessage
from perennial.emulator.texting.sending import TextDesk

LOOPBACK = "127.0.0.1"


class Emulator:
    """Both providers behind one port of the loopback interface."""

    def __init__(self, options: Options | None = None, *, port: int = 0) -> None:
        self.options = options or Options()
        self.port = port
        self.faults = FaultScript(self.options.faults, seed=self.options.seed)
        self.record = Record(self.options.record)
        self.courier = Courier(self.options)
        self.suppressions = Suppressions()
        self.activity = ActivityDesk(self.options)
        self.events = EventWebhook(self.options, self.courier, self.suppressions, heard=self._hear)
        self.mail = MailDesk(self.options, self.record, on_accepted=self.events.follow)
        self.texts = TextDesk(self.options, self.record, on_accepted=self._follow_text)
        self.callbacks = Callbacks(self.options, self.courier, self.texts)
        self.people = People(self.options, self.courier, texts=self.receive)
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where both providers answer."""
        return f"http://{LOOPBACK}:{self.port}"

    def account(self) -> Mapping[str, Any]:
        """Address, keys and secrets of the made-up accounts: they open nothing but this emulator."""
        return {
            "url": self.url,
            "sendgrid_key": self.options.sendgrid_key,
            "event_public_key": self.events.public_key,
            "account_sid": self.options.account_sid,
            "auth_token": self.options.auth_token,
            "messaging_services": sorted(self.options.services),
        }

    def accepted(self) -> Counter[str]:
        """How often each of our keys was accepted."""
        return self.record.accepted()

    def fail(self, *faults: Fault) -> None:
        """Lets more go wrong from now on."""
        self.faults.add(*faults)

    def tell(self, key: str, event: str, details: Mapping[str, Any] | None = None) -> int:
        """Lets an event happen to the latest emails with this key; to how many it does."""
        mails = [mail for mail in self.mail.kept if mail.key == key]
        for mail in mails:
            self.events.tell(MailEvent(name=event, mail=mail, details=details or {}))
        return len(mails)

    def receive(self, person: str, number: str, body: str) -> str:
        """A person writes to one of the account's numbers; the sid of the message."""
        return self.callbacks.receive(person, number, body)

    async def settled(self) -> None:
        """Waits until no webhook is under way any more."""
        await self.courier.settled()

    def let_people(self) -> None:
        """Lets people read and answer from now on, asked from another thread."""
        assert self._loop is not None  # noqa: S101 - whoever asks has started it
        self._loop.call_soon_threadsafe(self.courier.let_people)

    def wait_until_settled(self, seconds: float) -> None:
        """Waits until no webhook is under way any more, asked from another thread.

        Raises:
            TimeoutError: something is still under way after so many seconds.
        """
        assert self._loop is not None  # noqa: S101 - whoever asks has started it
        asyncio.run_coroutine_threadsafe(self.settled(), self._loop).result(seconds)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self.courier.start()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port, backlog=4096).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await self.courier.close()
        self.record.close()

    def _app(self) -> web.Application:
        # A little over the limit of a mail: what lies between is refused by the rule, in its own words.
        app = web.Application(client_max_size=MOST_MAIL_BYTES + 1_000_000)
        exchange = Exchange(self.options, self.faults)
        for route in self.provider_routes():
            app.router.add_route(route.method, route.path, exchange.handler(route))
        app.router.add_routes(Control(self).routes())
        app.router.add_route("*", "/v3/{rest:.*}", unknown_mailing)
        app.router.add_route("*", "/2010-04-01/{rest:.*}", unknown_texting)
        return app

    def provider_routes(self) -> Iterator[Route]:
        """Everything that the providers answer."""
        yield from mailing_routes(self.mail, self.activity)
        yield from suppression_routes(SuppressionDesk(self.options, self.suppressions))
        yield from texting_routes(self.texts, TextArchive(self.options, self.texts))
        yield from account_routes(AccountDesk(self.options))

    def _hear(self, event: MailEvent, at: float) -> None:
        self.activity.note(event, at)
        if event.name == "delivered":
            self.people.get_mail(event.mail)

    def _follow_text(self, message: TextMessage) -> None:
        self.callbacks.follow(message)
        last = message.turns[-1]
        if last.status == "delivered" and self.options.habits != Habits():
            after = max(0.0, last.at - message.turns[0].at)
            self.courier.later(after, partial(self.people.get_text, message))


@contextlib.contextmanager
def emulator_thread(options: Options | None = None, *, port: int = 0) -> Iterator[Emulator]:
    """An emulator with an event loop of its own, for tests that are not asynchronous."""
    emulator = Emulator(options, port=port)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="emulator", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result()
        try:
            yield emulator
        finally:
            asyncio.run_coroutine_threadsafe(emulator.__aexit__(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def serve(options: Options, *, port: int, announce: Callable[[Emulator], None]) -> None:
    """Serves until it is interrupted; `announce` is called as soon as it answers."""

    async def run() -> None:
        ended = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, ended.set)
        async with Emulator(options, port=port) as emulator:
            announce(emulator)
            await ended.wait()

    asyncio.run(run())


def main(arguments: Sequence[str] | None = None) -> None:
    """The emulator as a process of its own; the first line on stdout is its address."""
    parser = argparse.ArgumentParser(prog="perennial.emulator.serving")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--script", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--lean", action="store_true")
    given = parser.parse_args(arguments)
    options = Options(
        record=given.record,
        seed=given.seed,
        faults=read_faults(given.script) if given.script else (),
        latency=given.latency,
        lean=given.lean,
    )
    serve(options, port=given.port, announce=_say_where)


def _say_where(emulator: Emulator) -> None:
    sys.stdout.write(f"{emulator.url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
