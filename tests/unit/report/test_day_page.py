"""The page of a day says what happened, to anybody, whatever customers are called."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from perennial.report.day_figures import CampaignFigures, DataFigures, DayFigures, Person
from perennial.report.day_page import render_day
from plan_builder import A_SHOP

EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(1)">'


def a_campaign(**changes: Any) -> CampaignFigures:
    given: dict[str, Any] = {
        "name": "birthday",
        "title": "Happy birthday",
        "audience": 10,
        "send": 4,
        "hold_out": 1,
        "defer": {"capped": 2},
        "skip": {"no_consent": 3},
        "accepted": 4,
        "refused": 0,
        "retryable": 0,
        "in_doubt": 0,
        "not_yet_claimed": 0,
        "blocked": {},
        "emails": 3,
        "sms": 1,
        "sms_segments": 2,
        "whatsapp": 0,
        "cost": Decimal("1.25"),
    }
    return CampaignFigures(**given | changes)


def a_person(**changes: Any) -> Person:
    given: dict[str, Any] = {
        "campaign": "birthday",
        "customer_id": "00000842",
        "first_name": "Ann",
        "outcome": "send",
        "reason": None,
        "detail": None,
        "channel": "email",
        "locale": "en",
        "send_at": datetime(2026, 6, 10, 14, 30, tzinfo=UTC),
        "zone": "America/New_York",
        "segments": 0,
        "state": "accepted",
        "html": "mail.html",
    }
    return Person(**given | changes)


def a_day(**changes: Any) -> DayFigures:
    given: dict[str, Any] = {
        "shop": A_SHOP,
        "day": date(2026, 6, 10),
        "customers": 100,
        "stages": {"active": 60, "lapsed": 40},
        "rfm": {(5, 5): 20, (1, 1): 10},
        "orders_by_day": [(date(2026, 6, n), 10 * n) for n in range(1, 10)],
        "waves": [(datetime(2026, 6, 10, 14, 30, tzinfo=UTC), "email", 3)],
        "data": DataFigures(
            rows={"orders": 1000}, quarantined={"orders": 2}, findings=["2 rows <odd>"]
        ),
        "campaigns": [a_campaign()],
        "people": [a_person()],
    }
    return DayFigures(**given | changes)


def embedded(page: str, name: str) -> Any:
    return json.loads(page.split(f'id="{name}">')[1].split("</script>", maxsplit=1)[0])


def test_the_figures_of_a_campaign_are_on_the_page_with_their_reasons() -> None:
    page = render_day(a_day())

    assert "4 messages planned. 6 left unwritten, each for a reason." in page
    assert "There is no consent for this channel and topic." in page
    assert "The person has received enough messages for now." in page
    assert "$1.25" in page


def test_whatsapp_is_on_the_page_of_whoever_uses_it() -> None:
    assert "WhatsApp" not in render_day(a_day())
    wave = (datetime(2026, 6, 10, 15, 30, tzinfo=UTC), "whatsapp", 7)
    page = render_day(a_day(campaigns=[a_campaign(whatsapp=7)], waves=[wave]))

    assert "7 WhatsApp" in page
    assert '<option value="whatsapp">' in page


def test_names_cannot_break_out_of_the_page() -> None:
    page = render_day(a_day(people=[a_person(first_name=EVIL, text=EVIL, html=None)]))

    assert EVIL not in page
    assert "<script>alert" not in page
    assert embedded(page, "people")[0]["name"] == EVIL


def test_sentences_of_the_checks_are_escaped() -> None:
    assert "2 rows &lt;odd&gt;" in render_day(a_day())


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = render_day(a_day()).replace("http://www.w3.org/", "")

    assert "http://" not in page
    assert "https://" not in page


def test_a_day_without_messages_is_a_page_too() -> None:
    page = render_day(a_day(campaigns=[], people=[], waves=[], orders_by_day=[], rfm={}, stages={}))

    assert "0 messages planned." in page


def test_what_does_not_fit_on_the_page_is_counted() -> None:
    assert "1,234 more decisions are not listed here" in render_day(a_day(more_people=1234))
