"""What customers tell us about themselves: every change kept, and what stands for planning and for every claim."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, func, insert, select

from perennial.errors import LedgerError
from perennial.ledger.database import Database
from perennial.ledger.reading import one_of, raw, table
from perennial.ledger.tables import in_utc, iso, preference_changes, preferences
from perennial.ledger.values import Preferences
from perennial.model.words import ConsentSource, PreferenceName

PREFERENCES = pa.schema(
    [
        ("person_id", pa.string()),
        ("customer_id", pa.string()),
        ("preference", pa.string()),
        ("value", pa.string()),
        ("since", pa.timestamp("us", tz="UTC")),
    ]
)

_LONGEST_LANGUAGE = 35  # BCP 47 asks that much room
_WHAT = ("customer_id", "preference")


def prefer(
    database: Database,
    person_id: str,
    customer_id: str,
    changes: Mapping[PreferenceName, str | None],
    *,
    at: datetime,
    how: ConsentSource,
    proof: str | None,
) -> None:
    """Keeps what a customer chose, and lets the latest choice of each thing stand.

    Raises:
        LedgerError: a value is none of its kind; nothing was recorded.
    """
    rows = [
        {
            "person_id": person_id,
            "customer_id": customer_id,
            "preference": preference,
            "value": _checked(preference, value),
            "at": in_utc(at),
            "how": how,
            "proof": proof,
        }
        for preference, value in changes.items()
    ]

    def record(connection: Connection) -> None:
        database.lock(connection)  # two changes of one person at once would each miss the other
        connection.execute(insert(preference_changes), rows)
        _let_stand(connection, person_id)

    if rows:
        database.write(record)


def preferences_of(database: Database, person_id: str) -> Preferences:
    """What stands for a person."""
    with database.reading() as connection:
        row = connection.execute(
            select(preferences).where(preferences.c.person_id == person_id)
        ).one_or_none()
    if row is None:
        return Preferences()
    return Preferences(
        language=row.language, birth_date=row.birth_date, paused_until=row.paused_until
    )


def preferences_table(
    database: Database, *, known_at: datetime | None, customers: Collection[str] | None = None
) -> pa.Table:
    """The last choice of every customer about each thing, now or as it was said before an instant; see PREFERENCES.

    An empty value takes back what was said before. Pauses are instants, in UTC. Of these customers, or of all.
    """
    said = select(preference_changes, _turn(_WHAT).label("turn")).where(
        one_of(preference_changes.c.customer_id, customers)
    )
    if known_at is not None:
        said = said.where(preference_changes.c.at < known_at)
    ranked = said.subquery()
    last = (
        select(*ranked.c["person_id", "customer_id", "preference", "value"], raw(ranked.c.at))
        .where(ranked.c.turn == 1)
        .order_by(*ranked.c[_WHAT])
    )
    return table(database, last, PREFERENCES)


def _let_stand(connection: Connection, person_id: str) -> None:
    """Makes the row of a person anew from everything that they said."""
    ranked = (
        select(preference_changes, _turn(("preference",)).label("turn"))
        .where(preference_changes.c.person_id == person_id)
        .subquery()
    )
    last = connection.execute(
        select(*ranked.c["preference", "value"]).where(
            ranked.c.turn == 1, ranked.c.value.is_not(None)
        )
    )
    chosen = {preference: _MEANT[PreferenceName(preference)](value) for preference, value in last}
    connection.execute(delete(preferences).where(preferences.c.person_id == person_id))
    if chosen:
        row = asdict(Preferences(**chosen)) | {"person_id": person_id}
        connection.execute(insert(preferences).values(row))


def _turn(what: tuple[str, ...]) -> Any:  # noqa: ANN401 - an expression
    return func.row_number().over(
        partition_by=preference_changes.c[what],
        order_by=(preference_changes.c.at.desc(), preference_changes.c.id.desc()),
    )


def _checked(preference: PreferenceName, value: str | None) -> str | None:
    """A value in the one way of writing it."""
    if value is None or not value.strip():
        return None
    try:
        meant = _MEANT[preference](value.strip())
    except ValueError:
        msg = f"This is no {preference} that the ledger keeps: {_ASKED[preference]}."
        raise LedgerError(msg) from None
    return iso(meant) if isinstance(meant, datetime) else str(meant)


def _language(value: str) -> str:
    if len(value) > _LONGEST_LANGUAGE or not value.replace("-", "").isalnum():
        raise ValueError
    return value


def _instant(value: str) -> datetime:
    return in_utc(datetime.fromisoformat(value))


_MEANT: Mapping[PreferenceName, Callable[[str], Any]] = {
    PreferenceName.LANGUAGE: _language,
    PreferenceName.BIRTH_DATE: date.fromisoformat,
    PreferenceName.PAUSED_UNTIL: _instant,
}
_ASKED: Mapping[PreferenceName, str] = {
    PreferenceName.LANGUAGE: "give a language code such as es or es-MX",
    PreferenceName.BIRTH_DATE: "give a date such as 1990-03-14",
    PreferenceName.PAUSED_UNTIL: "give an instant with its zone, such as 2026-12-24T00:00+01:00",
}
