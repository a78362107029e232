"""The tables of the ledger; migrations/ builds them, and a test holds the two together.

No table holds an address or a name: keys, hashes, closed words and instants, and what customers told us themselves
(a birth date, a comment), until they are erased.
"""

from perennial.ledger.tables.column_types import (
    KEY,
    METADATA,
    Amount,
    Instant,
    bytewise,
    in_utc,
    iso,
    one_of,
)
from perennial.ledger.tables.household import audit_log, epochs, file_versions, identity
from perennial.ledger.tables.people import (
    answers,
    cases,
    consents,
    erasures,
    permissions,
    preference_changes,
    preferences,
    suppressions,
)
from perennial.ledger.tables.reports import (
    inbound_texts,
    list_pulls,
    message_events,
    parked_events,
    provider_workers,
    providers,
    rulings,
    soft_bounces,
)
from perennial.ledger.tables.sending import (
    blocks,
    controls,
    costs,
    dispatch_days,
    hold_outs,
    mailbox_hours,
    message_changes,
    messages,
    plans,
    sender_days,
    spending,
)

__all__ = [
    "KEY",
    "METADATA",
    "Amount",
    "Instant",
    "answers",
    "audit_log",
    "blocks",
    "bytewise",
    "cases",
    "consents",
    "controls",
    "costs",
    "dispatch_days",
    "epochs",
    "erasures",
    "file_versions",
    "hold_outs",
    "identity",
    "in_utc",
    "inbound_texts",
    "iso",
    "list_pulls",
    "mailbox_hours",
    "message_changes",
    "message_events",
    "messages",
    "one_of",
    "parked_events",
    "permissions",
    "plans",
    "preference_changes",
    "preferences",
    "provider_workers",
    "providers",
    "rulings",
    "sender_days",
    "soft_bounces",
    "spending",
    "suppressions",
]
