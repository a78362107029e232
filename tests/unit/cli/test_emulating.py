from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from perennial.cli.emulating import event_url_of, forwarded, settings_of
from perennial.emulator.serving import Emulator
from perennial.settings import PROJECT, Transport, read_settings


def test_what_the_emulator_prints_is_all_that_sending_by_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = Emulator(port=8025).account()
    for name, value in settings_of(account, public="https://mail.shop.example").items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.email_transport, settings.sms_transport) == (
        Transport.SENDGRID,
        Transport.TWILIO,
    )
    assert settings.sendgrid_host == settings.twilio_host == "http://127.0.0.1:8025"
    assert settings.sendgrid_webhook_key == account["event_public_key"]
    assert settings.edge_url == "https://mail.shop.example"


def test_events_go_to_the_edge_on_this_machine_whatever_the_world_calls_it() -> None:
    edge = "http://127.0.0.1:8090/"

    assert event_url_of(None, edge=edge) == "http://127.0.0.1:8090/hooks/sendgrid"
    assert event_url_of("http://127.0.0.1:1/x", edge=edge) == "http://127.0.0.1:1/x"
    assert event_url_of(None, edge=None) is None
    assert forwarded("https://shop.example/", edge=edge) == {
        "https://shop.example": "http://127.0.0.1:8090"
    }
    assert forwarded("https://shop.example", edge=None) == {}


def test_the_command_says_where_it_answers_and_ends_quietly_when_interrupted() -> None:
    command = [sys.executable, "-m", "perennial.cli.commands", "emulate", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=PROJECT / "plugins",
        env={**os.environ, "COLUMNS": "40"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(10)]
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert printed[0] == "export PERENNIAL_EMAIL_TRANSPORT=sendgrid\n"
    assert "http://127.0.0.1:" in printed[1]
    assert (process.returncode, complaints) == (0, "")
