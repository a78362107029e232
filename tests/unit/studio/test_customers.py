"""One person's page tells everything to those who may know it, and does what the person asks of the shop."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from one_night import DAY, sending, settings_at
from perennial.errors import UnknownPerson
from perennial.model.words import AuditAction, Channel
from perennial.pipeline.plan_reading import plan_partition
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from studio_visits import OPERATOR, VIEWER, Door


def _somebody(perennial: Perennial) -> dict[str, Any]:
    """Somebody with an email address to whom the win-back of the day went."""
    found = [row for row in sending(perennial, "win_back") if row["channel"] == "email"]
    return found[0]


@pytest.fixture
def person(own_day: Path) -> dict[str, Any]:
    with services(settings_at(own_day)) as perennial:
        return _somebody(perennial)


def test_a_person_is_found_by_id_address_or_number_and_nobody_by_less(
    sent_settings: Settings,
) -> None:
    with services(sent_settings) as perennial:
        row = _somebody(perennial)
        own = row["customer_id"]

        assert perennial.find_customers(f" {own} ") == [own]
        assert own in perennial.find_customers(row["address"])
        assert own in perennial.find_customers(row["address"].upper())
        assert perennial.find_customers(row["address"][:-3]) == []
        assert perennial.find_customers("%") == perennial.find_customers("") == []


def test_the_page_tells_what_was_sent_and_why(sent_door: Door, sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        row = _somebody(perennial)
    page = sent_door.see(f"/customers/{row['customer_id']}?day={DAY}")

    assert page.status == 200
    assert row["address"] in page.text
    assert "accepted" in page.text
    assert f"/studio/campaigns/birthday?day={DAY}" in page.html


def test_decisions_of_a_week_are_shown_and_those_of_a_month_when_asked_for(
    person: dict[str, Any], own_door: Door, own_day: Path
) -> None:
    with services(settings_at(own_day)) as perennial:
        lake = perennial.engine.lake
        then = plan_partition("win_back", DAY - timedelta(days=10))
        with lake.publishing(then) as draft:
            shutil.copyfile(lake.path(plan_partition("win_back", DAY)), draft)
    path = f"/customers/{person['customer_id']}?day={DAY}"
    of_then = then.day.strftime("%-d %b %Y")

    of_a_week, of_a_month = own_door.see(path), own_door.see(f"{path}&decided=month")

    assert "Look through 30 days" in of_a_week.text
    assert "Look through 30 days" not in of_a_month.text
    assert of_then not in of_a_week.text
    assert of_then in of_a_month.text
    assert DAY.strftime("%-d %b %Y") in of_a_week.text


def test_who_may_only_look_sees_no_name_and_no_whole_address(
    sent_door: Door, sent_settings: Settings
) -> None:
    with services(sent_settings) as perennial:
        row = _somebody(perennial)
        account = perennial.person(row["customer_id"]).accounts[0]
    page = sent_door.as_(VIEWER).see(f"/customers/{row['customer_id']}")

    assert page.status == 200
    assert row["address"] not in page.text
    assert f"{account['first_name']} {account['last_name']}" not in page.text
    assert "Forget me" not in page.text
    assert sent_door.as_(VIEWER).send("/customers/find", {"who": row["address"]}).status == 403


def test_an_address_that_is_looked_for_stands_in_no_url(
    sent_door: Door, sent_settings: Settings
) -> None:
    with services(sent_settings) as perennial:
        row = _somebody(perennial)
    found = sent_door.as_(OPERATOR).send("/customers/find", {"who": row["address"]})

    assert found.status == 303
    assert found.headers["Location"].startswith(f"/studio/customers/{row['customer_id']}?")
    assert "Nobody." in sent_door.send("/customers/find", {"who": "nobody@nowhere.test"}).text


def test_nobody_of_that_id_is_said(sent_door: Door) -> None:
    page = sent_door.see("/customers/no-such-person")

    assert page.status == 409
    assert "Nothing is held about a customer of that id" in page.text


def test_a_channel_is_closed_at_once_with_who_and_why(
    person: dict[str, Any], own_door: Door, own_day: Path
) -> None:
    form = {"channel": "email", "reason": "said so on the phone"}
    told = own_door.send(f"/customers/{person['customer_id']}/unsubscribe", form)
    with services(settings_at(own_day)) as perennial:
        standing = perennial.suppressions_of_address(person["address"], Channel.EMAIL)
        log = perennial.ledger.audit_log(1)

    assert told.status == 303
    assert [s.reason for s in standing] == ["manual"]
    assert (log[0].actor, log[0].action) == ("ann", AuditAction.SUPPRESSED)
    assert "said so on the phone" in log[0].reason


def test_an_export_is_whole_and_noted(
    person: dict[str, Any], own_door: Door, own_day: Path
) -> None:
    told = own_door.send(
        f"/customers/{person['customer_id']}/export", {"reason": "asked by letter"}
    )
    with services(settings_at(own_day)) as perennial:
        log = perennial.ledger.audit_log(5)

    assert told.status == 200
    assert "attachment" in told.headers["Content-Disposition"]
    assert person["address"] in json.dumps(json.loads(told.html))
    assert ("ann", AuditAction.EXPORTED) in [(entry.actor, entry.action) for entry in log]


def test_nobody_is_erased_by_a_slip(person: dict[str, Any], own_door: Door, own_day: Path) -> None:
    path = f"/customers/{person['customer_id']}/erase"
    slip = own_door.send(path, {"confirm": "another", "reason": "asked by letter"})
    silent = own_door.send(path, {"confirm": person["customer_id"], "reason": " "})
    with services(settings_at(own_day)) as perennial:
        assert perennial.person(person["customer_id"]).customer_ids

    assert (slip.status, silent.status) == (409, 409)
    assert own_door.as_(OPERATOR).send(path, {"confirm": person["customer_id"]}).status == 403


def test_who_asks_for_it_is_erased(person: dict[str, Any], own_door: Door, own_day: Path) -> None:
    form = {"confirm": person["customer_id"], "reason": "asked by letter"}
    pages = (
        f"/customers/{person['customer_id']}",
        f"/campaigns/birthday/preview?day={DAY}&customer={person['customer_id']}",
    )
    assert [own_door.see(page).status for page in pages] == [200, 200]
    told = own_door.send(f"/customers/{person['customer_id']}/erase", form)
    with services(settings_at(own_day)) as perennial, pytest.raises(UnknownPerson):
        perennial.person(person["customer_id"])

    assert told.status == 303
    assert [own_door.see(page).status for page in pages] == [409, 409], "whatever was seen before"
