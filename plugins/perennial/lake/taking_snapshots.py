"""Taking snapshots when enough increments have come, and removing those that are of no use any more."""

from __future__ import annotations

from datetime import date

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.snapshots import (
    SNAPPED,
    holds,
    known_partitions,
    looked_up_by,
    remove_broken_snapshots,
    seal,
    snapshots_of,
)

_KEPT = 2


def take_snapshots(engine: Engine, day: date, *, every: int) -> list[Partition]:
    """Takes one of each dataset of which more than `every` increments have come since the last; says which were taken.

    Nothing is done for a day that is not the newest: what is known on it is asked for seldom. The last two that hold
    are kept, so that a page about last week finds one, too.

    Raises:
        LakeError: the lake cannot be written to; nothing is lost.
    """
    # Sealed before anything is read: what comes or changes from here on breaks the seal.
    due = {
        folder: _of_now(engine, folder, day)
        for folder in SNAPPED
        if _is_due(engine, folder, day, every)
    }
    if due:
        engine.open_day(day)
    taken = [snapshot for folder, snapshot in due.items() if _take(engine, folder, snapshot)]
    if due:
        remove_broken_snapshots(engine.lake)
    for folder in due:
        for old in engine.lake.partitions(snapshots_of(folder))[:-_KEPT]:
            engine.lake.remove(old)
    return taken


def _is_due(engine: Engine, folder: str, day: date, every: int) -> bool:
    increments = engine.lake.partitions(folder)
    if not increments or increments[-1].day > day:
        return False
    new = [p for p in known_partitions(engine.lake, folder, day) if p.dataset == folder]
    return len(new) > every


def _of_now(engine: Engine, folder: str, day: date) -> Partition:
    increments = engine.lake.partitions(folder, until=day)
    return Partition(
        dataset=snapshots_of(folder), day=increments[-1].day, name=seal(engine.lake, increments)
    )


def _take(engine: Engine, folder: str, snapshot: Partition) -> bool:
    """Writes what is open; leaves nothing when an increment was written anew meanwhile."""
    dataset = SNAPPED[folder]
    columns = ", ".join(f'"{name}"' for name in dataset.column_names)
    order = ", ".join(dict.fromkeys((looked_up_by(dataset), *dataset.key)))
    engine.publish(snapshot, f"select {columns} from {dataset.name}", order_by=order)
    # Whoever was forgotten while it was written must not be left in it.
    if holds(engine.lake, snapshot, engine.lake.partitions(folder)):
        return True
    engine.lake.remove(snapshot)
    return False
