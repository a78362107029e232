"""What a new sender has sent in a day, and the reason why the rest waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_REASONS = (
    "'no_address', 'bad_address', 'no_consent', 'suppressed', 'capped', 'unengaged', 'cooling_down',"
    " 'lower_priority', 'step_not_due', 'quiet_until_expiry', 'expired', 'already_sent', 'converted', 'incomplete_data',"
    " 'render_failed', 'duplicate_person', 'campaign_paused', 'campaign_stopped', 'budget_exhausted', 'braked',"
    " 'warming_up', 'person_paused'"
)


def upgrade() -> None:
    """Adds the table, and the reason that was not known before."""
    op.create_table(
        "sender_days",
        sa.Column("domain", sa.String(253), nullable=False, comment="Which domain it sends from."),
        sa.Column("day", sa.Date, nullable=False, comment="Which day of the shop's calendar."),
        sa.Column(
            "emails", sa.BigInteger, nullable=False, comment="Emails that were claimed on it."
        ),
        sa.PrimaryKeyConstraint("domain", "day", name="pk_sender_days"),
        comment="How many emails a new sender has sent in a day, while it is warmed up.",
    )
    widen("blocks", "reason", _REASONS)
