from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch_office import Office, Recorder, compose, keys
from perennial.delivery import dispatch as dispatch_module
from perennial.delivery import handover as handover_module
from perennial.errors import DeliveryError, LakeError, LedgerError, RenderError
from perennial.ledger.store import Ledger
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.warm_up import NewSender, WarmUp
from perennial.model.words import Channel, MessageState, Reason, SuppressionReason

Make = Callable[..., PlannedMessage]
ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT


def test_everybody_in_a_plan_is_written_to_once(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    summary = office.run(people[:30], people[30:])
    assert summary.accepted == summary.messages == 50
    assert Counter(provider.sent) == Counter(keys(people))
    assert set(office.states().values()) == {"accepted"}
    assert provider.closed


def test_a_second_run_writes_to_nobody(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    """Case 16."""
    office.run(people)
    summary = office.run(people, worker="another")
    assert (summary.taken, summary.messages) == (50, 50)
    assert len(provider.sent) == 50


def test_every_message_is_in_exactly_one_figure(
    office: Office, provider: Recorder, people: list[PlannedMessage], make_planned: Make
) -> None:
    office.run(people[:5])
    later = make_planned(60, send_at=office.now + timedelta(hours=1))
    too_late = make_planned(61, expires_at=office.now - timedelta(minutes=1))
    second_of_a_person = make_planned(62, person_id=people[10].person_id)
    states = [REFUSED, RETRYABLE, IN_DOUBT]
    provider.answers = dict(zip(keys(people[5:8]), states, strict=True))
    summary = office.run([*people, later, too_late, second_of_a_person], worker="second")
    assert summary == replace(
        summary,
        accepted=42,
        refused=1,
        retryable=1,
        in_doubt=1,
        taken=5,
        not_due=1,
        blocked={Reason.CAPPED: 1, Reason.EXPIRED: 1},
    )
    assert summary.messages == 53


def test_what_has_expired_when_the_scheduler_comes_back_is_not_sent(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    """Case 19: the scheduler was down over the hour of sending; each campaign says when it is too late."""
    patient = [replace(p, expires_at=office.now + timedelta(hours=20)) for p in people[:5]]
    office.now += timedelta(hours=13)
    summary = office.run([*patient, *people[5:]])
    assert Counter(provider.sent) == Counter(keys(patient))
    assert summary.blocked == {Reason.EXPIRED: 45}


def test_channels_go_to_their_own_providers(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    texts = Recorder(channel=Channel.SMS)
    office.providers[Channel.SMS] = texts
    by_text = [replace(message, channel=Channel.SMS) for message in people[::5]]
    by_email = [message for message in people if message not in people[::5]]
    summary = office.run([*by_text, *by_email])
    assert Counter(texts.sent) == Counter(keys(by_text))
    assert Counter(provider.sent) == Counter(keys(by_email))
    assert {c: counts.accepted for c, counts in summary.channels.items()} == {
        Channel.EMAIL: 40,
        Channel.SMS: 10,
    }


def test_a_channel_that_nothing_carries_is_refused_before_anything_is_claimed(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    with pytest.raises(DeliveryError, match="PERENNIAL_SMS_TRANSPORT"):
        office.run([*people[1:], replace(people[0], channel=Channel.SMS)])
    assert provider.sent == []
    assert office.states() == {}


def test_batches_and_concurrency_are_the_providers(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    provider.batch_size, provider.concurrency, provider.seconds = 7, 3, 0.2
    office.run(people[:25], people[25:])
    assert max(provider.batches) == 7
    assert provider.most_in_flight == 3


def test_a_plan_is_read_only_as_fast_as_it_is_sent(
    office: Office, provider: Recorder, make_planned: Make
) -> None:
    furthest_ahead = 0

    def chunks() -> Iterator[list[PlannedMessage]]:
        nonlocal furthest_ahead
        for start in range(0, 400, 10):
            furthest_ahead = max(furthest_ahead, start - len(provider.sent))
            yield [make_planned(number) for number in range(start, start + 10)]

    assert asyncio.run(office.dispatch(chunks())).accepted == 400
    assert furthest_ahead <= 60


def test_who_has_done_what_the_message_asks_for_is_left_in_peace(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    bought = {people[3].customer_id, people[7].customer_id}
    summary = office.run(people, converted=bought.intersection)
    assert summary.blocked == {Reason.CONVERTED: 2}
    assert summary.accepted == 48
    assert not set(provider.sent) & {people[3].key, people[7].key}
    assert office.states()[people[3].key] == "converted"


def test_a_shop_that_cannot_be_asked_stops_the_run_and_frees_the_claims(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    def unreachable(_: Collection[str]) -> Collection[str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        office.run(people, converted=unreachable)
    assert provider.sent == []
    assert set(office.states().values()) == {"retryable"}


def test_a_message_without_words_is_blocked_and_the_others_go(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    def forgetful(planned: PlannedMessage) -> Message:
        if planned.key == people[4].key:
            raise RenderError
        return compose(planned)

    summary = office.run(people, compose=forgetful)
    assert summary.blocked == {Reason.RENDER_FAILED: 1}
    assert summary.accepted == len(provider.sent) == 49
    assert office.states()[people[4].key] == "render_failed"


def test_a_trial_sends_no_more_than_its_limit_and_the_rest_goes_later(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    office.run(people[:2])
    summary = office.run(people[:20], people[20:], limit=25, worker="second")
    assert summary.accepted == 25
    assert len(office.states()) == 27
    assert office.run(people, worker="third").accepted == 23
    assert max(Counter(provider.sent).values()) == 1


def test_a_new_sender_keeps_to_its_day_and_goes_on_with_the_next(
    office: Office, provider: Recorder, people: list[PlannedMessage], now: datetime
) -> None:
    ramp = WarmUp(starts_on=now.date(), emails_per_day=(20, 25))
    sender = NewSender(domain="news.example", warm_up=ramp, zone=ZoneInfo("Asia/Tokyo"))
    rules = SendingRules(sender=sender)
    midnight = datetime(2026, 11, 21, 15, tzinfo=UTC)

    first = office.run(people[:30], people[30:], rules=rules)
    again = office.run(people, rules=rules, clock=lambda: midnight, worker="second")

    assert (first.accepted, first.blocked) == (20, {Reason.WARMING_UP: 30})
    assert (first.next_day, first.resume_at) == (midnight, None)
    assert (again.accepted, again.taken, again.blocked) == (25, 20, {Reason.WARMING_UP: 5})
    assert again.next_day is None, "nobody's hours last until the day after"
    assert max(Counter(provider.sent).values()) == 1


@pytest.mark.parametrize("limit", [0, 1])
def test_a_limit_is_kept_to_the_message(
    office: Office, provider: Recorder, people: list[PlannedMessage], limit: int
) -> None:
    office.run(people, limit=limit)
    assert len(provider.sent) == limit


def test_an_address_that_is_suppressed_between_claim_and_send_is_not_written_to(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    """Case 26."""

    def compose_while_somebody_unsubscribes(planned: PlannedMessage) -> Message:
        if planned.key == people[0].key:
            office.ledger.suppress(
                address_key=planned.address_key,
                channel=planned.channel,
                reason=SuppressionReason.UNSUBSCRIBED,
                at=office.now,
            )
        return compose(planned)

    summary = office.run(people, compose=compose_while_somebody_unsubscribes)
    assert people[0].key not in provider.sent
    assert (summary.accepted, summary.messages) == (49, 50)
    assert office.states()[people[0].key] == "suppressed"


def test_a_claim_whose_lease_has_ended_is_not_sent(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    summary = office.run(people, lease=timedelta(0))
    assert provider.sent == []
    assert summary.taken == 50


def test_a_provider_that_cannot_be_used_stops_the_run_and_burns_nobody(
    office: Office, provider: Recorder, make_planned: Make
) -> None:
    """Case 11."""
    provider.fault, provider.fault_from = DeliveryError("bad key"), 30
    many = [[make_planned(n) for n in range(s, s + 50)] for s in range(0, 500, 50)]
    with pytest.raises(DeliveryError, match="bad key"):
        office.run(*many)
    sent = len(provider.sent)
    states = Counter(office.states().values())
    assert 30 <= sent <= 40
    assert states.keys() == {"accepted", "retryable"}
    assert states["accepted"] == sent
    provider.fault = None
    assert office.run(*many, worker="second").accepted == 500 - sent
    assert max(Counter(provider.sent).values()) == 1


def test_a_fault_of_an_adapter_leaves_its_batch_in_doubt_and_stops_the_run(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    provider.fault, provider.fault_from, provider.concurrency = KeyError("sid"), 20, 1
    with pytest.raises(KeyError):
        office.run(people)
    assert Counter(office.states().values()) == {"accepted": 20, "in_doubt": 10, "retryable": 20}


def test_a_message_that_the_provider_says_nothing_about_is_in_doubt(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    """Case 12."""
    provider.silent_about = {people[8].key}
    assert office.run(people).in_doubt == 1
    assert office.states()[people[8].key] == "in_doubt"


@pytest.mark.parametrize(
    ("knows", "state"), [(ACCEPTED, "accepted"), (RETRYABLE, "accepted"), (None, "in_doubt")]
)
def test_a_doubt_is_settled_by_evidence_and_never_by_sending_again(
    office: Office,
    provider: Recorder,
    people: list[PlannedMessage],
    knows: MessageState | None,
    state: str,
) -> None:
    doubtful = people[0]
    provider.answers = {doubtful.key: IN_DOUBT}
    office.run([doubtful])
    provider.sent.clear()
    provider.asked.clear()
    provider.answers = {}
    provider.knows = {doubtful.key: knows} if knows else {}
    office.run([doubtful], worker="second")
    assert provider.asked == [doubtful.key]
    assert provider.sent == ([doubtful.key] if knows is RETRYABLE else [])
    assert office.states() == {doubtful.key: state}


def test_a_provider_is_not_asked_about_what_another_one_carried(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    provider.answers = {people[0].key: IN_DOUBT}
    office.run(people[:1])
    provider.asked.clear()
    provider.name = "the one that came after"
    provider.knows = {people[0].key: RETRYABLE}
    office.run(people[:1], worker="second")
    assert provider.asked == []
    assert office.states() == {people[0].key: "in_doubt"}


def test_nothing_is_sent_when_the_ledger_cannot_be_written(
    office: Office, provider: Recorder, people: list[PlannedMessage], tmp_path: Path
) -> None:
    """Case 14."""
    with pytest.raises(LedgerError):
        office.run(people, ledger=Ledger(f"sqlite:///{tmp_path / 'never migrated.db'}"))
    assert provider.sent == []
    assert provider.closed


class RestartingLedger(Ledger):
    """A ledger whose database is away when answers come in."""

    failures = 0

    def settle(
        self, receipts: Sequence[Receipt], *, now: datetime, worker: str | None = None
    ) -> None:
        if self.failures:
            self.failures -= 1
            raise LedgerError
        super().settle(receipts, now=now, worker=worker)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover_module, "_PAUSES", (0.01, 0.01))


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(("failures", "state"), [(2, "accepted"), (3, "dispatching")])
def test_an_answer_waits_for_a_database_that_restarts_but_not_for_ever(
    office: Office,
    people: list[PlannedMessage],
    tmp_path: Path,
    failures: int,
    state: str,
) -> None:
    """Case 13."""
    restarting = RestartingLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    restarting.failures = failures
    with contextlib.suppress(LedgerError):
        office.run(people[:5], ledger=restarting)
    restarting.close()
    assert set(office.states().values()) == {state}


def test_a_plan_that_breaks_off_is_an_error_after_what_was_read_is_settled(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    def chunks() -> Iterator[list[PlannedMessage]]:
        yield people[:20]
        raise LakeError

    with pytest.raises(LakeError):
        asyncio.run(office.dispatch(chunks()))
    states = Counter(office.states().values())
    assert states["accepted"] == len(provider.sent)
    assert states["accepted"] + states["retryable"] == 20


async def _cancel_once_on_the_wire(
    office: Office, people: list[PlannedMessage], *, answered_after: float = 0.05
) -> None:
    provider = office.providers[Channel.EMAIL]
    assert isinstance(provider, Recorder)
    provider.answered = asyncio.Event()
    run = asyncio.create_task(office.dispatch([people[:25], people[25:]]))
    async with asyncio.timeout(20):
        await provider.full.wait()
    run.cancel()
    asyncio.get_running_loop().call_later(answered_after, provider.answered.set)
    with pytest.raises(asyncio.CancelledError):
        await run


def test_a_cancelled_run_waits_for_what_is_on_the_wire_and_gives_back_the_rest(
    office: Office, provider: Recorder, people: list[PlannedMessage]
) -> None:
    asyncio.run(_cancel_once_on_the_wire(office, people))
    states = Counter(office.states().values())
    assert states["accepted"] == len(provider.sent) == 20
    assert states.keys() == {"accepted", "retryable"}
    assert provider.closed


def test_a_cancelled_run_does_not_wait_for_ever(
    office: Office,
    provider: Recorder,
    people: list[PlannedMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch_module, "_SECONDS_TO_END", 0.01)
    asyncio.run(_cancel_once_on_the_wire(office, people, answered_after=3600))
    states = Counter(office.states().values())
    assert states["dispatching"] == len(provider.sent) == 20
    provider.answered = None
    assert office.run(people, worker="second").taken >= 20
    assert max(Counter(provider.sent).values()) == 1


def test_no_address_is_logged(
    office: Office,
    provider: Recorder,
    people: list[PlannedMessage],
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.answers = {people[0].key: REFUSED, people[1].key: IN_DOUBT}
    with caplog.at_level(logging.DEBUG):
        office.run(people)
    assert "customers.example" not in caplog.text
