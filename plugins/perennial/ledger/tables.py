"""The tables of the ledger; migrations/ builds them, and a test holds the two together.

No table holds an address or a name: keys, hashes, closed words and instants, and what customers told us themselves
(a birth date, a comment), until they are erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from perennial.model.words import (
    Actor,
    AuditAction,
    CaseReason,
    Channel,
    ConsentSource,
    ConsentState,
    Control,
    EventWord,
    Mailbox,
    MessageState,
    PreferenceName,
    Pressure,
    Reason,
    SuppressionReason,
    SurveyScale,
    Topic,
    VersionState,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps it as ISO text of one width, so that it sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        text = dialect.name == "sqlite"
        return dialect.type_descriptor(String(32) if text else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401 - text or datetime, by database
        if value is None:
            return None
        return iso(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401 - text or datetime, by database
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return moment.astimezone(UTC)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        ValueError: it has no zone, so nobody knows when it is.
    """
    if moment.tzinfo is None:
        msg = "The ledger takes no time without a zone."
        raise ValueError(msg)
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """An instant as the ledger writes it in text.

    Raises:
        ValueError: it has no zone, so nobody knows when it is.
    """
    return _iso(in_utc(moment))


@lru_cache(maxsize=4096)  # messages that leave together have their instants in common
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


class Amount(TypeDecorator[Decimal]):
    """An exact figure. SQLite has no decimals, so there it is text."""

    impl = Numeric(12, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        text = dialect.name == "sqlite"
        return dialect.type_descriptor(String(16) if text else Numeric(12, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401 - text or decimal, by database
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002 - text or decimal, by database
        return None if value is None else Decimal(value)


def bytewise(length: int) -> String:
    """Text that is looked up by an index and compared byte by byte, whatever the database's language."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


KEY = bytewise(32)
"""A message key."""


def one_of(column: str, words: Iterable[StrEnum]) -> CheckConstraint:
    """The column holds a word of a closed list, or nothing where the column may be empty."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_is_known")


def _id(comment: str) -> Column[int]:
    """Numbers that the database gives, in the order of the inserts."""
    return Column(
        "id",
        BigInteger().with_variant(Integer, "sqlite"),
        Identity(always=True),
        primary_key=True,
        comment=comment,
    )


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
    _id("The order of the changes."),
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
    comment="Messages that were not sent on purpose, to measure what the campaign changes.",
)

suppressions = Table(
    "suppressions",
    METADATA,
    Column("address_key", bytewise(64), primary_key=True, comment="Keyed hash of the address."),
    Column("channel", String(16), primary_key=True, comment="Where it must not be written to."),
    Column("reason", String(32), primary_key=True, comment="Why; each reason is kept once."),
    Column("since", Instant, nullable=False, comment="Since when."),
    Column("said_at", Instant, comment="When it was said last; empty: lifted before it was said."),
    Column("lifted_at", Instant, comment="When that ended; empty while it stands."),
    one_of("channel", Channel),
    one_of("reason", SuppressionReason),
    comment="Addresses that must not be written to, whoever has them; rows are lifted, never removed.",
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
    _id("The order of the commands; the latest stands."),
    Column("campaign", String(64), nullable=False, comment="Which campaign; * is everything."),
    Column("control", String(16), nullable=False, comment="What it is told to do."),
    Column("commanded_by", String(128), nullable=False, comment="Who said so."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    one_of("control", Control),
    Index(None, "campaign", "id"),
    comment="What people told campaigns to do: run, pause, stop; only grows.",
)

providers = Table(
    "providers",
    METADATA,
    Column("provider", String(32), primary_key=True, comment="Which provider."),
    Column("not_before", Instant, comment="Nobody asks it before then; database's clock."),
    Column("cause", String(64), comment="Why it is left alone."),
    Column("failures", Integer, nullable=False, comment="Batches in a row that never got there."),
    Column("next_turn", Instant, comment="When its rate has room again; database's clock."),
    Column("events_until", Instant, comment="Start of the latest request that it reported on."),
    comment="What all workers must know about a provider.",
)

provider_workers = Table(
    "provider_workers",
    METADATA,
    Column("provider", String(32), primary_key=True, comment="Which provider."),
    Column("worker", String(255), primary_key=True, comment="Who asks it."),
    Column("at_once", Integer, nullable=False, comment="Batches that it may have on the wire."),
    Column("lease_until", Instant, nullable=False, comment="Until then; database's clock."),
    comment="How the workers share what a provider takes at once.",
)

message_events = Table(
    "message_events",
    METADATA,
    Column("message_key", KEY, primary_key=True, comment="Which message."),
    Column("word", String(16), primary_key=True, comment="What happened; each is kept once."),
    Column("provider", String(32), nullable=False, comment="Who says so."),
    Column("provider_id", String(255), comment="The provider's own id of the message."),
    Column("code", String(255), comment="The provider's own word for it."),
    Column("at", Instant, nullable=False, comment="When it first happened, as the provider says."),
    Column("received_at", Instant, nullable=False, comment="When we were told first."),
    Column("actor", String(16), comment="Who is behind it; empty: it does not show."),
    one_of("word", EventWord),
    one_of("actor", Actor),
    # Finds the few that came back or were marked of late, of all that were ever reported on.
    Index(
        "ix_message_events_came_back_at",
        "at",
        postgresql_where=text("word in ('bounced', 'complained')"),
        sqlite_where=text("word in ('bounced', 'complained')"),
    ),
    comment="What providers reported about messages; the order and number of reports is nothing.",
)

parked_events = Table(
    "parked_events",
    METADATA,
    Column("message_key", KEY, primary_key=True, comment="A message that is not in this ledger."),
    Column("word", String(16), primary_key=True, comment="What happened to it."),
    Column("provider", String(32), primary_key=True, comment="Who says so."),
    Column("at", Instant, nullable=False, comment="When it first happened, as the provider says."),
    Column("received_at", Instant, nullable=False, comment="When we were told first."),
    one_of("word", EventWord),
    comment="Reports on messages that this ledger does not know.",
)

rulings = Table(
    "rulings",
    METADATA,
    _id("The order of the rulings."),
    Column("message_key", KEY, nullable=False, comment="Which message was in doubt."),
    Column("state", String(16), nullable=False, comment="What it was ruled to be."),
    Column("ruled_by", String(128), nullable=False, comment="Who said so: a person, or a rule."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    one_of("state", MessageState),
    Index(None, "message_key"),
    comment="Doubts that were settled without an answer of the provider; only grows.",
)

epochs = Table(
    "epochs",
    METADATA,
    Column("epoch", Integer, primary_key=True, autoincrement=False, comment="Which one it began."),
    Column("begun_by", String(128), nullable=False, comment="Who said so."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    comment="Restores of this ledger that people answer for; only grows.",
)

identity = Table(
    "ledger",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="Always 1: one ledger."),
    Column("ledger_id", String(36), nullable=False, comment="Tells this ledger from any other."),
    Column("epoch", Integer, nullable=False, comment="Grows by one with every restore."),
    Column("created_at", Instant, nullable=False, comment="When it was made."),
    Column("checked_at", Instant, nullable=False, comment="When it was last seen to be writable."),
    Column(
        "begun",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="Messages whose requests were begun; never falls but by a restore.",
    ),
    CheckConstraint("id = 1", name="is_the_only_one"),
    comment="Who this ledger is, so that an old backup is not taken for it.",
)

consents = Table(
    "consents",
    METADATA,
    _id("The order in which they were recorded."),
    Column("person_id", bytewise(128), nullable=False, comment="For whom it holds."),
    Column("customer_id", bytewise(128), nullable=False, comment="Which account said so."),
    Column("channel", String(16), nullable=False, comment="Where they may be written to, or not."),
    Column("topic", String(16), nullable=False, comment="About what."),
    Column("state", String(16), nullable=False, comment="Granted, pending or withdrawn."),
    Column("at", Instant, nullable=False, comment="When the customer said so."),
    Column("how", String(32), nullable=False, comment="How it reached us."),
    Column("wording", String(64), comment="Version of the words that were agreed to."),
    Column("proof", String(255), comment="What proves it: the key of a message, a file's line."),
    Column("recorded_at", Instant, nullable=False, comment="When it was written down."),
    one_of("channel", Channel),
    one_of("topic", Topic),
    one_of("state", ConsentState),
    one_of("how", ConsentSource),
    # The same words told twice are kept once; also finds what a customer said.
    UniqueConstraint("customer_id", "channel", "topic", "at", "state", "how"),
    # Finds a person's history without reading anybody else's.
    Index(None, "person_id"),
    comment="What customers agreed to and took back, with its proof; what was said never changes.",
)

permissions = Table(
    "permissions",
    METADATA,
    Column("person_id", bytewise(128), primary_key=True, comment="Who."),
    Column("channel", String(16), primary_key=True, comment="Where."),
    Column("topic", String(16), primary_key=True, comment="About what."),
    Column("state", String(16), nullable=False, comment="What the latest consent says."),
    Column("since", Instant, nullable=False, comment="When that was said."),
    one_of("channel", Channel),
    one_of("topic", Topic),
    # What is pending stands for nothing.
    one_of("state", (ConsentState.GRANTED, ConsentState.WITHDRAWN)),
    comment="The consents that stand; read by every claim.",
)

preference_changes = Table(
    "preference_changes",
    METADATA,
    _id("The order in which they were recorded."),
    Column("person_id", bytewise(128), nullable=False, comment="For whom it holds."),
    Column("customer_id", bytewise(128), nullable=False, comment="Which account said so."),
    Column("preference", String(16), nullable=False, comment="About what."),
    Column("value", String(64), comment="What was chosen; empty: nothing any more."),
    Column("at", Instant, nullable=False, comment="When the customer said so."),
    Column("how", String(32), nullable=False, comment="How it reached us."),
    Column("proof", String(255), comment="What proves it: the key of a message, say."),
    one_of("preference", PreferenceName),
    one_of("how", ConsentSource),
    # Finds what a person chose without reading anybody else's.
    Index(None, "person_id"),
    comment="What customers told us about themselves, change by change; only grows.",
)

preferences = Table(
    "preferences",
    METADATA,
    Column("person_id", bytewise(128), primary_key=True, comment="Who."),
    Column("language", String(35), comment="The language of their messages."),
    Column("birth_date", Date, comment="Their birth date."),
    Column("paused_until", Instant, comment="Until when nothing may be sent to them."),
    comment="What customers told us about themselves, as it stands; read by every claim.",
)

answers = Table(
    "answers",
    METADATA,
    Column("message_key", KEY, primary_key=True, comment="The survey; one answer each."),
    Column("scale", String(8), nullable=False, comment="What the score means."),
    Column("score", Integer, nullable=False, comment="The first that was confirmed."),
    Column("comment", String(2000), comment="What the customer added, in their own words."),
    Column("at", Instant, nullable=False, comment="When the score was confirmed."),
    one_of("scale", SurveyScale),
    # Finds the answers of a span of time for the report.
    Index(None, "at"),
    comment="What customers answered to surveys.",
)

cases = Table(
    "cases",
    METADATA,
    _id("Names the case to people."),
    Column("message_key", KEY, nullable=False, unique=True, comment="What it is about; one each."),
    Column("why", String(32), nullable=False, comment="Why it was opened."),
    Column("opened_at", Instant, nullable=False, comment="When it was opened."),
    Column("closed_at", Instant, comment="When it was closed; empty while it waits for somebody."),
    Column("closed_by", String(128), comment="Who closed it."),
    Column("note", String(255), comment="What was done."),
    one_of("why", CaseReason),
    CheckConstraint(
        "(closed_at is null) = (closed_by is null) and (closed_at is null) = (note is null)",
        name="is_closed_by_somebody",
    ),
    comment="Customers whom the shop should get in touch with.",
)

soft_bounces = Table(
    "soft_bounces",
    METADATA,
    Column("address_key", bytewise(64), primary_key=True, comment="Keyed hash of the address."),
    Column("channel", String(16), primary_key=True, comment="Where it was written to."),
    Column(
        "count", Integer, nullable=False, comment="How often in a row; a delivery ends the row."
    ),
    Column("first_at", Instant, nullable=False, comment="When the row began."),
    Column("last_at", Instant, nullable=False, comment="When it grew last."),
    one_of("channel", Channel),
    comment="Addresses that did not take messages for the time being, again and again.",
)

erasures = Table(
    "erasures",
    METADATA,
    Column(
        "customer_key", String(64), primary_key=True, comment="Keyed hash of the customer's id."
    ),
    Column("requested_at", Instant, nullable=False, comment="When they asked to be forgotten."),
    Column("finished_at", Instant, comment="When nothing was left; empty until then."),
    comment="Customers who asked to be forgotten.",
)

audit_log = Table(
    "audit_log",
    METADATA,
    _id("The order in which it was written."),
    Column("at", Instant, nullable=False, comment="When."),
    Column("actor", String(128), nullable=False, comment="Who did it."),
    Column("action", String(16), nullable=False, comment="What was done."),
    Column("subject", String(128), nullable=False, comment="To whom or what: an id or a hash."),
    Column("reason", String(255), nullable=False, comment="Why."),
    one_of("action", AuditAction),
    comment="Who dealt with people's data and permissions, and why; only grows.",
)

inbound_texts = Table(
    "inbound_texts",
    METADATA,
    Column("sid", String(34), primary_key=True, comment="The provider's id of the text."),
    Column("wish", String(8), nullable=False, comment="What it asked for: stop or start."),
    Column("address_key", String(64), nullable=False, comment="Keyed hash of who sent it."),
    Column("channel", String(16), nullable=False, comment="Where it came in."),
    Column("at", Instant, nullable=False, comment="When we were told."),
    one_of("channel", Channel),
    CheckConstraint("wish in ('stop', 'start')", name="wish_is_known"),
    comment="Texts that asked for something, so that each is obeyed once; their words are not kept.",
)

list_pulls = Table(
    "list_pulls",
    METADATA,
    Column("provider", String(32), primary_key=True, comment="Whose list."),
    Column("list", String(32), primary_key=True, comment="Which of its lists."),
    Column("until", Instant, nullable=False, comment="Everything from before then was read."),
    comment="How far the suppression lists of providers have been read.",
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

file_versions = Table(
    "file_versions",
    METADATA,
    _id("The order in which they were saved."),
    Column("file", String(128), nullable=False, comment="Which file, below the project's folder."),
    Column("number", Integer, nullable=False, comment="Its how-manieth version, from 1."),
    Column("at", Instant, nullable=False, comment="When it was saved."),
    Column("author", String(128), nullable=False, comment="Who saved it."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("content", Text, nullable=False, comment="The whole file."),
    Column(
        "state",
        String(16),
        nullable=False,
        server_default=VersionState.SAVED,
        comment="What became of it.",
    ),
    Column(
        "made_from", String(64), comment="SHA-256 of the file that a proposed change was made from."
    ),
    Column("answered_by", String(128), comment="Who approved or rejected a proposed change."),
    Column("answered_at", Instant, comment="When a proposed change was answered, or fell through."),
    Column("answer", String(255), comment="Why it was answered so."),
    UniqueConstraint("file", "number"),
    one_of("state", VersionState),
    comment="Campaign files and their words, each time that the Studio saved or proposed one; only grows.",
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
