"""Versions of campaign files and their words, and test messages in the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen
from perennial.ledger.tables import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ACTIONS = "'exported', 'erased', 'suppressed', 'lifted', 'released', 'case_closed', 'test_sent', 'rejected', 'started', 'edited'"


def upgrade() -> None:
    """Adds the table, and the words that were not known before."""
    op.create_table(
        "file_versions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.Identity(always=True),
            nullable=False,
            comment="The order in which they were saved.",
        ),
        _text("file", 128, "Which file, below the project's folder."),
        sa.Column("number", sa.Integer, nullable=False, comment="Its how-manieth version, from 1."),
        sa.Column("at", Instant, nullable=False, comment="When it was saved."),
        _text("author", 128, "Who saved it."),
        _text("reason", 255, "Why."),
        sa.Column("content", sa.Text, nullable=False, comment="The whole file."),
        sa.PrimaryKeyConstraint("id", name="pk_file_versions"),
        sa.UniqueConstraint("file", "number", name="uq_file_versions_file_number"),
        comment="Campaign files and their words, each time that the Studio saved one; only grows.",
    )
    widen("audit_log", "action", _ACTIONS)


def _text(name: str, length: int, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, comment=comment)
