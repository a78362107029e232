"""Doubts are settled by evidence: the provider's word, or its silence while it reports on others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from dispatch_office import Office, Recorder, compose
from perennial.delivery import dispatch as dispatch_module
from perennial.delivery.provider import Question
from perennial.ledger.values import Doubt
from perennial.model.events import ProviderEvent
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.words import EventWord, MessageState

Make = Callable[..., PlannedMessage]
IN_DOUBT = MessageState.IN_DOUBT


@dataclass
class Curious(Recorder):
    """A provider that keeps the questions it was asked, and takes its time to answer."""

    questions: list[Question] = field(default_factory=list)
    thinks: float = 0.0

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        self.questions += questions
        await asyncio.sleep(self.thinks)
        return await super().find(questions)


@pytest.fixture
def provider() -> Curious:
    return Curious()


def test_a_provider_is_asked_with_the_message_as_it_was_sent(
    office: Office, provider: Curious, people: list[PlannedMessage]
) -> None:
    known, forgotten = people[0], people[1]

    def recall(doubts: Sequence[Doubt]) -> Mapping[MessageKey, Message]:
        return {known.key: compose(known)} if {d.key for d in doubts} else {}

    provider.answers = {known.key: IN_DOUBT, forgotten.key: IN_DOUBT}
    office.run(people[:2])
    provider.questions.clear()
    office.run(people[:2], worker="second", recall=recall)
    asked = {question.key: question for question in provider.questions}
    assert asked[known.key].message == compose(known)
    assert asked[forgotten.key].message is None
    assert all(question.begun_at.tzinfo for question in provider.questions)


def test_what_a_run_leaves_in_doubt_is_asked_about_at_its_end(
    office: Office, provider: Curious, people: list[PlannedMessage]
) -> None:
    provider.answers = {people[3].key: IN_DOUBT}
    provider.knows = {people[3].key: MessageState.ACCEPTED}
    office.run(people)
    assert set(office.states().values()) == {"accepted"}


def test_asking_does_not_hold_up_sending(
    office: Office,
    provider: Curious,
    people: list[PlannedMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider.answers = {people[0].key: IN_DOUBT}
    office.run(people[:1])
    monkeypatch.setattr(dispatch_module, "_LONGEST_QUESTION", timedelta(seconds=0.2))
    provider.thinks = 60
    began = time.monotonic()
    assert office.run(people[1:], worker="second").accepted == 49
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("reports_on_others", [True, False])
def test_silence_proves_something_only_while_the_provider_reports_on_others(
    office: Office, provider: Curious, people: list[PlannedMessage], *, reports_on_others: bool
) -> None:
    """Case 1: after a kill no event comes, because the request never arrived."""
    provider.answers = {people[0].key: IN_DOUBT}
    office.run(people[:1])
    office.run(people[1:2], worker="second")
    provider.answers = {}
    if reports_on_others:
        heard = ProviderEvent(
            key=people[1].key,
            word=EventWord.PROCESSED,
            provider=provider.name,
            at=datetime.now(UTC),
        )
        office.ledger.apply_events([heard], received_at=office.now)
    silence = {provider.name: timedelta(0)}
    summary = office.run(people[:2], worker="third", silent_for=silence)
    assert summary.accepted == int(reports_on_others)
    assert provider.sent.count(people[0].key) == 1 + int(reports_on_others)
