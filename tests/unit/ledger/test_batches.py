"""A batch comes out of the database as it went in, and gives what its messages would give one by one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import DAY, NOON, Rows, a_message, a_receipt, beginning, claiming
from perennial.ledger.store import Claim, Ledger
from perennial.ledger.tables import messages
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.policy import Caps
from perennial.model.words import MessageState, Pressure, Reason

SHARED = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=60
)
AWKWARD = ['"', "\\", "{}", ",", "null", "NULL", " ", '","', '"\\"', "{a,b}", "\x1f", "🎂é", "'"]
_RUNS = count(1)


@SHARED
@given(texts=st.lists(TEXTS | st.sampled_from(AWKWARD), min_size=1, max_size=6))
def test_any_text_comes_through_unchanged(ledger: Ledger, rows: Rows, texts: list[str]) -> None:
    run = next(_RUNS)
    many = [
        a_message(f"{run}-{turn}", occasion=text, person_id=f"{run}-{turn}-{text}")
        for turn, text in enumerate(texts)
    ]
    assert claiming(ledger, many).claimed == {message.key for message in many}
    beginning(ledger, many)
    answers = [None, *texts]  # a word that is missing stays so beside one that is there
    ledger.settle(
        [a_receipt(m, code=code) for m, code in zip(many, answers, strict=False)], now=NOON
    )
    kept = {row["key"]: row for row in rows(messages)}
    assert [kept[m.key]["occasion"] for m in many] == texts
    assert [kept[m.key]["person_id"] for m in many] == [m.person_id for m in many]
    assert [kept[m.key]["code"] for m in many] == answers[: len(many)]


@pytest.mark.parametrize("texts", [AWKWARD])
def test_awkward_texts_come_through_unchanged(ledger: Ledger, rows: Rows, texts: list[str]) -> None:
    many = [a_message(str(turn), occasion=text) for turn, text in enumerate(texts)]
    claiming(ledger, many)
    kept = {row["key"]: row["occasion"] for row in rows(messages)}
    assert [kept[message.key] for message in many] == texts


CANDIDATES = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose
        st.sampled_from(Pressure),
        st.sampled_from([None, None, "A", "B"]),  # with which coupon
        st.sampled_from(["due", "later", "expired"]),
    ),
    max_size=12,
)


@SHARED
@given(
    candidates=CANDIDATES,
    caps=st.builds(
        Caps,
        promotional_per_day=st.integers(0, 3),
        promotional_per_week=st.integers(0, 3),
        days_between_surveys=st.integers(0, 9),
    ),
)
def test_a_batch_is_claimed_as_its_messages_would_be_one_after_another(
    ledger: Ledger, candidates: list[tuple[int, Pressure, str | None, str]], caps: Caps
) -> None:
    run = next(_RUNS)
    together = [planned(f"{run}-a", turn, *what) for turn, what in enumerate(candidates)]
    apart = [planned(f"{run}-b", turn, *what) for turn, what in enumerate(candidates)]
    at_once = claiming(ledger, together, caps=caps)
    one_by_one = [claiming(ledger, [message], caps=caps) for message in apart]
    assert [said(at_once, message) for message in together] == [
        said(claim, message) for claim, message in zip(one_by_one, apart, strict=True)
    ]


def test_in_one_batch_some_are_new_some_free_again_some_taken_and_some_blocked(
    ledger: Ledger,
) -> None:
    new, released, lost, taken, late, waiting = (a_message(str(number)) for number in range(6))
    claiming(ledger, [released, taken, waiting])
    claiming(ledger, [lost], lease=timedelta(0))
    ledger.release([released.key], worker="worker-1")
    beginning(ledger, [waiting])
    wait = a_receipt(waiting, MessageState.RETRYABLE, not_before=NOON + timedelta(hours=1))
    ledger.settle([wait], now=NOON)
    late = a_message("late", expires_at=NOON)
    claim = claiming(ledger, [late, waiting, taken, lost, released, new], worker="worker-2")
    assert claim == Claim(
        claimed=frozenset({new.key, released.key, lost.key}),
        blocked={late.key: Reason.EXPIRED},
        taken=frozenset({taken.key}),
    )


def planned(
    run: str, turn: int, person: int, pressure: Pressure, code: str | None, due: str
) -> PlannedMessage:
    later = {"send_at": NOON + timedelta(hours=1)} if due == "later" else {}
    expired = {"expires_at": NOON} if due == "expired" else {}
    coupon = code and Coupon(
        code=f"{code}-{run}", kind="percent", value=Decimal(10), expires_on=DAY
    )
    return a_message(
        f"{run}-{turn}",
        person_id=f"person-{run}-{person}",
        pressure=pressure,
        coupon=coupon or None,
        **later,
        **expired,
    )


def said(claim: Claim, message: PlannedMessage) -> str:
    if message.key in claim.claimed:
        return "claimed"
    return str(claim.blocked.get(message.key, "not yet"))
