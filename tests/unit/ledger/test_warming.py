"""A new sender's emails of a day are no more than the day allows, whoever claims them and whatever breaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger_builder
from ledger_builder import LEASE, NOON, a_message, beginning, settling, states
from perennial.ledger.store import Claim, Ledger
from perennial.ledger.warming import SenderDay
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.warm_up import NewSender, WarmUp
from perennial.model.words import Channel, MessageState, Pressure, Reason, Topic

MADRID = ZoneInfo("Europe/Madrid")
TODAY = date(2026, 11, 21)
SENDER = NewSender(
    domain="news.example", warm_up=WarmUp(starts_on=TODAY, emails_per_day=(10, 20)), zone=MADRID
)
TOMORROW = NOON + timedelta(days=1)


def emails(first: int, count: int, **more: Any) -> list[PlannedMessage]:
    lasting = {"expires_at": NOON + timedelta(days=4)} | more
    return [a_message(str(n), **lasting) for n in range(first, first + count)]


def claiming(ledger: Ledger, messages: Sequence[PlannedMessage], **more: Any) -> Claim:
    return ledger_builder.claiming(ledger, messages, **{"sender": SENDER} | more)


def keys(messages: Sequence[PlannedMessage]) -> set[MessageKey]:
    return {message.key for message in messages}


def sent(ledger: Ledger, now: datetime = NOON) -> int | None:
    day = ledger.sender_day(SENDER, now=now)
    return day.sent if day else None


def test_what_the_day_allows_leaves_and_everybody_else_is_accounted_for(ledger: Ledger) -> None:
    planned = emails(0, 25)

    claim = claiming(ledger, planned)

    assert claim.claimed == keys(planned[:10])
    assert claim.blocked == {m.key: Reason.WARMING_UP for m in planned[10:]}
    assert ledger.standing("win_back", planned[0].day).blocked == {Reason.WARMING_UP: 15}
    assert sent(ledger) == 10


def test_what_was_kept_back_leaves_on_the_next_day_as_far_as_that_allows(ledger: Ledger) -> None:
    planned = emails(0, 35)
    claiming(ledger, planned)

    claim = claiming(ledger, planned, now=TOMORROW, worker="worker-2")

    assert claim.claimed - keys(planned[:10]) == keys(planned[10:30])
    assert set(states(ledger).values()) == {MessageState.CLAIMED, Reason.WARMING_UP}
    assert claim.blocked == {m.key: Reason.WARMING_UP for m in planned[30:]}


def test_after_the_last_day_of_the_ramp_any_number_leaves(ledger: Ledger) -> None:
    planned = emails(0, 50)

    claim = claiming(ledger, planned, now=NOON + timedelta(days=2))

    assert claim.claimed == keys(planned)
    assert sent(ledger, NOON + timedelta(days=2)) is None


def test_before_its_first_day_a_sender_has_the_room_of_that_day(ledger: Ledger) -> None:
    yesterday = NOON - timedelta(days=1)
    planned = emails(0, 12, send_at=yesterday)

    assert claiming(ledger, planned, now=yesterday).claimed == keys(planned[:10])


def test_a_day_ends_at_midnight_of_the_shop(ledger: Ledger) -> None:
    planned = emails(0, 40)
    before, after = (
        datetime(2026, 11, 21, 22, 59, tzinfo=UTC),
        datetime(2026, 11, 21, 23, tzinfo=UTC),
    )

    assert len(claiming(ledger, planned, now=before).claimed) == 10
    assert len(claiming(ledger, planned[10:], now=after).claimed) == 20


def test_what_asks_whether_an_address_is_theirs_never_waits_and_takes_room(ledger: Ledger) -> None:
    asking = emails(0, 12, pressure=Pressure.SERVICE, topic=None)
    others = emails(100, 2)

    claim = claiming(ledger, [*asking, *others])

    assert claim.claimed == keys(asking)
    assert claim.blocked == {m.key: Reason.WARMING_UP for m in others}
    assert sent(ledger) == 12


def test_surveys_wait_and_texts_do_not(ledger: Ledger) -> None:
    surveys = emails(0, 11, pressure=Pressure.SURVEY, topic=Topic.FEEDBACK)
    texts = emails(100, 30, channel=Channel.SMS)

    claim = claiming(ledger, [*surveys, *texts])

    assert claim.claimed == keys([*surveys[:10], *texts])
    assert sent(ledger) == 10


def test_another_domain_has_a_day_of_its_own(ledger: Ledger) -> None:
    claiming(ledger, emails(0, 10))
    other = NewSender(domain="other.example", warm_up=SENDER.warm_up, zone=MADRID)

    assert len(claiming(ledger, emails(100, 20), sender=other).claimed) == 10


def test_what_is_too_late_takes_no_room(ledger: Ledger) -> None:
    late = emails(0, 10, expires_at=NOON)
    planned = emails(100, 10)

    claim = claiming(ledger, [*late, *planned])

    assert claim.claimed == keys(planned)
    assert set(claim.blocked.values()) == {Reason.EXPIRED}


def test_a_message_counts_once_a_day_however_often_it_is_claimed(ledger: Ledger) -> None:
    planned = emails(0, 10)
    for worker in ("worker-1", "worker-2", "worker-3"):
        assert claiming(ledger, planned, worker=worker).claimed == keys(planned)
        ledger.release([m.key for m in planned], worker=worker)

    assert sent(ledger) == 10
    assert claiming(ledger, emails(100, 1)).claimed == frozenset()


def test_what_was_surely_not_processed_counts_on_the_day_on_which_it_leaves(ledger: Ledger) -> None:
    """Case 6."""
    first = emails(0, 10)
    claiming(ledger, first)
    beginning(ledger, first)
    settling(ledger, first, MessageState.RETRYABLE)

    claim = claiming(ledger, [*first, *emails(100, 15)], now=TOMORROW)

    assert len(claim.claimed) == 20
    assert sent(ledger, TOMORROW) == 20


def test_a_worker_that_dies_after_its_claim_loses_nobody_and_takes_no_room_twice(
    ledger: Ledger,
) -> None:
    """Case 3."""
    planned = emails(0, 15)
    claiming(ledger, planned, lease=timedelta(0))

    claim = claiming(ledger, planned, worker="worker-2")

    assert claim.claimed == keys(planned[:10])
    assert set(claim.blocked.values()) == {Reason.WARMING_UP}
    assert sent(ledger) == 10


def test_what_expires_meanwhile_keeps_its_reason(ledger: Ledger) -> None:
    planned = emails(0, 11, expires_at=NOON + timedelta(hours=1))
    claiming(ledger, planned)

    late = claiming(ledger, planned[10:], now=NOON + timedelta(hours=2))

    assert late.blocked == {planned[10].key: Reason.EXPIRED}
    assert states(ledger)[planned[10].key] == Reason.WARMING_UP


def test_what_a_restored_ledger_presumes_sent_takes_room_of_the_day_it_may_have_left_on(
    ledger: Ledger,
) -> None:
    """Case 18."""
    yesterday = emails(
        0, 5, send_at=NOON - timedelta(days=1), expires_at=NOON - timedelta(hours=14)
    )
    today, texts = emails(10, 4), emails(20, 3, channel=Channel.SMS)
    who = {Channel.EMAIL: "sendgrid", Channel.SMS: "twilio"}
    for _ in range(2):
        ledger.presume_sent([*yesterday, *today, *texts], provider=who, at=NOON, sender=SENDER)

    claim = claiming(ledger, emails(100, 10))

    assert len(claim.claimed) == 6
    assert sent(ledger) == 10


def test_where_a_sender_stands_is_told(ledger: Ledger) -> None:
    assert ledger.sender_day(SENDER, now=TOMORROW) == SenderDay(
        domain="news.example", day=date(2026, 11, 22), step=2, steps=2, allowed=20, sent=0
    )


def test_workers_together_claim_no_more_than_the_day_allows(ledger: Ledger) -> None:
    """Case 15."""
    planned = emails(0, 60)
    shares = [planned[n::6] for n in range(6)]

    def work(number: int) -> frozenset[MessageKey]:
        found = [
            claiming(ledger, shares[(number + turn) % 6], worker=f"worker-{number}").claimed
            for turn in range(6)
        ]
        return frozenset().union(*found)

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(work, range(4)))

    assert len(frozenset().union(*claimed)) == sum(map(len, claimed)) == sent(ledger) == 10
    assert ledger.standing("win_back", TODAY).blocked == {Reason.WARMING_UP: 50}


_Deed = tuple[str, int, int, int]
_DEEDS: st.SearchStrategy[list[_Deed]] = st.lists(
    st.tuples(
        st.sampled_from(("claim", "claim", "claim", "release", "die", "answer", "refuse", "later")),
        st.integers(0, 20),
        st.integers(1, 20),
        st.integers(1, 2),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(_DEEDS)
def test_whatever_happens_no_day_gets_more_than_it_allows(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, deeds: list[_Deed]
) -> None:
    path = tmp_path_factory.mktemp("warming") / "ledger.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    ledger = Ledger(f"sqlite:///{path}")
    now, left = NOON, defaultdict[date, set[MessageKey]](set)
    everybody = emails(0, 40)
    held: dict[str, list[PlannedMessage]] = {"worker-1": [], "worker-2": []}
    for what, first, count, number in deeds:
        some, worker = everybody[first : first + count], f"worker-{number}"
        if what == "later":
            now += timedelta(hours=10)
        elif what in {"claim", "die"}:
            lease = timedelta(0) if what == "die" else LEASE
            claim = claiming(ledger, some, worker=worker, now=now, lease=lease)
            left[SENDER.day_of(now)] |= claim.claimed
            if what == "claim":
                held[worker] += [m for m in some if m.key in claim.claimed]
        else:
            mine, held[worker] = held[worker], []
            if what == "release":
                ledger.release([m.key for m in mine], worker=worker)
            elif mine:
                begun = beginning(ledger, mine, worker=worker)
                answer = MessageState.ACCEPTED if what == "answer" else MessageState.RETRYABLE
                settling(ledger, [m for m in mine if m.key in begun], answer, now=now)
    ledger.close()

    for day, claimed in left.items():
        allowed = SENDER.warm_up.emails_on(day)
        assert allowed is None or len(claimed) <= allowed
