"""An index of what came back or was marked, for the health of the sender."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index; it holds one message in a hundred, or fewer."""
    came_back = sa.text("word in ('bounced', 'complained')")
    op.create_index(
        "ix_message_events_came_back_at",
        "message_events",
        ["at"],
        postgresql_where=came_back,
        sqlite_where=came_back,
    )
