"""Which column of a table is which column of a contract, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from perennial.model.datasets import SHOP_DATASETS, Column, Dataset
from perennial.sources.looking import SourceTable
from perennial.sources.proposing.names import (
    EXACT,
    PART,
    closed_words,
    column_names,
    likeness,
    normal,
    table_names,
)
from perennial.sources.proposing.shapes import Kind, Shape, shape_of

_NUMBERS = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.COMMA_DECIMAL))
_DAYS = frozenset((Kind.DATE, Kind.MOMENT))
_TELLING = {
    "email": frozenset((Kind.EMAIL,)),
    "phone": frozenset((Kind.PHONE,)),
    "url": frozenset((Kind.URL,)),
    "timezone": frozenset((Kind.ZONE,)),
    "country": frozenset((Kind.COUNTRY,)),
    "currency": frozenset((Kind.CURRENCY,)),
    "language": frozenset((Kind.LANGUAGE,)),
}
_KINDS = {name: _TELLING[name] for name in ("email", "currency", "timezone", "url")}
_KINDS["phone"] = frozenset((Kind.PHONE, Kind.INTEGER))
_KINDS_OF_TYPES = {("TIMESTAMPTZ", "DATE"): _DAYS, ("DECIMAL", "BIGINT", "INTEGER"): _NUMBERS}
_ENOUGH, _ENOUGH_KEYS = 4.0, 20
_SURE_ALONE = frozenset(("email", "phone", "timezone"))
_UNLIKE_TEXT = frozenset((Kind.EMAIL, Kind.URL, *_DAYS))
KEY_OF = {"customer_id": "customers", "order_id": "orders", "product_id": "products"}
"""Columns whose values are the keys of a dataset."""

CENTS = ("cents", "cent", "centimos", "centavos", "centimes", "pennies", "копейки", "копеек")
"""Words in the name of a column that holds money in its smallest unit."""

_ESSENTIAL = {
    "customers": ("customer_id",),
    "orders": ("order_id", "customer_id", "ordered_at", "total"),
    "order_lines": ("order_id", "product_id"),
    "products": ("product_id", "name"),
    "points_entries": ("customer_id", "points"),
    "consents": ("customer_id", "state"),
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A table of the shop with the shapes of its columns. `values` are those of its columns, for keys."""

    table: SourceTable
    shapes: Mapping[str, Shape]

    def values(self, column: str) -> frozenset[str]:
        return frozenset(value for row in self.table.rows if (value := row[column]))


@dataclass(frozen=True, kw_only=True)
class Match:
    """A column of the shop that is taken for one of a contract, and why."""

    column: str
    source: str
    shape: Shape
    score: float
    why: str


@dataclass(frozen=True, kw_only=True)
class TableMatch:
    """A table of the shop that is taken for a dataset."""

    dataset: Dataset
    profile: Profile
    score: float
    columns: Mapping[str, Match] = field(default_factory=dict)


def profile_of(table: SourceTable) -> Profile:
    """A table with the shapes of its columns."""
    shapes = {
        column: shape_of([row[column] for row in table.rows], words=table.words.get(column, ()))
        for column in table.columns
    }
    return Profile(table=table, shapes=shapes)


def match_tables(
    profiles: Sequence[Profile], datasets: Collection[Dataset]
) -> dict[str, TableMatch]:
    """The table of each dataset that has one; no table is taken twice.

    Done three times: keys that are found tell what refers to them, customers their orders, and those their lines.
    """
    found: dict[str, TableMatch] = {}
    for _ in range(3):
        keys = _keys(found)
        found = _best([match_table(p, dataset, keys) for p in profiles for dataset in datasets])
    return {dataset.name: found[dataset.name] for dataset in datasets if dataset.name in found}


def _best(pairs: Sequence[TableMatch]) -> dict[str, TableMatch]:
    found: dict[str, TableMatch] = {}
    taken: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: -pair.score):
        name = pair.profile.table.name
        if pair.score >= _ENOUGH and pair.dataset.name not in found and name not in taken:
            found[pair.dataset.name] = pair
            taken.add(name)
    return found


def _keys(found: Mapping[str, TableMatch]) -> dict[str, frozenset[str]]:
    """The keys of the datasets that are found."""
    return {
        dataset: match.profile.values(match.columns[column].source)
        for column, dataset in KEY_OF.items()
        if (match := found.get(dataset)) is not None
    }


def word_columns(tables: Sequence[SourceTable]) -> dict[str, tuple[str, ...]]:
    """By table, the columns that are taken for closed lists, so that all of their words may be looked up."""
    matches = match_tables([profile_of(table) for table in tables], SHOP_DATASETS.values())
    return {
        match.profile.table.name: tuple(
            m.source for m in match.columns.values() if closed_words(m.column)
        )
        for match in matches.values()
    }


def match_table(
    profile: Profile, dataset: Dataset, keys: Mapping[str, frozenset[str]]
) -> TableMatch:
    """How well a table is a dataset; `keys` are the keys of the datasets that are found."""
    matches = [
        match
        for column in dataset.columns
        for source in profile.table.columns
        if (
            match := _Pair(profile=profile, dataset=dataset, column=column, source=source).match(
                keys
            )
        )
    ]
    chosen: dict[str, Match] = {}
    sources: set[str] = set()
    for match in sorted(matches, key=lambda m: -m.score):
        if match.column not in chosen and match.source not in sources:
            chosen[match.column] = match
            sources.add(match.source)
    # What a table that is not ours would have by chance, an id and a date, is not enough.
    score = likeness(profile.table.name, table_names(dataset.name)) * 4 / EXACT
    score += 6 * sum(min(m.score, EXACT) for m in chosen.values()) / (EXACT * len(dataset.columns))
    if not set(_ESSENTIAL[dataset.name]) <= set(chosen):
        score = 0.0
    return TableMatch(dataset=dataset, profile=profile, score=score, columns=chosen)


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A column of a contract beside a column of a table that might be it."""

    profile: Profile
    dataset: Dataset
    column: Column
    source: str

    @property
    def shape(self) -> Shape:
        return self.profile.shapes[self.source]

    def match(self, keys: Mapping[str, frozenset[str]]) -> Match | None:
        """What speaks for it, if enough does."""
        if not _may_be(self.column, self.shape):
            return None
        name = self._name()
        reasons = {
            EXACT: [f"the name `{self.source}`"],
            PART: [f"part of the name `{self.source}`"],
        }
        values = list(self._values(name, keys))
        score = name + sum(weight for weight, _ in values)
        if score < PART:
            return None
        why = "; ".join([*reasons.get(name, []), *(reason for _, reason in values)])
        return Match(
            column=self.column.name, source=self.source, shape=self.shape, score=score, why=why
        )

    def _name(self) -> float:
        known = column_names(self.dataset.name, self.column.name)
        said = self.source
        if self.column.type.startswith("DECIMAL"):
            said = " ".join(word for word in normal(said).split() if word not in CENTS)
        return likeness(said, known, table=self.profile.table.name)

    def _values(
        self, name: float, keys: Mapping[str, frozenset[str]]
    ) -> Iterator[tuple[float, str]]:
        """What the values say for it, and how much that weighs."""
        column, shape = self.column.name, self.shape
        if shape.kind in _TELLING.get(column, ()) and (name or column in _SURE_ALONE):
            yield 2.0, f"{shape.fits} of {shape.of} look like {shape.kind}"
        if name and (words := closed_words(column)) and shape.words:
            known = sum(normal(word) in words for word in shape.words)
            yield known / len(shape.words), f"{known} of its {len(shape.words)} words are known"
        if name and (column,) == self.dataset.key and shape.unique:
            yield 1.0, f"all of {shape.of} are different"
        elif key := keys.get(KEY_OF.get(column, "")):
            values = self.profile.values(self.source)
            shared = len(values & key)
            if shared * 2 >= len(values) and shared > (0 if name else _ENOUGH_KEYS):
                yield 2.0, f"{shared} of {len(values)} are among the {KEY_OF[column]}"
        if name and not self.column.type.startswith("VARCHAR") and shape.of:
            yield 0.5, f"{shape.fits} of {shape.of} are {shape.kind}"


def _may_be(column: Column, shape: Shape) -> bool:
    """Values of that shape can be meant."""
    if shape.kind is Kind.EMPTY:
        return True
    for types, kinds in _KINDS_OF_TYPES.items():
        if column.type.startswith(types):
            return shape.kind in kinds
    if column.name in _KINDS:
        return shape.kind in _KINDS[column.name]
    if closed_words(column.name):
        return bool(shape.words) and shape.kind in {Kind.WORDS, Kind.TEXT, Kind.LANGUAGE}
    return shape.kind not in _UNLIKE_TEXT
