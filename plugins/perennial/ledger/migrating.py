"""Bringing the ledger's tables to what this version of Perennial knows."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from perennial.errors import LedgerError
from perennial.ledger.database import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Creates or upgrades the tables. Whoever comes second waits, and finds nothing left to do.

    Raises:
        LedgerError: the database cannot be written, or a newer Perennial has been there.
    """
    if database.dialect == "sqlite":
        _make_folder(Path(str(database.url.database)).parent)
    with database.reading() as connection:
        ready = _is_ready(connection)
    if not ready:  # looked at first, so that a start costs no turn among the writers
        database.write(lambda connection: _upgrade(database, connection))


def check_version(connection: Connection) -> None:
    """Refuses a ledger whose tables are not those of this version.

    Raises:
        LedgerError: it was never migrated, or by another version.
    """
    if not _is_ready(connection):
        msg = (
            "The ledger's tables are missing or older than this Perennial."
            " Start any of its commands with the right to make tables: it prepares the ledger by itself."
        )
        raise LedgerError(msg)


def _is_ready(connection: Connection) -> bool:
    found = MigrationContext.configure(connection).get_current_revision()
    known = [script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()]
    if found is not None and found not in known:
        msg = f"The ledger was written by a newer Perennial (migration {found}). Upgrade this installation."
        raise LedgerError(msg)
    return found == known[0]


def _upgrade(database: Database, connection: Connection) -> None:
    database.lock(connection)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The ledger's folder {folder} cannot be made: {error.strerror}."
        raise LedgerError(msg) from error
