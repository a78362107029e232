"""Snapshots: all that was known of a dataset on a day, in one file, so that years of increments need not be read again.

snapshots/<dataset>/day=2026-11-21/<seal>.parquet     in the order of what people are looked up by

A snapshot stands in for the increments up to its day, and reads like one: each key once, as its latest version. Its
seal is made of these increments as they lay there. When one of them is written anew or removed, the seal holds no
longer, and the increments are read as if there were no snapshot. Snapshots can be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from perennial.lake.partitions import Known, Lake, Partition
from perennial.model.datasets import CONTACTS, SHOP_DATASETS, Dataset

SNAPPED = {f"verified/{d.name}": d for d in SHOP_DATASETS.values()} | {CONTACTS.name: CONTACTS}
"""The folders whose increments add up to what is known, and what lies in them."""


def known_partitions(lake: Lake, folder: str, day: date) -> list[Partition]:
    """What must be read to know a dataset as on a day, oldest first: the last snapshot that holds, and what came after.

    Of a key, the row of the latest partition is its latest version. What was last said of a folder is said again while
    it lies as it did: pages ask many times a minute, and to find it out takes a listing of every day.
    """
    shapes = lake.shape(folder), lake.shape(snapshots_of(folder))
    known = lake.known.get(folder)
    alike = known is not None and (known.day, known.shapes) == (day, shapes)
    if known and alike and known.stamps == lake.stamps(known.increments):
        return list(known.read)
    increments = lake.partitions(folder, until=day)
    if None in shapes:
        return _to_read(lake, folder, day, increments)
    stamps = lake.stamps(increments)
    read = _to_read(lake, folder, day, increments)
    lake.known[folder] = Known(
        day=day, shapes=shapes, increments=increments, stamps=stamps, read=tuple(read)
    )
    return read


def _to_read(
    lake: Lake, folder: str, day: date, increments: Sequence[Partition]
) -> list[Partition]:
    for snapshot in reversed(lake.partitions(snapshots_of(folder), until=day)):
        if holds(lake, snapshot, increments):
            return [snapshot, *(p for p in increments if p.day > snapshot.day)]
    return list(increments)


def holds(lake: Lake, snapshot: Partition, increments: Sequence[Partition]) -> bool:
    """Whether a snapshot was made of these increments, as far as they are of its day or before."""
    return snapshot.name == seal(lake, [p for p in increments if p.day <= snapshot.day])


def seal(lake: Lake, increments: Sequence[Partition]) -> str:
    """The name of a snapshot of these increments as they are now."""
    stamped = zip(increments, lake.stamps(increments), strict=True)
    stamps = "\n".join(f"{partition} {stamp}" for partition, stamp in stamped)
    return sha256(stamps.encode()).hexdigest()[:32]


def snapshots_of(folder: str) -> str:
    """Where the snapshots of a folder's increments lie."""
    return f"snapshots/{SNAPPED[folder].name}"


def looked_up_by(dataset: Dataset) -> str:
    """The column by which rows about one person are found: order lines by their orders, products by these."""
    return {"order_lines": "order_id", "products": "product_id"}.get(dataset.name, "customer_id")


def remove_broken_snapshots(lake: Lake) -> None:
    """Removes those whose seal does not hold any more, with all that was taken out of the increments since.

    Raises:
        LakeError: one cannot be removed.
    """
    for folder in SNAPPED:
        increments = lake.partitions(folder)
        for snapshot in lake.partitions(snapshots_of(folder)):
            if not holds(lake, snapshot, increments):
                lake.remove(snapshot)
