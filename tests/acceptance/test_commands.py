"""The commands of a first live send, each a process of its own, against the providers as they are played."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import Result
from typer.testing import CliRunner

from one_night import DAY, sending, settings_at
from perennial.cli.commands import app
from perennial.cli.emulating import settings_of
from perennial.delivery import run as run_module
from perennial.emulator.options import Options
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.ledger.store import Ledger
from perennial.model.words import Control, MessageState, Reason
from perennial.settings import PROJECT
from perennial.steps.services import services

CAMPAIGN = "win_back"
PUBLIC = "https://shop.example"
SECONDS_TO_HEAR = 2.0
EARLY = time_of_day(2)


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with emulator_thread(getattr(request, "param", Options())) as running:
        yield running


@pytest.fixture
def environment(home: Path, emulator: Emulator) -> dict[str, str]:
    """What the emulator prints, pasted into a shell, without the transports that `--provider` chooses."""
    printed = settings_of(emulator.account(), public=PUBLIC)
    kept = {name: value for name, value in printed.items() if not name.endswith("_TRANSPORT")}
    return {**os.environ, **kept, "PERENNIAL_HOME": str(home), "PERENNIAL_CLOCK": "simulated"}


@contextmanager
def started(environment: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "perennial.cli.commands", *words],
        cwd=PROJECT / "plugins",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(environment: Mapping[str, str], *words: str) -> tuple[int, str, str]:
    with started(environment, *words) as process:
        shown, noted = process.communicate(timeout=120)
    return process.returncode, shown, noted


def send(environment: Mapping[str, str], *more: str) -> Any:
    """Sends by SendGrid, to the end, and gives the accounts."""
    code, shown, noted = run(
        environment, "send", CAMPAIGN, "--provider", "sendgrid", "--json", *more
    )
    assert (code, noted) == (0, "")
    return json.loads(shown)


def emails(home: Path) -> Counter[str]:
    """Who is to be written to by email, each once."""
    with services(settings_at(home)) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        rows = sending(perennial, CAMPAIGN)
    return Counter(row["message_key"] for row in rows if row["channel"] == "email")


def test_everybody_is_written_to_once_however_often_the_command_is_given(
    environment: dict[str, str], emulator: Emulator, home: Path
) -> None:
    first = send(environment)
    assert emulator.accepted() == emails(home)
    again = send(environment)
    assert emulator.accepted() == emails(home)
    assert first["accepted"] == again["accepted"] == first["plan"]["send"]


def test_a_wrong_key_is_one_sentence_and_burns_nobody(
    environment: dict[str, str], emulator: Emulator, home: Path
) -> None:
    """Case 11."""
    wrong = {**environment, "PERENNIAL_SENDGRID_API_KEY": "SG.wrong"}
    code, shown, noted = run(wrong, "send", CAMPAIGN, "--provider", "sendgrid")
    assert (code, shown) == (1, "")
    assert noted == (
        "ProviderStopped: sendgrid says no to every message (401). Check PERENNIAL_SENDGRID_API_KEY, and that the"
        " account has credits left. Nothing more was sent; run it again afterwards.\n"
    )
    with services(settings_at(home)) as perennial:
        states = perennial.ledger.standing(CAMPAIGN, DAY).states
    assert set(states) <= {MessageState.RETRYABLE, MessageState.ACCEPTED}, "texts went to a folder"
    assert not emulator.accepted()
    account = send(environment)
    assert emulator.accepted() == emails(home)
    assert account["accepted"] == account["plan"]["send"]


@pytest.mark.airflow
def test_a_key_from_airflows_connection_sends_as_one_from_the_environment_does(
    environment: dict[str, str], emulator: Emulator, home: Path
) -> None:
    key = environment.pop("PERENNIAL_SENDGRID_API_KEY")
    host = environment.pop("PERENNIAL_SENDGRID_HOST")
    environment["PERENNIAL_SENDGRID_CONNECTION"] = "SENDGRID"
    code, _, noted = run(environment, "send", CAMPAIGN, "--provider", "sendgrid")
    assert code == 1
    assert noted.startswith("SettingsError: Airflow has no connection 'SENDGRID'. Set AIRFLOW_CONN")
    assert noted.count("\n") == 1
    connection = {"conn_type": "http", "password": key, "host": host}
    send({**environment, "AIRFLOW_CONN_SENDGRID": json.dumps(connection)})
    assert emulator.accepted() == emails(home)


def by_the_wall_clock(home: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Sends to the mailbox folder, early in the morning of the day."""
    monkeypatch.setenv("PERENNIAL_HOME", str(home))
    # The database's own clock cannot be turned back.
    monkeypatch.setattr(Ledger, "clock", lambda _: datetime.now(UTC))
    words = ["send", CAMPAIGN, "--provider", "mailbox", "--json"]
    with time_machine.travel(datetime.combine(DAY, EARLY, tzinfo=UTC)):
        result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result


def test_what_is_not_due_yet_is_said_with_its_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = by_the_wall_clock(home, monkeypatch)
    account = json.loads(result.stdout)
    assert account["not_yet_claimed"] > 0
    assert re.fullmatch(
        r"More is due at 2026-06-10 \d\d:\d\d \(E[SD]T\): send again then.\n", result.stderr
    )


def test_whoever_sends_what_is_paused_is_told_so_before_and_after(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_LONGEST_PAUSE_SECONDS", 0.1)
    with services(settings_at(home)) as perennial:
        perennial.command(Control.PAUSE, campaign=CAMPAIGN, by="ada", reason="a test")
    result = by_the_wall_clock(home, monkeypatch)
    assert result.stderr == (
        "Paused: waiting for `perennial resume`, five minutes at most.\n"
        "Paused: after `perennial resume`, send again.\n"
    )
    assert json.loads(result.stdout)["accepted"] == 0


def slowly(environment: dict[str, str]) -> dict[str, str]:
    """Two emails a request and one request at a time, which the emulator answers late."""
    return {
        **environment,
        "PERENNIAL_SENDGRID_BATCH": "2",
        "PERENNIAL_SENDGRID_CONCURRENCY": "1",
    }


def wait_for(emulator: Emulator, more_than: int, within: float = 60) -> None:
    end = time.monotonic() + within
    while len(emulator.accepted()) <= more_than:
        assert time.monotonic() < end
        time.sleep(0.02)


SLOW = Options(latency=0.4)


def tell(home: Path, *words: str) -> None:
    """Gives a command in this process, which is ready to: the other one sends meanwhile."""
    result = CliRunner().invoke(app, words, env={"PERENNIAL_HOME": str(home)})
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("emulator", [SLOW], indirect=True)
def test_a_pause_in_one_process_is_heard_in_another_within_two_seconds_and_so_is_its_end(
    environment: dict[str, str], emulator: Emulator, home: Path
) -> None:
    environment = slowly(environment)
    with started(environment, "send", CAMPAIGN, "--provider", "sendgrid", "--json") as sender:
        wait_for(emulator, 4)
        tell(home, "pause", CAMPAIGN, "--reason", "a test")
        time.sleep(SECONDS_TO_HEAR)
        at_rest = emulator.accepted()
        time.sleep(SECONDS_TO_HEAR)
        assert emulator.accepted() == at_rest
        assert sender.poll() is None, "it keeps its place"
        tell(home, "resume", CAMPAIGN)
        wait_for(emulator, len(at_rest), within=SECONDS_TO_HEAR)
        shown, _ = sender.communicate(timeout=120)
    account = json.loads(shown)
    assert account["accepted"] == account["plan"]["send"]
    assert emulator.accepted() == emails(home)


@pytest.mark.parametrize("emulator", [SLOW], indirect=True)
def test_a_stop_ends_the_sending_accounts_for_the_others_and_can_be_taken_back(
    environment: dict[str, str], emulator: Emulator, home: Path
) -> None:
    environment = slowly(environment)
    with started(environment, "send", CAMPAIGN, "--provider", "sendgrid", "--json") as sender:
        wait_for(emulator, 4)
        tell(home, "stop", CAMPAIGN, "--reason", "a test")
        shown, noted = sender.communicate(timeout=60)
    account = json.loads(shown)
    assert noted == "Stopped: nothing more of this campaign leaves.\n"
    stopped = account["blocked"][Reason.CAMPAIGN_STOPPED]
    assert stopped > 0
    assert account["accepted"] + stopped == account["plan"]["send"]
    assert set(emulator.accepted().values()) == {1}
    assert emulator.accepted().keys() < emails(home).keys()
    tell(home, "resume", CAMPAIGN)
    assert send(environment)["accepted"] == account["plan"]["send"]
    assert emulator.accepted() == emails(home)
