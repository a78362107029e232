"""Pausing, stopping and settling from the command line, as people and as machines read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger_builder import a_message, a_receipt, beginning, claiming
from perennial.cli.commands import app
from perennial.errors import PerennialError, SettingsError
from perennial.ledger.store import Ledger
from perennial.model.message import PlannedMessage
from perennial.model.words import Control, MessageState

LONG_REASON = "The survey page is down; the web team will say when it is back, at about five"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and what was wrong with it."""

    shown: str
    noted: str
    fault: str | None

    @property
    def data(self) -> Any:
        return json.loads(self.shown)


Run = Callable[..., Said]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an installation of its own; a fault is the one sentence that people see."""
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))

    def invoke(*words: str) -> Said:
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, PerennialError):
            return Said(shown=result.stdout, noted=result.stderr, fault=str(result.exception))
        fault = result.stderr if result.exit_code else None
        assert result.exit_code in {0, 2}, result.exception
        return Said(shown=result.stdout, noted=result.stderr, fault=fault)

    return invoke


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    return ledger


@pytest.fixture
def doubtful(ledger: Ledger) -> list[PlannedMessage]:
    """Two win-backs and a birthday that may have been sent, and a win-back that was."""
    people = [a_message(str(n)) for n in range(3)] + [a_message("9", campaign="birthday")]
    claiming(ledger, people)
    beginning(ledger, people)
    in_doubt = [people[0], people[1], people[3]]
    ledger.settle(
        [
            a_receipt(each, MessageState.IN_DOUBT, provider="sendgrid", code="no_answer")
            for each in in_doubt
        ]
        + [a_receipt(people[2], provider="sendgrid")],
        now=people[0].send_at,
    )
    return in_doubt


def lines_of(shown: str) -> list[str]:
    return [" ".join(line.split()) for line in shown.splitlines()]


@pytest.mark.parametrize(("word", "control"), [("pause", Control.PAUSE), ("stop", Control.STOP)])
def test_a_campaign_is_told_to_wait_or_to_end_and_to_go_on(
    run: Run, ledger: Ledger, word: str, control: Control
) -> None:
    told = run(word, "birthday", "--reason", "wrong picture", "--by", "ada", "--json")
    assert [(row["campaign"], row["control"], row["by"], row["reason"]) for row in told.data] == [
        ("birthday", control, "ada", "wrong picture")
    ]
    assert "within two seconds" in told.noted
    assert ledger.control_of("birthday") is control
    assert ledger.control_of("win_back") is Control.RUN
    resumed = run("resume", "birthday")
    assert resumed.shown == "Everything runs.\n"
    assert ledger.control_of("birthday") is Control.RUN


def test_everything_is_paused_and_what_was_paused_by_itself_stays_so(
    run: Run, ledger: Ledger
) -> None:
    run("pause", "birthday", "--reason", "wrong picture")
    run("pause", "--reason", "an incident")
    assert ledger.control_of("win_back") is Control.PAUSE
    still = run("resume", "--reason", "it is over")
    assert ledger.control_of("win_back") is Control.RUN
    assert ledger.control_of("birthday") is Control.PAUSE
    assert "birthday" in still.shown
    assert "everything" not in still.shown, "only what is held is shown"


def test_who_gives_no_name_is_the_user_of_the_machine(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert run("pause", "--reason", "lunch", "--json").data[0]["by"] == "grace"


def test_a_status_says_what_is_held_and_what_is_in_doubt(
    run: Run, doubtful: list[PlannedMessage]
) -> None:
    run("pause", "feedback_survey", "--reason", LONG_REASON, "--by", "ada")
    data = run("status", "--json").data
    assert data["doubts"] == [
        {"campaign": "birthday", "day": "2026-11-21", "provider": "sendgrid", "messages": 1},
        {"campaign": "win_back", "day": "2026-11-21", "provider": "sendgrid", "messages": 2},
    ]
    assert (data["unknown_reports"], data["epoch"], data["begun"]) == (0, 1, len(doubtful) + 1)
    shown = run("status").shown
    assert "win_back 2026-11-21 sendgrid 2" in lines_of(shown)
    assert "4 messages begun so far · epoch 1" in lines_of(shown)
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_keys_of_doubts_can_be_copied_from_a_narrow_terminal(
    run: Run, doubtful: list[PlannedMessage]
) -> None:
    shown = run("doubts").shown
    for message in doubtful:
        assert any(
            line.startswith(f"{message.key} {message.customer_id} ") for line in lines_of(shown)
        )
    assert "win_back · 2026-11-21 · sendgrid" in lines_of(shown)
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_doubts_are_data_for_machines_and_may_be_narrowed_down(
    run: Run, doubtful: list[PlannedMessage]
) -> None:
    every = run("doubts", "--json").data
    assert {row["key"] for row in every} == {message.key for message in doubtful}
    assert {(row["provider"], row["code"], row["attempts"]) for row in every} == {
        ("sendgrid", "no_answer", 1)
    }
    assert [row["key"] for row in run("doubts", "--campaign", "birthday", "--json").data] == [
        doubtful[2].key
    ]
    assert run("doubts", "--day", "2026-11-20").shown == "Nothing is in doubt.\n"


def test_a_doubt_is_settled_by_hand_and_who_and_why_are_kept(
    run: Run, ledger: Ledger, doubtful: list[PlannedMessage]
) -> None:
    first, second, third = (message.key for message in doubtful)
    settled = run("settle", first, "--accepted", "--reason", "seen in SendGrid's list")
    assert settled.shown == "1 settled: taken as sent.\n"
    reason = ["--reason", LONG_REASON, "--by", "ada"]
    again = run("settle", second, third, "--not-accepted", *reason, "--json")
    assert again.data == {"settled": 2, "accepted": False}
    assert not ledger.doubts()
    states = {str(s): n for s, n in ledger.standing("win_back", doubtful[0].day).states.items()}
    assert states == {"accepted": 2, "retryable": 1}
    ruled = run("doubts", "--settled", "--json").data
    assert [(row["key"], row["state"]) for row in ruled] == [
        (first, "accepted"),
        *((key, "retryable") for key in sorted([second, third])),
    ]
    shown = run("doubts", "--settled").shown
    assert all(key in shown for key in (first, second, third))
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_all_doubts_of_a_campaign_are_settled_at_once(
    run: Run, doubtful: list[PlannedMessage]
) -> None:
    every = ["--all", "--campaign", "win_back", "--accepted", "--reason", "in the log"]
    assert run("settle", *every).shown == "2 settled: taken as sent.\n"
    assert [row["key"] for row in run("doubts", "--json").data] == [doubtful[2].key]


def test_a_key_that_is_not_in_doubt_settles_nothing(
    run: Run, ledger: Ledger, doubtful: list[PlannedMessage]
) -> None:
    told = run("settle", doubtful[0].key, "f" * 32, "--accepted", "--reason", "seen")
    assert told.fault is not None
    assert told.fault.startswith(f"Not in doubt: {'f' * 32}. Nothing was settled")
    assert len(ledger.doubts()) == 3


@pytest.mark.parametrize("word", ["pause", "stop", "resume", "doubts"])
def test_a_campaign_that_does_not_exist_is_told_with_the_nearest(run: Run, word: str) -> None:
    words = ["doubts", "--campaign", "brithday"]
    if word != "doubts":
        words = [word, "brithday", "--reason", "a test"]
    assert run(*words).fault == "There is no campaign 'brithday'. Did you mean 'birthday'?"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["pause"], "--reason"),
        (["stop", "birthday"], "--reason"),
        (["reconcile"], "--reason"),
        (["settle", "--all", "--accepted"], "--reason"),
        (["settle", "--all", "--reason", "x"], "--accepted"),
    ],
)
def test_nothing_is_commanded_or_ruled_without_a_word_why(
    run: Run, words: list[str], missing: str
) -> None:
    fault = run(*words).fault
    assert fault is not None
    assert "Missing option" in fault
    assert missing in fault


@pytest.mark.parametrize("keys", [[], ["f" * 32, "--all"]])
def test_settling_wants_keys_or_all_of_them(run: Run, keys: list[str]) -> None:
    told = run("settle", *keys, "--accepted", "--reason", "seen")
    assert told.fault == "Name the keys, or say --all: nothing was settled."


def test_asking_about_doubts_says_when_nothing_could_be_proved(
    run: Run, ledger: Ledger, doubtful: list[PlannedMessage]
) -> None:
    asked = run("doubts", "--ask", "--json")
    assert asked.noted == "Asked: nothing could be proved.\n"
    assert len(asked.data) == len(ledger.doubts()) == len(doubtful)


def test_a_ledger_without_rulings_says_so(run: Run) -> None:
    assert run("doubts", "--settled").shown == "Nothing was settled by a person or by silence.\n"


def test_a_broken_setting_is_told_by_its_name_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_EMAIL_TRANSPORT", "sendgrid")
    monkeypatch.setenv("PERENNIAL_SENDGRID_HOST", "http://127.0.0.1:9")
    told = run("status")
    assert told.fault == "sendgrid_api_key: the transport sendgrid needs it for email"
    assert SettingsError.__name__ not in told.fault
