"""The preference page: what is ticked is agreed to, what was only looked at says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
import time_machine

from ledger_builder import NOON, a_message, beginning, claiming, settling
from page_visits import Visit, page_of, visit
from perennial.ledger.store import Ledger
from perennial.ledger.values import ConsentEntry
from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    SuppressionReason,
    Topic,
)
from perennial.steps.services import Perennial

MESSAGE = a_message()


@pytest.fixture
def ledger(perennial: Perennial) -> Ledger:
    """The message was sent, and two of its topics are agreed to."""
    ledger = perennial.ledger
    claiming(ledger, [MESSAGE])
    beginning(ledger, [MESSAGE])
    settling(ledger, [MESSAGE])
    said = [
        ConsentEntry(
            person_id=MESSAGE.person_id,
            customer_id=MESSAGE.customer_id,
            channel=Channel.EMAIL,
            topic=topic,
            state=ConsentState.GRANTED,
            at=NOON - timedelta(days=30),
            how=ConsentSource.IMPORT,
        )
        for topic in (Topic.OFFERS, Topic.LOYALTY)
    ]
    ledger.record_consents(said, recorded_at=NOON)
    return ledger


@pytest.fixture
def page(perennial: Perennial, ledger: Ledger, edge: str) -> str:  # noqa: ARG001 - it was sent
    return edge + page_of(perennial, MESSAGE, "preferences")


def ticked(answer: Visit) -> set[str]:
    return set(re.findall(r'name="consent" value="([a-z.]+)" checked', answer.html))


def save(page: str, *consents: str, **fields: str) -> Visit:
    """Sends the page off as a browser does, with these boxes ticked."""
    shown = re.search(r'name="shown" value="([^"]*)"', visit(page).html)
    assert shown
    return visit(page, {"do": "save", "shown": shown[1], "consent": consents, **fields})


def granted(ledger: Ledger) -> set[str]:
    standing = ledger.permissions_of(MESSAGE.person_id)
    return {f"{p.channel}.{p.topic}" for p in standing if p.state is ConsentState.GRANTED}


def test_the_page_shows_what_stands(page: str) -> None:
    answer = visit(page)

    assert answer.status == 200
    assert ticked(answer) == {"email.offers", "email.loyalty"}


def test_looking_changes_nothing(ledger: Ledger, page: str) -> None:
    """Case 29."""
    visit(page, method="HEAD")
    visit(f"{page}?do=off&consent=sms.offers&pause=90")

    assert granted(ledger) == {"email.offers", "email.loyalty"}
    assert ledger.preferences_of(MESSAGE.person_id).paused_until is None


def test_what_is_ticked_and_what_no_longer_is_are_noted_with_their_proof(
    ledger: Ledger, page: str
) -> None:
    answer = save(page, "email.loyalty", "sms.offers")

    assert "Email: Your points" in answer.text
    assert "Text message: Offers and ideas" in answer.text
    assert ticked(answer) == granted(ledger) == {"email.loyalty", "sms.offers"}
    ours = ledger.consent_history(MESSAGE.person_id)[2:]
    assert {(c.how, c.proof) for c in ours} == {(ConsentSource.PREFERENCE_PAGE, MESSAGE.key)}
    assert {(c.wording or "")[:9] for c in ours} == {"pages/en/"}


def test_what_was_left_as_it_is_says_nothing_anew(ledger: Ledger, page: str) -> None:
    answer = save(page, "email.offers", "email.loyalty")

    assert "Everything stays as it was." in answer.text
    assert len(ledger.consent_history(MESSAGE.person_id)) == 2


def test_what_another_page_changed_meanwhile_stays_changed(
    perennial: Perennial, ledger: Ledger, edge: str, page: str
) -> None:
    shown = "email.loyalty email.offers"
    visit(edge + page_of(perennial, MESSAGE, "unsubscribe"), {"do": "unsubscribe"})
    visit(page, {"shown": shown, "consent": shown.split(), "language": "es"})

    assert granted(ledger) == set()
    assert ticked(visit(page)) == set()


def test_what_is_not_on_offer_cannot_be_ticked(ledger: Ledger, page: str) -> None:
    save(page, "email.offers", "email.loyalty", "email.everything", "fax.offers", "whatsapp.offers")

    assert granted(ledger) == {"email.offers", "email.loyalty"}


def test_who_unsubscribed_and_ticks_one_thing_hears_about_that_and_nothing_else(
    perennial: Perennial, ledger: Ledger, edge: str, page: str
) -> None:
    ledger.suppress(
        address_key=MESSAGE.address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=NOON,
    )
    assert ticked(visit(page)) == set()
    answer = save(page, "email.loyalty")

    assert ticked(answer) == granted(ledger) == {"email.loyalty"}
    assert ledger.suppressions_of([MESSAGE.address_key]) == []
    unsubscribed = visit(edge + page_of(perennial, MESSAGE, "unsubscribe"))
    assert "Yes, stop" in unsubscribed.text


def test_an_address_that_cannot_be_written_to_is_not_on_offer_and_the_page_says_why(
    ledger: Ledger, page: str
) -> None:
    ledger.suppress(
        address_key=MESSAGE.address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.HARD_BOUNCED,
        at=NOON,
    )
    answer = visit(page)

    assert "Emails to your address come back to us" in answer.text
    assert 'value="email.offers"' not in answer.html
    save(page, "sms.offers")
    assert granted(ledger) == {"email.offers", "email.loyalty", "sms.offers"}


def test_everything_may_be_switched_off_at_once(ledger: Ledger, page: str) -> None:
    answer = visit(page, {"do": "off"})

    assert "You will hear nothing more from us." in answer.text
    assert ticked(answer) == granted(ledger) == set()
    standing = {(s.channel, s.reason) for s in ledger.suppressions_of([MESSAGE.address_key])}
    assert standing == {(Channel.EMAIL, SuppressionReason.UNSUBSCRIBED)}
    assert len(ledger.permissions_of(MESSAGE.person_id)) == len(Channel) * len(Topic)
    ours = ledger.consent_history(MESSAGE.person_id)[2:]
    assert {(c.wording or "")[:9] for c in ours} == {"pages/en/"}


def test_a_pause_begins_and_ends(ledger: Ledger, page: str) -> None:
    with time_machine.travel(NOON, tick=False):
        answer = save(page, "email.offers", "email.loyalty", pause="30")
        assert "Pause: until December 21, 2026" in answer.text
        until = ledger.preferences_of(MESSAGE.person_id).paused_until
        assert until == NOON + timedelta(days=30)
        assert "You get nothing from us until December 21, 2026." in visit(page).text
        save(page, "email.offers", "email.loyalty", pause="as_is")
        assert ledger.preferences_of(MESSAGE.person_id).paused_until == until
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert "Pause: none" in save(page, "email.offers", "email.loyalty", pause="end").text
    assert ledger.preferences_of(MESSAGE.person_id).paused_until is None


def test_a_language_is_chosen_from_those_that_are_written(ledger: Ledger, page: str) -> None:
    save(page, language="xx")
    assert ledger.preferences_of(MESSAGE.person_id).language is None
    assert "Language: Русский" in save(page, language="ru").text
    assert ledger.preferences_of(MESSAGE.person_id).language == "ru"


def born(day: str, month: str, year: str) -> Mapping[str, str]:
    return {"birth_day": day, "birth_month": month, "birth_year": year}


def test_a_birthday_is_noted(ledger: Ledger, page: str) -> None:
    answer = save(page, **born("29", "2", "1992"))

    assert "Birthday: February 29, 1992" in answer.text
    assert ledger.preferences_of(MESSAGE.person_id).birth_date == date(1992, 2, 29)
    save(page, **born("", "", ""))
    assert ledger.preferences_of(MESSAGE.person_id).birth_date is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (born("31", "2", "1992"), "This is no date."),
        (born("1", "", "1992"), "This is no date."),
        (born("0", "1", "1992"), "This is no date."),
        (born("١", "1", "1992"), "This is no date."),
        (born("1", "1", "99999999999"), "This is no date."),
        (born("1", "1", "2126"), "This day is still to come."),
        (born("1", "1", "1900"), "This is more than 110 years ago."),
    ],
)
def test_a_date_that_cannot_be_is_asked_about_and_nothing_is_lost(
    ledger: Ledger, page: str, given: Mapping[str, str], words: str
) -> None:
    """Case 32's dates: none that is implausible is kept."""
    answer = save(page, "sms.offers", **given, pause="90")

    assert answer.status == 422
    assert words in answer.text
    assert ticked(answer) == {"sms.offers"}
    assert 'value="90" checked' in answer.html
    assert granted(ledger) == {"email.offers", "email.loyalty"}
    shown = re.search(r'name="shown" value="([^"]*)"', answer.html)
    assert shown
    assert shown[1] == "email.loyalty email.offers"


def test_without_last_nights_data_the_page_works_and_says_what_it_cannot_show(page: str) -> None:
    assert "We cannot look it up just now." in visit(page).text


def test_another_website_changes_nothing(ledger: Ledger, page: str) -> None:
    answer = visit(page, {"do": "off"}, headers={"Origin": "https://elsewhere.example"})

    assert answer.status == 403
    assert granted(ledger) == {"email.offers", "email.loyalty"}


def test_a_message_that_the_ledger_does_not_know_has_no_choices(
    perennial: Perennial, edge: str
) -> None:
    page = edge + page_of(perennial, a_message("unknown"), "preferences")

    for form in (None, {"do": "off"}):
        answer = visit(page, form)
        assert answer.status == 404
        assert "We do not find this message" in answer.text
