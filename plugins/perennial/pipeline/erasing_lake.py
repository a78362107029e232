"""Taking people out of the lake: which partitions name them, and what is left of those."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from perennial.features.carrying import FOLDER as FIGURES
from perennial.features.carrying import TakingOut, remove_broken_figures
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.rewriting import rewrite
from perennial.lake.snapshots import remove_broken_snapshots
from perennial.model.datasets import (
    CONTACTS,
    CUSTOMER_FEATURES,
    DECISIONS,
    MEMBERSHIPS,
    PREFERENCES,
    SHOP_DATASETS,
)
from perennial.model.keys import stand_in
from perennial.pipeline.plan_reading import note_rewritten_plan
from perennial.pipeline.verifying import VERDICTS
from perennial.validation.verdicts import as_text

_STATES = ("quarantine", "checked", "verified", "raw")
_OURS = (MEMBERSHIPS.name, CUSTOMER_FEATURES.name, CONTACTS.name, PREFERENCES.name)
# What other rows are found by goes last, so that a run that was killed finds again what it had not come to.
_SHOPS = ("order_lines", "points_entries", "consents", "orders", "customers")
_ACCOUNTS = ("customer_id", "person_id")


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """Who is to be forgotten: their accounts with what takes their place, and the ids of their rows."""

    stand_ins: Mapping[str, str] = field(repr=False)
    orders: frozenset[str] = field(repr=False)
    entries: frozenset[str] = field(repr=False)
    secret: str = field(repr=False)

    @property
    def accounts(self) -> list[str]:
        return sorted(self.stand_ins)

    def without(self, held: Collection[str]) -> Forgotten | None:
        """Those of them who need not wait, or nothing when all of them do."""
        kept = {account: key for account, key in self.stand_ins.items() if account not in held}
        return replace(self, stand_ins=kept) if kept else None


def named_accounts(engine: Engine) -> set[str]:
    """Every customer id in the lake, as text without blanks around it."""
    found: set[str] = set()
    for dataset in _datasets():
        for column in _columns_of(dataset, _ACCOUNTS):
            found |= _distinct(engine, dataset, column, "true")
    return found


def rows_of(engine: Engine, accounts: Collection[str], dataset: str, key: str) -> set[str]:
    """The keys of all rows of the shop that belong to some accounts, whatever became of them."""
    found: set[str] = set()
    for state in _STATES:
        found |= _distinct(engine, f"{state}/{dataset}", key, _names("customer_id"), accounts)
    return found


def plans_naming(engine: Engine, forgotten: Forgotten) -> list[Partition]:
    """The plans that decide about them."""
    return _naming(engine, DECISIONS.name, _ACCOUNTS, forgotten.accounts)


def take_out(engine: Engine, forgotten: Forgotten) -> int:
    """Removes their rows from everything but plans and what the checks said; says how many there were."""
    removed = 0
    carried = TakingOut.of(engine.lake)
    for dataset in _datasets():
        if dataset == DECISIONS.name:
            continue
        for partition in _to_be_changed(engine, dataset, forgotten):
            with carried.rewriting(partition):
                removed += rewrite(engine.lake, partition, _Removal(dataset, forgotten))
    # After what they were made of, which has changed: one that is taken meanwhile finds that out by itself.
    remove_broken_snapshots(engine.lake)
    for part in _naming(engine, FIGURES, ["customer_id"], forgotten.accounts):
        rewrite(engine.lake, part, _Removal(FIGURES, forgotten))
    carried.seal(forgotten.accounts)
    remove_broken_figures(engine.lake)
    _mend_verdicts(engine, forgotten)
    return removed


def mask_plan(engine: Engine, partition: Partition, forgotten: Forgotten) -> None:
    """Leaves a plan's figures and order as they are, and nobody who could be told from it.

    The plan keeps the hash that was approved; see plan_reading.
    """

    def note(draft: Path) -> None:
        note_rewritten_plan(engine, partition, draft)

    rewrite(engine.lake, partition, _Masking(forgotten), before=note)


def _datasets() -> Iterator[str]:
    """In the order in which they are rewritten."""
    yield from _OURS
    yield DECISIONS.name
    for state in _STATES:
        yield from (f"{state}/{name}" for name in _SHOPS)


def _columns_of(dataset: str, wanted: Sequence[str]) -> list[str]:
    known = {
        d.name: d
        for d in (*SHOP_DATASETS.values(), MEMBERSHIPS, CUSTOMER_FEATURES, CONTACTS, PREFERENCES)
    }
    known[DECISIONS.name] = DECISIONS
    columns = known[dataset.rpartition("/")[2]].column_names
    return [name for name in wanted if name in columns]


def _to_be_changed(engine: Engine, dataset: str, forgotten: Forgotten) -> list[Partition]:
    if dataset.endswith("/order_lines"):
        return _naming(engine, dataset, ["order_id"], forgotten.orders)
    return _naming(engine, dataset, _columns_of(dataset, _ACCOUNTS), forgotten.accounts)


def _naming(
    engine: Engine, dataset: str, columns: Sequence[str], values: Collection[str]
) -> list[Partition]:
    """The partitions in which one of the columns holds one of the values."""
    partitions = engine.lake.partitions(dataset)
    if not partitions or not values:
        return []
    engine.stack("looked_through", dict.fromkeys(columns, "varchar"), partitions)
    named = " or ".join(_names(column) for column in columns)
    found = engine.rows(
        f"select distinct day, extract from looked_through where {named}", {"values": list(values)}
    )
    places = {(row["day"], row["extract"]) for row in found}
    return [p for p in partitions if (p.day, p.name) in places]


def _distinct(
    engine: Engine, dataset: str, column: str, where: str, values: Collection[str] = ()
) -> set[str]:
    partitions = engine.lake.partitions(dataset)
    if not partitions:
        return set()
    columns = dict.fromkeys({column, "customer_id"}, "varchar")
    engine.stack("looked_through", columns, partitions)
    given = {"values": list(values)} if "$values" in where else None
    rows = engine.table(
        f'select distinct trim("{column}") as v from looked_through where {where}', given
    )
    return {value for value in rows["v"].to_pylist() if value}


def _names(column: str) -> str:
    return f'trim("{column}") in (select unnest($values::varchar[]))'


@dataclass(frozen=True)
class _Removal:
    """Drops their rows; where somebody else's row names one of them, a hash takes the place of the id."""

    dataset: str
    forgotten: Forgotten

    def __call__(self, rows: pa.Table) -> pa.Table:
        if self.dataset.endswith("/order_lines"):
            return rows.filter(pc.invert(_among(rows, "order_id", self.forgotten.orders)))
        kept = rows.filter(pc.invert(_among(rows, "customer_id", self.forgotten.accounts)))
        return _renamed(kept, ["person_id"], self.forgotten.stand_ins)


@dataclass(frozen=True)
class _Masking:
    """Keeps their rows of a plan, without anything that leads to them."""

    forgotten: Forgotten

    def __call__(self, rows: pa.Table) -> pa.Table:
        theirs = _among(rows, "customer_id", self.forgotten.stand_ins.keys())
        secret = self.forgotten.secret
        for name, change in (
            ("occasion", lambda text: stand_in(text, secret)),
            ("address", lambda _: None),
            ("values", lambda _: "{}"),
            ("why", lambda _: "{}"),
        ):
            rows = _changed(rows, name, theirs, change)
        return _renamed(rows, _ACCOUNTS, self.forgotten.stand_ins)


def _among(rows: pa.Table, column: str, values: Collection[str]) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim(rows[column].cast(pa.string()), characters=" ")
    return pc.fill_null(pc.is_in(trimmed, pa.array(sorted(values), pa.string())), False)  # noqa: FBT003 - Arrow's own way


def _renamed(rows: pa.Table, columns: Sequence[str], stand_ins: Mapping[str, str]) -> pa.Table:
    for name in columns:
        if name in rows.column_names:
            theirs = _among(rows, name, stand_ins.keys())
            rows = _changed(rows, name, theirs, lambda account: stand_ins[account.strip(" ")])
    return rows


def _changed(rows: pa.Table, name: str, where: pa.ChunkedArray, change: Any) -> pa.Table:  # noqa: ANN401 - a function of text
    """The column with other values in some rows; what is empty stays empty."""
    if not pc.any(where).as_py():
        return rows
    old = rows[name]
    values = [
        change(value) if hit and value is not None else value
        for value, hit in zip(old.to_pylist(), where.to_pylist(), strict=True)
    ]
    place = rows.column_names.index(name)
    return rows.set_column(place, rows.schema.field(name), pa.array(values, old.type))


def _mend_verdicts(engine: Engine, forgotten: Forgotten) -> None:
    """What the checks found names rows by their keys."""
    keys = forgotten.stand_ins.keys() | forgotten.orders | forgotten.entries
    for day in engine.lake.record_days(VERDICTS):
        for name in SHOP_DATASETS:
            record = Partition(dataset=VERDICTS, day=day, name=name)
            text = engine.lake.read_record(record)
            if text is None:
                continue
            mended = as_text(_without_examples(json.loads(text), keys))
            if mended != text:
                engine.lake.write_record(record, mended)


def _without_examples(verdict: dict[str, Any], keys: Collection[str]) -> dict[str, Any]:
    for finding in verdict["findings"]:
        finding["examples"] = [
            example
            for example in finding["examples"]
            if not any(part.partition("=")[2] in keys for part in example.split(" "))
        ]
    return verdict
