"""Proposes how a shop's tables become the datasets: one query each, with a reason for every column.

Pure: the same tables give the same proposal. What the data cannot tell is a question for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perennial.model.datasets import SHOP_DATASETS, Column
from perennial.sources.files.file_table import FileTable
from perennial.sources.looking import SourceTable
from perennial.sources.proposing.expressions import (
    Speech,
    instant,
    literal,
    quoted,
    quoted_table,
    written,
)
from perennial.sources.proposing.matching import TableMatch, match_tables, profile_of
from perennial.sources.proposing.questions import open_questions

_INDENT = "       "
_NO_CHANGES = (
    "No column of `{table}` says when a row was changed. Every night reads all of its rows, as if"
    " they had been written just before it."
)


@dataclass(frozen=True, kw_only=True)
class ProposedColumn:
    """One column of a query: what it is called in the contract, where it comes from, and why."""

    name: str
    sql: str
    source: str | None
    why: str


@dataclass(frozen=True, kw_only=True)
class ProposedDataset:
    """The query of one dataset. `missing` are columns of the contract that the table does not have."""

    name: str
    table: str
    columns: tuple[ProposedColumn, ...]
    missing: tuple[str, ...]
    decide: tuple[str, ...]
    sql: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What `sources:` of shop.yaml might say."""

    datasets: Mapping[str, ProposedDataset]
    recent_buyers: str | None
    files: Mapping[str, FileTable]
    timezone: str
    decide: tuple[str, ...]
    unused: tuple[SourceTable, ...]

    @property
    def missing(self) -> frozenset[str]:
        """Columns that nothing is proposed for, as `dataset.column`."""
        return frozenset(
            f"{dataset.name}.{column.name}"
            for dataset in SHOP_DATASETS.values()
            for column in dataset.columns
            if dataset.name not in self.datasets
            or column.name in self.datasets[dataset.name].missing
        )


def propose(
    tables: Sequence[SourceTable], speech: Speech, *, currency: str, timezone: str
) -> Proposal:
    """The mapping of a shop's tables; `currency` and `timezone` are the shop's own, where its data say neither."""
    profiles = [profile_of(table) for table in tables]
    matches = match_tables(profiles, SHOP_DATASETS.values())
    writers = {name: _Writer(match, speech, currency) for name, match in matches.items()}
    datasets = {name: writer.dataset() for name, writer in writers.items()}
    used = {match.profile.table.name for match in matches.values()}
    return Proposal(
        datasets=datasets,
        recent_buyers=writers["orders"].recent_buyers() if "orders" in writers else None,
        files={t.name: t.files for t in tables if t.files and t.name in used},
        timezone=timezone,
        decide=tuple(open_questions(matches, timezone)),
        unused=tuple(table for table in tables if table.name not in used),
    )


class _Writer:
    """Writes the query of one dataset from the table that was found for it."""

    def __init__(self, match: TableMatch, speech: Speech, currency: str) -> None:
        self._match = match
        self._speech = speech
        self._currency = currency
        self._table = match.profile.table
        self._decide: list[str] = []

    def dataset(self) -> ProposedDataset:
        contract = self._match.dataset
        found = [self._column(column) for column in contract.columns]
        columns = tuple(column for column in found if column)
        return ProposedDataset(
            name=contract.name,
            table=self._table.name,
            columns=columns,
            missing=tuple(c.name for c in contract.columns if not self._found(c.name)),
            decide=tuple(self._decide),
            sql=self._sql(columns),
        )

    def recent_buyers(self) -> str:
        """The query for who has ordered within an interval."""
        ordered = self._match.columns["ordered_at"]
        customer = quoted(self._match.columns["customer_id"].source, self._speech)
        moment, cast = (
            instant(ordered.source, ordered.shape, self._speech),
            self._cast("ordered_at"),
        )
        return (
            f"select distinct {_as(customer, 'customer_id')}\nfrom {self._from()}\n"
            f"where {moment} >= {cast('since')}\n  and {moment} < {cast('until')}"
        )

    def _column(self, column: Column) -> ProposedColumn | None:
        if match := self._match.columns.get(column.name):
            commas = bool(self._table.files and self._table.files.decimal == ",")
            found = written(match, column, self._speech, commas=commas)
            if found.decide:
                self._decide.append(found.decide)
            return ProposedColumn(
                name=column.name, sql=found.sql, source=match.source, why=match.why
            )
        if column.name == "updated_at":
            return self._changed()
        if not column.required:
            return None
        sql, why, ask = self._instead(column)
        if ask:
            self._decide.append(f"{why} Is that so?")
        return ProposedColumn(name=column.name, sql=sql, source=None, why=why)

    def _changed(self) -> ProposedColumn:
        if self._table.files and self._table.files.place:
            why = "the day of the file that a row stands in"
            sql = "file_day || ' 00:00:00'"
            return ProposedColumn(name="updated_at", sql=sql, source=None, why=why)
        why = _NO_CHANGES.format(table=self._table.name)
        self._decide.append(f"{why} Is there a better one?")
        sql = {
            Speech.FILES: "strftime(cast(:until as timestamp) - interval 1 second, '%Y-%m-%d %H:%M:%S')",
            Speech.SQLITE: "datetime(:until, '-1 second')",
            Speech.POSTGRESQL: "cast(:until as timestamptz) - interval '1 second'",
            Speech.MYSQL: "cast(:until as datetime) - interval 1 second",
        }.get(self._speech, ":until")
        return ProposedColumn(name="updated_at", sql=sql, source=None, why=why)

    def _instead(self, column: Column) -> tuple[str, str, bool]:
        """What stands for a required column that the table does not have, why, and whether a person has to agree."""
        name = column.name
        customer = self._named("customer_id")
        if name in {"signed_up_at", "happened_at"}:
            changed = self._column(
                next(c for c in self._match.dataset.columns if c.name == "updated_at")
            )
            sql = changed.sql if changed else "null"
            return sql, f"No column says `{name}`: `updated_at` stands for it.", True
        if name == "line_no":
            order, product = self._named("order_id"), self._named("product_id")
            sql = f"row_number() over (partition by {order} order by {product})"
            return sql, "No column numbers the lines of an order: they count by product.", True
        if name == "entry_id":
            sql = f"{customer} || '-' || {self._named('happened_at')}"
            return sql, "Entries have no id: customer and time stand for it.", True
        if name == "kind":
            sql = f"case when {self._named('points')} like '-%' then 'redeemed' else 'earned' end"
            return sql, "No column says the kind: what is negative counts as redeemed.", True
        if name == "consent_id":
            return (
                self._consent_id(customer),
                "Consents have no id: who and what stand for it.",
                True,
            )
        value = self._currency if name == "currency" else _STAND_INS.get(name, "")
        why = f"No column says `{name}`: `{value}` stands for it everywhere."
        return literal(value), why, name != "discount"

    def _consent_id(self, customer: str) -> str:
        parts = [customer, *(self._named(n) for n in ("channel", "topic") if self._found(n))]
        return " || '-' || ".join(parts)

    def _sql(self, columns: Sequence[ProposedColumn]) -> str:
        selected = f",\n{_INDENT}".join(_selected(column) for column in columns)
        sql = f"select {selected}\nfrom {self._from()}"
        changed = self._match.columns.get("updated_at")
        if changed is None:
            return sql
        moment, cast = (
            instant(changed.source, changed.shape, self._speech),
            self._cast("updated_at"),
        )
        if self._speech is Speech.FILES:
            # What is no moment is read, so that the checks put it aside with a reason.
            return (
                f"{sql}\nwhere coalesce({moment} < {cast('until')}, true)"
                f"\n  and coalesce({moment} >= {cast('since')}, true)"
            )
        return f"{sql}\nwhere {moment} < :until\n  and (:since is null or {moment} >= :since)"

    def _cast(self, column: str) -> _Cast:
        shape = self._match.columns[column].shape
        return _Cast(self._speech, zoned=shape.iso or not shape.formats)

    def _found(self, name: str) -> bool:
        return name in self._match.columns or name == "updated_at"

    def _named(self, name: str) -> str:
        match = self._match.columns.get(name)
        return quoted(match.source, self._speech) if match else "''"

    def _from(self) -> str:
        return quoted_table(self._table.name, self._speech)


@dataclass(frozen=True)
class _Cast:
    """A parameter as the moments beside it are compared: text of files is cast, a database knows its types."""

    speech: Speech
    zoned: bool

    def __call__(self, parameter: str) -> str:
        if self.speech is not Speech.FILES:
            return f":{parameter}"
        return f"cast(:{parameter} as {'timestamptz' if self.zoned else 'timestamp'})"


_STAND_INS = {
    "status": "placed",
    "discount": "0",
    "quantity": "1",
    "amount": "0",
    "channel": "email",
    "topic": "offers",
}


def _selected(column: ProposedColumn) -> str:
    return _as(column.sql.replace("\n", f"\n{_INDENT}"), column.name)


def _as(sql: str, name: str) -> str:
    return sql if sql == name else f"{sql} as {name}"
