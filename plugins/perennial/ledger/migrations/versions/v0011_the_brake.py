"""Mailbox providers, and what is counted of each for the brake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen
from perennial.ledger.tables import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MAILBOXES = "'gmail', 'outlook', 'yahoo', 'icloud', 'mail_ru', 'yandex', 'other'"
_REASONS = (
    "'no_address', 'bad_address', 'no_consent', 'suppressed', 'capped', 'unengaged', 'cooling_down',"
    " 'lower_priority', 'step_not_due', 'quiet_until_expiry', 'expired', 'already_sent', 'converted', 'incomplete_data',"
    " 'render_failed', 'duplicate_person', 'campaign_paused', 'campaign_stopped', 'budget_exhausted', 'braked',"
    " 'person_paused'"
)


def upgrade() -> None:
    """Adds the column, the table, and the reason that was not known before."""
    # With its check in one statement, because SQLite adds no check to a table that there is.
    op.execute(
        sa.text(
            "alter table messages add column mailbox varchar(16)"
            f" constraint ck_messages_mailbox_is_known check (mailbox in ({_MAILBOXES}))"
        )
    )
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column(
            "messages",
            "mailbox",
            existing_type=sa.String(16),
            comment="Who runs the mailbox; empty: it is no email.",
        )
    widen("blocks", "reason", _REASONS)
    op.create_table(
        "mailbox_hours",
        sa.Column("mailbox", sa.String(16), nullable=False, comment="Which mailbox provider."),
        sa.Column("hour", Instant, nullable=False, comment="The hour's beginning."),
        _count("sent", "Emails that were claimed first in it."),
        _count("bounced", "Bounces that we were told of in it."),
        _count("complained", "Complaints that we were told of in it."),
        sa.Column("lifted_at", Instant, comment="When a person said that it counts no more."),
        sa.PrimaryKeyConstraint("mailbox", "hour", name="pk_mailbox_hours"),
        sa.CheckConstraint(f"mailbox in ({_MAILBOXES})", name="mailbox_is_known"),
        comment="Emails, bounces and complaints by mailbox provider, for the brake.",
    )


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, comment=comment)
