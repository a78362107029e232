"""Every version of a campaign's files that the Studio saved or proposed, so that each can be read and brought back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from perennial.errors import LedgerError
from perennial.ledger.auditing import note
from perennial.ledger.commanding import check_grounds
from perennial.ledger.database import Database
from perennial.ledger.tables import file_versions
from perennial.model.words import AuditAction, VersionState

FOUND = "-"
"""Stands as the author of a version that was made outside the Studio: the file says nothing of who wrote it."""


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """A file as it was saved or proposed; `file` is its path below the project's folder.

    A proposed change knows by hash which text it was made from, and once somebody has answered it, who, when and why.
    """

    id: int
    file: str
    number: int
    at: datetime
    author: str
    reason: str
    content: str = field(repr=False)
    state: VersionState = VersionState.SAVED
    made_from: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    answer: str | None = None

    @property
    def subject(self) -> str:
        """As the audit log names it."""
        return f"{self.file} version {self.number}"


class Versions:
    """The part of the ledger that keeps what files said; see Ledger."""

    _database: Database

    def keep_version(
        self, file: str, before: str | None, after: str, *, author: str, reason: str, at: datetime
    ) -> int:
        """Keeps a version of a file, notes it in the audit log, and says its number; what waits for it falls through.

        `before` is what the file said until now; where that is not the last version, it was changed elsewhere, and is
        kept first, so that every version can be brought back.

        Raises:
            LedgerError: it does not say who or why, or somebody else keeps a version at this very moment.
        """

        def keep(connection: Connection) -> int:
            number = _keep_found(connection, file, before, at) + 1
            _insert(connection, file, number, author, reason, after, at)
            note(connection, AuditAction.EDITED, actor=author, subject=file, reason=reason, at=at)
            for proposed in _proposed(connection, file):
                _void(connection, proposed, by=author, at=at)
            return number

        return self._database.write(keep)

    def propose_version(
        self,
        file: str,
        before: str | None,
        after: str,
        *,
        made_from: str,
        author: str,
        reason: str,
        at: datetime,
    ) -> int:
        """Keeps a version that does not count until a second person has approved it, and says its number.

        Takes and raises the same as `keep_version`; `made_from` is the hash of `before`.
        """

        def propose(connection: Connection) -> int:
            number = _keep_found(connection, file, before, at) + 1
            _insert(connection, file, number, author, reason, after, at, made_from=made_from)
            subject = f"{file} version {number}"
            note(
                connection,
                AuditAction.PROPOSED,
                actor=author,
                subject=subject,
                reason=reason,
                at=at,
            )
            return number

        return self._database.write(propose)

    def approve_version(self, id_: int, *, by: str, reason: str, at: datetime) -> None:
        """Makes a proposed change count, and lets every other of the same file fall through.

        Raises:
            LedgerError: it does not wait any more, its author is who approves, or it does not say who or why.
        """

        def approve(connection: Connection) -> None:
            proposed = _answer(
                connection, id_, VersionState.SAVED, by=by, reason=reason, at=at, own=False
            )
            released, edited = AuditAction.RELEASED, AuditAction.EDITED
            note(connection, released, actor=by, subject=proposed.subject, reason=reason, at=at)
            author, why = proposed.author, proposed.reason
            note(connection, edited, actor=author, subject=proposed.file, reason=why, at=at)
            for other in _proposed(connection, proposed.file):
                _void(connection, other, by=by, at=at)

        self._database.write(approve)

    def reject_version(self, id_: int, *, by: str, reason: str, at: datetime) -> None:
        """Puts a proposed change aside; its author may take it back so.

        Raises:
            LedgerError: it does not wait any more, or it does not say who or why.
        """

        def reject(connection: Connection) -> None:
            proposed = _answer(connection, id_, VersionState.REJECTED, by=by, reason=reason, at=at)
            action, subject = AuditAction.REJECTED, proposed.subject
            note(connection, action, actor=by, subject=subject, reason=reason, at=at)

        self._database.write(reject)

    def void_version(self, id_: int, *, by: str, at: datetime) -> None:
        """Lets a proposed change fall through whose file has changed; one that does not wait stays as it is."""

        def void(connection: Connection) -> None:
            for proposed in _proposed(connection):
                if proposed.id == id_:
                    _void(connection, proposed, by=by, at=at)

        self._database.write(void)

    def versions_of(self, file: str) -> Sequence[FileVersion]:
        """Every version of a file, the newest first."""
        wanted = select(file_versions).where(file_versions.c.file == file)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(file_versions.c.number.desc()))
            return [_version(row) for row in rows.mappings()]

    def proposed_versions(self) -> Sequence[FileVersion]:
        """Every version that waits for a second person, the oldest first."""
        with self._database.reading() as connection:
            return _proposed(connection)

    def version(self, id_: int) -> FileVersion | None:
        """A version by its id, or nothing."""
        with self._database.reading() as connection:
            return _by_id(connection, id_)


def _keep_found(connection: Connection, file: str, before: str | None, at: datetime) -> int:
    """Keeps what the file says, where that is not what was saved last; says the last number that is taken."""
    of_file = file_versions.c.file == file
    taken = connection.execute(select(func.max(file_versions.c.number)).where(of_file))
    number = taken.scalar_one() or 0
    saved = select(file_versions).where(of_file, file_versions.c.state == VersionState.SAVED)
    newest = saved.order_by(file_versions.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    if before is None or (row is not None and row["content"] == before):
        return number
    found = "found so: changed outside the Studio" if row else "found so"
    _insert(connection, file, number + 1, FOUND, found, before, at)
    return number + 1


def _proposed(connection: Connection, file: str | None = None) -> list[FileVersion]:
    waiting = select(file_versions).where(file_versions.c.state == VersionState.PROPOSED)
    if file is not None:
        waiting = waiting.where(file_versions.c.file == file)
    rows = connection.execute(waiting.order_by(file_versions.c.id))
    return [_version(row) for row in rows.mappings()]


def _answer(
    connection: Connection,
    id_: int,
    state: VersionState,
    *,
    by: str,
    reason: str,
    at: datetime,
    own: bool = True,
) -> FileVersion:
    """Ends the waiting of a proposed change; whoever comes second finds that it does not wait any more."""
    check_grounds(by, reason)
    proposed = _by_id(connection, id_)
    if proposed is not None and not own and proposed.author == by:
        msg = f"{by} has proposed it: the yes comes from somebody else."
        raise LedgerError(msg)
    answer = {"state": state, "answered_by": by, "answered_at": at, "answer": reason}
    waiting = (file_versions.c.id == id_) & (file_versions.c.state == VersionState.PROPOSED)
    done = connection.execute(update(file_versions).where(waiting).values(answer))
    if proposed is None or not done.rowcount:
        msg = "This change does not wait for an answer any more: somebody has given it, or its file has changed."
        raise LedgerError(msg)
    return proposed


def _void(connection: Connection, proposed: FileVersion, *, by: str, at: datetime) -> None:
    values = {"state": VersionState.VOID, "answered_at": at}
    connection.execute(
        update(file_versions).where(file_versions.c.id == proposed.id).values(values)
    ).close()
    action, reason = AuditAction.VOIDED, "the file has changed since"
    note(connection, action, actor=by, subject=proposed.subject, reason=reason, at=at)


def _by_id(connection: Connection, id_: int) -> FileVersion | None:
    found = select(file_versions).where(file_versions.c.id == id_)
    row = connection.execute(found).mappings().first()
    return _version(row) if row else None


def _insert(  # noqa: PLR0917 - a row has no less
    connection: Connection,
    file: str,
    number: int,
    author: str,
    reason: str,
    content: str,
    at: datetime,
    *,
    made_from: str | None = None,
) -> None:
    state = VersionState.SAVED if made_from is None else VersionState.PROPOSED
    row = {"file": file, "number": number, "at": at, "author": author, "reason": reason}
    values = insert(file_versions).values(
        row | {"content": content, "state": state, "made_from": made_from}
    )
    connection.execute(values).close()


def _version(row: RowMapping) -> FileVersion:
    return FileVersion(**{**row, "state": VersionState(row["state"])})
