"""How the ledger keeps instants, amounts, keys and closed words, alike in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Identity,
    Integer,
    MetaData,
    Numeric,
    String,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps it as ISO text of one width, so that it sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        text = dialect.name == "sqlite"
        return dialect.type_descriptor(String(32) if text else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - text or datetime, by database
        if value is None:
            return None
        return iso(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - text or datetime, by database
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return moment.astimezone(UTC)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: it has no zone, so nobody knows when it is.
    """
    if moment.tzinfo is None:
        msg = "The ledger takes no time without a zone."
        raise ValueError(msg)
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """An instant as the ledger writes it in text.

    Raises:
        ValueError: it has no zone, so nobody knows when it is.
    """
    return _iso(in_utc(moment))


@lru_cache(maxsize=4096)  # messages that leave together have their instants in common
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


class Amount(TypeDecorator[Decimal]):
    """An exact figure. SQLite has no decimals, so there it is text."""

    impl = Numeric(12, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        text = dialect.name == "sqlite"
        return dialect.type_descriptor(String(16) if text else Numeric(12, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401 - text or decimal, by database
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002 - text or decimal, by database
        return None if value is None else Decimal(value)


def bytewise(length: int) -> String:
    """Text that is looked up by an index and compared byte by byte, whatever the database's language."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


KEY = bytewise(32)
"""A message key."""


def one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    """The column holds a word of a closed list, or nothing where the column may be empty."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known")


def id_column(comment: str) -> Column[int]:
    """Numbers that the database gives, in the order of the inserts."""
    return Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        Identity(always=True),
        primary_key=True,
        comment=comment,
    )
