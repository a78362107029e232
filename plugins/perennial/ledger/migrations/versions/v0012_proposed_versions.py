"""Versions of files that wait for a second person."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen
from perennial.ledger.tables import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATES = "'saved', 'proposed', 'rejected', 'void'"
_ACTIONS = (
    "'exported', 'erased', 'suppressed', 'lifted', 'released', 'case_closed', 'test_sent', 'rejected', 'started',"
    " 'edited', 'proposed', 'voided'"
)
_COMMENT = (
    "Campaign files and their words, each time that the Studio saved or proposed one; only grows."
)


def upgrade() -> None:
    """Adds the columns, and the words that were not known before."""
    # With its check in one statement, because SQLite adds no check to a table that there is.
    op.execute(
        sa.text(
            "alter table file_versions add column state varchar(16) default 'saved' not null"
            f" constraint ck_file_versions_state_is_known check (state in ({_STATES}))"
        )
    )
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column("file_versions", "state", comment="What became of it.")
        op.create_table_comment("file_versions", _COMMENT)
    _add("made_from", sa.String(64), "SHA-256 of the file that a proposed change was made from.")
    _add("answered_by", sa.String(128), "Who approved or rejected a proposed change.")
    _add("answered_at", Instant(), "When a proposed change was answered, or fell through.")
    _add("answer", sa.String(255), "Why it was answered so.")
    widen("audit_log", "action", _ACTIONS)


def _add(name: str, kind: sa.types.TypeEngine[Any], comment: str) -> None:
    op.add_column("file_versions", sa.Column(name, kind, comment=comment))
