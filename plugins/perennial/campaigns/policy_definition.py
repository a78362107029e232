"""policy.yaml as it is written: the rules that hold for every campaign, in the spellings that people use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perennial.campaigns.policy_brake import BrakePart
from perennial.campaigns.policy_spellings import Country, Date, Holiday, Money, Region
from perennial.campaigns.policy_warm_up import Domain, WarmUpPart
from perennial.campaigns.spellings import (
    Clock,
    Duration,
    Share,
    Text,
    listed,
    must,
    whole,
    whole_schema,
    word,
)
from perennial.model.policy import (
    Budget,
    Caps,
    ContentMix,
    DoubleOptIn,
    Hours,
    HoursRule,
    Limit,
    Policy,
    QuietHours,
)
from perennial.model.words import Channel, Word

_MOST = 1_000_000_000
# What a plan remembers of a person's messages.
_LONGEST_MEMORY = timedelta(days=400)


class Weekday(Word):
    """Days of the week."""

    MONDAY = "monday", "Monday."
    TUESDAY = "tuesday", "Tuesday."
    WEDNESDAY = "wednesday", "Wednesday."
    THURSDAY = "thursday", "Thursday."
    FRIDAY = "friday", "Friday."
    SATURDAY = "saturday", "Saturday."
    SUNDAY = "sunday", "Sunday."


def _open_all_day(hours: tuple[time, time]) -> None:
    opens, closes = hours
    if opens >= closes:
        msg = f"be later than `opens`: from {opens:%H:%M} to {closes:%H:%M} no message could ever leave."
        raise must(msg, at=("closes",))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ContentMixPart(_Part):
    """Of so many messages in a row, at most some with a discount."""

    messages: Annotated[int, whole(2, 100), whole_schema(2, 100)] = Field(
        description="How many messages in a row are looked at, over all campaigns and channels, surveys too.",
        examples=[4],
    )
    discounts: Annotated[int, whole(1, 99), whole_schema(1, 99)] = Field(
        description="How many of them may offer a percentage or money off.", examples=[2]
    )
    within: Duration = Field(
        ContentMix.within,
        description="How far back messages count, 400d at most.",
        examples=["90d"],
    )

    @model_validator(mode="after")
    def _some_are_without(self) -> ContentMixPart:
        if self.discounts >= self.messages:
            msg = f"be fewer than `messages`, {self.messages}: otherwise it says nothing."
            raise must(msg, at=("discounts",))
        if not timedelta(days=1) <= self.within <= _LONGEST_MEMORY:
            msg = f"be from 1d to {_LONGEST_MEMORY.days}d."
            raise must(msg, at=("within",))
        return self

    def content_mix(self) -> ContentMix:
        return ContentMix(messages=self.messages, discounts=self.discounts, within=self.within)


class CapsPart(_Part):
    """How many messages a person may get, rolling, over all campaigns and channels."""

    promotional_per_day: Annotated[int, whole(0, 100), whole_schema(0, 100)] = Field(
        Caps.promotional_per_day, description="Promotional messages within 24 hours."
    )
    promotional_per_week: Annotated[int, whole(0, 700), whole_schema(0, 700)] = Field(
        Caps.promotional_per_week, description="Promotional messages within 7 days."
    )
    days_between_surveys: Annotated[int, whole(0, 400), whole_schema(0, 400)] = Field(
        Caps.days_between_surveys, description="Days from one survey to the next."
    )
    discounts_per_30_days: Annotated[int, whole(0, 1000), whole_schema(0, 1000)] | None = Field(
        None,
        description="Messages with a discount, a percentage or money off, within 30 days; without it, any number.",
        examples=[3],
    )
    content_mix: ContentMixPart | None = Field(
        None,
        description="How many of a person's messages in a row may have a discount; without it, all of them.",
    )

    def caps(self) -> Caps:
        return Caps(
            promotional_per_day=self.promotional_per_day,
            promotional_per_week=self.promotional_per_week,
            days_between_surveys=self.days_between_surveys,
            discounts_per_30_days=self.discounts_per_30_days,
            content_mix=self.content_mix.content_mix() if self.content_mix else None,
        )


class DoubleOptInPart(_Part):
    """Consents to emails that count only when they were confirmed from the address itself."""

    countries: Annotated[tuple[Country, ...], *listed("country", or_none=True)] = Field(
        (),
        description="Customers of these countries, ISO 3166-1; without it, of all.",
        examples=["[DE, AT]"],
    )
    start: Date = Field(
        alias="from",
        description="What was agreed to on this day or later has to be confirmed; what was agreed to before stands.",
        examples=["2027-01-01"],
    )
    expires_after: Duration = Field(
        DoubleOptIn.expires_after,
        description="How long a confirmation is waited for, in days, 60d at most.",
        examples=["7d"],
    )

    @model_validator(mode="after")
    def _it_waits_for_days(self) -> DoubleOptInPart:
        if not timedelta(days=2) <= self.expires_after <= timedelta(days=60):
            msg = (
                "be from 2d to 60d: the message that asks leaves on the day after at the earliest."
            )
            raise must(msg, at=("expires_after",))
        return self

    def double_opt_in(self) -> DoubleOptIn:
        return DoubleOptIn(
            countries=frozenset(self.countries),
            starts_on=self.start,
            expires_after=self.expires_after,
        )


class SoftOptInPart(_Part):
    """For how long an order stands in for a consent to offers by email, where the law lets it."""

    days: Annotated[int, whole(1, 3650), whole_schema(1, 3650)] = Field(
        description="How many days after an order, counted to the day of the message.",
        examples=[730],
    )


class RulePart(_Part):
    """Narrows the hours of some customers on some days. A message leaves when every rule that concerns it allows it."""

    name: Text = Field(
        description="What people call it; it stands in the summary.",
        examples=["Texas, text messages"],
    )
    start: Date = Field(
        alias="from", description="The first day on which it holds.", examples=["2026-01-01"]
    )
    until: Date | None = Field(
        None,
        description="The last day on which it holds; without it, for good.",
        examples=["2027-06-30"],
    )
    country: Country | None = Field(
        None,
        description="Customers of this country, ISO 3166-1; without it, of all.",
        examples=["US"],
    )
    regions: Annotated[tuple[Region, ...], *listed("region", or_none=True)] = Field(
        (),
        description="Customers of these regions of the country, as in ISO 3166-2 after the hyphen. Who may live in one"
        " of them counts as living there.",
        examples=["[FL, MD]"],
    )
    channels: Annotated[
        tuple[Annotated[Channel, word("channel", Channel)], ...], *listed("channel", or_none=True)
    ] = Field((), description="Messages of these channels; without it, of all.")
    weekdays: Annotated[
        tuple[Annotated[Weekday, word("weekday", Weekday)], ...], *listed("weekday", or_none=True)
    ] = Field(
        (), description="On these days of the week; with neither these nor holidays, every day."
    )
    holidays: Annotated[tuple[Holiday, ...], *listed("holiday", or_none=True)] = Field(
        (),
        description="And on these dates: of one year, or of every year without it.",
        examples=['["12-25", "2027-04-05"]'],
    )
    opens: Clock | None = Field(
        None, description="Not before this time on the customer's clock.", examples=["08:00"]
    )
    closes: Clock | None = Field(
        None,
        description="Not at or after this time. Without `opens` and `closes`, nothing leaves on those days.",
        examples=["20:00"],
    )

    @model_validator(mode="after")
    def _its_parts_fit(self) -> RulePart:
        if (self.opens is None) != (self.closes is None):
            there, missing = ("opens", "closes") if self.opens else ("closes", "opens")
            msg = f"stand with `{missing}`."
            raise must(msg, hint="Leave both out where nothing may leave.", at=(there,))
        if self.opens and self.closes:
            _open_all_day((self.opens, self.closes))
        if self.regions and self.country is None:
            msg = "stand with `country`."
            raise must(msg, at=("regions",))
        if self.until is not None and self.until < self.start:
            msg = f"not be before `from`, {self.start}."
            raise must(msg, at=("until",))
        if self.opens is None and not self.weekdays and not self.holidays:
            msg = "say when: give it hours, or the weekdays and holidays on which nothing leaves."
            raise must(msg, at=("name",))
        return self

    def rule(self) -> HoursRule:
        days = list(Weekday)
        return HoursRule(
            name=self.name,
            hours=Hours(self.opens, self.closes) if self.opens and self.closes else None,
            starts_on=self.start,
            ends_on=self.until,
            country=self.country,
            regions=frozenset(self.regions),
            channels=frozenset(self.channels),
            weekdays=frozenset(days.index(day) for day in self.weekdays),
            holidays=frozenset(self.holidays),
        )


class QuietHoursPart(_Part):
    """When messages leave, on the customer's clock."""

    opens: Clock = Field(QuietHours.opens, description="Nothing leaves before this time.")
    closes: Clock = Field(QuietHours.closes, description="Nothing leaves at or after this time.")
    rules: Annotated[tuple[RulePart, ...], *listed("rule", or_none=True)] = Field(
        (), description="What countries and regions ask for besides."
    )

    @model_validator(mode="after")
    def _some_time_is_left(self) -> QuietHoursPart:
        _open_all_day((self.opens, self.closes))
        return self


class LimitPart(_Part):
    """What may be spent in a calendar month, on the shop's calendar."""

    money: Money | None = Field(
        None, description="Price of the messages, in the shop's currency.", examples=["250.00"]
    )
    sms_segments: Annotated[int, whole(0, _MOST), whole_schema(0, _MOST)] | None = Field(
        None, description="Text messages, counted in segments.", examples=[20_000]
    )

    def limit(self) -> Limit:
        return Limit(money=self.money, sms_segments=self.sms_segments)


class BudgetPart(LimitPart):
    """What all campaigns may spend together in a calendar month, and what some of them may spend."""

    campaigns: Mapping[str, LimitPart] = Field(
        default_factory=dict,
        description="Limits of single campaigns, by name, within what all may spend.",
    )


class PolicyFile(_Part):
    """policy.yaml."""

    caps: CapsPart = Field(
        CapsPart(),
        description="How many messages a person may get, over all campaigns and channels.",
    )
    global_holdout: Share = Field(
        Policy.global_holdout,
        description="Share of customers left out of everything, to measure what all of it changes.",
        examples=["5%"],
    )
    sunset_after: Duration | None = Field(
        None,
        description="Promotional messages end for whoever has neither opened, clicked, ordered nor agreed for so long;"
        " without it, they never end.",
        examples=["365d"],
    )
    double_opt_in: DoubleOptInPart | None = Field(
        None,
        description="Consents to emails that count only when they were confirmed from the address itself;"
        " without it, a yes is enough.",
    )
    soft_opt_in: Mapping[Country, SoftOptInPart] = Field(
        default_factory=dict,
        description="Countries, ISO 3166-1, whose customers may get offers by email after an order, without consent, as"
        " long as they have said nothing about emails; without it, nowhere.",
        examples=["{GB: {days: 730}}"],
        json_schema_extra={"additionalProperties": False},
    )
    quiet_hours: QuietHoursPart = Field(
        QuietHoursPart(), description="When messages leave, on the customer's clock."
    )
    budget: BudgetPart = Field(
        BudgetPart(), description="What may be spent in a calendar month; without it, any amount."
    )

    brake: BrakePart = Field(
        BrakePart(),
        description="When complaints slow or stop promotional emails to a mailbox provider.",
    )
    warm_up: Mapping[Domain, WarmUpPart] = Field(
        default_factory=dict,
        description="New senders, by the domain of `from_address` in shop.yaml, and how many emails each may send a day;"
        " without it, any number.",
        examples=["{news.example.com: {from: 2026-11-01}}"],
        json_schema_extra={"additionalProperties": False},
    )

    def policy(self) -> Policy:
        """The rules as the rest of the system reads them."""
        hours = self.quiet_hours
        return Policy(
            caps=self.caps.caps(),
            global_holdout=self.global_holdout,
            sunset_after=self.sunset_after,
            double_opt_in=self.double_opt_in.double_opt_in() if self.double_opt_in else None,
            soft_opt_in={
                country: timedelta(days=part.days) for country, part in self.soft_opt_in.items()
            },
            quiet_hours=QuietHours(
                opens=hours.opens, closes=hours.closes, rules=tuple(r.rule() for r in hours.rules)
            ),
            budget=Budget(
                together=self.budget.limit(),
                campaigns={name: part.limit() for name, part in self.budget.campaigns.items()},
            ),
            brake=self.brake.brake(),
            warm_up={domain: part.warm_up() for domain, part in self.warm_up.items()},
        )
