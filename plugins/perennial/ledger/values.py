"""What the ledger is told and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from perennial.model.keys import MessageKey
from perennial.model.words import (
    AuditAction,
    CaseReason,
    Channel,
    ConsentSource,
    ConsentState,
    Control,
    MessageState,
    Reason,
    SuppressionReason,
    SurveyScale,
    Topic,
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The answer to a claim. What is in none of the three is not due yet."""

    claimed: frozenset[MessageKey] = frozenset()
    blocked: Mapping[MessageKey, Reason] = field(default_factory=dict)
    taken: frozenset[MessageKey] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A message that may have been sent; `provider` is empty when the worker died before it said.

    `attempts` counts the requests that were begun; `code` is the provider's own word for the last answer, if any.
    """

    key: MessageKey
    campaign: str
    day: date
    channel: Channel
    provider: str | None
    since: datetime
    customer_id: str
    attempts: int
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Command:
    """What somebody told a campaign to do, or everything where `campaign` is empty."""

    control: Control
    campaign: str | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Share:
    """A worker's share of a provider, until its lease ends.

    `at_once` is how many batches it may have on the wire; with more than that, it begins none until some have come
    back. Nobody asks the provider before `wait` is over, counted from now, and `cause` says why.
    """

    at_once: int
    wait: timedelta | None = None
    cause: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fence:
    """What tells a ledger from an older copy of itself: who it is, which restore, how many messages were begun."""

    ledger_id: str
    epoch: int
    begun: int


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of events: told for the first time, told before, or about messages that the ledger does not know."""

    new: int
    repeated: int
    parked: int


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """How a doubt was settled without an answer of the provider, by a person or by a rule."""

    key: MessageKey
    state: MessageState
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class HoldOut:
    """Somebody who was left out on purpose."""

    key: MessageKey
    campaign: str
    step: int
    customer_id: str
    person_id: str
    occasion: str
    day: date


@dataclass(frozen=True, kw_only=True)
class PlanRecord:
    """Which plan a campaign's day is carried out from."""

    campaign: str
    day: date
    plan_hash: str
    counts: Mapping[str, int]
    planned_at: datetime


class Entry(NamedTuple):
    """Where one message of a plan stands: a state, or the reason why it was blocked; never both."""

    key: MessageKey
    state: MessageState | None
    blocked: Reason | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the messages of a campaign's day stand. What the ledger has not heard of is not counted.

    A message that was blocked after it had become claimable again counts as blocked.
    """

    campaign: str
    day: date
    states: Mapping[MessageState, int]
    blocked: Mapping[Reason, int]
    entries: Callable[[], Iterator[Entry]] = field(repr=False, compare=False)

    @property
    def total(self) -> int:
        return sum(self.states.values()) + sum(self.blocked.values())


@dataclass(frozen=True, kw_only=True)
class KnownMessage:
    """A message that was claimed at least once, as it stands now."""

    key: MessageKey
    campaign: str
    step: int
    customer_id: str
    person_id: str
    occasion: str
    day: date
    channel: Channel
    address_key: str
    state: MessageState
    dispatched_at: datetime | None
    topic: Topic | None


@dataclass(frozen=True, kw_only=True)
class ConsentEntry:
    """What a customer said about being written to, for a channel and a topic, `at` an instant.

    `person_id` is the person that the account belongs to now; `wording` the version of the words that were agreed to;
    `proof` what proves it, such as the key of a message. `recorded_at` is there when the ledger tells it.
    """

    person_id: str
    customer_id: str
    channel: Channel
    topic: Topic
    state: ConsentState
    at: datetime
    how: ConsentSource
    wording: str | None = None
    proof: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Permission:
    """The consent that stands for a person, a channel and a topic: what was said last, and when."""

    channel: Channel
    topic: Topic
    state: ConsentState
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What a person told us about themselves, as it stands; what they did not say is None."""

    language: str | None = None
    birth_date: date | None = field(default=None, repr=False)
    paused_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Why an address must not be written to on a channel, since when, and until when if it was lifted."""

    address_key: str
    channel: Channel
    reason: SuppressionReason
    since: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a customer answered to the survey of a message."""

    key: MessageKey
    scale: SurveyScale
    score: int
    comment: str | None = field(repr=False)
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Case:
    """A customer whom the shop should get in touch with about a message; closed by somebody with a note, or open."""

    id: int
    key: MessageKey
    why: CaseReason
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who dealt with people's data or permissions, how, and why."""

    at: datetime
    actor: str
    action: AuditAction
    subject: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ListedAddress:
    """An address on a provider's list, by its key: why it is there, and since when."""

    address_key: str
    reason: SuppressionReason
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Silence:
    """How many messages of a day's plans a provider took on, and how many of them it never reported on."""

    day: date
    taken: int
    silent: int
