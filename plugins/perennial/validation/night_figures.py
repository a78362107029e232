"""What a night's rows of one dataset come to: how many, how much, how empty, of which kinds. Nothing personal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from perennial.lake.duck import Engine
from perennial.model.datasets import Dataset
from perennial.validation.vocabulary import CATEGORIES, MOST_VALUES, figures_of

_LONGEST_VALUE = 40


def night_figures(
    engine: Engine, dataset: Dataset, rows: int, night_end: datetime
) -> dict[str, float]:
    """The figures of the rows in `judged_rows` that are of this night; `rows` is how many the shop delivered.

    See FIGURES in vocabulary.py. What is in `failed_rows` is left out of all but `rows` and `repeated`: a total that is
    put aside moves no sum. What no row can say, such as the mean of nothing, is left out, too.
    """
    counted = [(kind, column) for kind, column in figures_of(dataset) if kind != "share"]
    expressions = [
        f'{_SQL[kind].format(column=column)} as "{kind}({column})"' for kind, column in counted
    ]
    sql = ", ".join(["count(*) as kept", *expressions])
    used = {"night_end": night_end} if "$night_end" in sql else {}
    (found,) = engine.rows(f"select {sql} from {_ACCEPTED}", used)
    repeats = engine.scalar("select sum(repeats) from judged_rows where fresh")
    kept = found.pop("kept")
    figures = {"rows": float(rows)}
    if repeats is not None:
        figures["repeated"] = round(float(repeats) / rows, 6)
    if kept:
        figures |= {name: _plain(value) for name, value in found.items() if value is not None}
        figures |= dict(_shares(engine, dataset, kept))
    return figures


_ACCEPTED = "(select * from judged_rows anti join failed_rows using (row_no) where fresh)"
_SQL = {
    "empty": 'round(count(*) filter (where "{column}" is null) / count(*), 6)',
    "different": 'round(count(distinct "{column}") / nullif(count("{column}"), 0), 6)',
    "sum": 'sum("{column}")',
    "mean": 'round((sum("{column}") / nullif(count("{column}"), 0))::double, 4)',
    "age_hours": """
        round(date_diff('second', max("{column}") filter (where "{column}" <= $night_end), $night_end) / 3600, 3)""",
}


def _shares(engine: Engine, dataset: Dataset, kept: int) -> Iterator[tuple[str, float]]:
    """How often each value of the columns of few values occurs, as a share of the rows that were kept."""
    for column in CATEGORIES[dataset.name]:
        values = engine.rows(
            f'select "{column}" as value, count(*) as n from {_ACCEPTED} where "{column}" is not null'
            f" group by all order by n desc, value limit {MOST_VALUES}"
        )
        for row in values:
            if _is_a_kind(row["value"]):
                yield f"share({column}={row['value']})", round(row["n"] / kept, 6)


def _is_a_kind(value: str) -> bool:
    """Whether a value is the name of a kind of thing, and not an address or a text that went to the wrong column."""
    return len(value) <= _LONGEST_VALUE and value.isprintable() and "@" not in value


def _plain(value: float | Decimal) -> float:
    return float(value)
