"""Processes live and die, and things happen around them, at the instants that a schedule says."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from chaos.schedule import Act, Deed, Generation, Run

_LONGEST = 40.0
_TICK = 0.01


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one process ended. `killed_at` names the point; `hung` if it had to be killed because it never ended."""

    run: Run
    exitcode: int
    killed_at: str | None = None
    hung: bool = False


@dataclass(frozen=True, kw_only=True)
class _Moment:
    at: float
    act: Callable[[], None]
    in_vain: bool
    """Nothing comes of it when no process is left."""


def play(
    generation: Generation,
    *,
    start: Callable[[int, Run], BaseProcess],
    begin: Callable[[Act], None],
    end: Callable[[Act], None],
    tick: Callable[[], None],
) -> Sequence[Ended]:
    """Lets a generation live to its end; `tick` is called all the while."""
    processes = [start(number, run) for number, run in enumerate(generation.runs)]
    moments = _moments(generation, processes, begin, end)
    try:
        _live(processes, moments, tick)
        for moment in moments:
            if not moment.in_vain:
                moment.act()
        return [
            _ended(run, process) for run, process in zip(generation.runs, processes, strict=True)
        ]
    finally:
        for process in processes:
            with contextlib.suppress(ValueError):  # closed, as it should be
                process.kill()


def _live(
    processes: Sequence[BaseProcess], moments: list[_Moment], tick: Callable[[], None]
) -> None:
    began = time.monotonic()
    while any(process.is_alive() for process in processes):
        now = time.monotonic() - began
        while moments and moments[0].at <= now:
            moments.pop(0).act()
        if now > _LONGEST:
            return
        tick()
        time.sleep(_TICK)


def _moments(
    generation: Generation,
    processes: Sequence[BaseProcess],
    begin: Callable[[Act], None],
    end: Callable[[Act], None],
) -> list[_Moment]:
    moments: list[_Moment] = []
    begun: set[int] = set()
    for number, act in enumerate(generation.acts):

        def start(act: Act = act, number: int = number) -> None:
            begun.add(number)
            begin(act)

        def stop(act: Act = act, number: int = number) -> None:
            if number in begun:
                end(act)

        moments.append(_Moment(at=act.at, act=start, in_vain=act.deed is not Deed.SUPPRESS))
        moments.append(_Moment(at=act.at + act.lasts, act=stop, in_vain=False))
    for run, process in zip(generation.runs, processes, strict=True):
        for at, number in _signals(run):

            def send(process: BaseProcess = process, number: signal.Signals = number) -> None:
                if process.is_alive() and process.pid is not None:
                    os.kill(process.pid, number)

            moments.append(_Moment(at=at, act=send, in_vain=True))
    return sorted(moments, key=lambda moment: moment.at)


def _signals(run: Run) -> Sequence[tuple[float, signal.Signals]]:
    found: list[tuple[float, signal.Signals]] = []
    if run.killed is not None:
        found.append((run.killed, signal.SIGKILL))
    if run.ended is not None:
        found.append((run.ended, signal.SIGTERM))
    if run.frozen is not None:
        found += [(run.frozen, signal.SIGSTOP), (run.frozen + run.thaws, signal.SIGCONT)]
    return found


def _ended(run: Run, process: BaseProcess) -> Ended:
    hung = process.is_alive()
    if hung:
        process.kill()
    process.join(5)
    code = process.exitcode if process.exitcode is not None else -signal.SIGKILL
    died = code == -signal.SIGKILL and not hung
    point = run.dies.value if run.dies is not None else "at any time"
    process.close()
    return Ended(run=run, exitcode=code, killed_at=point if died else None, hung=hung)
