"""What the ledger knows of itself: which copy it is, who did what, and every version of a campaign's files."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from perennial.ledger.tables.column_types import METADATA, Instant, id_column, one_of
from perennial.model.words import AuditAction, VersionState

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

epochs = Table(
    "epochs",
    METADATA,
    Column("epoch", Integer, primary_key=True, autoincrement=False, comment="Which one it began."),
    Column("begun_by", String(128), nullable=False, comment="Who said so."),
    Column("reason", String(255), nullable=False, comment="Why."),
    Column("at", Instant, nullable=False, comment="When."),
    comment="Restores of this ledger that people answer for; only grows.",
)

audit_log = Table(
    "audit_log",
    METADATA,
    id_column("The order in which it was written."),
    Column("at", Instant, nullable=False, comment="When."),
    Column("actor", String(128), nullable=False, comment="Who did it."),
    Column("action", String(16), nullable=False, comment="What was done."),
    Column("subject", String(128), nullable=False, comment="To whom or what: an id or a hash."),
    Column("reason", String(255), nullable=False, comment="Why."),
    one_of("action", AuditAction),
    # Finds what was done about a person.
    Index(None, "subject"),
    comment="Who dealt with people's data and permissions, and why; only grows.",
)

file_versions = Table(
    "file_versions",
    METADATA,
    id_column("The order in which they were saved."),
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
