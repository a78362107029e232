"""Who may be written to, how often, when, and for how much: the rules that hold for every campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from perennial.model.warm_up import NewSender, WarmUp, domain_of
from perennial.model.words import Channel


class Place(NamedTuple):
    """Where a customer may be: the zones of all candidate clocks, likeliest first, the country and its region.

    A region that is not known may be any region of the country.
    """

    zones: tuple[str, ...]
    country: str
    region: str | None = None


class Hours(NamedTuple):
    """Messages leave from `opens` (included) to `closes` (excluded), on the customer's clock."""

    opens: time
    closes: time


class YearDay(NamedTuple):
    """A date of every year."""

    month: int
    day: int


@dataclass(frozen=True, kw_only=True)
class HoursRule:
    """Narrows the hours of some customers on some days; on those days nothing leaves where `hours` is empty.

    It holds from `starts_on` to `ends_on`, both included, on the customer's calendar. Where neither weekdays (Monday
    is 0) nor holidays are given, it holds every day; where no channel is given, for every channel.
    """

    name: str
    hours: Hours | None
    starts_on: date
    ends_on: date | None = None
    country: str | None = None
    regions: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    weekdays: frozenset[int] = frozenset()
    holidays: frozenset[date | YearDay] = frozenset()

    def concerns(self, place: Place, channel: Channel) -> bool:
        """Whether customers who may be at a place can be under this rule on a channel."""
        return (
            (not self.channels or channel in self.channels)
            and self.country in (None, place.country)
            and (not self.regions or place.region is None or place.region in self.regions)
        )

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a date of the customer's calendar."""
        if day < self.starts_on or (self.ends_on is not None and day > self.ends_on):
            return False
        if not self.weekdays and not self.holidays:
            return True
        festive = not self.holidays.isdisjoint((day, YearDay(day.month, day.day)))
        return festive or day.weekday() in self.weekdays


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """Messages leave from `opens` (included) to `closes` (excluded), on the customer's clock, where every rule allows it."""

    opens: time = time(9)
    closes: time = time(20)
    rules: tuple[HoursRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContentMix:
    """Of `messages` that a person gets in a row within some time, at most `discounts` offer a percentage or money off."""

    messages: int
    discounts: int
    within: timedelta = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How many messages a person may get, rolling, over all campaigns and channels."""

    promotional_per_day: int = 1
    promotional_per_week: int = 3
    days_between_surveys: int = 60
    discounts_per_30_days: int | None = None
    content_mix: ContentMix | None = None


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What may be spent in a calendar month of the shop: money in the shop's currency, text messages in segments."""

    money: Decimal | None = None
    sms_segments: int | None = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What all campaigns may spend together in a month, and what some of them may spend."""

    together: Limit = field(default_factory=Limit)
    campaigns: Mapping[str, Limit] = field(default_factory=dict)

    def limits(self, campaign: str) -> dict[str, Limit]:
        """The limits that a message of a campaign counts to, by the name they are kept under; * is all campaigns."""
        found = {"*": self.together, campaign: self.campaigns.get(campaign, Limit())}
        return {name: limit for name, limit in found.items() if limit != Limit()}


NO_BUDGET = Budget()


@dataclass(frozen=True, kw_only=True)
class DoubleOptIn:
    """Consents to emails that count only when they were confirmed from the address itself.

    It holds in `countries`, everywhere where that is empty, for what was agreed to on `starts_on` of the shop's calendar
    or later. What is not confirmed within `expires_after` counts for nothing.
    """

    starts_on: date
    countries: frozenset[str] = frozenset()
    expires_after: timedelta = timedelta(days=7)

    def concerns(self, country: str) -> bool:
        """Whether it holds in a country."""
        return not self.countries or country in self.countries


@dataclass(frozen=True, kw_only=True)
class Brake:
    """When too many complaints slow promotional emails to a mailbox provider, and when they stop them.

    Shares are complaints a message `within` the last days, looked at from `at_least` messages on. Slowed, only
    `slow_to` of the messages leave.
    """

    slow_from: Decimal = Decimal("0.001")
    stop_from: Decimal = Decimal("0.003")
    slow_to: Decimal = Decimal("0.25")
    at_least: int = 1000
    within: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class SendingRules:
    """What the ledger holds messages to at the moment they leave, whatever their plan found."""

    caps: Caps = field(default_factory=Caps)
    budget: Budget = NO_BUDGET
    brake: Brake | None = None
    sender: NewSender | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of policy.yaml.

    `soft_opt_in` says, by country, how long after an order offers may go by email to who has said nothing about emails;
    `warm_up`, by the domain of the sender's address, how many emails a new one may send a day.
    """

    caps: Caps = field(default_factory=Caps)
    global_holdout: Decimal = Decimal("0.05")
    sunset_after: timedelta | None = None
    double_opt_in: DoubleOptIn | None = None
    soft_opt_in: Mapping[str, timedelta] = field(default_factory=dict)
    quiet_hours: QuietHours = field(default_factory=QuietHours)
    budget: Budget = field(default_factory=Budget)
    brake: Brake = field(default_factory=Brake)
    warm_up: Mapping[str, WarmUp] = field(default_factory=dict)

    def sending_rules(self, address: str, zone: ZoneInfo) -> SendingRules:
        """What holds at the moment that messages leave, emails from an address."""
        return SendingRules(
            caps=self.caps,
            budget=self.budget,
            brake=self.brake,
            sender=self.new_sender(address, zone),
        )

    def new_sender(self, address: str, zone: ZoneInfo) -> NewSender | None:
        """The sender of an address, if it is warmed up by these rules."""
        domain = domain_of(address)
        rule = self.warm_up.get(domain)
        return NewSender(domain=domain, warm_up=rule, zone=zone) if rule else None

    def emails_on(self, day: date, address: str, zone: ZoneInfo) -> int | None:
        """How many emails the sender of an address may send on a day; nothing: any number."""
        sender = self.new_sender(address, zone)
        return sender.warm_up.emails_on(day) if sender else None

    def soft_opt_in_on(self, day: date) -> Mapping[str, timedelta]:
        """The soft opt-in of a day: nowhere where a yes has to be confirmed by then, since an order confirms nothing."""
        rule = self.double_opt_in
        return {
            country: lasts
            for country, lasts in self.soft_opt_in.items()
            if rule is None or day < rule.starts_on or not rule.concerns(country)
        }
