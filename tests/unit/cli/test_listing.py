"""The commands about who must not be written to, and who waits for the shop."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger_builder import NOON, a_message, sent
from perennial.cli.commands import app
from perennial.errors import SettingsError
from perennial.model.keys import address_key
from perennial.model.words import AuditAction, CaseReason, SurveyScale
from perennial.settings import Settings
from perennial.steps.services import Perennial, services

EMAIL = "Ann@Customers.example"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(Settings(home=home)) as perennial:
        yield perennial


def run(*arguments: str, typed: str | None = None) -> Any:
    """What a command prints as JSON; stdin holds what is typed."""
    result = CliRunner().invoke(app, [*arguments, "--json"], input=typed)
    if result.exception:
        raise result.exception
    return json.loads(result.stdout)


def standing(perennial: Perennial) -> list[str]:
    key = address_key(EMAIL.lower(), perennial.secret)
    return [s.reason.value for s in perennial.ledger.suppressions_of([key])]


def test_an_address_is_suppressed_and_lifted_with_who_and_why(perennial: Perennial) -> None:
    command = ("--channel", "email", "--by", "bo")
    assert run("suppress", EMAIL, *command, "--reason", "asked by phone")["suppressed"] is True
    assert run("suppress", EMAIL, *command, "--reason", "asked again")["suppressed"] is False
    assert standing(perennial) == ["manual"]
    lifted = run("lift", EMAIL, *command, "--reason", "a mistake")
    assert lifted == {"lifted": True, "channel": "email", "left": []}
    assert standing(perennial) == []
    assert [(e.action, e.actor, e.reason) for e in perennial.ledger.audit_log(9)] == [
        (AuditAction.LIFTED, "bo", "email manual: a mistake"),
        (AuditAction.SUPPRESSED, "bo", "email manual: asked by phone"),
    ]


def test_an_address_may_be_typed_so_that_no_shell_remembers_it(perennial: Perennial) -> None:
    command = ("suppress", "--channel", "email", "--reason", "asked")
    assert run(*command, typed=f"{EMAIL}\n")["suppressed"] is True
    assert standing(perennial) == ["manual"]


@pytest.mark.parametrize("address", ["ann@", "+1415", "ann at customers"])
def test_what_is_no_address_changes_nothing(perennial: Perennial, address: str) -> None:
    with pytest.raises(SettingsError, match="Nothing was changed") as refused:
        run("suppress", address, "--channel", "email", "--reason", "asked")
    assert address not in str(refused.value)
    assert perennial.ledger.suppressed().num_rows == 0


@pytest.mark.parametrize("why", ["complained", "erased"])
def test_a_complaint_or_an_erasure_is_not_lifted_by_the_shop(home: Path, why: str) -> None:
    with pytest.raises(SettingsError, match="Nothing was lifted"):
        run("lift", EMAIL, "--channel", "email", "--reason", "r", "--why", why)
    assert home.exists()


def test_a_sync_needs_sendgrid(home: Path) -> None:
    with pytest.raises(SettingsError, match="does not go by SendGrid"):
        run("sync")
    assert home.exists()


def a_case(perennial: Perennial) -> int:
    """The number of a case after a bad answer."""
    message = a_message()
    sent(perennial.ledger, message)
    perennial.ledger.record_answer(
        message.key, scale=SurveyScale.CSAT, score=1, comment="canary words", at=NOON
    )
    perennial.ledger.open_case(message.key, why=CaseReason.LOW_SCORE, at=NOON)
    return perennial.ledger.cases()[0].id


def test_a_case_is_listed_until_somebody_closes_it(perennial: Perennial) -> None:
    number = a_case(perennial)
    (case,) = run("cases")
    assert (case["case"], case["customer_id"], case["answer"]) == (number, "1", "csat 1")
    closing = ["cases", "close", str(number), "--note", "called and refunded", "--by", "bo"]
    assert CliRunner().invoke(app, closing).exit_code == 0
    assert run("cases") == []
    assert [case["closed_by"] for case in run("cases", "--all")] == ["bo"]
    again = CliRunner().invoke(app, closing)
    assert isinstance(again.exception, SettingsError)


def test_tables_show_the_same_as_json_does(perennial: Perennial) -> None:
    a_case(perennial)
    assert "csat 1" in CliRunner().invoke(app, ["cases"]).stdout
    run("suppress", EMAIL, "--channel", "email", "--reason", "asked")
    again = ["suppress", EMAIL, "--channel", "email", "--reason", "asked"]
    assert "on the list already" in CliRunner().invoke(app, again).stdout


@contextmanager
def a_chat(status: int) -> Iterator[tuple[str, list[Any]]]:
    """The address of a chat on loopback, and what it was told."""
    told: list[Any] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Chat)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("status", "taken"), [(200, True), (500, False)])
def test_the_team_is_told_of_a_case_without_the_customers_words(
    tmp_path: Path,
    status: int,
    taken: bool,  # noqa: FBT001
) -> None:
    with (
        a_chat(status) as (address, told),
        services(Settings(home=tmp_path, team_webhook=address)) as perennial,  # type: ignore[arg-type]
    ):
        number = a_case(perennial)
        assert perennial.tell_team(a_message().key) is taken
    (post,) = told
    assert (post["case"]["case"], post["case"]["customer_id"]) == (number, "1")
    assert f"Case {number}" in post["text"]
    assert "canary" not in json.dumps(post)


def test_without_an_address_nobody_is_told(perennial: Perennial) -> None:
    a_case(perennial)
    assert perennial.tell_team(a_message().key) is False
