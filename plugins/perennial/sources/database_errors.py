"""What the shop's database says when it cannot go on, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from perennial.errors import SourceError

ADDRESS_HINT = (
    "Check PERENNIAL_SOURCE_URL (or the Airflow connection): it is an SQLAlchemy address."
)
# MySQL and MariaDB say a number and a text, as a pair.
_NUMBERED = re.compile(r"""^\((\d+), ["'](.*)["']\)$""", re.DOTALL)
_NOT_LET_IN = ("password", "access denied for user", "authentication")
_NOT_ALLOWED = ("permission denied", "readonly", "read-only", "read only", "denied")
_GONE = (
    "connect",
    "resolve",
    "unable to open",
    "timed out",
    "timeout",
    "terminat",
    "shutting down",
)


@contextmanager
def explained(name: str, engine: Engine) -> Iterator[None]:
    """Turns what a database says while one query is read into our error: without passwords, without values of rows.

    Raises:
        SourceError: says which query, what the database said, and what to do.
    """
    try:
        yield
    except SQLAlchemyError as error:
        said = _said(error, engine)
        msg = f"{name}: the shop's database said: {said} {_advice(name, said)}"
        raise SourceError(msg) from None


def refuse_missing_file(engine: Engine, name: str) -> None:
    """SQLite would make an empty database where there is none, and then miss its tables."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database.startswith((":", "file:")):
        return
    if not Path(database).exists():
        msg = f"{name}: the shop's database is not there: no file {Path(database).name}. {ADDRESS_HINT}"
        raise SourceError(msg)


def _said(error: SQLAlchemyError, engine: Engine) -> str:
    """The database's own first line, without the password and without values of rows."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip()
    if numbered := _NUMBERED.match(said):
        said = f"{numbered[2]} ({numbered[1]})"
    said = (said.splitlines() or [type(error).__name__])[0]
    if engine.url.password:
        said = said.replace(str(engine.url.password), "***")
    said = re.sub(r': ".*"', ": (value withheld)", said)
    said = re.sub(r"(value|Duplicate entry): '.*?'", r"\1: (withheld)", said)
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _advice(name: str, said: str) -> str:
    query = f"sources.{name}.sql in shop.yaml" if name.isidentifier() else "the shop"
    lowered = said.casefold()
    if any(sign in lowered for sign in _NOT_LET_IN):
        return f"See that the user and the password are right. {ADDRESS_HINT}"
    if any(sign in lowered for sign in _NOT_ALLOWED):
        return f"Grant select on the tables of {query} to the user of PERENNIAL_SOURCE_URL."
    if any(sign in lowered for sign in _GONE):
        return f"See that the server runs. {ADDRESS_HINT} Nothing was kept; run the night again."
    return f"Check {query} against the shop's tables."
