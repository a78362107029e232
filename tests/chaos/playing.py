"""One seed after another: Perennial, and beside it the naive baseline, through the same schedule."""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path

from chaos.carrying_out import Play
from chaos.databases import Databases, databases
from chaos.judging import Outcome, judge
from chaos.naive_run import NaivePlay
from chaos.schedule import Backend, draw_schedule
from chaos.world import world_of
from warm_fork import warm_fork


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The same schedule, by Perennial and by the naive task."""

    ours: Outcome
    naive: Outcome | None


def play_ours(
    seed: int, fork: ForkServerContext, made: Databases, *, backend: Backend | None = None
) -> Outcome:
    """Perennial through the schedule of a seed."""
    began = time.monotonic()
    schedule = draw_schedule(seed, backend=backend)
    with _folder(seed) as folder, world_of(schedule, folder, watched=True) as world:
        play = Play(schedule, world, fork, made, folder)
        with contextlib.closing(play):
            return judge(play.carry_out(), time.monotonic() - began)


def play_naive(
    seed: int, fork: ForkServerContext, made: Databases, *, backend: Backend | None = None
) -> Outcome:
    """The naive task through the schedule of a seed."""
    schedule = draw_schedule(seed, backend=backend)
    with _folder(seed) as folder, world_of(schedule, folder, watched=False) as world:
        play = NaivePlay(schedule, world, fork, made, folder)
        with contextlib.closing(play):
            return play.carry_out()


class Stage:
    """Plays schedules, some at the same time, each with databases of its own; to be used once."""

    def __init__(self, at_once: int) -> None:
        self._fork = warm_fork(__name__)
        self._at_once = at_once
        self._free: queue.SimpleQueue[Databases] = queue.SimpleQueue()

    def play(
        self, seeds: Iterable[int], *, naive: bool, backend: Backend | None = None
    ) -> Iterator[Pair]:
        """What became of each seed, in the order in which they are over."""
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(self._at_once) as pool:
            for _ in range(self._at_once):
                self._free.put(stack.enter_context(databases()))
            waiting = [pool.submit(self._play_one, seed, naive, backend) for seed in seeds]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            finally:
                for each in waiting:
                    each.cancel()  # what nobody asks for any more is not begun

    def _play_one(self, seed: int, naive: bool, backend: Backend | None) -> Pair:  # noqa: FBT001 - positional for the pool
        made = self._free.get()
        try:
            ours = _whatever_happens(
                seed, partial(play_ours, seed, self._fork, made, backend=backend)
            )
            theirs = (
                _whatever_happens(
                    seed, partial(play_naive, seed, self._fork, made, backend=backend)
                )
                if naive
                else None
            )
        finally:
            self._free.put(made)
        return Pair(ours=ours, naive=theirs)


def _whatever_happens(seed: int, play: Callable[[], Outcome]) -> Outcome:
    """A harness that fails has proved nothing: that is a breach, too."""
    try:
        return play()
    except Exception:  # noqa: BLE001 - reported with its seed
        sentence = f"The harness failed: {traceback.format_exc()}"
        return Outcome(seed=seed, backend="?", broken=(sentence,), counts={"messages": 0}, kills={})


@contextlib.contextmanager
def _folder(seed: int) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"perennial-chaos-{seed}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
