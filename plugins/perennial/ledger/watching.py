"""What the doctor and monitoring read of the ledger: its tables' version, and counts. Nothing about anybody."""

from __future__ import annotations

from perennial.ledger import migrating
from perennial.ledger.database import Database


class Watching:
    """The part of the ledger that monitoring asks; see Ledger."""

    _database: Database

    @property
    def file_is_missing(self) -> bool:
        """Whether it is to be a file of SQLite, and nobody has made it yet: connecting would."""
        path = self._database.file
        return path is not None and not path.exists()

    def check_tables(self) -> None:
        """Makes sure that the tables are those of this version; changes nothing.

        Raises:
            LedgerError: it was never migrated, or by another version, or the database cannot be read.
        """
        with self._database.reading() as connection:
            migrating.check_version(connection)
