"""Who gets offers by email because of an order reads so everywhere, and ends it with one press."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from edge_server import PUBLIC, edge_thread
from ledger_builder import a_message, claiming
from one_person import DAY, a_shop_with_quirina, home_of
from page_visits import page_of, visit
from perennial.model.message import PlannedMessage
from perennial.model.words import Outcome, Pressure
from perennial.steps.services import Perennial, services

WHO, ORDERED = "c1", date(2026, 5, 10)
SOFT = {"US": timedelta(days=730)}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann, c1, has ordered and has never said a word about emails."""
    home = tmp_path_factory.mktemp("soft-opt-in")
    a_shop_with_quirina(home / "shop.db")
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute("delete from consents where customer_id = 'c1' and channel = 'email'")
        shop.execute("delete from consents where customer_id = 'c1' and channel = 'sms'")
    with services(home_of(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def perennial(night: Path, tmp_path: Path) -> Iterator[Perennial]:
    home = Path(shutil.copytree(night, tmp_path / "home"))
    with services(home_of(home, edge_url=PUBLIC)) as perennial:
        perennial.policy = replace(perennial.policy, soft_opt_in=SOFT, global_holdout=Decimal(0))
        yield perennial


def told(perennial: Perennial) -> tuple[str, str | None]:
    (decision,) = perennial.explain(WHO, DAY).decisions
    return decision.sentence, decision.became


def an_earlier_message(perennial: Perennial) -> PlannedMessage:
    """Something about an order, with the links that every email has."""
    person = perennial.person(WHO)
    message = a_message(
        WHO,
        person_id=person.person_id,
        address_key=str(person.contacts[0]["email_key"]),
        pressure=Pressure.SERVICE,
        topic=None,
    )
    claiming(perennial.ledger, [message])
    return message


def test_without_the_key_nobody_is_written_to(perennial: Perennial) -> None:
    perennial.policy = replace(perennial.policy, soft_opt_in={})
    perennial.plan("birthday", DAY)

    assert told(perennial)[0].startswith("Nobody has ever agreed to messages by email about offers")


def test_the_message_and_explain_name_the_order(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    (decision,) = perennial.explain(WHO, DAY).decisions
    assert decision.outcome == Outcome.SEND
    assert json.loads(decision.why)["soft_opt_in_on"] == str(ORDERED)
    assert decision.sentence.endswith(
        "Nobody had agreed to it: an order of 10 May 2026 stood in for the consent (soft opt-in)."
    )
    (letter,) = [e for e in perennial.mailbox() if e.key == decision.message_key]
    words = " ".join(letter.path.read_text(encoding="utf-8").replace("=\n", "").split())
    assert "because you ordered from Juniper &amp; Rye on May 10, 2026, and" in words or (
        "because you ordered from Juniper & Rye on May 10, 2026, and" in words
    )
    assert "you agreed" not in words
    assert "/u/" in words


def test_a_no_on_the_page_holds_for_the_plan_that_was_made_before(perennial: Perennial) -> None:
    """Case 26."""
    plan = perennial.plan("birthday", DAY)
    message = an_earlier_message(perennial)
    with edge_thread(perennial) as edge:
        page = edge + page_of(perennial, message, "preferences")
        shown = visit(page)
        assert "because you ordered from Juniper & Rye on May 10, 2026" in shown.text
        assert re.findall(r'name="consent" value="([a-z.]+)" checked', shown.html) == [
            "email.offers"
        ]
        after = visit(page, {"do": "save", "shown": "email.offers", "consent": ()})
        assert "Email: nothing" in after.text
        assert "because you ordered" not in after.text
        assert " checked" not in after.html.partition('id="birthday')[0].partition("<form")[2]

    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    became = told(perennial)[1]
    assert became is not None
    assert became.startswith(
        "Stopped just before it left: consent to messages by email about offers was"
    )
    again = perennial.plan("birthday", DAY)
    assert again.plan_hash == plan.plan_hash
