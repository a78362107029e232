"""Consents that are pending until an address is confirmed, and messages that ask for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COMMENTS = {
    "consents": ("state", False, "Granted, pending or withdrawn."),
    "messages": (
        "topic",
        True,
        "Which consent it needs; empty: none, or claimed by an older version.",
    ),
}


def upgrade() -> None:
    """Adds the words that were not known before."""
    widen("consents", "state", "'granted', 'pending', 'withdrawn'")
    widen("messages", "pressure", "'promotional', 'survey', 'service'")
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        for table, (column, empty, comment) in _COMMENTS.items():
            op.alter_column(
                table, column, existing_type=sa.String(16), existing_nullable=empty, comment=comment
            )
