"""What a dispatch does about messages that are late: the campaign's catch-up policy, applied to a plan."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import next_plan_instant, plan_instant
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import DECISIONS
from perennial.model.message import PlannedMessage

_log = logging.getLogger(__name__)


def run_began(lake: Lake, campaign: str, day: date, now: datetime) -> datetime:
    """When the first dispatch of a plan began, kept beside the plan: a retry of it is not later than it."""
    record = Partition(dataset=DECISIONS.name, day=day, name=f"{campaign}.began")
    if text := lake.read_record(record):
        return datetime.fromisoformat(json.loads(text)["at"])
    lake.write_record(record, json.dumps({"at": now.isoformat()}) + "\n")
    return now


@dataclass(kw_only=True)
class CatchingUp:
    """Gives late messages the last chance that their campaign gives them, and counts those that have none left."""

    campaign: Campaign
    day: date
    zone: ZoneInfo
    began_at: datetime
    missed: int = 0

    def limit(self, chunks: Iterable[list[PlannedMessage]]) -> Iterator[list[PlannedMessage]]:
        """The same messages, some of which expire earlier."""
        planned_at = plan_instant(self.campaign, self.day, self.zone)
        next_plan_at = next_plan_instant(self.campaign, self.day, self.zone)
        for chunk in chunks:
            if chunk and self.began_at <= min(chunk[0].send_at, next_plan_at):
                yield chunk  # in time, and so are the rest: they lie in the order of sending
                continue
            yield [self._limited(m, planned_at, next_plan_at) for m in chunk]

    def _limited(
        self, message: PlannedMessage, planned_at: datetime, next_plan_at: datetime
    ) -> PlannedMessage:
        until = self.campaign.catch_up.last_chance(
            max(message.send_at, planned_at),
            message.expires_at,
            began_at=self.began_at,
            next_plan_at=next_plan_at,
        )
        # What had expired before the plan was due, far in the east, no run could have sent.
        self.missed += until <= self.began_at and message.expires_at > planned_at
        return message if until == message.expires_at else replace(message, expires_at=until)

    def say(self, settled_before: int) -> None:
        """Tells those who read the task's log what this run left alone, and why."""
        if self.missed:
            _log.warning(
                "%s of %s: the time of %d messages has passed; they are not sent, unless they were before."
                " This run began at %s. %s They may leave for %s after their hour at most.",
                self.campaign.name,
                self.day,
                self.missed,
                self.began_at.astimezone(self.zone).isoformat(timespec="minutes"),
                self.campaign.catch_up.sentence,
                self.campaign.expires_after,
            )
        if settled_before:
            _log.info(
                "%s of %s: %d messages were settled by an earlier run, or are in another worker's hands. They stay as they are.",
                self.campaign.name,
                self.day,
                settled_before,
            )
