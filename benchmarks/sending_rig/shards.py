"""One dispatch task of a campaign in a process of its own, as Airflow would start it, with its own figures."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any, Self

ROOMS = {
    "perennial/pipeline/plan_reading": "read the plan",
    "perennial/lake": "read the plan",
    "perennial/messages": "render",
    "perennial/delivery/sendgrid/payload": "payload",
    "perennial/delivery/sendgrid/batch": "payload",
    "perennial/delivery/twilio/payload": "payload",
    "perennial/ledger": "ledger",
    "aiohttp": "wire",
    "asyncio": "wire",
    "perennial/delivery": "dispatch",
}
_EVERY = 0.02


def run_shards(
    environment: Mapping[str, str], day: date, plan_hash: str, *, campaign: str, shards: int
) -> list[dict[str, Any]]:
    """Starts all shards at once, waits for them, and returns the figures of each."""
    commands = [
        [sys.executable, "-m", "sending_rig.shards", campaign, str(day), plan_hash, str(shard)]
        for shard in range(shards)
    ]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    answers = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit("A shard has failed; what it said stands above.")
    return [json.loads(answer) for answer in answers]


def main(arguments: Sequence[str]) -> None:
    campaign, day, plan_hash, shard = arguments
    from perennial.steps.services import services

    with services() as perennial, _Profile() as profile:
        started = time.perf_counter()
        progress = perennial.dispatch(
            campaign, date.fromisoformat(day), plan_hash=plan_hash, shard=int(shard)
        )
        seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seconds": round(seconds, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": _peak_mb(),
        "counts": dict(progress.counts),
        "processor_seconds_by_room": profile.seconds(),
    }
    sys.stdout.write(json.dumps(figures))


def _peak_mb() -> int:
    """The most memory that this process has held; `ru_maxrss` begins with what its parent held when it started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


class _Profile:
    """Says for which part of the product the threads use the processor, looking a few hundred times a second."""

    def __init__(self) -> None:
        self._ended = Event()
        self._rooms: Counter[str] = Counter()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def seconds(self) -> dict[str, float]:
        return {room: round(spent, 1) for room, spent in self._rooms.most_common()}

    def _watch(self) -> None:
        before: dict[int, float] = {}
        while not self._ended.wait(_EVERY):
            for thread, frame in sys._current_frames().items():  # noqa: SLF001 - the documented way
                try:
                    now = time.clock_gettime(time.pthread_getcpuclockid(thread))
                except OSError:
                    continue
                if thread != self._thread.ident:
                    self._rooms[_room(frame)] += now - before.get(thread, now)
                before[thread] = now


def _room(frame: FrameType | None) -> str:
    """The room of the innermost frame that belongs to one; a library counts to whoever has called it."""
    while frame is not None:
        path = frame.f_code.co_filename
        for part, room in ROOMS.items():
            if f"/{part}" in path:
                return room
        frame = frame.f_back
    return "other"


if __name__ == "__main__":
    main(sys.argv[1:])
