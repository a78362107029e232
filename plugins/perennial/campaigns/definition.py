"""A campaign as the rest of the system reads it: who, when, which words, which limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema

from perennial.campaigns.catching_up import (
    CATCH_UP_SCHEMA,
    YOUNGER,
    CatchUp,
    CatchUpRule,
    read_catch_up,
)
from perennial.campaigns.choices import Occasion, OfferKind, StopWhen, meanings
from perennial.campaigns.spellings import (
    Clock,
    Cron,
    Duration,
    Figure,
    Prefix,
    Share,
    Switch,
    Text,
    condition_mistakes,
    listed,
    must,
    nearest,
    says,
    shown,
    whole,
    whole_schema,
    word,
)
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.words import PRESSURE_OF_TOPIC, Channel, Pressure, Topic

_OCCASIONS = [*map(str, Occasion), *CUSTOMER_FEATURES.column_names]


def _known_occasion(value: object) -> object:
    if isinstance(value, str) and value in _OCCASIONS:
        return value
    hint = nearest(str(value), _OCCASIONS)
    rule = f"It is one of {', '.join(Occasion)}, or a column of customer_features."
    msg = f"unknown occasion {shown(value)}."
    raise says(msg, hint=hint or rule)


UNCHECKED_CONDITIONS = "unchecked_conditions"
"""In the context of a validation: takes `where` as it stands."""


def _sound_where(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        msg = f"be a condition in words, such as orders >= 2, not {shown(value)}."
        raise must(msg)
    if info.context and info.context.get(UNCHECKED_CONDITIONS):
        return value
    from perennial.campaigns.predicate import find_problems

    if problems := find_problems(value):
        raise condition_mistakes(problems)
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Offer(_Part):
    """What a step gives; every message carries a coupon code of its own."""

    kind: Annotated[OfferKind, word("kind of offer", OfferKind)] = Field(
        description=f"What `value` counts. {meanings(OfferKind)}"
    )
    value: Figure = Field(
        description="How much: per cent, money in the shop's currency, or points.", examples=[10]
    )
    valid_days: Annotated[int, whole(1, 365), whole_schema(1, 365)] = Field(
        description="How many days the coupon can be used, counted from the day of sending.",
        examples=[14],
    )
    prefix: Prefix = Field(
        "",
        description="What coupon codes begin with; without it the first letters of the campaign's name.",
        examples=["BDAY"],
    )

    @model_validator(mode="after")
    def _its_value_fits_its_kind(self) -> Offer:
        if sentence := _value_mistake(self.kind, self.value):
            raise must(sentence, at=("value",))
        return self


class Step(_Part):
    """One message of a campaign's ladder."""

    after_days: Annotated[int, whole(0, 365), whole_schema(0, 365)] = Field(
        description="Days after the first step; 0 for the first step itself.", examples=[14]
    )
    template: Text = Field(
        description="The words: a folder of this name under templates/, for each channel of the campaign.",
        examples=["win_back_hello"],
    )
    offer: Offer | None = Field(None, description="What the step gives; nothing without it.")


class Audience(_Part):
    """Who is written to, and on which occasion."""

    occasion: Annotated[
        str,
        BeforeValidator(_known_occasion),
        WithJsonSchema({"type": "string", "enum": _OCCASIONS}),
    ] = Field(
        description=f"What makes a message due. {meanings(Occasion)} Or a column of customer_features:"
        " the campaign speaks once for every new value of it.",
        examples=["birthday", "last_order_id"],
    )
    where: Annotated[str, BeforeValidator(_sound_where)] | None = Field(
        None,
        description="A condition over the columns of customer_features, in SQL's words; without it, everybody"
        " who has the occasion.",
        examples=["silence_ratio >= 2.3 and orders >= 2"],
    )
    open_for: Annotated[int, whole(1, 365), whole_schema(1, 365)] = Field(
        7,
        description="On how many days an occasion may be answered, its first day included; 1 is that day alone. When"
        " the occasion is a column, it is open as long as the condition holds.",
    )


class Approval(_Part):
    """When a person has to say yes, or two."""

    above: Annotated[int, whole(0, 100_000_000), whole_schema(0, 100_000_000)] | None = Field(
        None,
        description="A plan with more messages than this waits for a person's approval; 0 asks whenever there is"
        " a message; without it, nobody is asked.",
        examples=[5000],
    )
    two_above: Annotated[int, whole(0, 100_000_000), whole_schema(0, 100_000_000)] | None = Field(
        None,
        description="A plan with more messages than this waits for two different people; it is not below `above`.",
        examples=[50000],
    )
    drift: Share = Field(
        Decimal(0),
        description="Share of the approved messages by which a plan that is made anew may differ and still count as"
        " approved. Another text, campaign file, policy or shop file always voids an approval.",
        examples=["5%"],
    )
    changes: Switch = Field(
        default=False,
        description="Whether what somebody saves in the Studio, in this file or in the words of its messages, waits"
        " until a second person has approved it. Taking this away waits, too.",
    )

    def needed(self, messages: int) -> int:
        """How many different people have to let so many messages leave."""
        if self.two_above is not None and messages > self.two_above:
            return 2
        return 1 if self.above is not None and messages > self.above else 0

    def with_limit(self, limit: int | None) -> Approval:
        """The same, where the installation asks a person above `limit` messages, whatever its campaigns say."""
        if limit is None:
            return self
        above = limit if self.above is None else min(limit, self.above)
        return self.model_copy(update={"above": above})

    @model_validator(mode="after")
    def _two_are_asked_above_one(self) -> Approval:
        if self.two_above is not None and self.two_above < (self.above or 0):
            msg = f"be {self.above} or more, as `above` is; it is {self.two_above}."
            raise must(msg, at=("two_above",))
        return self


class Campaign(_Part):
    """One file of campaigns/."""

    name: SkipJsonSchema[str]
    path: SkipJsonSchema[Path]
    title: Text = Field(
        description="What the campaign is called in plans and reports.",
        examples=["Win back customers who went quiet"],
    )
    topic: Annotated[Topic, word("topic", Topic)] = Field(
        Topic.OFFERS, description=f"The consent that it needs. {meanings(Topic)}"
    )
    goal: Text | None = Field(
        None,
        description="What it is for, in a few words; the report answers it first.",
        examples=["an order within 30 days"],
    )
    description: Text = Field("", description="Anything that colleagues should know.")
    schedule: Cron = Field(
        "0 6 * * *", description="When it is planned: five cron fields, on the shop's clock."
    )
    audience: Audience = Field(description="Who is written to, and on which occasion.")
    steps: Annotated[tuple[Step, ...], *listed("step")] = Field(
        description="The messages, one after another; a campaign of one message may write `template` and"
        " `offer` beside `title` instead.",
        json_schema_extra={"minItems": 1},
    )
    stop_when: Annotated[StopWhen, word("reason to stop", StopWhen)] | None = Field(
        None,
        description=f"What ends it for a customer, even between plan and send. {meanings(StopWhen)}",
    )
    channels: Annotated[
        tuple[Annotated[Channel, word("channel", Channel)], ...], *listed("channel")
    ] = Field(
        description="How it may travel: the first channel that can be used, unless the customer prefers"
        " another of them.",
        json_schema_extra={"minItems": 1, "uniqueItems": True},
    )
    send_at: Clock = Field(
        time(10), description="When messages leave, on the customer's clock.", examples=["10:30"]
    )
    expires_after: Duration = Field(
        timedelta(hours=12),
        description="How long after `send_at` a message may still leave; later it is not sent.",
        examples=["12h", "90m", "2d"],
    )
    catch_up: Annotated[
        InstanceOf[CatchUp], BeforeValidator(read_catch_up), WithJsonSchema(CATCH_UP_SCHEMA)
    ] = Field(
        CatchUp(),
        description=f"What becomes of messages whose hour had passed when the run began. {meanings(CatchUpRule)}",
        examples=["skip", "latest_only", f"{{{YOUNGER}: 6h}}"],
    )
    priority: Annotated[int, whole(0, 100), whole_schema(0, 100)] = Field(
        50,
        description="Who goes first when several campaigns want the same customer: the higher figure.",
    )
    cool_down: Duration | None = Field(
        None,
        description="How long a customer is left alone after the last message of a ladder before the campaign may"
        " begin again on a new occasion. It never holds back a step of the same ladder.",
        examples=["30d"],
    )
    holdout: Share = Field(
        Decimal("0.1"),
        description="Share of the audience that is left out on purpose, to measure what the campaign changes.",
        examples=["10%"],
    )
    approval: Approval = Field(Approval(), description="When a person has to say yes.")
    paused: Switch = Field(
        default=False, description="Plan nothing and send nothing until this is gone."
    )
    owner: Text = Field("marketing", description="Who answers for it.")
    tags: Annotated[tuple[Text, ...], *listed("tag", or_none=True)] = Field(
        (), description="Words to find it by in Airflow."
    )

    @property
    def asks_to_confirm(self) -> bool:
        """Whether its messages ask for the confirmation of a consent, and need none themselves."""
        return self.audience.occasion == Occasion.PENDING_CONSENT

    @property
    def needed_consent(self) -> Topic | None:
        """The topic that a customer must have agreed to."""
        return None if self.asks_to_confirm else self.topic

    @property
    def pressure(self) -> Pressure:
        """Which frequency cap its messages count to."""
        return Pressure.SERVICE if self.asks_to_confirm else PRESSURE_OF_TOPIC[self.topic]

    @model_validator(mode="after")
    def _what_asks_to_confirm_is_an_email(self) -> Campaign:
        if self.asks_to_confirm and self.channels != (Channel.EMAIL,):
            msg = "be [email]: only an email proves that the address is theirs."
            raise must(msg, at=("channels",))
        if self.asks_to_confirm and len(self.steps) > 1:
            msg = "be one: nobody is asked twice."
            raise must(msg, at=("steps",))
        return self

    @model_validator(mode="before")
    @classmethod
    def _one_step_may_be_written_short(cls, data: Any) -> Any:  # noqa: ANN401 - what pydantic hands over
        if not isinstance(data, Mapping) or "steps" in data:
            return data
        step = {"after_days": 0, "template": data.get("template", data.get("name"))}
        if "offer" in data:
            step["offer"] = data["offer"]
        rest = {key: value for key, value in data.items() if key not in ("template", "offer")}
        return {**rest, "steps": [step]}

    @field_validator("steps")
    @classmethod
    def _steps_follow_each_other(
        cls, steps: tuple[Step, ...], info: ValidationInfo
    ) -> tuple[Step, ...]:
        for index, step in enumerate(steps):
            if sentence := _step_mistake(steps[:index], step):
                raise must(sentence, at=(index, "after_days"))
        letters = coupon_prefix(info.data.get("name", ""))
        return tuple(_with_prefix(step, letters) for step in steps)


def coupon_prefix(name: str) -> str:
    """What a campaign's coupon codes begin with when nothing else is said."""
    letters = "".join(c for c in name.upper() if "A" <= c <= "Z")[:6]
    return letters if len(letters) >= 2 else "COUPON"


def _with_prefix(step: Step, prefix: str) -> Step:
    if step.offer is None or step.offer.prefix:
        return step
    return step.model_copy(update={"offer": step.offer.model_copy(update={"prefix": prefix})})


def _step_mistake(before: tuple[Step, ...], step: Step) -> str | None:
    if not before:
        return None if step.after_days == 0 else f"be 0 in the first step, not {step.after_days}."
    last = before[-1].after_days
    if step.after_days > last:
        return None
    return f"be more than {last}, the days of the step before; it is {step.after_days}."


def _value_mistake(kind: OfferKind, value: Decimal) -> str | None:
    match kind:
        case OfferKind.PERCENT if not 0 < value <= 100:
            return f"be more than 0 and at most 100 per cent; it is {value}."
        case OfferKind.AMOUNT if value <= 0 or value != round(value, 2):
            return f"be an amount of money above 0 with at most two decimals; it is {value}."
        case OfferKind.POINTS if value <= 0 or value != int(value):
            return f"be a whole number of points above 0; it is {value}."
    return None
