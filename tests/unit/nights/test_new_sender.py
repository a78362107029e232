"""A new sender's plans and dispatches keep to its ramp, and everybody is accounted for."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from one_person import DAY, a_shop_with_quirina, home_of
from perennial.model.policy import Policy
from perennial.model.warm_up import NewSender, WarmUp, domain_of
from perennial.model.words import Reason
from perennial.pipeline.plan_reading import plan_partition
from perennial.steps.services import Perennial, services

FAR_WEST = "Pacific/Honolulu"  # its evening goes on after midnight in New York, where the shop is
PEOPLE = 8


@pytest.fixture(scope="module")
def birthdays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night before the birthdays of c1 to c8, who ordered one day after the other, c1 last."""
    home = tmp_path_factory.mktemp("birthdays")
    a_shop_with_quirina(home / "shop.db")
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute(
            "update customers set timezone = ?, phone = null where customer_id like 'c%'",
            (FAR_WEST,),
        )
        shop.execute("update customers set birth_date = null where customer_id like 'Q%'")
    with services(home_of(home)) as perennial:
        perennial.night(DAY)
    return home


@pytest.fixture
def perennial(birthdays: Path, tmp_path: Path) -> Iterator[Perennial]:
    home = Path(shutil.copytree(birthdays, tmp_path / "home"))
    with services(home_of(home)) as installation:
        installation.policy = replace(Policy(), global_holdout=Decimal(0))
        yield installation


def ramp(perennial: Perennial, *emails_per_day: int) -> NewSender:
    """Lets the policy warm the shop's sender up from the day of the plan on."""
    domain = domain_of(perennial.shop.from_address)
    rule = WarmUp(starts_on=DAY, emails_per_day=emails_per_day)
    perennial.policy = replace(perennial.policy, warm_up={domain: rule})
    return NewSender(domain=domain, warm_up=rule, zone=perennial.shop.zone)


def chosen(perennial: Perennial) -> set[str]:
    perennial.engine.view("plan", plan_partition("birthday", DAY))
    rows = perennial.engine.rows("select customer_id from plan where outcome = 'send'")
    return {row["customer_id"] for row in rows}


def test_a_plan_holds_what_its_day_allows_the_liveliest_first(perennial: Perennial) -> None:
    ramp(perennial, 3, 6)

    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    left_out = {**plan.skip, **plan.deferred}[Reason.WARMING_UP]
    assert (plan.send, left_out) == (3, plan.audience - plan.hold_out - 3)
    assert chosen(perennial) <= {f"c{n}" for n in range(1, 3 + plan.hold_out + 1)}
    account = perennial.account("birthday", DAY)
    assert (account.accepted, account.blocked) == (3, {})


def test_a_dispatch_keeps_to_each_day_and_goes_on_after_midnight(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    sender = ramp(perennial, 2, 3)

    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    account = perennial.account("birthday", DAY)
    assert account.accepted == 5
    assert account.blocked == {Reason.WARMING_UP: plan.send - 5}
    begins = sender.begins(DAY)
    days = [perennial.ledger.sender_day(sender, now=begins + timedelta(days=n)) for n in (0, 1)]
    assert [day.sent for day in days if day] == [2, 3]
