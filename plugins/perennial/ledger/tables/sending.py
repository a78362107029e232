"""What is sent, what is not, and what it costs: plans, claims, and what holds them back."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    text,
)

from perennial.ledger.tables.column_types import (
    KEY,
    METADATA,
    Amount,
    Instant,
    bytewise,
    id_column,
    one_of,
)
from perennial.model.words import Channel, Control, Mailbox, MessageState, Pressure, Reason, Topic

messages = Table(
    "messages",
    METADATA,
    Column("key", KEY, primary_key=True, comment="Refuses a second row for the same message."),
    Column("campaign", String(64), nullable=False, comment="Which campaign."),
    Column("step", Integer, nullable=False, comment="Which step of the campaign."),
    Column("customer_id", String(128), nullable=False, comment="The shop's id."),
    Column("person_id", bytewise(128), nullable=False, comment="Whom the caps protect."),
    Column("occasion", String(128), nullable=False, comment="What made the message due."),
    Column("day", Date, nullable=False, comment="Day of the plan that claimed it last."),
    Column("channel", String(16), nullable=False, comment="How it travels."),
    Column("pressure", String(16), nullable=False, comment="Which caps it counts to."),
    Column("address_key", String(64), nullable=False, comment="Keyed hash of the address."),
    Column("provider", String(32), comment="Who was asked to carry it."),
    Column("provider_id", String(255), comment="The provider's own id of it."),
    Column("state", String(16), nullable=False, comment="Where it stands; see states.py."),
    Column("attempts", Integer, nullable=False, comment="Requests that were begun."),
    Column("claimed_by", String(255), nullable=False, comment="The worker that claimed it last."),
    Column("lease_until", Instant, comment="Until then it is the worker's; database's clock."),
    Column("send_at", Instant, nullable=False, comment="Not before then."),
    Column("expires_at", Instant, nullable=False, comment="Not then or later."),
    Column("claimed_at", Instant, nullable=False, comment="What rolling caps count from."),
    Column("dispatched_at", Instant, comment="When the last request began; database's clock."),
    Column("settled_at", Instant, comment="When the last answer, or its lack, was recorded."),
    Column("code", String(255), comment="The provider's own word for its answer."),
    Column("not_before", Instant, comment="When a retryable message may be claimed again."),
    Column("coupon_code", bytewise(64), comment="Of the discount that went out in it."),
    Column("coupon_kind", String(32), comment="percent, amount …"),
    Column("coupon_value", Amount, comment="How much."),
    Column("coupon_expires_on", Date, comment="Last day on which it is good."),
    Column(
        "topic",
        String(16),
        comment="Which consent it needs; empty: none, or claimed by an older version.",
    ),
    Column("mailbox", String(16), comment="Who runs the mailbox; empty: it is no email."),
    one_of("state", MessageState),
    one_of("channel", Channel),
    one_of("pressure", Pressure),
    one_of("topic", Topic),
    one_of("mailbox", Mailbox),
    CheckConstraint("send_at < expires_at", name="can_leave"),
    CheckConstraint(
        "(state in ('claimed', 'dispatching')) = (lease_until is not null)",
        name="is_leased_while_in_hand",
    ),
    CheckConstraint(
        "state in ('claimed', 'retryable') or (attempts > 0 and dispatched_at is not null)",
        name="was_dispatched_before_it_was_answered",
    ),
    CheckConstraint(
        "state not in ('accepted', 'refused') or (settled_at is not null and provider is not null)",
        name="was_answered_by_somebody",
    ),
    CheckConstraint("not_before is null or state = 'retryable'", name="waits_only_to_be_retried"),
    CheckConstraint(
        "coupon_code is null"
        " or (coupon_kind is not null and coupon_value is not null and coupon_expires_on is not null)",
        name="coupon_has_its_terms",
    ),
    # Indexes hold only what dispatching and settling leave alone. So PostgreSQL updates a row in its page and touches
    # no index, which halves the cost of a message.
    # Counts a person's messages inside a rolling cap without reading anybody else's.
    Index(None, "person_id", "claimed_at"),
    # Finds what an account got, for the page about a person, for exports and for erasing.
    Index(None, "customer_id"),
    # Finds a day's messages for its accounts.
    Index(None, "campaign", "day"),
    # Refuses the same coupon for two messages.
    Index(
        None,
        "coupon_code",
        unique=True,
        postgresql_where=text("coupon_code is not null"),
        sqlite_where=text("coupon_code is not null"),
    ),
    comment="One row a message that was ever claimed, with the coupon that went out in it.",
    postgresql_with={"fillfactor": "33"},
)

message_changes = Table(
    "message_changes",
    METADATA,
    id_column("The order of the changes."),
    Column("message_key", KEY, nullable=False, comment="Which message."),
    Column("state", String(16), nullable=False, comment="What it was."),
    Column("worker", String(255), nullable=False, comment="In whose hands."),
    Column("code", String(255), comment="The provider's own word for its answer."),
    Column("at", Instant, nullable=False, comment="When that was written over; database's clock."),
    Column("claimed_at", Instant, comment="When it had been claimed."),
    Column("dispatched_at", Instant, comment="When its last request had begun."),
    Column("settled_at", Instant, comment="When its last answer had been recorded."),
    Column("provider", String(32), comment="Who had been asked to carry it."),
    comment="What a message's row said before it was written over, kept by the database itself; only grows.",
)

dispatch_days = Table(
    "dispatch_days",
    METADATA,
    Column("campaign", String(64), primary_key=True, comment="Which campaign."),
    Column("day", Date, primary_key=True, comment="Day of the plan."),
    Column("lease_until", Instant, nullable=False, comment="When the last lease ends."),
    comment="Days whose messages may be on the wire or in doubt.",
)

blocks = Table(
    "blocks",
    METADATA,
    Column("key", KEY, primary_key=True, comment="Which message."),
    Column("day", Date, primary_key=True, comment="Day of the plan; one reason a day."),
    Column("campaign", String(64), nullable=False, comment="Which campaign."),
    Column("reason", String(32), nullable=False, comment="Why it may not leave; the latest."),
    Column("blocked_at", Instant, nullable=False, comment="When that was found."),
    one_of("reason", Reason),
    # Finds a day's blocked messages for its accounts.
    Index(None, "campaign", "day"),
    comment="Messages of a plan that may not leave; a later claim removes its row.",
)

hold_outs = Table(
    "hold_outs",
    METADATA,
    Column("key", KEY, primary_key=True, comment="Counts a held-out person once an occasion."),
    Column("campaign", String(64), nullable=False, comment="Which campaign."),
    Column("step", Integer, nullable=False, comment="Which step of the campaign."),
    Column("customer_id", String(128), nullable=False, comment="The shop's id."),
    Column("person_id", String(128), nullable=False, comment="Who is held out."),
    Column("occasion", String(128), nullable=False, comment="What made the message due."),
    Column("day", Date, nullable=False, comment="Day of the plan that held it out first."),
    Column("recorded_at", Instant, nullable=False, comment="When it would have been sent."),
    # Finds a day's hold-outs for its accounts.
    Index(None, "campaign", "day"),
    # Find who was held out, as an account and as a person.
    Index(None, "customer_id"),
    Index(None, "person_id"),
    comment="Messages that were not sent on purpose, to measure what the campaign changes.",
)

plans = Table(
    "plans",
    METADATA,
    Column("campaign", String(64), primary_key=True, comment="Which campaign."),
    Column("day", Date, primary_key=True, comment="Which day; one plan a day."),
    Column("plan_hash", String(64), nullable=False, comment="What is approved and carried out."),
    Column("counts", JSON, nullable=False, comment="How many by outcome."),
    Column("planned_at", Instant, nullable=False, comment="When it was made."),
    comment="The plan that each campaign's day is carried out from.",
)

controls = Table(
    "controls",
    METADATA,
    id_column("The order of the commands; the latest stands."),
    Column("campaign", String(64), nullable=False, comment="Which campaign; * is everything."),
    Column("control", String(16), nullable=False, comment="What it is told to do."),
    Column("commanded_by", String(128), nullable=False, comment="Who said so."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    one_of("control", Control),
    Index(None, "campaign", "id"),
    comment="What people told campaigns to do: run, pause, stop; only grows.",
)

costs = Table(
    "costs",
    METADATA,
    Column("message_key", KEY, primary_key=True, comment="Which message."),
    Column("campaign", String(64), nullable=False, comment="Whose budget it counts to."),
    Column("day", Date, nullable=False, comment="Day of the plan that claimed it."),
    Column("month", String(7), nullable=False, comment="Its month, as 2026-11."),
    Column(
        "money",
        BigInteger,
        nullable=False,
        comment="Its price, in millionths of the shop's currency.",
    ),
    Column(
        "segments",
        BigInteger,
        nullable=False,
        comment="Its segments; 0 where it is no text message.",
    ),
    # Sums of a month.
    Index("ix_costs_month_campaign", "month", "campaign"),
    comment="What each message costs that counts to a budget.",
)

spending = Table(
    "spending",
    METADATA,
    Column("whose", String(64), primary_key=True, comment="A campaign's, or * for all."),
    Column("month", String(7), primary_key=True, comment="As 2026-11."),
    Column("money", BigInteger, nullable=False, comment="In millionths of the shop's currency."),
    Column("segments", BigInteger, nullable=False, comment="Text messages, in segments."),
    comment="The sums of the costs, so that a claim need not count them.",
)

mailbox_hours = Table(
    "mailbox_hours",
    METADATA,
    Column("mailbox", String(16), primary_key=True, comment="Which mailbox provider."),
    Column("hour", Instant, primary_key=True, comment="The hour's beginning."),
    Column("sent", BigInteger, nullable=False, comment="Emails that were claimed first in it."),
    Column("bounced", BigInteger, nullable=False, comment="Bounces that we were told of in it."),
    Column(
        "complained", BigInteger, nullable=False, comment="Complaints that we were told of in it."
    ),
    Column("lifted_at", Instant, comment="When a person said that it counts no more."),
    one_of("mailbox", Mailbox),
    comment="Emails, bounces and complaints by mailbox provider, for the brake.",
)

sender_days = Table(
    "sender_days",
    METADATA,
    Column("domain", String(253), primary_key=True, comment="Which domain it sends from."),
    Column("day", Date, primary_key=True, comment="Which day of the shop's calendar."),
    Column("emails", BigInteger, nullable=False, comment="Emails that were claimed on it."),
    comment="How many emails a new sender has sent in a day, while it is warmed up.",
)
