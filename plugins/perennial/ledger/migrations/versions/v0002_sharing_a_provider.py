"""What workers share about a provider, what providers report, and what people command and rule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen
from perennial.ledger.tables import KEY, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHANNELS = "'email', 'sms', 'whatsapp'"
_CONTROLS = "'run', 'pause', 'stop'"
_EVENTS = (
    "'processed', 'sent', 'deferred', 'delivered', 'dropped', 'bounced', 'blocked', 'undelivered',"
    " 'opened', 'clicked', 'complained', 'unsubscribed'"
)
_REASONS = (
    "'no_address', 'bad_address', 'no_consent', 'suppressed', 'capped', 'cooling_down', 'lower_priority',"
    " 'step_not_due', 'quiet_until_expiry', 'expired', 'already_sent', 'converted', 'incomplete_data',"
    " 'render_failed', 'duplicate_person', 'campaign_paused', 'campaign_stopped', 'budget_exhausted'"
)
_STATES = "'claimed', 'dispatching', 'accepted', 'refused', 'retryable', 'in_doubt'"
_WIDER = (
    ("messages", "channel", _CHANNELS),
    ("suppressions", "channel", _CHANNELS),
    ("blocks", "reason", _REASONS),
)


def upgrade() -> None:
    """Adds the tables, the count of what was begun, and the words that were not known before."""
    op.add_column(
        "ledger",
        sa.Column(
            "begun",
            sa.BigInteger,
            nullable=False,
            server_default="0",
            comment="Messages whose requests were begun; never falls but by a restore.",
        ),
    )
    _controls()
    _providers()
    _events()
    _rulings()
    _epochs()
    for table, column, words in _WIDER:
        widen(table, column, words)


def _id(comment: str) -> sa.Column[int]:
    return sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(always=True),
        nullable=False,
        comment=comment,
    )


def _text(name: str, length: int, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, comment=comment)


def _key(comment: str) -> sa.Column[str]:
    return sa.Column("message_key", KEY, nullable=False, comment=comment)


def _at(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, Instant, nullable=False, comment=comment)


def _controls() -> None:
    op.create_table(
        "controls",
        _id("The order of the commands; the latest stands."),
        _text("campaign", 64, "Which campaign; * is everything."),
        _text("control", 16, "What it is told to do."),
        _text("commanded_by", 128, "Who said so."),
        _text("reason", 255, "Why."),
        _at("at", "When."),
        sa.PrimaryKeyConstraint("id", name="pk_controls"),
        sa.CheckConstraint(f"control in ({_CONTROLS})", name=op.f("ck_controls_control_is_known")),
        comment="What people told campaigns to do: run, pause, stop; only grows.",
    )
    op.create_index("ix_controls_campaign_id", "controls", ["campaign", "id"])


def _providers() -> None:
    op.create_table(
        "providers",
        _text("provider", 32, "Which provider."),
        sa.Column("not_before", Instant, comment="Nobody asks it before then; database's clock."),
        sa.Column("cause", sa.String(64), comment="Why it is left alone."),
        sa.Column(
            "failures",
            sa.Integer,
            nullable=False,
            comment="Batches in a row that never got there.",
        ),
        sa.Column("next_turn", Instant, comment="When its rate has room again; database's clock."),
        sa.Column(
            "events_until", Instant, comment="Start of the latest request that it reported on."
        ),
        sa.PrimaryKeyConstraint("provider", name="pk_providers"),
        comment="What all workers must know about a provider.",
    )
    op.create_table(
        "provider_workers",
        _text("provider", 32, "Which provider."),
        _text("worker", 255, "Who asks it."),
        sa.Column(
            "at_once",
            sa.Integer,
            nullable=False,
            comment="Batches that it may have on the wire.",
        ),
        _at("lease_until", "Until then; database's clock."),
        sa.PrimaryKeyConstraint("provider", "worker", name="pk_provider_workers"),
        comment="How the workers share what a provider takes at once.",
    )


def _events() -> None:
    op.create_table(
        "message_events",
        _key("Which message."),
        _text("word", 16, "What happened; each is kept once."),
        _text("provider", 32, "Who says so."),
        sa.Column("provider_id", sa.String(255), comment="The provider's own id of the message."),
        sa.Column("code", sa.String(255), comment="The provider's own word for it."),
        _at("at", "When it first happened, as the provider says."),
        _at("received_at", "When we were told first."),
        sa.PrimaryKeyConstraint("message_key", "word", name="pk_message_events"),
        sa.CheckConstraint(f"word in ({_EVENTS})", name=op.f("ck_message_events_word_is_known")),
        comment="What providers reported about messages; the order and number of reports is nothing.",
    )
    op.create_table(
        "parked_events",
        _key("A message that is not in this ledger."),
        _text("word", 16, "What happened to it."),
        _text("provider", 32, "Who says so."),
        _at("at", "When it first happened, as the provider says."),
        _at("received_at", "When we were told first."),
        sa.PrimaryKeyConstraint("message_key", "word", "provider", name="pk_parked_events"),
        sa.CheckConstraint(f"word in ({_EVENTS})", name=op.f("ck_parked_events_word_is_known")),
        comment="Reports on messages that this ledger does not know.",
    )


def _rulings() -> None:
    op.create_table(
        "rulings",
        _id("The order of the rulings."),
        _key("Which message was in doubt."),
        _text("state", 16, "What it was ruled to be."),
        _text("ruled_by", 128, "Who said so: a person, or a rule."),
        _text("reason", 255, "Why."),
        _at("at", "When."),
        sa.PrimaryKeyConstraint("id", name="pk_rulings"),
        sa.CheckConstraint(f"state in ({_STATES})", name=op.f("ck_rulings_state_is_known")),
        comment="Doubts that were settled without an answer of the provider; only grows.",
    )
    op.create_index("ix_rulings_message_key", "rulings", ["message_key"])


def _epochs() -> None:
    op.create_table(
        "epochs",
        sa.Column(
            "epoch", sa.Integer, autoincrement=False, nullable=False, comment="Which one it began."
        ),
        _text("begun_by", 128, "Who said so."),
        _text("reason", 255, "Why."),
        _at("at", "When."),
        sa.PrimaryKeyConstraint("epoch", name="pk_epochs"),
        comment="Restores of this ledger that people answer for; only grows.",
    )
