"""Every version of a campaign's files that the Studio saved, so that each can be read and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from perennial.ledger.auditing import note
from perennial.ledger.database import Database
from perennial.ledger.tables import file_versions
from perennial.model.words import AuditAction

FOUND = "-"
"""Stands as the author of a version that was made outside the Studio: the file says nothing of who wrote it."""


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """A file as it was saved; `file` is its path below the project's folder."""

    file: str
    number: int
    at: datetime
    author: str
    reason: str
    content: str = field(repr=False)


class Versions:
    """The part of the ledger that keeps what files said; see Ledger."""

    _database: Database

    def keep_version(
        self, file: str, before: str | None, after: str, *, author: str, reason: str, at: datetime
    ) -> int:
        """Keeps a version of a file, notes it in the audit log, and says its number.

        `before` is what the file said until now; where that is not the last version, it was changed elsewhere, and is
        kept first, so that every version can be brought back.

        Raises:
            LedgerError: it does not say who or why, or somebody else keeps a version at this very moment.
        """

        def keep(connection: Connection) -> int:
            last = _last(connection, file)
            number = last.number if last else 0
            if before is not None and (last is None or last.content != before):
                number += 1
                found = "found so: changed outside the Studio" if last else "found so"
                _insert(connection, file, number, FOUND, found, before, at)
            _insert(connection, file, number + 1, author, reason, after, at)
            note(connection, AuditAction.EDITED, actor=author, subject=file, reason=reason, at=at)
            return number + 1

        return self._database.write(keep)

    def versions_of(self, file: str) -> Sequence[FileVersion]:
        """Every version of a file, the newest first."""
        wanted = select(file_versions).where(file_versions.c.file == file)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(file_versions.c.number.desc()))
            return [_version(row) for row in rows.mappings()]


def _last(connection: Connection, file: str) -> FileVersion | None:
    wanted = select(file_versions).where(file_versions.c.file == file)
    newest = wanted.order_by(file_versions.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return _version(row) if row else None


def _insert(  # noqa: PLR0917 - a row has no less
    connection: Connection,
    file: str,
    number: int,
    author: str,
    reason: str,
    content: str,
    at: datetime,
) -> None:
    row = {"file": file, "number": number, "at": at, "author": author}
    values = insert(file_versions).values(row | {"reason": reason, "content": content})
    connection.execute(values).close()


def _version(row: RowMapping) -> FileVersion:
    names = ("file", "number", "at", "author", "reason", "content")
    return FileVersion(**{name: row[name] for name in names})
