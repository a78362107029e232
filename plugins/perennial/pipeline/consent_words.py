"""What a person has said about being written to: every word in its order, and what stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from perennial.lake.duck import Engine
from perennial.lake.narrowing import listed
from perennial.model.words import Channel, ConsentState, Topic

Row = Mapping[str, Any]
Rows = tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class StandingConsent:
    """What holds for a channel and topic: the latest word from any account, or from our own pages."""

    channel: Channel
    topic: Topic
    state: ConsentState
    since: datetime
    how: str | None


def standing_consents(consents: Rows) -> tuple[StandingConsent, ...]:
    """The last word for each channel and topic, whoever heard it; what is pending takes no consent away."""
    last: dict[tuple[str, str], Row] = {}
    for row in consents:
        way = row["channel"], row["topic"]
        if way not in last or not _stands_beside(row, last[way]):
            last[way] = row
    return tuple(
        StandingConsent(
            channel=Channel(channel),
            topic=Topic(topic),
            state=ConsentState(row["state"]),
            since=row["at"],
            how=row["how"],
        )
        for (channel, topic), row in sorted(last.items())
    )


def _stands_beside(row: Row, before: Row) -> bool:
    """Whether a pending word leaves another as it is: a consent that was given earlier. Of one instant, both are the same yes."""
    earlier: bool = before["at"] < row["at"]
    both = (before["state"], row["state"])
    return earlier and both == (ConsentState.GRANTED, ConsentState.PENDING)


def by_time(words: Sequence[Row]) -> Rows:
    """Words on consents in their order; when two come at once, the shop's is the earlier."""
    return tuple(sorted(words, key=lambda row: (row["at"], row["said_by"] != "shop")))


def shops_consents(engine: Engine, accounts: Sequence[str]) -> Sequence[Row]:
    """What the shop was told about consents by some accounts; the day must be open."""
    return engine.rows(
        f"""
        select channel, topic, state, happened_at as at, source as how, null as wording, consent_id as proof,
            customer_id, 'shop' as said_by
        from consents where customer_id in ({listed(accounts)}) order by happened_at, consent_id
        """
    )
