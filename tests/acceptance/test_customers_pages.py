"""Customers of the sample shop follow the links of the messages that they got."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_server import PUBLIC, edge_thread
from one_night import run_day
from page_visits import visit
from perennial.model.keys import MessageKey
from perennial.model.words import ConsentState, SuppressionReason, Topic
from perennial.steps.services import Perennial


@pytest.fixture
def edge(perennial: Perennial) -> Iterator[str]:
    """The day has been sent, and the web app answers."""
    run_day(perennial, "points_reminder", "feedback_survey")
    with edge_thread(perennial) as url:
        yield url


def an_email(home: Path, campaign: str) -> tuple[MessageKey, str]:
    """The key and the HTML of an email of a campaign."""
    (path, *_) = sorted((home / "mailbox" / "email" / campaign).glob("*.html"))
    return MessageKey(path.stem), path.read_text(encoding="utf-8")


def link_in(html: str, place: str) -> str:
    """The path of the first link to a page."""
    found = re.search(rf'href="{PUBLIC}(/{place}/[^"]+)"', html)
    assert found
    return found[1]


def test_the_unsubscribe_link_of_an_email_ends_it(
    perennial: Perennial, home: Path, edge: str
) -> None:
    key, html = an_email(home, "points_reminder")
    assert visit(edge + link_in(html, "u"), {"do": "unsubscribe"}).status == 200
    message = perennial.message(key)

    assert message is not None
    standing = perennial.ledger.suppressions_of([message.address_key])
    assert [s.reason for s in standing] == [SuppressionReason.UNSUBSCRIBED]


def test_the_preference_page_shows_what_the_shop_knows_and_no_address(
    perennial: Perennial, home: Path, edge: str
) -> None:
    key, html = an_email(home, "points_reminder")
    answer = visit(edge + link_in(html, "p"))
    message = perennial.message(key)
    assert message is not None
    person = perennial.person(message.customer_id)

    assert 'value="email.loyalty" checked' in answer.html
    assert "Addresses are shown in part" in answer.text
    for contact in person.contacts:
        for secret in (contact["email"], contact["phone"]):
            assert secret is None or secret not in answer.html
    assert person.summary().emails[0] in answer.text


def test_a_word_on_the_preference_page_is_later_than_the_shops(
    perennial: Perennial, home: Path, edge: str
) -> None:
    key, html = an_email(home, "points_reminder")
    page = edge + link_in(html, "p")
    visit(page, {"shown": "email.loyalty", "do": "save"})
    message = perennial.message(key)
    assert message is not None

    assert 'value="email.loyalty" checked' not in visit(page).html
    (permission,) = perennial.ledger.permissions_of(message.person_id)
    assert (permission.topic, permission.state) == (Topic.LOYALTY, ConsentState.WITHDRAWN)


def test_a_score_in_the_email_leads_to_a_vote(perennial: Perennial, home: Path, edge: str) -> None:
    key, html = an_email(home, "feedback_survey")
    link = link_in(html, "s")
    assert link.endswith("?score=1")
    assert 'value="1" checked' in visit(edge + link).html
    assert perennial.answer_of(key) is None
    visit(edge + link, {"score": "1", "comment": "The bread was green."})
    answer = perennial.answer_of(key)

    assert answer is not None
    assert (answer.score, answer.comment) == (1, "The bread was green.")
    assert [case.key for case in perennial.ledger.cases()] == [key]
