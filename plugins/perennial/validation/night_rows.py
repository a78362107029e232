"""A night's rows of one dataset, as tables of the engine: typed, one row a key, with the facts the checks need.

`said`, `waiting`, `recent`, `earlier_…` and `known_…` are read; `judged_rows` is made, and `failed_rows` when they were judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from perennial.lake.duck import Engine
from perennial.model.datasets import Dataset
from perennial.validation import casting
from perennial.validation.expecting import Breach
from perennial.validation.night_figures import night_figures
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import columns_of, night_end

_HERE = Path(__file__).parent
_COUNTED = """
    select count(*) as judged, count(*) filter (where fresh) as fresh,
        coalesce(sum(copies - 1) filter (where fresh and updated_at is not null), 0)::bigint as duplicates,
        sum(repeats) filter (where fresh)::bigint as repeats
    from judged_rows
"""
_JUDGED = """
    select count(*) filter (where reason is null) as accepted,
        count(*) filter (where reason is not null and fresh) as quarantined,
        count(*) filter (where reason is null and not fresh) as returned
    from judged_rows left join failed_rows using (row_no)
"""
_NONE_FAILED = (
    "create or replace table failed_rows (row_no bigint, reason varchar, retry_until date)"
)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many rows the shop delivered for the night, and what became of them before the checks."""

    rows: int
    kept: int
    duplicates: int

    @property
    def superseded(self) -> int:
        return self.rows - self.kept - self.duplicates


@dataclass(frozen=True)
class Fate:
    """What became of the rows in the checks."""

    accepted: int
    quarantined: int
    returned: int


@dataclass(frozen=True)
class _Heard:
    """What the shop says tonight and what waited, before versions of the same row are told apart."""

    delivered: int
    waited: int
    keys: int

    @property
    def once(self) -> bool:
        """Whether no key comes twice."""
        return self.keys == self.delivered + self.waited


@dataclass(frozen=True)
class _Counts:
    """The rows to be judged; `fresh` are of this night, and so are their `duplicates` and `repeats`."""

    judged: int
    fresh: int
    duplicates: int
    repeats: int | None


class NightRows:
    """The rows to be judged, numbered from 0 in the order of their key."""

    def __init__(
        self,
        engine: Engine,
        dataset: Dataset,
        day: date,
        zone: ZoneInfo,
        *,
        chunk: int = 500_000,
        open_earlier: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes the tables; `open_earlier` makes `earlier_…` readable, which only rows that waited need."""
        self.dataset = dataset
        self._engine = engine
        self._chunk = chunk
        self.some_failed = False
        self._night_end = night_end(day, zone)
        self._parameters = {"day": day, "zone": zone.key, "night_end": self._night_end}
        self._run(_typed_rows(dataset))
        heard = _Heard(*engine.values(_heard(dataset))[0])
        self._delivered = heard.delivered
        if heard.waited:
            open_earlier()
        self._run(_night_rows(dataset, heard))
        self._run(_facts(dataset))
        engine.execute("drop table typed_rows; drop table night_rows")

    def _run(self, sql: str) -> None:
        """Runs a query with what it asks for by name; DuckDB refuses more than that."""
        used = {name: value for name, value in self._parameters.items() if f"${name}" in sql}
        self._engine.execute(sql, used)

    @property
    def count(self) -> int:
        """Rows of this night, without those that waited since an earlier one."""
        return self._counts.fresh

    @cached_property
    def _counts(self) -> _Counts:
        return _Counts(*self._engine.values(_COUNTED)[0])

    @cached_property
    def fresh(self) -> npt.NDArray[np.bool_]:
        """For each row whether it is of this night, and not one that waited."""
        column = self._engine.table("select fresh from judged_rows order by row_no")
        return np.asarray(column["fresh"].to_numpy(), dtype=np.bool_)

    def tally(self) -> Tally:
        """The night's rows before the checks."""
        counts = self._counts
        return Tally(rows=self._delivered, kept=counts.fresh, duplicates=counts.duplicates)

    def fate(self) -> Fate:
        """The night's rows after the checks; `put_aside` comes first."""
        if not self.some_failed:
            judged, fresh = self._counts.judged, self._counts.fresh
            return Fate(accepted=judged, quarantined=0, returned=judged - fresh)
        return Fate(*self._engine.values(_JUDGED)[0])

    def figures(self) -> dict[str, float]:
        """What the night's rows come to."""
        delivered, repeats = self._delivered, self._counts.repeats
        return night_figures(self._engine, self.dataset, delivered, repeats, self._night_end)

    def close(self) -> None:
        """Lets go of the tables."""
        self._engine.execute("drop table if exists judged_rows; drop table if exists failed_rows")

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """All rows, piece by piece; nothing when there are none."""
        for first in range(0, self._counts.judged, self._chunk):
            yield self._frame(columns, first, first + self._chunk)

    def whole(self, columns: Sequence[str]) -> pd.DataFrame:
        """All rows at once."""
        return self._frame(columns, 0, self._counts.judged)

    def _frame(self, columns: Sequence[str], first: int, end: int) -> pd.DataFrame:
        types = columns_of(self.dataset)
        selected = ", ".join(
            f'"{c}"::double as "{c}"' if types[c].startswith("DECIMAL") else f'"{c}"'
            for c in columns
        )
        frame: pd.DataFrame = self._engine.table(
            f"select {selected} from judged_rows where row_no >= $first and row_no < $end order by row_no",
            {"first": first, "end": end},
        ).to_pandas(date_as_object=False)
        frame.index = pd.RangeIndex(first, first + len(frame))
        return frame

    def without_wrong_types(self, breach: Breach) -> npt.NDArray[np.int64]:
        """The breach's rows, but for those where the rule misses a value that was there and did not parse."""
        columns = [c for c in breach.rule.columns if c != "wrong_type"]
        if not columns or not len(breach.rows):
            return breach.rows
        unread = " or ".join(
            f"list_contains(string_split(wrong_type, ', '), '{c}')" for c in columns
        )
        rows = self._engine.table(f"select row_no from judged_rows where {unread}")["row_no"]
        return np.setdiff1d(breach.rows, rows.to_numpy())

    def examples(self, rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
        """Keys of the first three of some rows."""
        numbers = ", ".join(str(int(n)) for n in np.sort(rows)[:3])
        if not numbers:
            return ()
        keys = ", ".join(f'"{name}"::varchar as "{name}"' for name in self.dataset.key)
        found = self._engine.rows(
            f"select {keys}, extract, position from judged_rows where row_no in ({numbers}) order by row_no"
        )
        return tuple(_shown(self.dataset, row) for row in found)

    def put_aside(
        self, failures: Sequence[tuple[Breach, npt.NDArray[np.int64]]], day: date
    ) -> None:
        """Notes which rows are not accepted, why, and until when they are looked at again."""
        aside = [(b, r) for b, r in failures if b.rule.action is not Action.WARN and len(r)]
        self.some_failed = bool(aside)
        if not aside:
            self._engine.execute(_NONE_FAILED)
            return
        lengths = [len(rows) for _, rows in aside]
        table = pa.table(
            {
                "row_no": np.concatenate([np.empty(0, np.int64), *(rows for _, rows in aside)]),
                "rank": pa.array(np.repeat(np.arange(len(aside)), lengths), pa.int32()),
            }
        )
        rules = pa.table(
            {
                "rank": pa.array(range(len(aside)), pa.int32()),
                "rule": pa.array([b.rule.name for b, _ in aside], pa.string()),
                "names_columns": pa.array(
                    ["wrong_type" in b.rule.columns for b, _ in aside], pa.bool_()
                ),
                "retry_nights": pa.array([b.rule.retry_nights for b, _ in aside], pa.int32()),
            }
        )
        self._engine.register("broken", table)
        self._engine.register("rules", rules)
        self._engine.execute((_HERE / "failed_rows.sql").read_text(encoding="utf-8"), {"day": day})
        self._engine.unregister("broken")
        self._engine.unregister("rules")


def _typed_rows(dataset: Dataset) -> str:
    return _query("typed_rows").format(
        said_columns=casting.said_columns(dataset),
        read_columns=casting.read_columns(dataset),
        typed_columns=casting.typed_columns(dataset),
        columns=_columns(dataset),
        wrong_type=casting.wrong_type(dataset),
    )


def _heard(dataset: Dataset) -> str:
    """Of a key without a value nothing is known; that is as if it came twice."""
    key = ", ".join(f'"{name}"' for name in dataset.key)
    return (
        "select count(*) filter (where fresh) as delivered, count(*) filter (where not fresh) as waited,"
        f" count(distinct ({key})) as keys from typed_rows"
    )


def _night_rows(dataset: Dataset, heard: _Heard) -> str:
    same_key = " and ".join(f"earlier.{name} = ranked.{name}" for name in dataset.key)
    overtaken = (
        f"exists (select 1 from earlier_{dataset.name} as earlier"
        f" where {same_key} and earlier.updated_at >= ranked.updated_at)"
    )
    key = ", ".join(dataset.key)
    return _query("night_rows").format(
        versions=_query("versions_of_one" if heard.once else "versions_of_several").format(key=key),
        columns=_columns(dataset),
        key=key,
        in_time=f"(fresh or not {overtaken})" if heard.waited else "fresh",
    )


def _columns(dataset: Dataset) -> str:
    return ", ".join(f'"{name}"' for name in dataset.column_names)


def _query(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def _facts(dataset: Dataset) -> str:
    return f"create or replace table judged_rows as\n{_query(f'facts/{dataset.name}')}"


def looks_back(dataset: Dataset) -> bool:
    """Whether the facts about a dataset need the rows of the nights before, `recent`."""
    return "from recent" in _query(f"facts/{dataset.name}")


def _shown(dataset: Dataset, row: dict[str, str | None]) -> str:
    """A row's key; where a part of it is missing or could be an address, its place in the extract."""
    if any(row[name] is None or not _is_plain(str(row[name])) for name in dataset.key):
        return f"row {row['position']} of {row['extract']}"
    return " ".join(f"{name}={row[name]}" for name in dataset.key)


def _is_plain(key: str) -> bool:
    """Whether a key can be shown: no email address, no telephone number, nothing that breaks a line."""
    return "@" not in key and not key.startswith("+") and key.isprintable() and len(key) <= 64
