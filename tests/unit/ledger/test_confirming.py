"""What is pending stands for nothing, and asking for a confirmation needs no consent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ledger_builder import NOON, a_message, beginning, claiming, sent
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.policy import Caps
from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    Pressure,
    Reason,
    SuppressionReason,
    Topic,
)

PENDING, GRANTED, WITHDRAWN = ConsentState.PENDING, ConsentState.GRANTED, ConsentState.WITHDRAWN
WAY = (Channel.EMAIL, Topic.OFFERS)
ASKS = a_message(campaign="confirm", pressure=Pressure.SERVICE, topic=None)


def says(ledger: Ledger, state: ConsentState, *, days_ago: float = 1, **more: Any) -> datetime:
    at = NOON - timedelta(days=days_ago)
    given: dict[str, Any] = {
        "person_id": "person-1",
        "customer_id": "1",
        "channel": Channel.EMAIL,
        "topic": Topic.OFFERS,
        "state": state,
        "at": at,
        "how": ConsentSource.SHOP,
    }
    ledger.record_consents([ConsentEntry(**(given | more))], recorded_at=NOON)
    return at


@pytest.mark.parametrize("before", [GRANTED, WITHDRAWN])
def test_what_is_pending_changes_nothing_that_stands(ledger: Ledger, before: ConsentState) -> None:
    at = says(ledger, before, days_ago=9)
    says(ledger, PENDING)

    (standing,) = ledger.permissions_of("person-1")
    (told,) = ledger.permissions_table().to_pylist()
    assert (standing.state, standing.since) == (before, at)
    assert (told["state"], told["since"]) == (before, at)
    assert len(ledger.consent_history("person-1")) == 2


def test_what_is_pending_stands_for_nothing_by_itself(ledger: Ledger) -> None:
    says(ledger, PENDING)

    assert ledger.permissions_of("person-1") == []
    assert ledger.permissions_table().num_rows == 0
    assert ledger.pending_table().num_rows == 1


def test_a_confirmation_lets_it_stand(ledger: Ledger) -> None:
    says(ledger, WITHDRAWN, days_ago=9)
    says(ledger, PENDING, days_ago=2)
    says(ledger, GRANTED, how=ConsentSource.DOUBLE_OPT_IN)

    assert ledger.permissions_of("person-1")[0].state is GRANTED
    assert ledger.yet_to_confirm("person-1", since=NOON - timedelta(days=7)) == {}


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        pytest.param([(PENDING, 2)], True, id="a yes"),
        pytest.param([(PENDING, 9)], False, id="too long ago"),
        pytest.param([(PENDING, 9), (PENDING, 2)], True, id="said again"),
        pytest.param([(PENDING, 2), (WITHDRAWN, 1)], False, id="taken back"),
        pytest.param([(WITHDRAWN, 3), (PENDING, 2)], True, id="after a no"),
        pytest.param([(GRANTED, 30), (PENDING, 2)], False, id="agreed already"),
    ],
)
def test_what_waits_for_a_confirmation(
    ledger: Ledger, said: list[tuple[ConsentState, float]], *, waits: bool
) -> None:
    for state, days_ago in said:
        last = says(ledger, state, days_ago=days_ago)

    found = ledger.yet_to_confirm("person-1", since=NOON - timedelta(days=7))

    assert {way: word.at for way, word in found.items()} == ({WAY: last} if waits else {})


def test_who_took_everything_back_may_be_asked_once_more(ledger: Ledger) -> None:
    for topic in Topic:
        says(ledger, WITHDRAWN, topic=topic)

    assert claiming(ledger, [a_message()]).blocked == {a_message().key: Reason.NO_CONSENT}
    assert claiming(ledger, [ASKS]).claimed == {ASKS.key}
    assert beginning(ledger, [ASKS]) == {ASKS.key}


def test_asking_counts_to_no_cap_and_no_cap_holds_it_back(ledger: Ledger) -> None:
    caps = Caps(promotional_per_day=1, promotional_per_week=1)
    sent(ledger, ASKS)

    assert claiming(ledger, [a_message()], caps=caps).claimed == {a_message().key}
    again = a_message(campaign="confirm", occasion="2", pressure=Pressure.SERVICE, topic=None)
    assert claiming(ledger, [again], caps=caps).claimed == {again.key}


def test_who_is_suppressed_is_not_asked(ledger: Ledger) -> None:
    ledger.suppress(
        address_key=ASKS.address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.COMPLAINED,
        at=NOON,
    )

    assert claiming(ledger, [ASKS]).blocked == {ASKS.key: Reason.SUPPRESSED}


def test_nobody_is_asked_twice(ledger: Ledger) -> None:
    sent(ledger, ASKS)

    assert claiming(ledger, [ASKS], worker="worker-2").taken == {ASKS.key}
