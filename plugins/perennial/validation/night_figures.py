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
    engine: Engine, dataset: Dataset, rows: int, repeats: int | None, night_end: datetime
) -> dict[str, float]:
    """The figures of the rows in `judged_rows` that are of this night; the shop delivered so many `rows`, `repeats` twice.

    See FIGURES in vocabulary.py. What is in `failed_rows` is left out of all but `rows` and `repeated`: a total that is
    put aside moves no sum. What no row can say, such as the mean of nothing, is left out, too.
    """
    counted = [(kind, column) for kind, column in figures_of(dataset) if kind != "share"]
    sql = ", ".join(["count(*)", *(_SQL[kind].format(column=column) for kind, column in counted)])
    used = {"night_end": night_end} if "$night_end" in sql else {}
    ((kept, *found),) = engine.values(f"select {sql} from {_ACCEPTED}", used)
    figures = {"rows": float(rows)}
    if repeats is not None:
        figures["repeated"] = round(repeats / rows, 6)
    if kept:
        figures |= {
            f"{kind}({column})": _plain(value)
            for (kind, column), value in zip(counted, found, strict=True)
            if value is not None
        }
        figures |= dict(_shares(engine, dataset, kept))
    return figures


_ACCEPTED = "(select * from judged_rows anti join failed_rows using (row_no) where fresh)"
_SQL = {
    "empty": 'round((count(*) - count("{column}")) / count(*), 6)',
    "different": 'round(count(distinct "{column}") / nullif(count("{column}"), 0), 6)',
    "sum": 'sum("{column}")',
    "mean": 'round((sum("{column}") / nullif(count("{column}"), 0))::double, 4)',
    "age_hours": """
        round(date_diff('second', max("{column}") filter (where "{column}" <= $night_end), $night_end) / 3600, 3)""",
}


def _shares(engine: Engine, dataset: Dataset, kept: int) -> Iterator[tuple[str, float]]:
    """How often each value of the columns of few values occurs, as a share of the rows that were kept."""
    for column in CATEGORIES[dataset.name]:
        counts = engine.values(
            f'select "{column}" as value, count(*) as n from {_ACCEPTED} where "{column}" is not null'
            f" group by all order by n desc, value limit {MOST_VALUES}"
        )
        for value, rows in counts:
            if _is_a_kind(value):
                yield f"share({column}={value})", round(rows / kept, 6)


def _is_a_kind(value: str) -> bool:
    """Whether a value is the name of a kind of thing, and not an address or a text that went to the wrong column."""
    return len(value) <= _LONGEST_VALUE and value.isprintable() and "@" not in value


def _plain(value: float | Decimal) -> float:
    return float(value)
