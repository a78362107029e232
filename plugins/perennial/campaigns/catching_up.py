"""What a campaign does about messages whose hour had passed when its run began: its catch-up policy.

A run begins late when the scheduler was down, when the night came late, when a run was cleared, or when somebody
triggers a day of the past. A run that began in time goes on until `expires_after`, whatever this says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from perennial.campaigns.spellings import duration, must, nearest, says, shown, spelt
from perennial.model.words import Word

YOUNGER = "send_if_younger_than"


class CatchUpRule(Word):
    """What becomes of late messages."""

    SKIP = "skip", "they are not sent."
    LATEST_ONLY = (
        "latest_only",
        "they are sent until `expires_after`, for the latest day alone: once the next day has been planned for, no more.",
    )
    SEND_IF_YOUNGER_THAN = YOUNGER, "they are sent while their hour is no longer ago than this."


@dataclass(frozen=True)
class CatchUp:
    """A campaign's policy; `younger_than` goes with that rule alone."""

    rule: CatchUpRule = CatchUpRule.LATEST_ONLY
    younger_than: timedelta | None = None

    def __str__(self) -> str:
        if self.younger_than is None:
            return self.rule.value
        return f"{{{YOUNGER}: {spelt(self.younger_than)}}}"

    @property
    def sentence(self) -> str:
        """For people: what a run that begins late does."""
        match self.rule:
            case CatchUpRule.SKIP:
                return "What should have left before the run began is not sent."
            case CatchUpRule.LATEST_ONLY:
                return "What should have left before the run began is sent until it expires, unless the next day's plan is due."
        limit = spelt(self.younger_than or timedelta())
        return f"What should have left more than {limit} ago is not sent."

    def last_chance(
        self, due_at: datetime, expires_at: datetime, *, began_at: datetime, next_plan_at: datetime
    ) -> datetime:
        """Until when a message may leave in a run that began at an instant; `due_at` when it may not any more.

        It was due at its hour, or when it was planned, for those where that hour comes before the plan's.
        `next_plan_at` is when the campaign is planned for its next day.
        """
        latest_only = self.rule is CatchUpRule.LATEST_ONLY
        if latest_only and began_at >= next_plan_at:
            return min(due_at, expires_at)
        if latest_only or began_at <= due_at + _IN_TIME:
            return expires_at
        return min(due_at + (self.younger_than or timedelta()), expires_at)


# A night that takes a little longer, or a scheduler that is restarted, makes no run late.
_IN_TIME = timedelta(minutes=30)


def read_catch_up(value: object) -> object:
    """From the spelling of the file: a word, or a mapping with one length of time."""
    if isinstance(value, CatchUp):
        return value
    words = [CatchUpRule.SKIP.value, CatchUpRule.LATEST_ONLY.value]
    if isinstance(value, str):
        if value in words:
            return CatchUp(CatchUpRule(value))
        hint = f"Write {YOUNGER}: 6h below it." if value == YOUNGER else nearest(value, words)
        msg = f"unknown catch-up policy {shown(value)}."
        raise says(msg, hint=hint)
    if isinstance(value, dict) and list(value) == [YOUNGER]:
        return CatchUp(CatchUpRule.SEND_IF_YOUNGER_THAN, duration(value[YOUNGER], at=(YOUNGER,)))
    msg = f"be skip, latest_only or {{{YOUNGER}: 6h}}, not {shown(value)}."
    raise must(msg)


CATCH_UP_SCHEMA: dict[str, Any] = {
    "type": ["string", "object"],
    "oneOf": [
        {"enum": [CatchUpRule.SKIP.value, CatchUpRule.LATEST_ONLY.value]},
        {
            "type": "object",
            "properties": {YOUNGER: {"type": "string", "pattern": "^[0-9]{1,5} ?[mhd]$"}},
            "required": [YOUNGER],
            "additionalProperties": False,
        },
    ],
}
