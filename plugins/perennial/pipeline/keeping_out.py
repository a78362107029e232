"""Keeps people out who were erased, when the shop still tells of them: their rows are counted, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.lake.rewriting import rewrite
from perennial.model.datasets import ORDER_LINES, ORDERS, Dataset
from perennial.model.keys import customer_key, stand_in
from perennial.pipeline.extracting import Source, refused_rows
from perennial.pipeline.verifying import days_to_verify
from perennial.sources.files.refused_rows import RefusedRow

_KEPT = "erased/orders"
_RAW_LINES = f"raw/{ORDER_LINES.name}"


@dataclass(kw_only=True)
class KeepingOut:
    """A shop's rows without those of people who were erased; `left_out` counts them.

    Order lines do not say whose they are. So the ids of the orders that were left out are kept as keyed hashes, by
    which `drop_lines` finds theirs.
    """

    source: Source
    lake: Lake
    customer_keys: Collection[str] = field(repr=False)
    secret: str = field(repr=False)
    left_out: int = 0

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """As the source does."""
        batches = self.source.extract(dataset, since=since, until=until, chunk_rows=chunk_rows)
        if not self.customer_keys:
            yield from batches
            return
        orders: set[str] = set()
        for batch in batches:
            if "customer_id" not in batch.schema.names:
                yield batch
                continue
            theirs = self._theirs(batch["customer_id"])
            self.left_out += pc.sum(theirs).as_py() or 0
            if dataset.name == ORDERS.name:
                orders.update(filter(None, batch.filter(theirs)["order_id"].to_pylist()))
            yield batch.filter(pc.invert(theirs))
        # Before the extract becomes visible: lines must not be taken for those of an order that never came.
        keep_order_ids(self.lake, orders, until.date(), self.secret)

    def refused(self, dataset: Dataset) -> Sequence[RefusedRow]:
        """As the source does; it says where rows stand, not whose they are."""
        return refused_rows(self.source, dataset)

    def _theirs(self, accounts: pa.Array) -> pa.Array:
        encoded = accounts.dictionary_encode()
        known = [
            text is not None and customer_key(text, self.secret) in self.customer_keys
            for text in encoded.dictionary.to_pylist()
        ]
        found = pc.take(pa.array(known, pa.bool_()), encoded.indices)
        return pc.fill_null(found, False)  # noqa: FBT003 - Arrow's own way


def keep_order_ids(lake: Lake, orders: Iterable[str], day: date, secret: str) -> None:
    """Adds keyed hashes of orders to those kept under a day."""
    hashed = {stand_in(order.strip(), secret) for order in orders}
    record = Partition(dataset=_KEPT, day=day)
    kept = _read(lake, record)
    if hashed - kept:
        lake.write_record(record, json.dumps(sorted(hashed | kept), indent=1) + "\n")


def drop_lines(engine: Engine, day: date, secret: str) -> int:
    """Removes lines of left-out orders from what was extracted and is not verified yet; says how many there were."""
    lake = engine.lake
    kept = {
        key for d in lake.record_days(_KEPT) for key in _read(lake, Partition(dataset=_KEPT, day=d))
    }
    if not kept:
        return 0
    days = days_to_verify(engine, day)
    change = _WithoutLines(kept, secret)
    removed = 0
    for partition in lake.partitions(_RAW_LINES, since=days[0], until=day):
        if partition.day in days and change.concerns(engine, partition):
            removed += rewrite(lake, partition, change)
    return removed


@dataclass(frozen=True)
class _WithoutLines:
    kept: Collection[str] = field(repr=False)
    secret: str = field(repr=False)

    def concerns(self, engine: Engine, partition: Partition) -> bool:
        engine.view("lines", partition)
        found = engine.table("select distinct order_id from lines")["order_id"].to_pylist()
        return any(self._is_kept(order) for order in found)

    def __call__(self, rows: pa.Table) -> pa.Table:
        known: dict[str | None, bool] = {}
        theirs = [
            known[order] if order in known else known.setdefault(order, self._is_kept(order))
            for order in rows["order_id"].to_pylist()
        ]
        return rows.filter(pc.invert(pa.array(theirs, pa.bool_())))

    def _is_kept(self, order: str | None) -> bool:
        return order is not None and stand_in(order.strip(), self.secret) in self.kept


def _read(lake: Lake, record: Partition) -> set[str]:
    text = lake.read_record(record)
    return set(json.loads(text)) if text else set()
