"""What a comparison of audiences has found: who moved and why, in counts for everybody and in ids for those who may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from perennial.pipeline.difference_words import Because, Changed, Move, why

_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One customer who is in an audience on one side only, or differently."""

    campaign: str
    customer_id: str
    move: Move
    causes: tuple[Because, ...]
    changed: tuple[Changed, ...]

    def as_json(self, *, people: bool) -> dict[str, Any]:
        """For machines; without `people` nobody can be told by it."""
        customer = self.customer_id if people else f"{self.customer_id[:1]}•••"
        return {
            "customer": customer,
            "move": self.move.value,
            "causes": [because.cause.value for because in self.causes],
            "why": why(self.causes, self.changed, ids=people),
        }


@dataclass(frozen=True, kw_only=True)
class CampaignDifference:
    """One campaign's audience on both sides; customers are in the order of their ids."""

    campaign: str
    before: int
    after: int
    moved: tuple[Moved, ...]

    def as_json(self, *, people: bool) -> dict[str, Any]:
        """For machines; without `people`, three examples of each move."""
        moves = Counter(moved.move for moved in self.moved)
        causes = Counter(
            (moved.move, because.cause) for moved in self.moved for because in moved.causes
        )
        return {
            "campaign": self.campaign,
            "before": self.before,
            "after": self.after,
            "moves": {move.value: moves[move] for move in Move},
            "causes": [
                {
                    "move": move.value,
                    "cause": cause.value,
                    "meaning": cause.meaning,
                    "customers": customers,
                }
                for (move, cause), customers in causes.most_common()
            ],
            "customers": [
                moved.as_json(people=people)
                for moved in (self.moved if people else _examples(self.moved))
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two sides compared. Both are of one day when the day is looked at as known on two days."""

    day: date
    other_day: date
    known_on: date
    other_known_on: date
    campaigns: tuple[CampaignDifference, ...]
    as_formed: bool | None = None
    """Whether the first side is what the night left in the lake; nothing when it is by definition, or nothing is there."""

    def as_json(self, *, people: bool = False) -> dict[str, Any]:
        """For machines."""
        return {
            "before": {"day": self.day.isoformat(), "known_on": self.known_on.isoformat()},
            "after": {
                "day": self.other_day.isoformat(),
                "known_on": self.other_known_on.isoformat(),
            },
            "as_formed": self.as_formed,
            "campaigns": [each.as_json(people=people) for each in self.campaigns],
        }


def _examples(moved: Sequence[Moved]) -> Iterator[Moved]:
    shown: Counter[Move] = Counter()
    for each in moved:
        shown[each.move] += 1
        if shown[each.move] <= _EXAMPLES:
            yield each
