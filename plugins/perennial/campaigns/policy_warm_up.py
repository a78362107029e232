"""The part of policy.yaml that warms new senders up."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from perennial.campaigns.policy_spellings import Date
from perennial.campaigns.spellings import must, shown
from perennial.model.warm_up import DOUBLING, WarmUp

_MOST, _LONGEST = 100_000_000, 120
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def _domain(value: object) -> object:
    if isinstance(value, str) and _DOMAIN.fullmatch(value):
        return value
    hint = "Leave out what stands before the @." if "@" in str(value) else ""
    msg = f"be the domain of a sender's address in small letters, such as news.example.com, not {shown(value)}."
    raise must(msg, hint=hint)


def _rising(value: object) -> object:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _LONGEST:
        msg = f"be a list of 1 to {_LONGEST} numbers, one a day."
        raise must(msg)
    for place, emails in enumerate(value):
        if type(emails) is not int or not 1 <= emails <= _MOST:
            msg = f"be a whole number from 1 to {_MOST:,}, not {shown(emails)}."
            raise must(msg, at=(place,))
        if place and emails < value[place - 1]:
            msg = f"not be fewer than on the day before, {value[place - 1]:,}: a ramp rises."
            raise must(msg, at=(place,))
    return tuple(value)


Domain = Annotated[
    str,
    BeforeValidator(_domain),
    WithJsonSchema({"type": "string", "pattern": f"^{_DOMAIN.pattern}$"}),
]
_Rising = Annotated[
    tuple[int, ...],
    BeforeValidator(_rising),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "maximum": _MOST},
            "minItems": 1,
            "maxItems": _LONGEST,
        }
    ),
]


class WarmUpPart(BaseModel):
    """How many emails a new sender may send a day, until mailbox providers know it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Date = Field(
        alias="from",
        description="The first day, on the shop's calendar; before it, as on it.",
        examples=["2026-11-01"],
    )
    emails_per_day: _Rising = Field(
        DOUBLING,
        description="Emails of the first day, the second, and so on; after the last day, any number.",
    )

    def warm_up(self) -> WarmUp:
        return WarmUp(starts_on=self.start, emails_per_day=self.emails_per_day)
