"""What people may be sent, what they told us, and who was forgotten."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from perennial.ledger.tables.column_types import KEY, METADATA, Instant, bytewise, id_column, one_of
from perennial.model.words import (
    CaseReason,
    Channel,
    ConsentSource,
    ConsentState,
    PreferenceName,
    SuppressionReason,
    SurveyScale,
    Topic,
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

consents = Table(
    "consents",
    METADATA,
    id_column("The order in which they were recorded."),
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
    id_column("The order in which they were recorded."),
    Column("person_id", bytewise(128), nullable=False, comment="For whom it holds."),
    Column("customer_id", bytewise(128), nullable=False, comment="Which account said so."),
    Column("preference", String(16), nullable=False, comment="About what."),
    Column("value", String(64), comment="What was chosen; empty: nothing any more."),
    Column("at", Instant, nullable=False, comment="When the customer said so."),
    Column("how", String(32), nullable=False, comment="How it reached us."),
    Column("proof", String(255), comment="What proves it: the key of a message, say."),
    one_of("preference", PreferenceName),
    one_of("how", ConsentSource),
    # Find what a person chose, and what an account did, without reading anybody else's.
    Index(None, "person_id"),
    Index(None, "customer_id"),
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
    id_column("Names the case to people."),
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
