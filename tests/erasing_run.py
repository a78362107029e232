"""Erases somebody and dies at the nth step that touches the disk or the ledger; run as a program by tests.

    python erasing_run.py HOME CUSTOMER N

Ends with 0 when the erasure was over before step N, and by SIGKILL otherwise.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from one_person import home_of
from perennial.lake.partitions import Lake
from perennial.ledger.database import Database
from perennial.steps.services import services


def die_at(step: int) -> None:
    """Counts what writes: half of the steps die before the write, half after it."""
    left = [step]

    def counted(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def write(*args: Any, **named: Any) -> Any:
            _tick(left)
            result = original(*args, **named)
            _tick(left)
            return result

        setattr(owner, name, write)

    counted(Path, "replace")
    counted(Path, "unlink")
    counted(Database, "write")
    counted(Database, "scrub")
    counted(Lake, "write_record")


def _tick(left: list[int]) -> None:
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def main(home: Path, customer: str, step: int) -> None:
    with services(home_of(home)) as perennial:
        perennial.ledger.migrate()
        die_at(step)
        perennial.erase(customer, by="kim", reason="asked by letter")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
