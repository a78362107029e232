"""The doctor names what is wrong, says what to do, and touches nothing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from edge_server import an_installation
from perennial.cli.commands import app
from perennial.cli.reference import pages
from perennial.edge.app import make_app
from perennial.emulator.options import AUTH_TOKEN, SCOPES, SENDGRID_KEY, Options
from perennial.ledger.store import Ledger
from perennial.ledger.values import Fence
from perennial.operations import provider_checks as provider_checks_module
from perennial.operations import setting_checks
from perennial.operations.doctor import examine, worst
from perennial.operations.findings import CHECKS, Finding, Level
from perennial.operations.provider_checks import provider_checks
from perennial.operations.storage_checks import (
    clock_finding,
    lake_checks,
    ledger_checks,
    shop_checks,
)
from perennial.pipeline.fence import FolderMark
from perennial.settings import PROJECT
from perennial.steps.services import Perennial
from services import free_port

Installed = Callable[..., Perennial]

OPERATIONS = PROJECT / "plugins" / "perennial" / "operations"


def found(perennial: Perennial) -> dict[str, Finding]:
    """All findings but those about files, which take their time."""
    parts = (lake_checks, ledger_checks, shop_checks, provider_checks)
    return {finding.check: finding for part in parts for finding in part(perennial)}


def unwell(findings: Mapping[str, Finding]) -> Mapping[str, Level]:
    return {each.check: each.level for each in findings.values() if each.level is not Level.OK}


def levels(perennial: Perennial) -> Mapping[str, Level]:
    """What is not well."""
    return unwell(found(perennial))


def test_a_sound_installation_is_well_and_nothing_is_sent_by_looking(installed: Installed) -> None:
    perennial = installed()
    findings = examine(perennial)

    assert [f"{f.check}: {f.says}" for f in findings if f.level is not Level.OK] == []
    assert worst(findings) is Level.OK
    assert set(CHECKS) - {f.check for f in findings} == {"settings.read", "smtp.server"}
    ledger: Ledger = perennial.ledger
    assert (ledger.fence().begun, ledger.parked(), ledger.doubts()) == (0, 0, [])


def test_every_finding_is_documented_with_its_cure_and_nothing_else_is() -> None:
    code = [*OPERATIONS.glob("*_checks.py"), OPERATIONS / "doctor.py"]
    code.append(PROJECT / "plugins" / "perennial" / "cli" / "doctoring.py")
    named = {word for path in code for word in _ids_in(path)}
    page = pages()["doctor.md"]

    assert named == set(CHECKS)
    for check in CHECKS.values():
        assert f"## `{check.id}`" in page
        assert check.well.endswith(".")
        assert check.cure in page
        assert check.cure.endswith(".")


def _ids_in(path: Path) -> set[str]:
    """Every literal that reads like the id of a check."""
    areas = {check.partition(".")[0] for check in CHECKS}
    words = (
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {word for word in words if word.count(".") == 1 and word.split(".")[0] in areas}


@pytest.mark.parametrize(
    ("options", "changes", "expected"),
    [
        (Options(sendgrid_key="SG.other"), {}, {"sendgrid.key": Level.FAIL}),
        (Options(sendgrid_scopes=SCOPES[1:]), {}, {"sendgrid.scopes": Level.FAIL}),
        (Options(sendgrid_scopes=SCOPES[:1]), {}, {"sendgrid.scopes": Level.FAIL}),
        (
            Options(sendgrid_scopes=[*SCOPES, "api_keys.create"]),
            {},
            {"sendgrid.scopes": Level.WARN},
        ),
        (
            Options(sendgrid_scopes=SCOPES[:-1]),
            {"sendgrid_asm_group": 1},
            {"sendgrid.scopes": Level.FAIL},
        ),
        (None, {"sendgrid_email_activity": True}, {"sendgrid.scopes": Level.FAIL}),
        (None, {"sendgrid_webhook_key": None}, {"sendgrid.webhook": Level.WARN}),
        (Options(account_status="suspended"), {}, {"twilio.account": Level.FAIL}),
        (Options(account_type="Trial"), {}, {"twilio.account": Level.WARN}),
        (None, {"edge_url": "https://shop.example"}, {"edge.reached": Level.WARN}),
    ],
)
def test_what_providers_say_of_keys_is_told(
    installed: Installed,
    options: Options | None,
    changes: dict[str, Any],
    expected: Mapping[str, Level],
) -> None:
    assert levels(installed(options, **changes)) == expected


def test_a_provider_that_does_not_answer_fails_and_the_rest_is_looked_at(
    installed: Installed,
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    perennial = installed(sendgrid_host=nobody, twilio_host=nobody)

    assert levels(perennial) == {"sendgrid.key": Level.FAIL, "twilio.account": Level.FAIL}


def test_an_smtp_server_that_does_not_answer_fails(installed: Installed) -> None:
    perennial = installed(email_transport="smtp", smtp_host="127.0.0.1", smtp_port=free_port())

    assert levels(perennial) == {"smtp.server": Level.FAIL}
    assert "connect" in found(perennial)["smtp.server"].says


def test_a_public_address_that_leads_elsewhere_fails(installed: Installed) -> None:
    perennial = installed()
    elsewhere = {"edge_url": perennial.settings.sendgrid_host}

    assert levels(Perennial(perennial.settings.model_copy(update=elsewhere))) == {
        "edge.reached": Level.FAIL
    }


def test_the_documented_proxies_lead_every_link_to_the_web_app() -> None:
    led = [
        set(found.split("|"))
        for page in (PROJECT / "docs").rglob("*.md")
        for found in re.findall(r"location ~ \^/\(([a-z|]+)\)/", page.read_text(encoding="utf-8"))
    ]

    assert len(led) > 1
    assert [names for names in led if names != {"hooks", *provider_checks_module.PAGES}] == []


def test_links_that_the_proxy_does_not_lead_to_the_web_app_are_told(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    perennial = installed()
    routes = {str(getattr(route, "path", "")).split("/")[1] for route in make_app(perennial).routes}
    assert {name for name in routes if len(name) == 1} == set(provider_checks_module.PAGES)

    passed_on = perennial.public_url
    elsewhere = f"{perennial.settings.sendgrid_host}/"
    monkeypatch.setattr(
        perennial,
        "public_url",
        lambda path: elsewhere if path.startswith("/o/") else passed_on(path),
    )

    assert levels(perennial) == {"edge.pages": Level.FAIL}
    assert found(perennial)["edge.pages"].says.endswith("at /o.")


def test_a_web_app_that_believes_another_token_is_told(
    installed: Installed,
) -> None:
    perennial = installed()
    changed = {"twilio_auth_token": SecretStr("another-token-for-loopback-only")}
    settings = perennial.settings.model_copy(update=changed)

    assert levels(Perennial(settings)) == {
        "edge.signed": Level.FAIL,
        "twilio.account": Level.FAIL,
    }


def test_a_ledger_that_nobody_has_made_is_not_made_by_looking(tmp_path: Path) -> None:
    with an_installation(tmp_path) as perennial:
        told = found(perennial)

    assert told["ledger.reached"].level is Level.OK
    assert not (tmp_path / "ledger.db").exists()


def test_older_tables_are_told_and_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with an_installation(tmp_path) as perennial:
        told = found(perennial)

    assert told["ledger.tables"].level is Level.FAIL
    assert "ledger.writable" not in told


def test_a_restored_ledger_is_told(installed: Installed) -> None:
    """Case 18."""
    perennial = installed()
    fence = perennial.ledger.fence()
    mark = FolderMark(perennial.settings.lake_path)
    mark.rewrite(Fence(ledger_id=fence.ledger_id, epoch=fence.epoch, begun=fence.begun + 3))

    assert levels(perennial) == {"ledger.fence": Level.FAIL}


def test_a_ledger_that_is_away_is_told_and_the_rest_is_looked_at(installed: Installed) -> None:
    perennial = installed(ledger_url=None)
    away = f"postgresql+psycopg://u:secret-canary@127.0.0.1:{free_port()}/ledger"
    settings = perennial.settings.model_copy(update={"ledger_url": SecretStr(away)})

    assert levels(Perennial(settings)) == {"ledger.reached": Level.FAIL}


@pytest.mark.parametrize(
    ("secret", "level"),
    [
        ("a1" * 20, Level.FAIL),
        ("demo-only-secret-demo-only-secret", Level.FAIL),
        ("0123456789abcdef" * 2, Level.OK),
    ],
)
def test_a_secret_that_is_easily_guessed_fails_outside_the_demo(
    tmp_path: Path, secret: str, level: Level
) -> None:
    with an_installation(tmp_path, secret=SecretStr(secret), profile="staging") as perennial:
        assert next(setting_checks.settings_checks(perennial)).level is level


def test_scarce_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((2 * 1024**3, Level.WARN), (1024, Level.FAIL)):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr(setting_checks.shutil, "disk_usage", lambda _, usage=usage: usage)
        with an_installation(tmp_path) as perennial:
            assert setting_checks.space_finding(perennial.settings).level is level


def test_clocks_that_differ_are_told_by_how_much() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)

    def level(seconds: float) -> Level:
        return clock_finding(
            "ledger.clock", "the ledger", now + timedelta(seconds=seconds), now
        ).level

    assert [level(s) for s in (0, -4, 6, -60, 121, -600)] == [
        *(Level.OK, Level.OK),
        *(Level.WARN, Level.WARN),
        *(Level.FAIL, Level.FAIL),
    ]


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("postgresql+psycopg://u:p@db.example/ledger", True),
        ("postgresql+psycopg://u:p@db.example/ledger?sslmode=require", True),
        ("postgresql+psycopg://u:p@db.example/ledger?sslmode=verify-full", False),
        ("postgresql+psycopg://u:p@127.0.0.1/ledger", False),
        ("postgresql+psycopg:///ledger?host=/run/postgresql", False),
    ],
)
def test_a_database_elsewhere_has_to_show_its_certificate(
    tmp_path: Path,
    url: str,
    clear: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with an_installation(tmp_path, ledger_url=url) as perennial:
        told = setting_checks.certificate_finding(perennial.settings)

    assert (told.level is Level.WARN) is clear


def test_the_command_ends_with_one_when_anything_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    said = CliRunner().invoke(app, ["doctor", "--json"])

    rows = {row["check"]: row for row in json.loads(said.stdout)}
    assert said.exit_code == 1
    assert rows["shop.reached"]["level"] == "fail"
    assert rows["shop.reached"]["cure"] == CHECKS["shop.reached"].cure
    assert rows["settings.read"] == {
        "check": "settings.read",
        "level": "ok",
        "says": CHECKS["settings.read"].well,
        "cure": "",
    }


def test_settings_that_cannot_be_read_are_the_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_SHARDS", "many")
    said = CliRunner().invoke(app, ["doctor", "--json"])

    (row,) = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (row["check"], row["level"]) == ("settings.read", "fail")
    assert "shards" in row["says"]

    told = CliRunner().invoke(app, ["doctor"])
    assert told.exit_code == 1
    assert "settings.read" in told.stdout


def test_no_finding_holds_a_secret(installed: Installed) -> None:
    """Case 47."""
    perennial = installed(Options(sendgrid_key="SG.other", auth_token="other"))
    told = json.dumps([[f.says, f.cure] for f in found(perennial).values()])

    for secret in (SENDGRID_KEY, AUTH_TOKEN, perennial.secret):
        assert secret not in told
