"""The sent mark where a store has no locks: each mark is an object of its own, whose name says all, and the newest counts.

Nobody writes over another's mark: a worker first puts a newer one, and then removes those that it is newer than. So the
newest is there at any moment, whoever is killed when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from perennial.lake.folder_store import FolderStore
from perennial.lake.partitions import Lake
from perennial.lake.stores import Store
from perennial.ledger.values import Fence
from perennial.pipeline.fence import FolderMark, SentMark, is_newer, unreadable

_MARKS = ".sent-mark"


def sent_mark(lake: Lake) -> SentMark:
    """The mark of a lake, wherever it lies."""
    if isinstance(lake.store, FolderStore):
        return FolderMark(lake.store.root)
    return ObjectMarks(lake.store)


class ObjectMarks(SentMark):
    """`.sent-mark/<ledger>/<epoch>.<begun>` in the lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def marks(self) -> Sequence[Fence]:
        newest: dict[str, Fence] = {}
        for mark in self._all():
            if mark.ledger_id not in newest or is_newer(mark, newest[mark.ledger_id]):
                newest[mark.ledger_id] = mark
        return list(newest.values())

    def write(self, fence: Fence) -> None:
        marked = self._all()
        if all(is_newer(fence, mark) for mark in marked):
            self._put(fence)
            self._remove(marked)

    def rewrite(self, fence: Fence) -> None:
        marked = self._all()
        self._put(fence)
        self._remove(mark for mark in marked if mark != fence)

    def _all(self) -> list[Fence]:
        listed = self._store.listing(_MARKS, lambda _: True)
        return [_read(ledger, name) for ledger, names in listed for name in names]

    def _put(self, fence: Fence) -> None:
        with self._store.publishing(_name(fence), "The mark of what was sent") as draft:
            draft.write_text(json.dumps(asdict(fence)), encoding="utf-8")

    def _remove(self, marks: Iterable[Fence]) -> None:
        for mark in marks:
            self._store.remove(_name(mark))


def _name(mark: Fence) -> str:
    return f"{_MARKS}/{mark.ledger_id}/{mark.epoch}.{mark.begun}"


def _read(ledger: str, name: str) -> Fence:
    try:
        epoch, begun = map(int, name.split("."))
    except ValueError as error:
        place = f"{_MARKS}/{ledger}/{name}"
        raise unreadable(place) from error
    return Fence(ledger_id=ledger, epoch=epoch, begun=begun)
