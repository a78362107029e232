"""Messages in doubt, put into words once more from the plans that they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from perennial.campaigns.definition import Campaign
from perennial.errors import MissingPartition, PerennialError
from perennial.lake.duck import Engine
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage
from perennial.pipeline.plan_reading import PlanReader


@dataclass(frozen=True, kw_only=True)
class Recall:
    """Tells what a message said, as long as its campaign and its plan are there and its template has not changed."""

    engine: Engine
    campaigns: Sequence[Campaign]
    secret: str = field(repr=False)
    compose: Callable[[PlannedMessage], Message] = field(repr=False)

    def __call__(self, doubts: Sequence[Doubt]) -> Mapping[MessageKey, Message]:
        """The messages by their keys; one that cannot be told any more is missing."""
        plans: defaultdict[tuple[str, date], list[MessageKey]] = defaultdict(list)
        for doubt in doubts:
            plans[doubt.campaign, doubt.day].append(doubt.key)
        known = {campaign.name: campaign for campaign in self.campaigns}
        return {
            message.key: message
            for (name, day), keys in plans.items()
            if name in known
            for message in self._told(known[name], day, keys)
        }

    def _told(self, campaign: Campaign, day: date, keys: Sequence[MessageKey]) -> Iterator[Message]:
        reader = PlanReader(campaign=campaign, day=day, secret=self.secret)
        try:
            planned = reader.of_keys(self.engine, keys)
        except MissingPartition:
            return
        for message in planned:
            try:
                yield self.compose(message)
            except PerennialError:
                continue
