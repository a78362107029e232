"""Monitoring gets figures that are documented, and nothing about anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_server import an_installation
from ledger_builder import DAY, NOON, a_message, a_receipt, beginning, claiming
from perennial.cli.commands import app
from perennial.cli.reference import pages
from perennial.edge.counting import Counts
from perennial.ledger.store import PlanRecord
from perennial.model.events import ProviderEvent
from perennial.model.policy import Budget, Limit, Policy
from perennial.model.words import Channel, Control, EventWord, MessageState
from perennial.operations.figures import FIGURES
from perennial.operations.samples import Sample, as_text
from perennial.operations.taking_figures import take_figures
from perennial.settings import PROJECT
from perennial.steps.services import Perennial

OPERATIONS = PROJECT / "plugins" / "perennial" / "operations"
CANARY = "canary@gmail.com"


@pytest.fixture
def perennial(tmp_path: Path) -> Iterator[Perennial]:
    """Today three emails and a text went out: one is in doubt, one came back, one was marked; a campaign is paused."""
    with an_installation(tmp_path) as perennial:
        perennial.simulated_now = NOON
        ledger = perennial.ledger
        plan = PlanRecord(
            campaign="win_back",
            day=DAY,
            plan_hash="a" * 64,
            counts={"send": 5, "skip": 2},
            planned_at=NOON,
        )
        ledger.record_plan(plan)
        emails = [a_message(str(n), address=CANARY) for n in range(3)]
        (text,) = texts = [a_message("9", channel=Channel.SMS, segments=2, cost=Decimal("0.50"))]
        perennial.policy = Policy(budget=Budget(together=Limit(sms_segments=8)))
        claiming(ledger, texts, budget=perennial.policy.budget)
        claiming(ledger, emails)
        beginning(ledger, [*emails, text])
        doubt = a_receipt(emails[0], MessageState.IN_DOUBT, provider="sendgrid")
        accepted = [a_receipt(m, provider="sendgrid") for m in (*emails[1:], text)]
        ledger.settle([doubt, *accepted], now=NOON)
        words = zip(emails[1:], (EventWord.BOUNCED, EventWord.COMPLAINED), strict=True)
        told = [
            ProviderEvent(key=m.key, word=word, provider="sendgrid", at=NOON, provider_id="id")
            for m, word in words
        ]
        stranger = a_message("404")
        told.append(
            ProviderEvent(
                key=stranger.key,
                word=EventWord.DELIVERED,
                provider="sendgrid",
                at=NOON,
                provider_id="id",
            )
        )
        ledger.apply_events(told, received_at=NOON)
        ledger.command(Control.PAUSE, campaign="birthday", by="ada", reason="why", at=NOON)
        yield perennial


def value(samples: list[Sample], figure: str, *labels: str) -> float:
    (found,) = [s.value for s in samples if s.figure == figure and tuple(s.labels) == labels]
    return found


def test_figures_are_those_of_the_ledger(perennial: Perennial) -> None:
    taken = take_figures(perennial)

    expected = {
        ("perennial_plan_decisions", "win_back", "send"): 5,
        ("perennial_messages", "win_back", "accepted"): 3,
        ("perennial_messages", "win_back", "in_doubt"): 1,
        ("perennial_messages", "win_back", "blocked"): 0,
        ("perennial_doubts",): 1,
        ("perennial_unknown_reports",): 1,
        ("perennial_mailbox_sent", "gmail"): 3,
        ("perennial_mailbox_bounced", "gmail"): 1,
        ("perennial_mailbox_complained", "gmail"): 1,
        ("perennial_brake", "gmail"): 0,
        ("perennial_held", "pause"): 1,
        ("perennial_held", "stop"): 0,
        ("perennial_budget_used", "*", "sms_segments"): 0.25,
    }
    assert {which: value(taken, *which) for which in expected} == expected


def test_figures_are_written_as_prometheus_reads_them(perennial: Perennial) -> None:
    text = as_text(take_figures(perennial))

    line = re.compile(r'perennial_\w+(\{\w+="[^"{}\\]*"(,\w+="[^"{}\\]*")*\})? -?[\d.e+]+')
    lines = text.splitlines()
    values = [each for each in lines if not each.startswith("#")]
    assert [each for each in values if not line.fullmatch(each)] == []
    names = {each.partition("{")[0].partition(" ")[0] for each in values}
    for name in names:
        assert lines.count(f"# TYPE {name} gauge") == 1
        assert f"# HELP {name} {FIGURES[name].meaning}" in lines


def test_labels_hold_nothing_about_anybody(perennial: Perennial) -> None:
    """Case 47."""
    text = as_text(take_figures(perennial))

    for secret in (CANARY, "customer", "person-", perennial.secret, a_message("404").key):
        assert secret not in text


def test_every_figure_is_documented_with_its_cure_and_nothing_else_is() -> None:
    code = (OPERATIONS / "taking_figures.py").read_text(encoding="utf-8")
    taken = set(re.findall(r'"(perennial_\w+)"', code))
    counted = set(re.findall(r"^# TYPE (\w+) ", as_text(Counts().samples()), re.MULTILINE))
    page = pages()["figures.md"]

    assert taken | counted == set(FIGURES)
    assert not taken & counted
    for figure in FIGURES.values():
        assert f"## `{figure.name}`" in page
        for said in (figure.meaning, figure.bad, figure.cure):
            assert said.endswith((".", "?"))
            assert said in page


def test_the_labels_of_the_web_app_are_the_documented_ones() -> None:
    for line in as_text(Counts().samples()).splitlines():
        if line.startswith("#"):
            continue
        name = line.partition("{")[0]
        assert tuple(re.findall(r'(\w+)="', line)) == FIGURES[name].labels


def test_the_command_prints_them_or_writes_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    printed = CliRunner().invoke(app, ["metrics"])
    into = tmp_path / "perennial.prom"
    CliRunner().invoke(app, ["metrics", "--into", str(into)])

    assert "perennial_doubts 0\n" in printed.stdout
    assert into.read_text(encoding="utf-8").count("# TYPE") == printed.stdout.count("# TYPE")
    assert list(tmp_path.glob(".*.tmp")) == []
