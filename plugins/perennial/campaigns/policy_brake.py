"""The brake's part of policy.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perennial.campaigns.spellings import Duration, Share, must, whole, whole_schema
from perennial.model.policy import Brake

_LONGEST = timedelta(days=30)


class BrakePart(BaseModel):
    """When complaints slow promotional emails to a mailbox provider, and when they stop them."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    slow_from: Share = Field(
        Brake.slow_from,
        description="From this share of complaints on, only some of the emails leave.",
        examples=["0.1%"],
    )
    stop_from: Share = Field(
        Brake.stop_from,
        description="From this share of complaints on, none leave.",
        examples=["0.3%"],
    )
    slow_to: Share = Field(
        Brake.slow_to, description="The share that leaves while it is slowed.", examples=["25%"]
    )
    at_least: Annotated[int, whole(100, 1_000_000), whole_schema(100, 1_000_000)] = Field(
        Brake.at_least,
        description="Emails to a mailbox provider from which on complaints are looked at.",
        examples=[1000],
    )
    within: Duration = Field(
        Brake.within, description="How far back both are counted, 30d at most.", examples=["7d"]
    )

    @model_validator(mode="after")
    def _it_slows_before_it_stops(self) -> BrakePart:
        if self.slow_from > self.stop_from:
            msg = "not be more than `stop_from`: it slows before it stops."
            raise must(msg, at=("slow_from",))
        if not timedelta(days=1) <= self.within <= _LONGEST:
            msg = f"be from 1d to {_LONGEST.days}d."
            raise must(msg, at=("within",))
        return self

    def brake(self) -> Brake:
        return Brake(
            slow_from=self.slow_from,
            stop_from=self.stop_from,
            slow_to=self.slow_to,
            at_least=self.at_least,
            within=self.within,
        )
