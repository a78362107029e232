"""The first ledger: its tables, and the triggers by which it guards itself."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from perennial.ledger.tables import KEY, Amount, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REASONS = (
    "'no_address', 'bad_address', 'no_consent', 'suppressed', 'capped', 'cooling_down', 'lower_priority',"
    " 'step_not_due', 'quiet_until_expiry', 'expired', 'already_sent', 'converted', 'incomplete_data',"
    " 'render_failed', 'duplicate_person', 'campaign_paused', 'budget_exhausted'"
)
_STATES = "'claimed', 'dispatching', 'accepted', 'refused', 'retryable', 'in_doubt'"
_SUPPRESSIONS = "'unsubscribed', 'complained', 'hard_bounced', 'stopped', 'invalid', 'erased'"
_MAY_FOLLOW = (
    "'claimed>dispatching', 'claimed>retryable', 'claimed>accepted', 'dispatching>accepted',"
    " 'dispatching>refused', 'dispatching>retryable', 'dispatching>in_doubt', 'in_doubt>accepted',"
    " 'in_doubt>refused', 'in_doubt>retryable', 'retryable>claimed', 'retryable>accepted'"
)
_OUT_OF_ORDER = f"old.state <> new.state and old.state || '>' || new.state not in ({_MAY_FOLLOW})"


def upgrade() -> None:
    """Builds the first ledger."""
    _messages()
    _message_changes()
    _dispatch_days()
    _blocks_and_hold_outs()
    _suppressions()
    _coupons()
    _plans()
    _identity()
    guard = _guard_sqlite if op.get_bind().dialect.name == "sqlite" else _guard_postgresql
    for statement in guard():
        op.execute(sa.text(statement))


def _text(name: str, length: int, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, comment=comment)


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("key", KEY, nullable=False, comment="Refuses a second row for the same message."),
        _text("campaign", 64, "Which campaign."),
        sa.Column("step", sa.Integer, nullable=False, comment="Which step of the campaign."),
        _text("customer_id", 128, "The shop's id."),
        _text("person_id", 128, "Whom the caps protect."),
        _text("occasion", 128, "What made the message due."),
        sa.Column("day", sa.Date, nullable=False, comment="Day of the plan that claimed it last."),
        _text("channel", 16, "How it travels."),
        _text("pressure", 16, "Which caps it counts to."),
        _text("address_key", 64, "Keyed hash of the address."),
        sa.Column("provider", sa.String(32), comment="Who was asked to carry it."),
        sa.Column("provider_id", sa.String(255), comment="The provider's own id of it."),
        _text("state", 16, "Where it stands; see states.py."),
        sa.Column("attempts", sa.Integer, nullable=False, comment="Requests that were begun."),
        _text("claimed_by", 255, "The worker that claimed it last."),
        sa.Column(
            "lease_until", Instant, comment="Until then it is the worker's; database's clock."
        ),
        sa.Column("send_at", Instant, nullable=False, comment="Not before then."),
        sa.Column("expires_at", Instant, nullable=False, comment="Not then or later."),
        sa.Column("claimed_at", Instant, nullable=False, comment="What rolling caps count from."),
        sa.Column(
            "dispatched_at", Instant, comment="When the last request began; database's clock."
        ),
        sa.Column(
            "settled_at", Instant, comment="When the last answer, or its lack, was recorded."
        ),
        sa.Column("code", sa.String(255), comment="The provider's own word for its answer."),
        sa.Column("not_before", Instant, comment="When a retryable message may be claimed again."),
        sa.PrimaryKeyConstraint("key", name="pk_messages"),
        sa.CheckConstraint(f"state in ({_STATES})", name=op.f("ck_messages_state_is_known")),
        sa.CheckConstraint(
            "channel in ('email', 'sms')", name=op.f("ck_messages_channel_is_known")
        ),
        sa.CheckConstraint(
            "pressure in ('promotional', 'survey')", name=op.f("ck_messages_pressure_is_known")
        ),
        sa.CheckConstraint("send_at < expires_at", name=op.f("ck_messages_can_leave")),
        sa.CheckConstraint(
            "(state in ('claimed', 'dispatching')) = (lease_until is not null)",
            name=op.f("ck_messages_is_leased_while_in_hand"),
        ),
        sa.CheckConstraint(
            "state in ('claimed', 'retryable') or (attempts > 0 and dispatched_at is not null)",
            name=op.f("ck_messages_was_dispatched_before_it_was_answered"),
        ),
        sa.CheckConstraint(
            "state not in ('accepted', 'refused') or (settled_at is not null and provider is not null)",
            name=op.f("ck_messages_was_answered_by_somebody"),
        ),
        sa.CheckConstraint(
            "not_before is null or state = 'retryable'",
            name=op.f("ck_messages_waits_only_to_be_retried"),
        ),
        comment="One row a message that was ever claimed.",
        # Two updates follow each insert. With room for them on the page, no index is touched again.
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("ix_messages_person_id_claimed_at", "messages", ["person_id", "claimed_at"])
    op.create_index("ix_messages_campaign_day", "messages", ["campaign", "day"])


def _message_changes() -> None:
    op.create_table(
        "message_changes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.Identity(always=True),
            nullable=False,
            comment="The order of the changes.",
        ),
        sa.Column("message_key", KEY, nullable=False, comment="Which message."),
        _text("state", 16, "What it became."),
        _text("worker", 255, "In whose hands."),
        sa.Column("code", sa.String(255), comment="The provider's own word for its answer."),
        sa.Column("at", Instant, nullable=False, comment="When, by the database's clock."),
        sa.PrimaryKeyConstraint("id", name="pk_message_changes"),
        comment="Every change of a message, written by the database itself; only grows.",
    )


def _dispatch_days() -> None:
    op.create_table(
        "dispatch_days",
        _text("campaign", 64, "Which campaign."),
        sa.Column("day", sa.Date, nullable=False, comment="Day of the plan."),
        sa.Column("lease_until", Instant, nullable=False, comment="When the last lease ends."),
        sa.PrimaryKeyConstraint("campaign", "day", name="pk_dispatch_days"),
        comment="Days whose messages may be on the wire or in doubt.",
    )


def _blocks_and_hold_outs() -> None:
    op.create_table(
        "blocks",
        sa.Column("key", KEY, nullable=False, comment="Which message."),
        sa.Column("day", sa.Date, nullable=False, comment="Day of the plan; one reason a day."),
        _text("campaign", 64, "Which campaign."),
        _text("reason", 32, "Why it may not leave; the latest."),
        sa.Column("blocked_at", Instant, nullable=False, comment="When that was found."),
        sa.PrimaryKeyConstraint("key", "day", name="pk_blocks"),
        sa.CheckConstraint(f"reason in ({_REASONS})", name=op.f("ck_blocks_reason_is_known")),
        comment="Messages of a plan that may not leave; a later claim removes its row.",
    )
    op.create_index("ix_blocks_campaign_day", "blocks", ["campaign", "day"])
    op.create_table(
        "hold_outs",
        sa.Column("key", KEY, nullable=False, comment="Counts a held-out person once an occasion."),
        _text("campaign", 64, "Which campaign."),
        sa.Column("step", sa.Integer, nullable=False, comment="Which step of the campaign."),
        _text("customer_id", 128, "The shop's id."),
        _text("person_id", 128, "Who is held out."),
        _text("occasion", 128, "What made the message due."),
        sa.Column(
            "day", sa.Date, nullable=False, comment="Day of the plan that held it out first."
        ),
        sa.Column("recorded_at", Instant, nullable=False, comment="When it would have been sent."),
        sa.PrimaryKeyConstraint("key", name="pk_hold_outs"),
        comment="Messages that were not sent on purpose, to measure what the campaign changes.",
    )
    op.create_index("ix_hold_outs_campaign_day", "hold_outs", ["campaign", "day"])


def _suppressions() -> None:
    op.create_table(
        "suppressions",
        _text("address_key", 64, "Keyed hash of the address."),
        _text("channel", 16, "Where it must not be written to."),
        _text("reason", 32, "Why; each reason is kept once."),
        sa.Column("since", Instant, nullable=False, comment="Since when."),
        sa.PrimaryKeyConstraint("address_key", "channel", "reason", name="pk_suppressions"),
        sa.CheckConstraint(
            "channel in ('email', 'sms')", name=op.f("ck_suppressions_channel_is_known")
        ),
        sa.CheckConstraint(
            f"reason in ({_SUPPRESSIONS})", name=op.f("ck_suppressions_reason_is_known")
        ),
        comment="Addresses that must not be written to, whoever has them; only grows.",
    )


def _coupons() -> None:
    op.create_table(
        "coupons",
        _text("code", 64, "Refuses the same code for two messages."),
        sa.Column(
            "message_key",
            KEY,
            nullable=False,
            comment="Refuses a second coupon for the same message.",
        ),
        _text("kind", 32, "percent, amount …"),
        sa.Column("value", Amount, nullable=False, comment="How much."),
        sa.Column("expires_on", sa.Date, nullable=False, comment="Last day on which it is good."),
        sa.PrimaryKeyConstraint("code", name="pk_coupons"),
        sa.UniqueConstraint("message_key", name="uq_coupons_message_key"),
        sa.ForeignKeyConstraint(["message_key"], ["messages.key"], name="fk_coupons_message_key"),
        comment="Discounts that went out, each in one message.",
    )


def _plans() -> None:
    op.create_table(
        "plans",
        _text("campaign", 64, "Which campaign."),
        sa.Column("day", sa.Date, nullable=False, comment="Which day; one plan a day."),
        _text("plan_hash", 64, "What is approved and carried out."),
        sa.Column("counts", sa.JSON, nullable=False, comment="How many by outcome."),
        sa.Column("planned_at", Instant, nullable=False, comment="When it was made."),
        sa.PrimaryKeyConstraint("campaign", "day", name="pk_plans"),
        comment="The plan that each campaign's day is carried out from.",
    )


def _identity() -> None:
    ledger = op.create_table(
        "ledger",
        sa.Column(
            "id", sa.Integer, autoincrement=False, nullable=False, comment="Always 1: one ledger."
        ),
        _text("ledger_id", 36, "Tells this ledger from any other."),
        sa.Column("epoch", sa.Integer, nullable=False, comment="Grows by one with every restore."),
        sa.Column("created_at", Instant, nullable=False, comment="When it was made."),
        sa.Column(
            "checked_at", Instant, nullable=False, comment="When it was last seen to be writable."
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_is_the_only_one")),
        comment="Who this ledger is, so that an old backup is not taken for it.",
    )
    now = datetime.now(UTC)
    row = {"id": 1, "ledger_id": str(uuid.uuid4()), "epoch": 1, "created_at": now}
    op.bulk_insert(ledger, [row | {"checked_at": now}])


def _guard_postgresql() -> tuple[str, ...]:
    return (
        """create function refuse() returns trigger language plpgsql as $$
        begin
            raise exception '%', tg_argv[0] using errcode = 'check_violation';
        end $$""",
        """create function log_message_changes() returns trigger language plpgsql as $$
        begin
            insert into message_changes (message_key, state, worker, code, at)
            select key, state, claimed_by, code, clock_timestamp() from changed;
            return null;
        end $$""",
        f"""create trigger messages_keep_the_order before update on messages
        for each row when ({_OUT_OF_ORDER})
        execute function refuse('a message cannot change its state like that')""",
        """create trigger messages_log_inserts after insert on messages
        referencing new table as changed
        for each statement execute function log_message_changes()""",
        """create trigger messages_log_updates after update on messages
        referencing new table as changed
        for each statement execute function log_message_changes()""",
        """create trigger message_changes_only_grow before update or delete on message_changes
        for each statement execute function refuse('the log of changes only grows')""",
    )


def _guard_sqlite() -> tuple[str, ...]:
    log = """begin
        insert into message_changes (message_key, state, worker, code, at)
        values (new.key, new.state, new.claimed_by, new.code,
                strftime('%Y-%m-%dT%H\\:%M\\:%f', 'now') || '000+00\\:00');
    end"""
    only_grows = "begin select raise(abort, 'the log of changes only grows'); end"
    return (
        f"""create trigger messages_keep_the_order before update on messages when {_OUT_OF_ORDER}
        begin select raise(abort, 'a message cannot change its state like that'); end""",
        f"create trigger messages_log_inserts after insert on messages {log}",
        f"create trigger messages_log_updates after update on messages {log}",
        f"create trigger message_changes_are_kept before delete on message_changes {only_grows}",
        f"create trigger message_changes_only_grow before update on message_changes {only_grows}",
    )
