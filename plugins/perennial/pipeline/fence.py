"""A mark beside the plans of how much was sent, so that an old copy of the ledger is not taken for the ledger.

A ledger that was restored from a backup does not know what was sent since, and would send it again. The mark lies in
the lake, so it is not restored with it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from perennial.errors import LakeError, LedgerError, RestoredLedger
from perennial.ledger.store import Ledger
from perennial.ledger.values import Fence

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_MARKS = 1.0
_CURE = (
    "Nothing was sent. Bring back the ledger that was used last, or take what may have been sent since as sent:"
    " perennial reconcile."
)


class SentMark(ABC):
    """In the lake: which ledger was sent from last, and how many messages it had begun."""

    @abstractmethod
    def marks(self) -> Sequence[Fence]:
        """What was marked last; nothing before the first dispatch, one for each ledger while a decision is half done.

        Raises:
            LakeError: what lies there is not what a dispatch writes, or cannot be read.
        """

    @abstractmethod
    def write(self, fence: Fence) -> None:
        """Marks what was sent; an older mark of the same ledger never replaces a newer one.

        Raises:
            LakeError: the lake cannot be written to.
        """

    @abstractmethod
    def rewrite(self, fence: Fence) -> None:
        """Marks this ledger, whatever was marked before: a person has decided so.

        Raises:
            LakeError: the lake cannot be written to.
        """

    def check(self, ledger: Ledger) -> None:
        """Makes sure that the ledger is the one that was sent from last, and not older than that.

        Raises:
            RestoredLedger: it is another one, or an older copy.
            LakeError: nobody knows.
        """
        marks, fence = self.marks(), ledger.fence()
        for mark in marks:
            if fault := _fault(mark, fence):
                msg = f"{fault} {_CURE}"
                raise RestoredLedger(msg)
        if unknown := ledger.parked():
            _log.warning(
                "Providers have reported on %d messages that this ledger does not know. If it was restored from a"
                " backup, run perennial reconcile.",
                unknown,
            )

    @asynccontextmanager
    async def kept(self, ledger: Ledger) -> AsyncIterator[None]:
        """Marks what is sent: before the first message, every second, and at the end.

        Raises:
            LakeError: the mark cannot be written, so nothing may be sent.
        """
        await asyncio.to_thread(self._follow, ledger)
        keeping = asyncio.create_task(self._keep(ledger))
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(LedgerError, LakeError):  # the next dispatch marks it
                await asyncio.to_thread(self._follow, ledger)

    async def _keep(self, ledger: Ledger) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_MARKS)
            with suppress(LedgerError, LakeError):  # the next second, or the end, tries again
                await asyncio.to_thread(self._follow, ledger)

    def _follow(self, ledger: Ledger) -> None:
        self.write(ledger.fence())


class FolderMark(SentMark):
    """`.sent-mark.json` in the lake's folder, with a lock beside it."""

    def __init__(self, lake: Path) -> None:
        self._path = lake / ".sent-mark.json"

    def marks(self) -> Sequence[Fence]:
        try:
            return (Fence(**json.loads(self._path.read_text(encoding="utf-8"))),)
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError, OSError) as error:
            raise unreadable(self._path.as_posix()) from error

    def write(self, fence: Fence) -> None:
        try:
            with self._locked():
                if all(is_newer(fence, marked) for marked in self._marked()):
                    self._replace(fence)
        except OSError as error:
            msg = f"{self._path} cannot be written: {error.strerror}. Give this user the right to."
            raise LakeError(msg) from error

    def rewrite(self, fence: Fence) -> None:
        with self._locked():
            self._replace(fence)

    def _marked(self) -> Sequence[Fence]:
        with suppress(LakeError):
            return self.marks()
        return ()

    def _replace(self, fence: Fence) -> None:
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(asdict(fence)), encoding="utf-8")
        draft.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; the lock is a file of its own, because the mark is replaced."""
        lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def unreadable(place: str) -> LakeError:
    """What is said when the mark does not say anything."""
    return LakeError(
        f"{place} cannot be read, so nobody knows what was sent last. Nothing was sent. Bring the file"
        " back, or write it anew: perennial reconcile."
    )


def _fault(mark: Fence, fence: Fence) -> str | None:
    """Why the ledger is not the one to send from, or nothing."""
    if fence.ledger_id != mark.ledger_id:
        return "This ledger is not the one that the messages of this lake were sent from."
    if fence.epoch != mark.epoch or fence.begun < mark.begun:
        missing = max(0, mark.begun - fence.begun)
        return (
            f"The ledger is older than what was sent: it was restored from a backup and does not know of"
            f" {missing} messages (epoch {fence.epoch}, marked {mark.epoch})."
        )
    return None


def is_newer(fence: Fence, marked: Fence) -> bool:
    """Whether the mark moves on. Another ledger's mark is left alone: only a person may change it."""
    same = fence.ledger_id == marked.ledger_id
    return same and (fence.epoch, fence.begun) > (marked.epoch, marked.begun)
