"""Where a new sender stands on its ramp is told wherever sending is watched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from edge_server import an_installation
from ledger_builder import DAY, NOON, a_message, claiming
from perennial.cli import steering_views as views
from perennial.ledger.responding import SenderHealth
from perennial.model.policy import Policy
from perennial.model.warm_up import WarmUp, domain_of
from perennial.operations.findings import Level
from perennial.operations.sender_checks import sender_checks
from perennial.operations.taking_figures import take_figures
from perennial.steps.services import Perennial
from perennial.studio.keeping import Renewed, by_cost
from perennial.studio.today import look_at_today


@pytest.fixture
def perennial(tmp_path: Path) -> Iterator[Perennial]:
    """It is the second day of a ramp; five of three hundred emails have left."""
    with an_installation(tmp_path) as perennial:
        perennial.simulated_now = NOON
        domain = domain_of(perennial.shop.from_address)
        ramp = WarmUp(starts_on=DAY - timedelta(days=1), emails_per_day=(200, 300))
        perennial.policy = Policy(warm_up={domain: ramp})
        sender = perennial.policy.new_sender(perennial.shop.from_address, perennial.shop.zone)
        claiming(perennial.ledger, [a_message(str(n)) for n in range(5)], sender=sender)
        yield perennial


def shown(perennial: Perennial) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(views.status(views.status_json(perennial.sending_status())))
    return capture.get()


def finding(perennial: Perennial) -> tuple[Level, str]:
    (found,) = [f for f in sender_checks(perennial) if f.check == "sender.warm_up"]
    return found.level, found.says


def test_status_and_the_first_page_say_how_many_have_left(perennial: Perennial) -> None:
    assert "day 2 of 2, 5 of 300 emails have left." in shown(perennial)
    kept = Renewed[Perennial, SenderHealth](1, by_cost, lambda _: None)
    sender = look_at_today(perennial, DAY, kept).sender
    assert sender is not None
    assert (sender.sent, sender.allowed, sender.is_full) == (5, 300, False)


def test_a_day_that_is_full_says_what_becomes_of_the_rest(perennial: Perennial) -> None:
    full = WarmUp(starts_on=DAY, emails_per_day=(5,))
    perennial.policy = Policy(warm_up=dict.fromkeys(perennial.policy.warm_up, full))

    assert "5 of 5 emails have left. The rest waits for another day" in shown(perennial)


def test_monitoring_gets_both_figures(perennial: Perennial) -> None:
    taken = {sample.figure: sample.value for sample in take_figures(perennial)}

    assert taken["perennial_sender_emails"] == 5
    assert taken["perennial_sender_allowed"] == 300


def test_a_warm_sender_is_nothing_to_tell(perennial: Perennial) -> None:
    perennial.simulated_now = NOON + timedelta(days=1)

    assert "warmed up" not in shown(perennial)
    assert "perennial_sender_allowed" not in {sample.figure for sample in take_figures(perennial)}
    assert finding(perennial) == (
        Level.OK,
        f"{next(iter(perennial.policy.warm_up))} is warm: its ramp is over.",
    )


def test_the_doctor_tells_of_a_ramp_that_holds_nobody(perennial: Perennial) -> None:
    assert finding(perennial)[0] is Level.OK
    perennial.shop = replace(perennial.shop, from_address="hello@elsewhere.example")

    level, says = finding(perennial)

    assert level is Level.WARN
    assert "emails leave from elsewhere.example" in says
