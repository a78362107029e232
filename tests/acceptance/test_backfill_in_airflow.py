"""A backfill in a running Airflow, by the command line and by the form of its UI: the past is rebuilt, nobody hears of it.

Takes minutes, so it runs by `make test-backfill` alone. Every campaign is switched on meanwhile.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, sync_playwright

from airflow_server import AirflowServer, running_airflow, sign_in
from one_night import HOUSEHOLDS, accepted, settings_at
from perennial.sample.loading import load_sample
from perennial.settings import Clock
from perennial.steps.services import services
from services import PostgresServer

pytestmark = [pytest.mark.scheduler, pytest.mark.timeout(3600)]
TODAY = datetime.now(UTC).date()
BY_COMMAND = [TODAY - timedelta(days=n) for n in (12, 11, 10)]
BY_FORM = [TODAY - timedelta(days=n) for n in (9, 8)]
REBUILT = ("verified/*", "quarantine/*", "contacts", "customer_features", "memberships")
_PATIENCE = 1500


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("backfilled")
    load_sample(home / "shop.db", shift_to=TODAY, households=HOUSEHOLDS)
    return home


@pytest.fixture(scope="module")
def server(
    shop: Path, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowServer]:
    url = postgres.url(postgres.create_database()).replace("+psycopg:", "+psycopg2:")
    settings = {"PERENNIAL_HOME": str(shop), "PERENNIAL_CLOCK": "wall"}
    airflow = tmp_path_factory.mktemp("airflow")
    with running_airflow(airflow, database_url=url, settings=settings) as running:
        for dag in running.ask("ann", "GET", "/dags")["dags"]:
            running.ask("ann", "PATCH", f"/dags/{dag['dag_id']}", {"is_paused": False})
        yield running


def content(home: Path, days: list[date]) -> dict[str, bytes]:
    """What the nights of some days left in the lake."""
    lake = home / "lake"
    return {
        path.relative_to(lake).as_posix(): path.read_bytes()
        for dataset in REBUILT
        for day in days
        for path in sorted(lake.glob(f"{dataset}/day={day}/*.parquet"))
    }


def begun(home: Path) -> tuple[int, int]:
    """How many messages the ledger knows, and how many the mailbox has."""
    with services(settings_at(home, Clock.WALL)) as perennial:
        return perennial.ledger.fence().begun, accepted(home).total()


def wait_for(server: AirflowServer, days: list[date]) -> None:
    """Until a backfill of these days is done."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        runs = server.ask("ann", "GET", "/dags/nightly/dagRuns?limit=100")["dag_runs"]
        states = {
            run["partition_key"]: run["state"] for run in runs if run["run_type"] == "backfill"
        }
        found = [states.get(day.isoformat()) for day in days]
        assert "failed" not in found, failures(server, runs)
        if set(found) == {"success"}:
            return
        time.sleep(5)
    pytest.fail(f"the backfill did not end: {found}")


def failures(server: AirflowServer, runs: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (run["dag_run_id"], task["task_id"])
        for run in runs
        for task in server.ask(
            "ann", "GET", f"/dags/nightly/dagRuns/{quote(run['dag_run_id'])}/taskInstances"
        )["task_instances"]
        if task["state"] in {"failed", "upstream_failed"}
    ]


def test_a_backfill_by_command_and_by_form_rebuilds_the_past_and_sends_nothing(
    server: AirflowServer, shop: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(shop / "shop.db", alone / "shop.db")
    with services(settings_at(alone)) as perennial:
        perennial.nights([*BY_COMMAND, *BY_FORM])

    last = BY_COMMAND[-1] + timedelta(days=1)  # the midnight at which it begins is left out
    command = ["backfill", "create", "--dag-id", "nightly", "--max-active-runs", "2"]
    dates = ["--from-date", BY_COMMAND[0].isoformat(), "--to-date", last.isoformat()]
    subprocess.run(
        [sys.executable, "-m", "airflow", *command, *dates],
        env=dict(server.environment),
        check=True,
        capture_output=True,
    )
    wait_for(server, BY_COMMAND)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        fill_the_form(page, server, BY_FORM, picture=tmp_path / "backfill.png")
        browser.close()
    wait_for(server, BY_FORM)

    assert content(shop, [*BY_COMMAND, *BY_FORM]) == content(alone, [*BY_COMMAND, *BY_FORM])
    assert begun(shop) == (0, 0)


def fill_the_form(page: Page, server: AirflowServer, days: list[date], *, picture: Path) -> None:
    """What a person does: Trigger, Backfill, from, to, two at once, Run Backfill."""
    page.goto(server.url)
    for name, value in sign_in("ann").items():
        page.fill(f"input[name={name}]", value)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Dags").first.wait_for()
    page.goto(f"{server.url}/dags/nightly")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("Backfill", exact=True).first.click()
    for day in (days[0], days[-1] + timedelta(days=1)):
        page.get_by_text("Select date and time").first.click()
        page.get_by_placeholder("YYYY/MM/DD").fill(day.strftime("%Y/%m/%d"))
        page.get_by_placeholder("HH:mm").fill("00:00")
        page.keyboard.press("Escape")
        page.get_by_placeholder("YYYY/MM/DD").wait_for(state="hidden")
    page.get_by_text(f"{len(days)} runs will be triggered").wait_for()
    page.fill("input[name=max_active_runs]", "2")
    page.locator("[role=dialog][data-scope=dialog]").screenshot(path=picture)
    page.get_by_role("button", name="Run Backfill").click()
    page.get_by_text("Backfill in progress").first.wait_for()
