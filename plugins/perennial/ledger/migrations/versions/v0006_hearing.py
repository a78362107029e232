"""What is heard beside reports on messages: texts that people answer with, and the lists of providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CHANNELS = "channel in ('email', 'sms', 'whatsapp')"


def upgrade() -> None:
    """Adds the two tables."""
    op.create_table(
        "inbound_texts",
        _text("sid", 34, "The provider's id of the text."),
        _text("wish", 8, "What it asked for: stop or start."),
        _text("address_key", 64, "Keyed hash of who sent it."),
        _text("channel", 16, "Where it came in."),
        sa.Column("at", Instant, nullable=False, comment="When we were told."),
        sa.PrimaryKeyConstraint("sid", name="pk_inbound_texts"),
        sa.CheckConstraint(_CHANNELS, name=op.f("ck_inbound_texts_channel_is_known")),
        sa.CheckConstraint(
            "wish in ('stop', 'start')", name=op.f("ck_inbound_texts_wish_is_known")
        ),
        comment="Texts that asked for something, so that each is obeyed once; their words are not kept.",
    )
    op.create_table(
        "list_pulls",
        _text("provider", 32, "Whose list."),
        _text("list", 32, "Which of its lists."),
        sa.Column(
            "until", Instant, nullable=False, comment="Everything from before then was read."
        ),
        sa.PrimaryKeyConstraint("provider", "list", name="pk_list_pulls"),
        comment="How far the suppression lists of providers have been read.",
    )


def _text(name: str, length: int, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, comment=comment)
