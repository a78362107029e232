"""What people tell campaigns to do."""

from __future__ import annotations

from itertools import product

import pytest

from ledger_builder import NOON, Rows
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.ledger.tables import controls
from perennial.model.words import Control

STRICTEST = [Control.RUN, Control.PAUSE, Control.STOP]


def told(
    ledger: Ledger, control: Control, campaign: str | None = None, reason: str = "why"
) -> None:
    ledger.command(control, campaign=campaign, by="Ada", reason=reason, at=NOON)


def test_a_campaign_that_was_told_nothing_runs(ledger: Ledger) -> None:
    assert ledger.control_of("win_back") is Control.RUN
    assert ledger.controls() == []


@pytest.mark.parametrize(("everything", "campaign"), list(product(Control, repeat=2)))
def test_the_stricter_of_two_commands_holds(
    ledger: Ledger, everything: Control, campaign: Control
) -> None:
    told(ledger, everything)
    told(ledger, campaign, "win_back")
    assert ledger.control_of("win_back") is max(everything, campaign, key=STRICTEST.index)
    assert ledger.control_of("birthday") is everything


@pytest.mark.parametrize("campaign", [None, "win_back"])
def test_the_last_command_stands(ledger: Ledger, campaign: str | None) -> None:
    for control in (Control.STOP, Control.PAUSE, Control.RUN):
        told(ledger, control, campaign, reason=f"to {control}")
        assert ledger.control_of("win_back") is control
    (standing,) = ledger.controls()
    assert (standing.control, standing.campaign) == (Control.RUN, campaign)
    assert (standing.by, standing.reason, standing.at) == ("Ada", "to run", NOON)


def test_every_command_is_kept(ledger: Ledger, rows: Rows) -> None:
    for control in (Control.PAUSE, Control.RUN, Control.PAUSE):
        told(ledger, control)
    assert [row["control"] for row in rows(controls)] == ["pause", "run", "pause"]


@pytest.mark.parametrize(
    ("by", "reason"),
    [("", "why"), (" ", "why"), ("Ada", ""), ("A" * 129, "why"), ("Ada", "w" * 256)],
)
def test_a_command_says_who_and_why_in_few_words(
    ledger: Ledger, rows: Rows, by: str, reason: str
) -> None:
    with pytest.raises(LedgerError, match=r"[Ww]ho"):
        ledger.command(Control.STOP, campaign=None, by=by, reason=reason, at=NOON)
    assert rows(controls) == []
