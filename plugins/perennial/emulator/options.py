"""What an emulator is told when it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from perennial.emulator.faults import Fault
from perennial.emulator.rate_window import RateLimit

SENDGRID_KEY = "SG.emulator-key-for-loopback-only"
ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "emulator-token-for-loopback-only"  # noqa: S105 - opens nothing but this emulator
MESSAGING_SERVICE = "MG" + "0123456789abcdef" * 2
# What a key of an installation needs: sending, and the lists of those who must not be written to.
SCOPES = (
    "mail.send",
    "suppression.bounces.read",
    "suppression.spam_reports.read",
    "suppression.invalid_emails.read",
    "suppression.unsubscribes.read",
    "asm.groups.read",
    "asm.groups.suppressions.read",
    "asm.groups.suppressions.create",
)
_MAIL_LIMIT = RateLimit(requests=10_000, seconds=1)
_ACTIVITY_LIMIT = RateLimit(requests=6, seconds=60)


@dataclass(frozen=True, kw_only=True)
class MailOutcomes:
    """Shares of accepted emails that do not simply arrive, and of those that do, what people do with them."""

    bounced: float = 0.0
    blocked: float = 0.0
    dropped: float = 0.0
    deferred: float = 0.0
    opened_by_machine: float = 0.0
    opened: float = 0.0
    clicked: float = 0.0
    complained: float = 0.0
    unsubscribed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TextOutcomes:
    """Shares of accepted text messages that fail, by Twilio's error code."""

    failed: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What people do with what has arrived, past the providers; see people.py.

    Of those who get an email: `one_click` press the button of their mail program, `unsubscribed` go to the page. Of those
    who are asked, `answered` do; of these, `dissatisfied` give a low score. Of those who get a text, `stopped` answer STOP.
    They react, and open and click, `soonest` to `latest` seconds after it has arrived.
    """

    one_click: float = 0.0
    unsubscribed: float = 0.0
    answered: float = 0.0
    dissatisfied: float = 0.0
    stopped: float = 0.0
    soonest: float = 0.0
    latest: float = 0.0


LIVELY_MAIL = MailOutcomes(
    bounced=0.02,
    blocked=0.01,
    deferred=0.03,
    opened_by_machine=0.2,
    opened=0.4,
    clicked=0.1,
    complained=0.001,
    unsubscribed=0.002,
)
LIVELY_TEXT = TextOutcomes(failed={30003: 0.01, 30006: 0.01})
# A person needs more than ten seconds to read: who is quicker is taken for a machine.
LIVELY_HABITS = Habits(
    one_click=0.006,
    unsubscribed=0.004,
    answered=0.18,
    dissatisfied=0.07,
    stopped=0.03,
    soonest=12.0,
    latest=18.0,
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How webhooks travel: when, and what happens to them on the way.

    All shares are drawn from the seed and the event's own name, so the order of requests changes nothing.
    """

    batch_seconds: float = 0.05
    shortest_delay: float = 0.0
    longest_delay: float = 0.0
    lost: float = 0.0
    repeated: float = 0.0
    repeated_with_new_id: float = 0.0
    late: float = 0.0
    late_seconds: float = 0.2
    attempts: int = 5
    retry_seconds: float = 0.2


@dataclass(frozen=True, kw_only=True)
class Options:
    """The accounts, limits and habits of both providers."""

    seed: int = 7
    record: Path | None = None
    faults: Sequence[Fault] = ()
    latency: float = 0.0
    kept_messages: int = 10_000
    # Emails are taken at their word: keys are recorded, and nothing is checked, filled in or followed. Texts are checked
    # and recorded, and neither kept nor followed. For measuring senders, where the provider's own work must not be what is
    # measured.
    lean: bool = False
    clock: Callable[[], float] = time.time
    # The name of the custom argument, and of the query parameter of a status callback, that holds our key.
    key_name: str = "perennial_key"
    # A webhook's public address may lead to loopback: {"https://shop.example": "http://127.0.0.1:8080"}.
    forward: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery()

    sendgrid_key: str = SENDGRID_KEY
    sendgrid_scopes: Sequence[str] = SCOPES
    senders: frozenset[str] = frozenset()
    mail_limit: RateLimit = _MAIL_LIMIT
    mail_outcomes: MailOutcomes = MailOutcomes()
    habits: Habits = Habits()
    # Nobody reads or answers before `Emulator.let_people` is called.
    people_wait: bool = False
    event_url: str | None = None
    email_activity: bool = False
    activity_limit: RateLimit = _ACTIVITY_LIMIT

    account_sid: str = ACCOUNT_SID
    account_status: str = "active"
    account_type: str = "Full"
    auth_token: str = AUTH_TOKEN
    numbers: frozenset[str] = frozenset()
    services: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {MESSAGING_SERVICE: ("+15005550006",)}
    )
    text_concurrency: int = 5_000
    segments_per_second: float = 100.0
    text_outcomes: TextOutcomes = TextOutcomes()
    inbound_url: str | None = None
