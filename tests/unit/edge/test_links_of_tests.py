"""Whoever follows a link of a test is told so, and nothing changes: there is no message behind it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from page_visits import PLACES, visit
from perennial.model.events import ProviderEvent
from perennial.model.keys import key_of_test, link_token, signed_target
from perennial.model.words import EventWord
from perennial.steps.services import Perennial

KEY = key_of_test("anything")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHOP = "https://juniperandrye.example/p/1"
SAID = {
    "en": "This message was a test",
    "es": "Este mensaje era una prueba",
    "ru": "Это было пробное сообщение",
}


def contents(perennial: Perennial) -> list[str]:
    """Everything that the ledger holds."""
    perennial.ledger.clock()
    with sqlite3.connect(perennial.settings.home / "ledger.db") as database:
        return [line for line in database.iterdump() if "ledger_id" not in line]


@pytest.mark.parametrize("locale", SAID)
@pytest.mark.parametrize("purpose", sorted(PLACES))
def test_every_page_says_that_it_was_a_test_and_does_nothing(
    perennial: Perennial, edge: str, purpose: str, locale: str
) -> None:
    before = contents(perennial)
    path = f"{edge}/{PLACES[purpose]}/{link_token(purpose, KEY, locale, perennial.secret)}"
    answers = [
        visit(path),
        visit(path, {"List-Unsubscribe": "One-Click"}),
        visit(path, {"do": "confirm", "score": "5"}),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all(SAID[locale] in answer.text for answer in answers)
    assert contents(perennial) == before


def test_a_link_to_the_shop_leads_there_unnoted(perennial: Perennial, edge: str) -> None:
    before = contents(perennial)
    token = link_token("click", KEY, "en", perennial.secret)
    answer = visit(f"{edge}/c/{token}/{signed_target(SHOP, perennial.secret)}")

    assert answer.status == 302
    assert answer.headers["Location"] == SHOP
    assert contents(perennial) == before


def test_what_providers_report_about_tests_is_nobody_s(perennial: Perennial) -> None:
    before = contents(perennial)
    words = (EventWord.DELIVERED, EventWord.BOUNCED, EventWord.COMPLAINED, EventWord.OPENED)
    applied = perennial.ledger.apply_events(
        [ProviderEvent(key=KEY, word=word, provider="sendgrid", at=NOW) for word in words],
        received_at=NOW,
    )

    assert (applied.new, applied.parked) == (0, 0)
    assert perennial.ledger.parked() == 0
    assert contents(perennial) == before
