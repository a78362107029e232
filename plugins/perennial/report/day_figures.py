"""What the page of a day shows, as values; nothing here knows HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from perennial.ledger.responding import DayResponses
from perennial.model.shop import Shop


@dataclass(frozen=True, kw_only=True)
class CampaignFigures:
    """One campaign's day: the plan, and what became of it."""

    name: str
    title: str
    audience: int
    send: int
    hold_out: int
    defer: Mapping[str, int]
    skip: Mapping[str, int]
    accepted: int
    refused: int
    retryable: int
    in_doubt: int
    not_yet_claimed: int
    blocked: Mapping[str, int]
    emails: int
    sms: int
    sms_segments: int
    whatsapp: int
    cost: Decimal
    responses: DayResponses = field(default_factory=DayResponses)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One decision about one customer, and the message to look at, if there is one.

    `html` is a link to the email's file, relative to the page; `text` is the text of a message to a phone.
    """

    campaign: str
    customer_id: str
    first_name: str | None = field(repr=False)
    outcome: str
    reason: str | None
    detail: str | None
    channel: str | None
    locale: str
    send_at: datetime | None
    zone: str
    segments: int | None
    state: str | None
    html: str | None = None
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class DataFigures:
    """What the night read, and what the checks said."""

    rows: Mapping[str, int]
    quarantined: Mapping[str, int]
    findings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """Everything on the page of a day.

    `rfm` counts customers by (recency score, frequency-and-monetary score), each 1 to 5. `more_people` says how
    many decisions are not listed because the page would grow too large. `told_at` is until when what came back is
    counted; nothing on a day that was played by a simulated clock.
    """

    shop: Shop
    day: date
    customers: int
    stages: Mapping[str, int]
    rfm: Mapping[tuple[int, int], int]
    orders_by_day: Sequence[tuple[date, int]]
    waves: Sequence[tuple[datetime, str, int]]
    data: DataFigures
    campaigns: Sequence[CampaignFigures]
    people: Sequence[Person]
    more_people: int = 0
    told_at: datetime | None = None
