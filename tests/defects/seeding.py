"""Small functions that spoil the rows of a night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from defects.entries import Night, Row, Seed, Value


def some(
    dataset: str, count: int, where: Callable[[Row], bool] | None = None, **values: Value
) -> Seed:
    """So many rows, spread over the night, say something else."""

    def seed(night: Night) -> None:
        rows = [row for row in night.rows[dataset] if where is None or where(row)]
        assert len(rows) >= count, (dataset, len(rows))
        for row in spread(rows, count):
            _set(row, values)

    return seed


def every(dataset: str, **values: Value) -> Seed:
    """All rows say something else."""

    def seed(night: Night) -> None:
        for row in night.rows[dataset]:
            _set(row, values)

    return seed


def keep(dataset: str, chosen: Callable[[int, Row], bool]) -> Seed:
    """Only some rows come."""

    def seed(night: Night) -> None:
        night.rows[dataset] = [r for n, r in enumerate(night.rows[dataset]) if chosen(n, r)]

    return seed


def one_in(number: int, *datasets: str) -> Seed:
    """Of every so many rows only the first comes."""

    def seed(night: Night) -> None:
        for dataset in datasets:
            night.rows[dataset] = night.rows[dataset][::number]

    return seed


def nothing(*datasets: str) -> Seed:
    """No row comes."""

    def seed(night: Night) -> None:
        for dataset in datasets:
            night.rows[dataset] = []

    return seed


def closed() -> Seed:
    """The shop says that it was closed on the day whose rows the night holds."""

    def seed(night: Night) -> None:
        night.closed = True

    return seed


def again(dataset: str, times: int = 1, key: str | None = None, **values: Value) -> Seed:
    """The night comes so many times more, with these values changed, and under new keys where `key` is named."""

    def seed(night: Night) -> None:
        good = [dict(row) for row in night.rows[dataset]]
        for number in range(1, times + 1):
            for row in good:
                copy = dict(row)
                _set(copy, values)
                if key and (said := row[key]):
                    copy[key] = f"{number}-{said}"
                night.rows[dataset].append(copy)

    return seed


def more(dataset: str, count: int, **values: Value) -> Seed:
    """So many rows come once more, changed."""

    def seed(night: Night) -> None:
        for row in spread(list(night.rows[dataset]), count):
            copy = dict(row)
            _set(copy, values)
            night.rows[dataset].append(copy)

    return seed


def with_their_lines() -> Seed:
    """Lines come for the orders that come, and for no other."""

    def seed(night: Night) -> None:
        orders = {row["order_id"] for row in night.rows["orders"]}
        night.rows["order_lines"] = [
            r for r in night.rows["order_lines"] if r["order_id"] in orders
        ]

    return seed


def yesterday(*datasets: str) -> Seed:
    """The rows of the night before come again, and none of tonight."""

    def seed(night: Night) -> None:
        for dataset in datasets:
            night.rows[dataset] = [dict(row) for row in night.yesterday[dataset]]

    return seed


def swapped(
    dataset: str, first: str, second: str, where: Callable[[Row], bool] | None = None
) -> Seed:
    """Two columns change places."""

    def seed(night: Night) -> None:
        for row in night.rows[dataset]:
            if where is None or where(row):
                row[first], row[second] = row[second], row[first]

    return seed


def times(column: str, factor: float, places: int = 2) -> Callable[[Row], str | None]:
    """The number in a column, so many times as large."""

    def value(row: Row) -> str | None:
        said = row[column]
        return None if said is None else f"{float(said) * factor:.{places}f}"

    return value


def later(column: str, hours: float) -> Callable[[Row], str | None]:
    """The instant in a column, so many hours later."""

    def value(row: Row) -> str | None:
        said = row[column]
        if said is None:
            return None
        return (datetime.fromisoformat(said) + timedelta(hours=hours)).isoformat(sep=" ")

    return value


def text(column: str, how: Callable[[str], str]) -> Callable[[Row], str | None]:
    """The text in a column, treated somehow."""

    def value(row: Row) -> str | None:
        said = row[column]
        return None if said is None else how(said)

    return value


def without_zeros(column: str) -> Callable[[Row], str | None]:
    """An id that was read as a number."""
    return text(column, lambda said: said.lstrip("0"))


def is_given(column: str) -> Callable[[Row], bool]:
    """Whether a row has a value there."""
    return lambda row: row[column] is not None


def says(column: str, word: str) -> Callable[[Row], bool]:
    """Whether a row has that value there."""
    return lambda row: row[column] == word


def is_plain(*columns: str) -> Callable[[Row], bool]:
    """Whether a row has nothing but letters of English there."""
    return lambda row: all((row[c] or "").isascii() and (row[c] or "").isalpha() for c in columns)


def as_latin1(said: str) -> str:
    """UTF-8 read as Windows-1252."""
    return said.encode().decode("cp1252", errors="replace")


def spread(rows: Sequence[Row], count: int) -> list[Row]:
    """So many of the rows, evenly spread."""
    return [rows[n * len(rows) // count] for n in range(count)]


def _set(row: Row, values: dict[str, Value]) -> None:
    good = dict(row)
    unknown = values.keys() - row.keys()
    assert not unknown, unknown
    row.update({n: v(good) if callable(v) else v for n, v in values.items()})
