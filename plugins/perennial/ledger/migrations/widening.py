"""Letting a column hold words of a closed list that it did not know before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def widen(table: str, column: str, words: str) -> None:
    """Replaces the check on a column that one_of() made; `words` are quoted and separated by commas."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    (_widen_sqlite if on_sqlite else _widen_postgresql)(table, column, words)


def _widen_postgresql(table: str, column: str, words: str) -> None:
    name = f"ck_{table}_{column}_is_known"
    op.execute(sa.text(f"alter table {table} drop constraint {name}"))
    op.execute(sa.text(f"alter table {table} add constraint {name} check ({column} in ({words}))"))


def _widen_sqlite(table: str, column: str, words: str) -> None:
    """SQLite cannot alter a check, and a table that is made anew would lose its triggers: its text is corrected.

    The way that SQLite's own documentation names for changes that leave the rows as they are.
    """
    connection = op.get_bind()
    name = f"ck_{table}_{column}_is_known"
    (before,) = connection.execute(
        sa.text("select sql from sqlite_schema where type = 'table' and name = :table"),
        {"table": table},
    ).one()
    start = before.index(f"CONSTRAINT {name} CHECK")
    end = before.index("))", start) + 2
    after = f"{before[:start]}CONSTRAINT {name} CHECK ({column} in ({words})){before[end:]}"
    op.execute(sa.text("pragma writable_schema = on"))
    connection.execute(
        sa.text("update sqlite_schema set sql = :after where type = 'table' and name = :table"),
        {"after": after, "table": table},
    )
    op.execute(sa.text("pragma writable_schema = reset"))
