"""Where the Studio's questions are answered: a few threads, each with an installation of its own.

DuckDB answers one question at a time per session, and none of it may hold up the event loop of Airflow's server.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from perennial.messages.templates import Templates
from perennial.settings import Settings
from perennial.steps.services import Perennial

Answer = TypeVar("Answer")
_MEMORY_A_THREAD = "512MB"
_FILES = ("campaigns/*.yaml", "templates/**/*", "expectations/*.json", "*.yaml")


class Office:
    """Asks an installation; whoever changes a campaign's file is heard with the next question."""

    def __init__(self, settings: Settings, *, threads: int = 3) -> None:
        self.settings = settings.model_copy(update={"memory_limit": _MEMORY_A_THREAD, "threads": 1})
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="studio")
        self._desk = threading.local()
        self._compiled: Templates | None = None

    async def ask(self, question: Callable[[Perennial], Answer]) -> Answer:
        """What an installation says, without keeping others waiting."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._answer, question)

    def later(self, question: Callable[[Perennial], None]) -> None:
        """Has an installation do something that nobody waits for."""
        self._threads.submit(self._answer, question)

    def close(self) -> None:
        """Lets what is being asked end, and no more."""
        self._threads.shutdown(cancel_futures=True)

    def _answer(self, question: Callable[[Perennial], Answer]) -> Answer:
        installation = self._installation()
        # What one thread has compiled, no other compiles again: of that, nothing changes while a message is filled in.
        installation.compiled_before = self._compiled
        try:
            return question(installation)
        finally:
            self._compiled = installation.compiled

    def _installation(self) -> Perennial:
        stamp = self._stamp()
        if getattr(self._desk, "stamp", None) != stamp:
            if before := getattr(self._desk, "perennial", None):
                before.close()
            self._desk.perennial, self._desk.stamp = Perennial(self.settings), stamp
        perennial: Perennial = self._desk.perennial
        return perennial

    def _stamp(self) -> int:
        """Changes whenever a file changes that an installation reads once and keeps."""
        found = (path for pattern in _FILES for path in self.settings.project.glob(pattern))
        return hash(tuple(sorted((str(path), path.stat().st_mtime_ns) for path in found)))
