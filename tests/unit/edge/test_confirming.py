"""One button confirms an address: whoever looks, scans or comes too late changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from edge_server import an_installation, edge_thread
from ledger_builder import DAY, NOON, a_message, beginning, claiming, settling
from page_visits import page_of, visit
from perennial.campaigns.definition import Audience
from perennial.ledger.values import ConsentEntry
from perennial.model.message import PlannedMessage
from perennial.model.policy import Caps, DoubleOptIn
from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    Pressure,
    SuppressionReason,
    Topic,
)
from perennial.steps.services import Perennial
from plan_builder import a_campaign

ASKS = a_campaign(
    "confirm", channels=(Channel.EMAIL,), audience=Audience(occasion="pending_consent")
)
AGREED = NOON - timedelta(hours=20)
MESSAGE = a_message(
    campaign="confirm", occasion=AGREED.isoformat(), pressure=Pressure.SERVICE, topic=None
)
TEXT = a_message("2", person_id=MESSAGE.person_id, channel=Channel.SMS)


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def perennial(tmp_path: Path) -> Iterator[Perennial]:
    """Offers wait for a confirmation, and the message that asks for it was sent."""
    with an_installation(tmp_path) as perennial:
        rule = DoubleOptIn(starts_on=DAY - timedelta(days=90))
        perennial.__dict__["policy"] = replace(perennial.policy, double_opt_in=rule)
        perennial.__dict__["_campaign_files"] = ((*perennial.campaigns, ASKS), {})
        says(perennial, ConsentState.PENDING, at=AGREED)
        for message in (MESSAGE, TEXT):
            claiming(perennial.ledger, [message])
            beginning(perennial.ledger, [message])
            settling(perennial.ledger, [message])
        yield perennial


@pytest.fixture
def page(perennial: Perennial, edge: str) -> str:
    return edge + page_of(perennial, MESSAGE, "confirm")


@pytest.fixture
def edge(perennial: Perennial) -> Iterator[str]:
    with edge_thread(perennial) as url:
        yield url


def says(
    perennial: Perennial,
    state: ConsentState,
    *,
    at: datetime,
    topic: Topic = Topic.OFFERS,
) -> None:
    said = ConsentEntry(
        person_id=MESSAGE.person_id,
        customer_id=MESSAGE.customer_id,
        channel=Channel.EMAIL,
        topic=topic,
        state=state,
        at=at,
        how=ConsentSource.SHOP,
    )
    perennial.ledger.record_consents([said], recorded_at=NOON)


def granted(perennial: Perennial) -> set[Topic]:
    standing = perennial.ledger.permissions_of(MESSAGE.person_id)
    return {p.topic for p in standing if p.state is ConsentState.GRANTED}


def test_looking_confirms_nothing(perennial: Perennial, page: str) -> None:
    """Case 29."""
    shown = visit(page)
    visit(page, method="HEAD")
    visit(f"{page}?do=confirm")
    visit(page, {})

    assert "Is this address yours?" in shown.text
    assert "Offers and ideas" in shown.text
    assert granted(perennial) == set()


def test_the_button_confirms_and_leaves_a_proof(perennial: Perennial, page: str) -> None:
    answer = visit(page, {"do": "confirm"})

    word = perennial.ledger.consent_history(MESSAGE.person_id)[-1]
    assert answer.status == 200
    assert "Thank you, it is confirmed" in answer.text
    assert granted(perennial) == {Topic.OFFERS}
    assert (word.how, word.proof) == (ConsentSource.DOUBLE_OPT_IN, MESSAGE.key)
    assert (word.wording or "").startswith("pages/en/")


def test_pressing_twice_is_fine_and_the_page_remembers(perennial: Perennial, page: str) -> None:
    for _ in range(2):
        visit(page, {"do": "confirm"})

    assert "Thank you, it is confirmed" in visit(page).text
    assert len(perennial.ledger.consent_history(MESSAGE.person_id)) == 2


def test_a_link_that_has_run_out_confirms_nothing(perennial: Perennial, page: str) -> None:
    with time_machine.travel(NOON + timedelta(days=8, minutes=1), tick=True):
        answer = visit(page, {"do": "confirm"})

    assert "There is nothing to confirm" in answer.text
    assert granted(perennial) == set()


@pytest.mark.parametrize("locale", ["en", "es", "ru"])
def test_what_was_taken_back_cannot_be_confirmed(
    perennial: Perennial, edge: str, locale: str
) -> None:
    says(perennial, ConsentState.WITHDRAWN, at=NOON)

    answer = visit(edge + page_of(perennial, MESSAGE, "confirm", locale=locale), {"do": "confirm"})

    assert answer.status == 200
    assert "<form" not in answer.html
    assert granted(perennial) == set()


def test_what_was_agreed_to_after_the_message_needs_one_of_its_own(
    perennial: Perennial, page: str
) -> None:
    says(perennial, ConsentState.PENDING, topic=Topic.LOYALTY, at=NOON)

    visit(page, {"do": "confirm"})

    assert granted(perennial) == {Topic.OFFERS}


@pytest.mark.parametrize("purpose", ["unsubscribe", "preferences", "survey"])
def test_the_link_to_another_page_confirms_nothing(
    perennial: Perennial, edge: str, purpose: str
) -> None:
    other = page_of(perennial, MESSAGE, purpose)

    assert visit(f"{edge}/o/{other[3:]}", {"do": "confirm"}).status == 404
    assert granted(perennial) == set()


def test_a_message_that_asks_for_something_else_confirms_nothing(
    perennial: Perennial, edge: str
) -> None:
    visit(edge + page_of(perennial, TEXT, "confirm"), {"do": "confirm"})

    assert granted(perennial) == set()


def test_another_website_cannot_confirm(perennial: Perennial, page: str) -> None:
    answer = visit(page, {"do": "confirm"}, headers={"Origin": "https://evil.example"})

    assert answer.status == 403
    assert granted(perennial) == set()


def test_who_leaves_by_the_message_that_asks_confirms_nothing_any_more(
    perennial: Perennial, edge: str, page: str
) -> None:
    visit(edge + page_of(perennial, MESSAGE, "unsubscribe"), {"do": "unsubscribe"})
    visit(page, {"do": "confirm"})

    assert granted(perennial) == set()
    bars = perennial.ledger.suppressions_of([MESSAGE.address_key])
    assert {bar.reason for bar in bars} == {SuppressionReason.UNSUBSCRIBED}


@pytest.mark.parametrize(
    ("message", "expected"),
    [(TEXT, ConsentState.PENDING), (MESSAGE, ConsentState.GRANTED)],
    ids=["by a text message", "by an email"],
)
def test_only_who_came_by_an_email_has_shown_that_the_address_is_theirs(
    perennial: Perennial, edge: str, message: PlannedMessage, expected: ConsentState
) -> None:
    answer = visit(
        edge + page_of(perennial, message, "preferences"),
        {"do": "save", "shown": "", "consent": ["email.loyalty"]},
    )

    words = perennial.ledger.consent_history(MESSAGE.person_id)
    assert [w.state for w in words if w.topic is Topic.LOYALTY] == [expected]
    assert ("as soon as you confirm the address" in answer.text) == (
        expected is ConsentState.PENDING
    )


def by_topic(perennial: Perennial) -> dict[Topic, ConsentState]:
    """The last word on each topic of the history."""
    return {w.topic: w.state for w in perennial.ledger.consent_history(MESSAGE.person_id)}


@pytest.fixture
def left(perennial: Perennial, edge: str) -> str:
    """The page on which somebody has just unsubscribed by the message that asks for a confirmation."""
    page = edge + page_of(perennial, MESSAGE, "unsubscribe")
    visit(page, {"do": "unsubscribe"})
    return page


def test_who_leaves_by_the_message_that_asks_and_comes_back_has_yet_to_confirm_what_they_took_back(
    perennial: Perennial, edge: str, page: str, left: str
) -> None:
    assert "as soon as you confirm it: Offers and ideas" in visit(left).text

    answer = visit(left, {"do": "resubscribe"})

    assert "as soon as you confirm it: Offers and ideas" in answer.text
    assert "Welcome back" not in answer.text
    assert by_topic(perennial)[Topic.OFFERS] is ConsentState.PENDING
    assert granted(perennial) == set()
    assert perennial.ledger.suppressions_of([MESSAGE.address_key]) == []
    word = perennial.ledger.consent_history(MESSAGE.person_id)[-1]
    assert (word.how, word.proof) == (ConsentSource.PREFERENCE_PAGE, MESSAGE.key)
    assert (word.wording or "").startswith("pages/en/")

    confirm = page_of(perennial, MESSAGE, "confirm")
    assert f'action="{confirm}"' in answer.html
    visit(edge + confirm, {"do": "confirm"})
    assert granted(perennial) == {Topic.OFFERS}
    assert "Thank you, it is confirmed" in visit(page).text


def test_who_comes_back_twice_has_one_yes_to_confirm(perennial: Perennial, left: str) -> None:
    for _ in range(3):
        visit(left, {"do": "resubscribe"})

    words = perennial.ledger.consent_history(MESSAGE.person_id)
    assert [w.state for w in words if w.topic is Topic.OFFERS] == [
        ConsentState.PENDING,
        ConsentState.WITHDRAWN,
        ConsentState.PENDING,
    ]


def test_who_comes_back_by_a_link_that_has_run_out_is_asked_again(
    perennial: Perennial, left: str
) -> None:
    with time_machine.travel(NOON + timedelta(days=8, minutes=1), tick=True):
        answer = visit(left, {"do": "resubscribe"})

    assert "We send you an email with a link for it." in answer.text
    assert by_topic(perennial)[Topic.OFFERS] is ConsentState.PENDING


def test_what_stood_before_the_message_that_asks_stands_again(
    perennial: Perennial, edge: str
) -> None:
    says(perennial, ConsentState.GRANTED, topic=Topic.LOYALTY, at=AGREED - timedelta(days=400))
    page = edge + page_of(perennial, MESSAGE, "unsubscribe")
    visit(page, {"do": "unsubscribe"})

    answer = visit(page, {"do": "resubscribe"})

    assert "You will hear from us about: Your points." in answer.text
    assert granted(perennial) == {Topic.LOYALTY}
    assert by_topic(perennial)[Topic.OFFERS] is ConsentState.PENDING


def test_who_comes_back_by_an_email_about_something_is_written_to_again_at_once(
    perennial: Perennial, edge: str
) -> None:
    """A button behind a link in an email proves that the address is theirs."""
    offers = a_message("3", person_id=MESSAGE.person_id, address_key="address-3")
    claiming(perennial.ledger, [offers], caps=Caps(promotional_per_day=9))
    page = edge + page_of(perennial, offers, "unsubscribe")
    visit(page, {"do": "unsubscribe"})

    visit(page, {"do": "resubscribe"})

    assert granted(perennial) == {Topic.OFFERS}
