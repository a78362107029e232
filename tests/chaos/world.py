"""What a run meets: the emulator behind a door that can be shut, and a place where its reports arrive."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from chaos.schedule import Schedule
from perennial.emulator.options import Options
from perennial.emulator.serving import LOOPBACK, Emulator
from perennial.events.reports import Report
from perennial.events.sendgrid_events import read_events
from perennial.events.twilio_events import read_form, read_status
from perennial.model.events import ProviderEvent
from perennial.model.keys import KEY_NAME

RECORD = "accepted.jsonl"


class World:
    """Both providers and our webhooks, in a thread of their own."""

    def __init__(self, schedule: Schedule, folder: Path, *, watched: bool) -> None:
        self._schedule = schedule
        self._folder = folder
        self._watched = watched
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._reports: list[ProviderEvent] = []
        self._sink: web.AppRunner | None = None
        # Keeps the port while the door is shut: bound and not listening, it lets the emulator listen and nobody else.
        self._place = socket.socket()
        self._emulator: Emulator | None = None
        self._shut = 0
        self.callback_url = ""
        self.began = datetime.now(UTC)

    @property
    def emulator(self) -> Emulator:
        assert self._emulator is not None
        return self._emulator

    @property
    def record(self) -> Path:
        """The truth: everything that was accepted."""
        return self._folder / RECORD

    def take_reports(self) -> list[ProviderEvent]:
        """What providers have reported since the last time, in the order in which it arrived."""
        with self._lock:
            taken, self._reports = self._reports, []
        return taken

    def shut_door(self) -> None:
        """Nobody can connect, and who was connected is cut off; until it was opened as often as it was shut."""
        self._shut += 1
        if self._shut == 1:
            self._do(_shut(self.emulator))

    def open_door(self) -> None:
        """The same providers, with their memory, are back at the same place."""
        self._shut -= 1
        if self._shut == 0:
            self._do(_open(self.emulator))

    def end_faults(self) -> Counter[str]:
        """Lets everything go well from now on; what was played so far, by kind."""
        played: Counter[str] = Counter()
        for entry in self.emulator.faults._entries:
            played[entry.fault.kind.value] += entry._played
        self.emulator.faults.clear()
        return +played

    def settled(self) -> None:
        """Waits until every report has arrived."""
        self._do(self.emulator.settled())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self) -> None:
        app = web.Application(client_max_size=4_000_000)
        app.router.add_post("/events", self._mail_reported)
        app.router.add_post("/status", self._text_reported)
        self._sink = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._sink.setup()
        await web.TCPSite(self._sink, LOOPBACK, 0).start()
        address = f"http://{LOOPBACK}:{self._sink.addresses[0][1]}"
        self.callback_url = f"{address}/status"
        options = Options(
            seed=self._schedule.seed,
            record=self.record,
            faults=self._schedule.faults,
            # One message after the other would take an age.
            latency=self._schedule.latency if self._watched else self._schedule.latency / 5,
            delivery=self._schedule.delivery,
            mail_outcomes=self._schedule.outcomes,
            event_url=f"{address}/events" if self._watched else None,
        )
        # In this order: before, another world that looks for a port could be given the same one.
        self._place.bind((LOOPBACK, 0))
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._emulator = Emulator(options, port=self._place.getsockname()[1])
        await self._emulator.__aenter__()

    async def _stop(self) -> None:
        await self.emulator.__aexit__()
        self._place.close()
        if self._sink is not None:
            await self._sink.cleanup()

    async def _mail_reported(self, request: web.Request) -> web.Response:
        return self._kept(read_events(await request.read()))

    async def _text_reported(self, request: web.Request) -> web.Response:
        form = read_form(await request.read()) or {}
        key = request.query.get(KEY_NAME)
        return self._kept(read_status(form, key=key, at=datetime.now(UTC)))

    def _kept(self, report: Report | None) -> web.Response:
        if report is None:
            return web.Response(status=400)
        with self._lock:
            self._reports += report.events
        return web.Response()


@contextlib.contextmanager
def world_of(schedule: Schedule, folder: Path, *, watched: bool) -> Iterator[World]:
    """A world that lasts as long as a run. `watched`: somebody listens to what becomes of emails."""
    world = World(schedule, folder, watched=watched)
    thread = threading.Thread(target=world._loop.run_forever, name="world", daemon=True)
    thread.start()
    try:
        world._do(world._start())
        yield world
        world._do(world._stop())
    finally:
        world._loop.call_soon_threadsafe(world._loop.stop)
        thread.join()
        world._loop.close()


async def _shut(emulator: Emulator) -> None:
    if emulator._runner is not None:
        await emulator._runner.cleanup()


async def _open(emulator: Emulator) -> None:
    emulator._runner = web.AppRunner(emulator._app(), access_log=None, shutdown_timeout=0.1)
    await emulator._runner.setup()
    await web.TCPSite(emulator._runner, LOOPBACK, emulator.port, backlog=4096).start()
