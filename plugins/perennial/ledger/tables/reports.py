"""What providers and customers report about what was sent."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, text

from perennial.ledger.tables.column_types import KEY, METADATA, Instant, bytewise, id_column, one_of
from perennial.model.words import Actor, Channel, EventWord, MessageState

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
    id_column("The order of the rulings."),
    Column("message_key", KEY, nullable=False, comment="Which message was in doubt."),
    Column("state", String(16), nullable=False, comment="What it was ruled to be."),
    Column("ruled_by", String(128), nullable=False, comment="Who said so: a person, or a rule."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    one_of("state", MessageState),
    Index(None, "message_key"),
    comment="Doubts that were settled without an answer of the provider; only grows.",
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

list_pulls = Table(
    "list_pulls",
    METADATA,
    Column("provider", String(32), primary_key=True, comment="Whose list."),
    Column("list", String(32), primary_key=True, comment="Which of its lists."),
    Column("until", Instant, nullable=False, comment="Everything from before then was read."),
    comment="How far the suppression lists of providers have been read.",
)
