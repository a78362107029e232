"""The page of a day says what happened, to anybody, whatever customers are called."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from perennial.ledger.responding import ChannelResponses, DayResponses
from perennial.model.words import Channel, SurveyScale
from perennial.report.day_figures import CampaignFigures, DataFigures, DayFigures, Person
from perennial.report.day_page import percent, render_day
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


def test_without_scripts_everybody_is_listed_with_their_reason_and_their_message() -> None:
    people = [
        a_person(),
        a_person(customer_id="7", channel="sms", html=None, text="Come back"),
        a_person(customer_id="8", outcome="skip", reason="no_consent", send_at=None, html=None),
    ]
    page = render_day(a_day(people=people))
    plain = page.split("<noscript>")[1].split("</noscript>")[0]
    rows = plain.split("<tr>")[2:]

    assert [re.search(r"<small>(\w+)</small>", row)[1] for row in rows] == ["00000842", "7", "8"]  # type: ignore[index]
    assert 'href="mail.html"' in rows[0]
    assert "email, 10:30, accepted" in rows[0]
    assert "Come back" in rows[1]
    assert "There is no consent for this channel and topic." in rows[2]
    # What only works with scripts is hidden until they run.
    assert page.index('<div id="scripted" hidden>') < page.index("<form")


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


def an_email_day(**changes: Any) -> DayResponses:
    counted: dict[str, Any] = {"accepted": 100, "delivered": 90, "bounced": 4, "undelivered": 1}
    channel = ChannelResponses(channel=Channel.EMAIL, **counted | changes)
    return DayResponses(channels=(channel,))


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_nobody_has_told_is_unknown_and_not_zero() -> None:
    silent = an_email_day(delivered=0, bounced=0, undelivered=0)
    words = words_of(render_day(a_day(campaigns=[a_campaign(accepted=100, responses=silent)])))

    assert "Nobody has reported on these 100 messages yet." in words
    assert "Delivered 0" not in words
    assert "Want no more" not in words


def test_how_far_messages_got_is_on_the_page_with_what_is_not_known() -> None:
    back = an_email_day(opened_by_people=45, opened_by_machines=20, unsubscribed=3)
    words = words_of(render_day(a_day(campaigns=[a_campaign(accepted=100, responses=back)])))

    assert "Delivered 90 90.0 %" in words
    assert "Opened by people 45 50.0 %" in words
    assert "Bounced: no such address 4 4.0 %" in words
    assert "Nobody has said yet 5 5.0 %" in words
    assert "20 more were opened by a machine alone" in words
    assert "Unsubscribed 3" in words


def test_satisfaction_stands_beside_its_interval_and_how_many_answered() -> None:
    back = DayResponses(
        channels=an_email_day(answered=20).channels,
        scores={SurveyScale.CSAT: {5: 12, 4: 4, 1: 4}},
        cases=4,
    )
    words = words_of(render_day(a_day(campaigns=[a_campaign(accepted=100, responses=back)])))

    assert "80 % satisfied: 4 or 5 of 5" in words
    assert "95 % interval: 58 % to 92 %." in words
    assert "20 answers, 22.2 % of 90 delivered." in words
    assert "4 low scores opened a case" in words


def test_net_promoters_have_their_sign() -> None:
    back = DayResponses(
        channels=an_email_day(answered=4).channels, scores={SurveyScale.NPS: {10: 1, 3: 3}}
    )
    words = words_of(render_day(a_day(campaigns=[a_campaign(accepted=100, responses=back)])))

    assert "-50 net promoters" in words


def test_a_page_says_until_when_it_was_told_or_that_the_day_was_played() -> None:
    played = a_day(campaigns=[a_campaign(responses=an_email_day())])
    told = a_day(
        campaigns=[a_campaign(responses=an_email_day())],
        told_at=datetime(2026, 6, 11, 13, tzinfo=UTC),
    )

    assert "A simulated day" in render_day(played)
    assert "until 11 June 2026, 09:00" in words_of(render_day(told))


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (0.2, "< 1 %"), (99.7, "> 99 %"), (100, "100 %"), (42, "42 %")]
)
def test_a_little_does_not_look_like_nothing(share: float, shown: str) -> None:
    assert percent(share) == shown
