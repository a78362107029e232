"""What became of a campaign's messages of a day after they were accepted, and what people did with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa
from sqlalchemy import func, select, text, tuple_

from perennial.ledger import arms
from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import (
    answers,
    cases,
    dispatch_days,
    message_events,
    messages,
    plans,
)
from perennial.model.words import Channel, EventWord, MessageState, SurveyScale

# As the index has it, word for word.
_CAME_BACK = "message_events.word in ('bounced', 'complained')"
# A day's messages may leave on the day before, in the far east, and a provider's clock may be wrong.
_EARLIEST_REPORT = timedelta(days=2)
_MANY = 50_000
"""From so many messages on, their events are cheaper read in one go than message by message."""


@dataclass(frozen=True, kw_only=True)
class ChannelResponses:
    """The accepted messages of one channel, counted by what was reported about each.

    accepted = delivered + bounced + undelivered + untold. Openings and clicks are counted once a message, for whom
    they show best: a person, else somebody who does not show, else a machine. `stopped` counts who texted STOP after
    the message and before any later one.
    """

    channel: Channel
    accepted: int
    delivered: int = 0
    bounced: int = 0
    undelivered: int = 0
    opened_by_people: int = 0
    opened_by_somebody: int = 0
    opened_by_machines: int = 0
    clicked_by_people: int = 0
    clicked_by_somebody: int = 0
    clicked_by_machines: int = 0
    complained: int = 0
    unsubscribed: int = 0
    stopped: int = 0
    answered: int = 0

    @property
    def untold(self) -> int:
        """Nobody has said what became of them."""
        return self.accepted - self.delivered - self.bounced - self.undelivered


@dataclass(frozen=True, kw_only=True)
class DayResponses:
    """What came back for some days of a campaign: by channel, the scores of its survey, and the cases they opened."""

    channels: tuple[ChannelResponses, ...] = ()
    scores: Mapping[SurveyScale, Mapping[int, int]] = field(default_factory=dict)
    cases: int = 0


@dataclass(frozen=True, kw_only=True)
class SenderHealth:
    """What came back for the emails of some days; mailbox providers judge a sender by these shares."""

    accepted: int = 0
    bounced: int = 0
    complained: int = 0


class Responses:
    """The part of the ledger that says what came back; see Ledger."""

    _database: Database

    def responses(self, campaign: str, day: date, until: date | None = None) -> DayResponses:
        """What came back so far for the messages of a campaign's day, or of the days from it to `until`, included."""
        last = until or day
        whose = (messages.c.campaign == campaign, messages.c.day.between(day, last))
        few = select(messages.c.key).where(*whose).limit(_MANY)
        by_score = (
            select(answers.c.scale, answers.c.score, func.count().label("answers"))
            .join(messages, messages.c.key == answers.c.message_key)
            .where(*whose)
            .group_by(answers.c.scale, answers.c.score)
            .order_by(answers.c.scale, answers.c.score)
        )
        opened = (
            select(func.count())
            .select_from(cases.join(messages, messages.c.key == cases.c.message_key))
            .where(*whose)
        )
        scores: dict[SurveyScale, dict[int, int]] = {}
        with self._database.reading() as connection:
            found: int = connection.execute(
                select(func.count()).select_from(few.subquery())
            ).scalar_one()
            way = "responses" if found < _MANY else "responses_of_many"
            rows = connection.execute(
                statement(way, self._database.dialect),
                {"campaign": campaign, "day": day, "until": last},
            ).mappings()
            channels = tuple(
                ChannelResponses(**{**row, "channel": Channel(row["channel"])}) for row in rows
            )
            for scale, score, count in connection.execute(by_score):
                scores.setdefault(SurveyScale(scale), {})[score] = count
            standing: int = connection.execute(opened).scalar_one()
        return DayResponses(channels=channels, scores=scores, cases=standing)

    def planned_days(self, days: int) -> list[tuple[str, date]]:
        """Campaigns and days with a plan, of so many days up to the latest; by campaign, the latest day first."""
        with self._database.reading() as connection:
            latest: date | None = connection.execute(select(func.max(plans.c.day))).scalar()
            if latest is None:
                return []
            planned = select(plans.c.campaign, plans.c.day).where(
                plans.c.day > latest - timedelta(days=days)
            )
            rows = connection.execute(planned.order_by(plans.c.campaign, plans.c.day.desc()))
            return [(row.campaign, row.day) for row in rows]

    def arms(self, campaign: str, since: date, until: date) -> pa.Table:
        """Who was written to and who was held out on those days, both included; see arms.ARMS."""
        return arms.arms(self._database, campaign, since, until)

    def clicks(self, campaign: str, since: date, until: date) -> pa.Table:
        """When people followed a link in a message of those days; see arms.CLICKS."""
        return arms.clicks(self._database, campaign, since, until)

    def sender_health(
        self, since: date, until: date, *, campaigns: Collection[str]
    ) -> SenderHealth:
        """Accepted emails of the plans from `since` to `until`, both included, and how many came back or were marked."""
        days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
        # By campaign and day, as the index lies.
        of_those = (
            messages.c.campaign.in_(sorted(campaigns)),
            messages.c.day.in_(days),
            messages.c.state == MessageState.ACCEPTED,
            messages.c.channel == Channel.EMAIL,
        )
        # The events first, by an index of their own: they are few, and the messages may be millions.
        reported = (
            select(message_events.c.word, message_events.c.message_key)
            .where(text(_CAME_BACK), message_events.c.at >= _before(since))
            .cte("reported")
            .prefix_with("materialized")
        )
        came_back = (
            select(reported.c.word, func.count().label("messages"))
            .join(messages, messages.c.key == reported.c.message_key)
            .where(*of_those)
            .group_by(reported.c.word)
        )
        with self._database.reading() as connection:
            accepted: int = connection.execute(
                select(func.count()).select_from(messages).where(*of_those)
            ).scalar_one()
            words = {row.word: row.messages for row in connection.execute(came_back)}
        return SenderHealth(
            accepted=accepted,
            bounced=words.get(EventWord.BOUNCED, 0),
            complained=words.get(EventWord.COMPLAINED, 0),
        )

    def doubt_count(self) -> int:
        """How many messages may have been sent and wait for evidence or a person."""
        # As doubts() finds them: by the few days on which anything is in doubt.
        days = select(dispatch_days.c.campaign, dispatch_days.c.day)
        doubtful = select(func.count()).where(
            tuple_(messages.c.campaign, messages.c.day).in_(days),
            messages.c.state == MessageState.IN_DOUBT,
        )
        with self._database.reading() as connection:
            count: int = connection.execute(doubtful).scalar_one()
        return count


def _before(day: date) -> datetime:
    """An instant before which nothing was reported on the messages of a day."""
    return datetime.combine(day, time(0), UTC) - _EARLIEST_REPORT
