"""What customers said by way of links counts beside what the shop has on record: the later word."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.campaigns.definition import Audience
from plan_builder import Town, a_campaign


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(root=tmp_path)
    town.customer("ann")
    town.member("ann")
    return town


def outcome(town: Town, customer: str = "ann") -> tuple[str, str | None]:
    row = town.plan()[customer]
    return row["outcome"], row["reason"]


def test_who_unsubscribed_by_a_link_is_not_planned(town: Town) -> None:
    town.tell_ledger("ann", "email offers")
    assert outcome(town) == ("skip", "no_consent")


def test_who_agreed_by_a_link_is_planned_without_the_shops_knowing(town: Town) -> None:
    town.consents.clear()
    town.tell_ledger("ann", "email offers", state="granted")
    assert outcome(town) == ("send", None)


@pytest.mark.parametrize(
    ("shop_said", "link_said", "expected"),
    [
        pytest.param("granted 5", "withdrawn 9", ("send", None), id="the shop's yes is later"),
        pytest.param(
            "granted 9", "withdrawn 5", ("skip", "no_consent"), id="the link's no is later"
        ),
        pytest.param(
            "withdrawn 5", "granted 9", ("skip", "no_consent"), id="the shop's no is later"
        ),
        pytest.param("withdrawn 9", "granted 5", ("send", None), id="the link's yes is later"),
        pytest.param("granted 5", "withdrawn 5", ("skip", "no_consent"), id="at once: the no"),
        pytest.param(
            "withdrawn 5", "granted 5", ("skip", "no_consent"), id="at once: the shop's no"
        ),
    ],
)
def test_the_later_word_counts(
    town: Town, shop_said: str, link_said: str, expected: tuple[str, str | None]
) -> None:
    state, days_ago = shop_said.split()
    town.consent("ann", "email offers", state=state, days_ago=int(days_ago))
    state, days_ago = link_said.split()
    town.tell_ledger("ann", "email offers", state=state, days_ago=int(days_ago))
    assert outcome(town) == expected


def test_a_word_of_one_account_counts_for_the_person(town: Town) -> None:
    """Case 43."""
    town.customer("bob", person="ann")
    town.tell_ledger("bob", "email offers")
    assert outcome(town) == ("skip", "no_consent")


def test_another_channel_stays_open(town: Town) -> None:
    town.customer("bob", phone="+12125550101")
    town.member("bob")
    town.tell_ledger("bob", "email offers")
    assert town.plan()["bob"]["channel"] == "sms"


def test_a_pause_defers_while_the_occasion_is_open(town: Town) -> None:
    town.memberships[0]["open_until"] = town.day.replace(day=20)
    town.pause("ann", "2026-06-15T00:00:00+00:00")
    assert outcome(town) == ("defer", "person_paused")


def test_a_pause_skips_what_will_be_over(town: Town) -> None:
    town.campaigns = [a_campaign(audience=Audience(occasion="birthday"))]
    town.memberships[0]["open_until"] = town.day
    town.pause("ann", "2026-06-15T00:00:00+00:00")
    assert outcome(town) == ("skip", "person_paused")


def test_a_pause_that_ends_before_the_hour_of_sending_is_none(town: Town) -> None:
    town.pause("ann", "2026-06-10T14:30:00+00:00")
    assert outcome(town) == ("send", None)


def test_a_pause_that_was_taken_back_is_none(town: Town) -> None:
    town.pause("ann", "2026-12-31T00:00:00+00:00", days_ago=3)
    town.pause("ann", None, days_ago=2)
    assert outcome(town) == ("send", None)


def test_a_pause_of_one_account_counts_for_the_person(town: Town) -> None:
    """Case 43."""
    town.customer("bob", person="ann")
    town.pause("bob", "2026-12-31T00:00:00+00:00")
    assert outcome(town)[1] == "person_paused"
