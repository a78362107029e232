"""A refused request is searched for who is at fault; whatever else happens, nobody is asked about twice without a no."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import hypothesis.strategies as st
import pytest
from hypothesis import given

from framed_emails import birthday
from perennial.delivery.outcomes import Verdict
from perennial.delivery.provider import unhurried
from perennial.delivery.sendgrid.errand import REQUESTS_AT_ONCE, Errand, Outcome, divided
from perennial.delivery.sendgrid.mail_requests import MailRequest, requests_of
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.model.message import EmailMessage
from perennial.model.words import MessageState

YES = Verdict(state=MessageState.ACCEPTED, code="202", provider_id="request")
NO = Verdict(state=MessageState.REFUSED, code="400")
DOUBT = Verdict(state=MessageState.IN_DOUBT, code="503")
LATER = Verdict(state=MessageState.RETRYABLE, code="429", wait=timedelta(seconds=9))
STOP = Verdict(state=MessageState.RETRYABLE, code="401", stops="Check the key.")
UNREACHED = Verdict(state=MessageState.RETRYABLE, code="connection_refused")
SETTLED = (YES, DOUBT)


@dataclass
class Server:
    """Refuses every request with one of the bad in it, and says at the n-th request what it is told to say."""

    bad: frozenset[int] = frozenset()
    says: Mapping[int, Verdict] = field(default_factory=dict)
    names: Callable[[Sequence[int]], Sequence[int]] = lambda _: ()
    asked: list[tuple[int, ...]] = field(default_factory=list)
    answers: list[Verdict] = field(default_factory=list)

    async def __call__(self, request: MailRequest) -> Outcome:
        who = tuple(int(message.key, 16) for message in request.messages)
        self.asked.append(who)
        places = [place for place, number in enumerate(who) if number in self.bad]
        verdict = self.says.get(len(self.asked), NO if places else YES)
        self.answers.append(verdict)
        await asyncio.sleep(0)
        return Outcome(verdict=verdict, culprits=self.names(places) if verdict is NO else ())


def ran(
    messages: Sequence[EmailMessage],
    ask: Callable[[MailRequest], Awaitable[Outcome]],
    *,
    most: int = 200,
    pace: Callable[[int], Awaitable[None]] = unhurried,
) -> tuple[list[Verdict], Errand]:
    async def run() -> tuple[list[Verdict], Errand]:
        errand = Errand(ask, partial(requests_of, options=MailOptions(), most=most), pace)
        known = await errand.run(messages)
        return [known[message.key] for message in messages], errand

    return asyncio.run(run())


def people(count: int) -> list[EmailMessage]:
    return [birthday(number) for number in range(count)]


@pytest.mark.parametrize("named", [False, True], ids=["not named", "named"])
def test_one_bad_recipient_in_a_thousand_costs_one_message(named: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Case 9."""
    server = Server(bad=frozenset({417}), names=(lambda places: places) if named else lambda _: ())
    verdicts, _ = ran(people(1_000), server, most=1_000)
    assert [n for n, verdict in enumerate(verdicts) if verdict is NO] == [417]
    assert Counter(verdict.code for verdict in verdicts) == {"202": 999, "400": 1}
    assert len(server.asked) == (3 if named else 21), "the whole, then a path of halves"


def test_everybody_named_by_a_no_is_asked_about_alone_and_the_rest_together() -> None:
    server = Server(bad=frozenset({1, 5}), names=lambda places: places)
    ran(people(8), server)
    assert sorted(server.asked[1:]) == [(0, 2, 3, 4, 6, 7), (1,), (5,)]


def test_who_is_named_by_mistake_is_not_refused_for_it() -> None:
    server = Server(bad=frozenset({6}), names=lambda places: [2, 900] if len(places) == 1 else [])
    verdicts, _ = ran(people(8), server)
    assert [n for n, verdict in enumerate(verdicts) if verdict is NO] == [6]


def test_what_is_refused_as_a_whole_is_refused_one_by_one() -> None:
    server = Server(bad=frozenset(range(7)))
    verdicts, _ = ran(people(7), server)
    assert verdicts == [NO] * 7


def test_a_half_in_doubt_stays_in_doubt_and_the_other_goes_on() -> None:
    """Case 5."""
    server = Server(bad=frozenset({0}), says={2: DOUBT})
    verdicts, _ = ran(people(8), server)
    assert verdicts == [NO, YES, YES, YES, DOUBT, DOUBT, DOUBT, DOUBT]


@pytest.mark.parametrize("said", [LATER, STOP, UNREACHED], ids=["case 6", "case 11", "case 8"])
def test_what_is_said_to_all_is_said_to_whoever_was_not_asked_about(said: Verdict) -> None:
    server = Server(bad=frozenset({7}), says={3: said})
    verdicts, _ = ran(people(8), server)
    assert server.asked[1:] == [(4, 5, 6, 7), (6, 7)]
    assert verdicts == [said] * 8, "all of them were surely refused as a whole"


def test_requests_side_by_side_end_as_they_were_answered() -> None:
    """Case 11: those on the wire keep their answers; those that were not begun are claimable."""
    server = Server(says={1: STOP})
    messages = [birthday(n, parts=None) for n in range(REQUESTS_AT_ONCE + 20)]
    verdicts, _ = ran(messages, server)
    assert Counter(verdict.code for verdict in verdicts) == {"202": 49, "401": 21}
    assert len(server.asked) == REQUESTS_AT_ONCE


def test_the_search_is_over_within_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perennial.delivery.sendgrid.errand._SECONDS_TO_SEARCH", -1.0)
    server = Server(bad=frozenset({0}))
    verdicts, _ = ran(people(8), server)
    assert {verdict.state for verdict in verdicts} == {MessageState.RETRYABLE}
    assert len(server.asked) == 1


def test_every_request_waits_for_its_turn() -> None:
    turns: list[int] = []

    async def pace(units: int) -> None:
        turns.append(units)

    server = Server(bad=frozenset({3}))
    ran(people(8), server, pace=pace)
    assert turns == [1] * len(server.asked)


def test_without_turns_nothing_more_is_asked_and_what_was_not_is_claimable() -> None:
    async def pace(_: int) -> None:
        if server.asked:
            raise OSError

    server = Server(bad=frozenset({0}))
    verdicts, errand = ran(people(4), server, pace=pace)
    assert isinstance(errand.fault, OSError)
    assert len(server.asked) == 1
    assert {verdict.state for verdict in verdicts} == {MessageState.RETRYABLE}


def test_a_mistake_of_ours_in_the_middle_leaves_a_doubt_where_it_happened_only() -> None:
    async def ask(request: MailRequest) -> Outcome:
        await asyncio.sleep(0)
        if len(request.messages) == 2:
            raise ValueError
        return Outcome(verdict=YES)

    messages = [*people(2), birthday(2, campaign="other"), birthday(3, to="нет@x.example")]
    verdicts, errand = ran(messages, ask)
    assert isinstance(errand.fault, ValueError)
    assert [verdict.state for verdict in verdicts] == [
        *(MessageState.IN_DOUBT, MessageState.IN_DOUBT),
        *(MessageState.ACCEPTED, MessageState.REFUSED),
    ]


@st.composite
def servers(draw: st.DrawFn) -> Server:
    bad = draw(st.frozensets(st.integers(0, 11), max_size=4))
    verdicts = st.sampled_from([DOUBT, LATER, STOP, UNREACHED])
    says = draw(st.dictionaries(st.integers(1, 12), verdicts, max_size=2))
    wrong = draw(st.lists(st.integers(0, 14), max_size=2))
    names = draw(st.sampled_from([lambda _: (), lambda places: places, lambda _: wrong]))
    return Server(bad=bad, says=says, names=names)


@given(servers(), st.integers(1, 12), st.integers(1, 12))
def test_nobody_is_asked_about_again_without_a_no(server: Server, count: int, most: int) -> None:
    """Cases 4, 5, 6, 9 and 11, in any order."""
    verdicts, _ = ran(people(count), server, most=most)
    last: dict[int, Verdict] = {}
    for who, answer in zip(server.asked, server.answers, strict=True):
        for number in who:
            assert last.get(number, NO) is NO
            last[number] = answer
    for number, verdict in enumerate(verdicts):
        asked = last.get(number)
        if verdict in SETTLED:
            assert verdict is asked
        if verdict is NO:
            assert asked is NO
            assert number in server.bad
            assert (number,) in server.asked
        if verdict.state is MessageState.RETRYABLE:
            assert asked in {None, NO, LATER, STOP, UNREACHED}


@given(st.integers(2, 40), st.lists(st.integers(0, 50), max_size=5))
def test_parts_hold_everybody_once_and_are_smaller(count: int, culprits: list[int]) -> None:
    messages = people(count)
    parts = list(divided(messages, culprits))
    assert sorted(m.key for part in parts for m in part) == [m.key for m in messages]
    assert all(0 < len(part) < count for part in parts)
