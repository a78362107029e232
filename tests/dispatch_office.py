"""A dispatch with a provider that writes down what it was given, over a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.delivery.provider import Pace, Provider, Question
from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, PlannedMessage, Receipt, SmsMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, Control, MessageState

LEASE = timedelta(minutes=5)


@dataclass
class Recorder:
    """A provider that writes down what it was given, and answers as it is told."""

    channel: Channel = Channel.EMAIL
    name: str = "recorder"
    batch_size: int = 10
    concurrency: int = 2
    answers: dict[MessageKey, MessageState] = field(default_factory=dict)
    silent_about: set[MessageKey] = field(default_factory=set)
    fault: Exception | None = None
    fault_from: int = 0
    knows: dict[MessageKey, MessageState] = field(default_factory=dict)
    asked: list[MessageKey] = field(default_factory=list)
    sent: list[MessageKey] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    codes: dict[MessageKey, str] = field(default_factory=dict)
    not_before: datetime | None = None
    in_flight: int = 0
    most_in_flight: int = 0
    closed: bool = False
    seconds: float = 0.002
    full: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event | None = None

    rate: float | None = None

    def units(self, messages: Sequence[Message]) -> int:
        return len(messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        await pace(self.units(messages))
        if self.fault is not None and len(self.sent) >= self.fault_from:
            raise self.fault
        self.sent += [message.key for message in messages]
        self.batches.append(len(messages))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if self.in_flight == self.concurrency:
            self.full.set()
        try:
            await (self.answered.wait() if self.answered else asyncio.sleep(self.seconds))
        finally:
            self.in_flight -= 1
        return [
            self.receipt(message.key, self.answers.get(message.key, MessageState.ACCEPTED))
            for message in messages
            if message.key not in self.silent_about
        ]

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        keys = [question.key for question in questions]
        self.asked += keys
        return {key: self.receipt(key, self.knows[key]) for key in keys if key in self.knows}

    async def close(self) -> None:
        self.closed = True

    def receipt(self, key: MessageKey, state: MessageState) -> Receipt:
        return Receipt(
            key=key,
            state=state,
            provider=self.name,
            code=self.codes.get(key),
            not_before=self.not_before if state is MessageState.RETRYABLE else None,
        )


def compose(planned: PlannedMessage) -> Message:
    if planned.channel is Channel.SMS:
        return SmsMessage(
            key=planned.key,
            campaign=planned.campaign,
            locale=planned.locale,
            to=planned.address,
            text="Happy birthday",
            segments=1,
        )
    return EmailMessage(
        key=planned.key,
        campaign=planned.campaign,
        locale=planned.locale,
        to=planned.address,
        subject="Happy birthday",
        html="<p>Happy birthday</p>",
        text="Happy birthday",
        from_name="Juniper & Rye",
        from_address="hello@juniperandrye.example",
    )


@dataclass
class Office:
    """A ledger and its providers, ready to dispatch."""

    ledger: Ledger
    now: datetime
    providers: dict[Channel, Provider]

    def run(self, *chunks: Sequence[PlannedMessage], **changes: Any) -> DispatchSummary:
        return asyncio.run(self.dispatch(chunks, **changes))

    async def dispatch(
        self, chunks: Iterable[Sequence[PlannedMessage]], **changes: Any
    ) -> DispatchSummary:
        named: dict[str, Any] = {
            "campaign": "birthday",
            "ledger": self.ledger,
            "providers": self.providers,
            "compose": compose,
            "rules": SendingRules(),
            "clock": lambda: self.now,
            "worker": "worker",
            "lease": LEASE,
        }
        return await dispatch(chunks, **(named | changes))

    def tell_to_stop(self) -> None:
        self.ledger.command(
            Control.STOP, campaign="birthday", by="ada", reason="a test", at=self.now
        )

    def states(self) -> dict[str, str]:
        entries = self.ledger.standing("birthday", self.now.date()).entries()
        return {key: str(state or reason) for key, state, reason in entries}


def keys(messages: Iterable[PlannedMessage]) -> list[MessageKey]:
    return [message.key for message in messages]
