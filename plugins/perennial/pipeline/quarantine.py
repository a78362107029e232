"""What was put aside in a night: why, how many rows, which, and how many have come back since. Values are masked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import SHOP_DATASETS, Dataset
from perennial.model.masking import masked_value
from perennial.validation.suite_entries import columns_in

_SHOWN = 3
_KNOWN = "_is_known"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One row, by its key and by what is wrong with it."""

    row: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        said = ", ".join(f"{name}: {value}" for name, value in self.values.items())
        return f"{self.row} ({said})" if said else self.row


@dataclass(frozen=True, kw_only=True)
class PutAside:
    """The rows of a dataset that break one rule; a row may break several."""

    rule: str
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """The rows of one dataset that a night put aside.

    `waiting` are looked at again by the next nights, whatever the shop says of them; `back` have been accepted since.
    """

    dataset: str
    day: date
    rows: int
    waiting: int
    back: int
    reasons: tuple[PutAside, ...]
    place: str

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        plain = asdict(self)
        return plain | {"day": self.day.isoformat(), "path": plain.pop("place")}


def read_quarantine(engine: Engine, dataset: Dataset, day: date, suites: Path) -> Quarantine:
    """What a night put aside of one dataset.

    Raises:
        MissingPartition: the night has not been validated.
    """
    partition = Partition(dataset=f"quarantine/{dataset.name}", day=day)
    engine.view("put_aside", partition)
    counts = engine.rows(
        "select count(*) as rows, count(*) filter (where retry_until > $day) as waiting from put_aside",
        {"day": day},
    )[0]
    reasons = _reasons(engine, dataset, suites) if counts["rows"] else ()
    return Quarantine(
        dataset=dataset.name,
        day=day,
        rows=counts["rows"],
        waiting=counts["waiting"],
        back=_back(engine, dataset, day) if counts["rows"] else 0,
        reasons=reasons,
        place=engine.lake.location(partition),
    )


def read_quarantines(
    engine: Engine, day: date, suites: Path, *, dataset: str | None = None
) -> list[Quarantine]:
    """What a night put aside, dataset by dataset.

    Raises:
        MissingPartition: the night has not been validated.
    """
    chosen = [SHOP_DATASETS[dataset]] if dataset else list(SHOP_DATASETS.values())
    return [read_quarantine(engine, each, day, suites) for each in chosen]


def _reasons(engine: Engine, dataset: Dataset, suites: Path) -> tuple[PutAside, ...]:
    """By rule, the most frequent first. A reason names the rules, and in brackets the columns that could not be read."""
    engine.execute(
        """
        create or replace temp view put_aside_by_rule as
        select regexp_extract(reason, '^[a-z0-9_]+') as rule, regexp_extract(reason, '\\((.*)\\)', 1) as unread,
            each.* exclude (reason)
        from (select unnest(string_split(reason, '; ')) as reason, * exclude (reason) from put_aside) as each
        """
    )
    counted = engine.rows(
        "select rule, count(*) as rows from put_aside_by_rule group by rule order by rows desc, rule"
    )
    looked_at = _columns_by_rule(suites / f"{dataset.name}.json", dataset)
    return tuple(
        PutAside(
            rule=row["rule"],
            rows=row["rows"],
            examples=_examples(engine, dataset, row["rule"], looked_at.get(row["rule"], ())),
        )
        for row in counted
    )


def _examples(
    engine: Engine, dataset: Dataset, rule: str, columns: Sequence[str]
) -> tuple[Example, ...]:
    rows = engine.rows(
        f"select * from put_aside_by_rule where rule = $rule order by extract_day, extract_name, extract_row limit {_SHOWN}",
        {"rule": rule},
    )
    return tuple(_example(dataset, row, columns) for row in rows)


def _example(dataset: Dataset, row: Mapping[str, Any], columns: Sequence[str]) -> Example:
    unread = [name for name in row["unread"].split(", ") if name in dataset.column_names]
    wanted = [c for c in dict.fromkeys([*columns, *unread]) if c not in dataset.key]
    return Example(
        row=shown_key(dataset, row), values={name: masked_value(name, row[name]) for name in wanted}
    )


def shown_key(dataset: Dataset, row: Mapping[str, Any]) -> str:
    """A row's key; where a part of it is missing or could be an address, its place in the extract."""
    keys = [row[name] for name in dataset.key]
    if any(key is None or "@" in key or key.startswith("+") or len(key) > 64 for key in keys):
        return f"row {row['extract_row']} of {row['extract_name']}"
    return " ".join(f"{name}={key}" for name, key in zip(dataset.key, keys, strict=True))


def _columns_by_rule(path: Path, dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The columns of the dataset that each rule looks at; a rule that is gone since looks at none."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["expectations"]
        named = {entry["meta"]["rule"]: columns_in(entry.get("kwargs", {})) for entry in entries}
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ):  # `perennial check` says what is wrong with it
        return {}
    return {
        rule: tuple(c for c in map(_of_dataset, columns) if c in dataset.column_names)
        for rule, columns in named.items()
    }


def _of_dataset(column: str) -> str:
    """The column behind a fact such as `customer_is_known`."""
    return f"{column.removesuffix(_KNOWN)}_id" if column.endswith(_KNOWN) else column


def _back(engine: Engine, dataset: Dataset, day: date) -> int:
    """Rows whose key a later night has accepted: mended in the shop, or no longer alone."""
    later = [p for p in engine.lake.partitions(f"verified/{dataset.name}") if p.day > day]
    if not later:
        return 0
    types = {c.name: c.type for c in dataset.columns if c.name in dataset.key}
    engine.stack("accepted_since", types, later, alike=True)
    same = " and ".join(f'since."{k}"::varchar = put_aside."{k}"' for k in dataset.key)
    return int(
        engine.scalar(
            f"select count(*) from put_aside where exists (select 1 from accepted_since as since where {same})"
        )
    )
