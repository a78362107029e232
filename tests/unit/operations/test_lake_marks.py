"""The sent mark where there are no locks: whoever is killed, and whoever comes in between, the newest mark stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.errors import LakeError
from perennial.lake.folder_store import FolderStore
from perennial.ledger.values import Fence
from perennial.pipeline.lake_marks import ObjectMarks

OURS, THEIRS = "our-ledger", "their-ledger"


def fence(begun: int, *, epoch: int = 0, ledger: str = OURS) -> Fence:
    return Fence(ledger_id=ledger, epoch=epoch, begun=begun)


class Killed(Exception):
    """The worker is no more."""


class Disturbed(FolderStore):
    """Something happens before each question to the store."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        self.before()
        return super().listing(dataset, wanted)

    @contextmanager
    def publishing(self, name: str, label: str, *, replacing: str | None = None) -> Iterator[Path]:
        self.before()
        with super().publishing(name, label, replacing=replacing) as draft:
            yield draft

    def remove(self, name: str) -> None:
        self.before()
        super().remove(name)


def disturbed(root: Path, before: Callable[[], None]) -> ObjectMarks:
    store = Disturbed(root)
    object.__setattr__(store, "before", before)
    return ObjectMarks(store)


def killed_after(questions: int) -> Callable[[], None]:
    left = iter(range(questions))

    def ask() -> None:
        if next(left, None) is None:
            raise Killed

    return ask


@given(
    writes=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 6)), max_size=8)
)
def test_a_worker_that_is_killed_leaves_the_newest_mark(
    writes: Sequence[tuple[int, int, int]],
) -> None:
    """Case 18."""
    with TemporaryDirectory() as folder:
        newest = (-1, -1)
        for epoch, begun, questions in writes:
            marks = disturbed(Path(folder), killed_after(questions))
            with suppress(Killed):
                marks.write(fence(begun, epoch=epoch))
                newest = max(newest, (epoch, begun))
            found = ObjectMarks(FolderStore(Path(folder))).marks()
            assert max([(mark.epoch, mark.begun) for mark in found], default=(-1, -1)) >= newest


@given(begun=st.integers(0, 9), between=st.lists(st.none() | st.integers(0, 9), max_size=6))
def test_workers_that_mark_at_once_leave_the_newest_mark(
    begun: int, between: Sequence[int | None]
) -> None:
    """Case 18."""
    with TemporaryDirectory() as folder:
        others = iter(between)

        def another_marks() -> None:
            if (other := next(others, None)) is not None:
                ObjectMarks(FolderStore(Path(folder))).write(fence(other))

        disturbed(Path(folder), another_marks).write(fence(begun))
        marked = [begun, *(n for n in between[: len(between) - len(list(others))] if n is not None)]

        (mark,) = ObjectMarks(FolderStore(Path(folder))).marks()
        assert mark == fence(max(marked))


def test_another_ledgers_mark_is_left_alone_until_a_person_decides(tmp_path: Path) -> None:
    """Case 18."""
    marks = ObjectMarks(FolderStore(tmp_path))
    marks.write(fence(3, ledger=THEIRS))
    marks.write(fence(9))
    assert marks.marks() == [fence(3, ledger=THEIRS)]

    marks.rewrite(fence(1))
    assert marks.marks() == [fence(1)]


def test_a_decision_that_is_killed_half_way_is_none(tmp_path: Path) -> None:
    """Case 18."""
    ObjectMarks(FolderStore(tmp_path)).write(fence(3, ledger=THEIRS))
    with pytest.raises(Killed):
        disturbed(tmp_path, killed_after(2)).rewrite(fence(1))

    assert set(ObjectMarks(FolderStore(tmp_path)).marks()) == {fence(1), fence(3, ledger=THEIRS)}


def test_what_no_dispatch_has_written_says_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / ".sent-mark" / OURS).mkdir(parents=True)
    (tmp_path / ".sent-mark" / OURS / "copy of 0.3").touch()

    with pytest.raises(LakeError, match="nobody knows what was sent last"):
        ObjectMarks(FolderStore(tmp_path)).marks()
