"""Why a customer got a message on a day, or did not: from the decisions that were stored then, never decided anew."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import parts_of_where
from perennial.errors import PlanError
from perennial.lake.duck import Engine
from perennial.ledger.store import Ledger
from perennial.model.words import (
    Channel,
    ConsentState,
    Control,
    EventWord,
    MessageState,
    Outcome,
    Reason,
    SuppressionReason,
    Topic,
)
from perennial.pipeline.person_of_day import (
    PersonOfDay,
    audiences_of,
    known_person,
    read_person,
)
from perennial.pipeline.persons import PersonView
from perennial.pipeline.reason_sentences import (
    Circumstances,
    Sent,
    became,
    decided,
    not_in_audience,
)

Row = Mapping[str, Any]

_REACHED = frozenset({MessageState.ACCEPTED, MessageState.DISPATCHING, MessageState.IN_DOUBT})
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One decision about the customer, in words; `became` says what came of a message that was to be sent."""

    campaign: str
    occasion: str
    step: int
    outcome: str
    reason: str | None
    detail: str | None
    sentence: str
    became: str | None
    why: str
    channel: str | None
    send_at: datetime | None
    message_key: str
    state: str | None


@dataclass(frozen=True, kw_only=True)
class Absent:
    """A campaign that decided nothing about the customer, and why."""

    campaign: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything that was decided about one customer on a day, and the figures behind it."""

    customer_id: str
    day: date
    features: Mapping[str, Any]
    decisions: Sequence[Explained]
    absent: Sequence[Absent] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines: dates, instants and money as text."""
        plain = asdict(self)
        for name in ("decisions", "absent"):
            plain[name] = list(plain[name])
        return plain


def explain_customer(
    engine: Engine,
    ledger: Ledger,
    *,
    customer_id: str,
    day: date,
    campaigns: Sequence[Campaign],
    zone: ZoneInfo,
    known: PersonView | None = None,
) -> Explanation:
    """Reads the day's features, every plan made for it, and what came of it; says for each campaign why or why not.

    Campaigns are as their files are now: one that has been removed since is told without its title and rules. Of a
    person who is `known` as of that day, and whose features are still open, nothing is read again; their decisions
    must be there since that day at least.

    Raises:
        MissingPartition: the night has not been that far.
        PlanError: there is no such customer on that day.
    """
    person = (
        known_person(ledger, known, day) if known else read_person(engine, ledger, customer_id, day)
    )
    features = next((row for row in person.features if row["customer_id"] == customer_id), None)
    if features is None:
        msg = f"There is no customer {customer_id!r} on {day}. Ids are text: zeros in front count."
        raise PlanError(msg)
    teller = _Teller(
        engine=engine,
        person=person,
        campaigns=campaigns,
        zone=zone,
        audiences=audiences_of(engine, customer_id, day),
    )
    rows = [row for row in person.decisions if row["customer_id"] == customer_id]
    planned = {row["campaign"] for row in rows}
    return Explanation(
        customer_id=customer_id,
        day=day,
        features=features,
        decisions=tuple(teller.explained(row) for row in rows),
        absent=tuple(
            Absent(campaign=c.name, sentence=teller.absence(c, customer_id))
            for c in campaigns
            if c.name not in planned
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Teller:
    """Puts what is known into the sentences of reason_sentences."""

    engine: Engine
    person: PersonOfDay
    campaigns: Sequence[Campaign]
    zone: ZoneInfo
    audiences: Collection[str]

    def explained(self, row: Row) -> Explained:
        known = self._circumstances(row)
        outcome = Outcome(row["outcome"])
        reason = Reason(row["reason"]) if row["reason"] else None
        message = self._message(row["message_key"])
        return Explained(
            campaign=row["campaign"],
            occasion=row["occasion"],
            step=row["step"],
            outcome=row["outcome"],
            reason=row["reason"],
            detail=row["detail"],
            sentence=decided(outcome, reason, known),
            became=self._became(row, message, known) if outcome is Outcome.SEND else None,
            why=row["why"],
            channel=row["channel"],
            send_at=row["send_at"],
            message_key=row["message_key"],
            state=message["state"] if message else None,
        )

    def absence(self, campaign: Campaign, customer_id: str) -> str:
        """Why a campaign decided nothing about the customer."""
        if campaign.name in self.audiences:
            return "In the audience, but nothing is planned for this day yet."
        parts = parts_of_where(campaign.audience.where)
        if not parts:
            return not_in_audience([], _occasion_of(campaign))
        # All at once: each question takes longer to understand than to answer.
        met = [
            f"coalesce({sql}, false) as met_{number}" for number, (_, sql, _) in enumerate(parts)
        ]
        named = dict.fromkeys(("customer_id", *(c for *_, columns in parts for c in columns)))
        looked_at = [f'"{column}"' for column in named]
        (row,) = self.engine.rows(
            f"select {', '.join((*met, *looked_at))} from customer_features"
            " where customer_id = $customer",
            {"customer": customer_id},
        )
        unmet = [
            (rule, {column: row[column] for column in columns})
            for number, (rule, _, columns) in enumerate(parts)
            if not row[f"met_{number}"]
        ]
        return not_in_audience(unmet, _occasion_of(campaign))

    def _became(self, row: Row, message: Row | None, known: Circumstances) -> str:
        block = self.person.blocks.get(row["message_key"])
        return became(
            MessageState(message["state"]) if message else None,
            blocked=Reason(block["reason"]) if block else None,
            code=message["code"] if message else None,
            settled_at=message["settled_at"] if message else None,
            events=[
                (EventWord(event["word"]), event["at"])
                for event in self.person.held.events
                if event["message_key"] == row["message_key"]
            ],
            known=known,
        )

    def _message(self, key: str) -> Row | None:
        return next((m for m in self.person.held.messages if m["key"] == key), None)

    def _circumstances(self, row: Row) -> Circumstances:
        campaign = self._campaign(row["campaign"])
        topic = campaign.topic if campaign else Topic.OFFERS
        channel = Channel(row["channel"]) if row["channel"] else None
        return Circumstances(
            zone=ZoneInfo(row["zone"]),
            topic=topic,
            channel=channel,
            step=row["step"],
            detail=row["detail"],
            send_at=row["send_at"],
            expires_at=row["expires_at"],
            recent=self._recent(row, campaign),
            earlier=self._earlier(row),
            cool_down=campaign.cool_down if campaign else None,
            rival=self._rival(campaign),
            other_account=self._other_account(row),
            suppression=self._suppression(row),
            consent=self._consent(channel, topic),
            soft_opt_in_on=_soft_opt_in_on(row),
            paused_until=self._paused_until(),
            command=self._command(row["campaign"]),
        )

    def _campaign(self, name: str) -> Campaign | None:
        return next((c for c in self.campaigns if c.name == name), None)

    def _title(self, name: str) -> str:
        campaign = self._campaign(name)
        return campaign.title if campaign else name

    def _recent(self, row: Row, campaign: Campaign | None) -> list[Sent]:
        """What counted to the same caps in the week before."""
        if row["send_at"] is None:
            return []
        pressure = str(campaign.pressure) if campaign else None
        return [
            Sent(title=self._title(m["campaign"]), at=m["claimed_at"])
            for m in self.person.held.messages
            if m["state"] in _REACHED
            and m["key"] != row["message_key"]
            and pressure in (None, m["pressure"])
            and row["send_at"] - self._memory(m["pressure"]) < m["claimed_at"] <= row["send_at"]
        ]

    def _memory(self, pressure: str) -> timedelta:
        return _WEEK if pressure == "promotional" else timedelta(days=60)

    def _earlier(self, row: Row) -> Sent | None:
        """The last message of the campaign on another occasion."""
        sent = [
            Sent(title=self._title(m["campaign"]), at=m["claimed_at"])
            for m in self.person.held.messages
            if m["campaign"] == row["campaign"]
            and m["occasion"] != row["occasion"]
            and m["day"] < self.person.day
        ]
        return sent[-1] if sent else None

    def _rival(self, campaign: Campaign | None) -> str | None:
        """The campaign that writes to the person on this day and counts to the same caps."""
        for other in self.person.decisions:
            rival = self._campaign(other["campaign"])
            if rival is None or campaign is None or rival.name == campaign.name:
                continue
            goes = other["outcome"] in (Outcome.SEND, Outcome.HOLD_OUT)
            if goes and rival.pressure is campaign.pressure:
                return rival.title
        return None

    def _other_account(self, row: Row) -> str | None:
        return next(
            (
                other["customer_id"]
                for other in self.person.decisions
                if other["campaign"] == row["campaign"]
                and other["customer_id"] != row["customer_id"]
                and other["reason"] != Reason.DUPLICATE_PERSON
            ),
            None,
        )

    def _suppression(self, row: Row) -> tuple[SuppressionReason, datetime] | None:
        """The first that stands; of those that were lifted since, the one that may have stood then."""
        found = [
            s
            for s in self.person.held.suppressions
            if s["address_key"] == row["address_key"] and s["channel"] == row["channel"]
        ]
        first = min(found, key=lambda s: (s["lifted_at"] is not None, s["since"]), default=None)
        return (SuppressionReason(first["reason"]), first["since"]) if first else None

    def _consent(
        self, channel: Channel | None, topic: Topic
    ) -> tuple[ConsentState, datetime, str | None] | None:
        last = [
            row
            for row in self.person.consents
            if row["channel"] == channel and row["topic"] == topic
        ]
        if not last:
            return None
        return ConsentState(last[-1]["state"]), last[-1]["at"], last[-1]["how"]

    def _paused_until(self) -> datetime | None:
        return next((row["paused_until"] for row in self.person.held.preferences), None)

    def _command(self, campaign: str) -> tuple[str, datetime, str] | None:
        for command in self.person.commands:
            if command.control is not Control.RUN and command.campaign in (None, campaign):
                return command.by, command.at, command.reason
        return None


def _soft_opt_in_on(row: Row) -> date | None:
    found = json.loads(row["why"]).get("soft_opt_in_on")
    return date.fromisoformat(found) if found else None


def _occasion_of(campaign: Campaign) -> str:
    occasion = campaign.audience.occasion
    if occasion in list(Occasion):
        return Occasion(occasion).meaning.rstrip(".")
    return f"{occasion} is empty"
