"""A backfill in a running Airflow, by the command line and by the form of its UI: the past is rebuilt, nobody hears of it.

Takes minutes, so it runs by `make test-backfill` alone. Every campaign is switched on meanwhile and waits for the data
of its own day, whose night has failed: whatever left, the backfill would have sent it. With BACKFILL_PICTURES, the picture
of docs/how-to/backfill.md is left there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, sync_playwright

from airflow_server import AirflowServer, running_airflow, sign_in
from one_night import CAMPAIGNS, HOUSEHOLDS, accepted, settings_at
from perennial.sample.loading import load_sample
from perennial.settings import Clock
from perennial.steps.services import services
from services import PostgresServer

pytestmark = [pytest.mark.scheduler, pytest.mark.timeout(0)]
TODAY = datetime.now(UTC).date()
BY_COMMAND = [TODAY - timedelta(days=n) for n in (12, 11, 10)]
BY_FORM = [TODAY - timedelta(days=n) for n in (9, 8)]
REBUILT = ("verified/*", "quarantine/*", "contacts", "customer_features", "memberships")
DAGS = {"nightly", *(f"campaign_{name}" for name in CAMPAIGNS)}
PICTURES = os.environ.get("BACKFILL_PICTURES")
# On a machine however slow: given up is only what has not moved for so long.
_STANDSTILL = 900.0


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
    settings = {
        "PERENNIAL_HOME": str(shop),
        "PERENNIAL_CLOCK": "wall",
        # Nobody edits a DAG meanwhile.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    }
    airflow = tmp_path_factory.mktemp("airflow")
    with running_airflow(airflow, database_url=url, settings=settings) as running:
        wait_until(lambda: known(running) >= DAGS, seen=lambda: known(running))
        fail_the_night_of_now(running)
        for name in CAMPAIGNS:
            running.ask("ann", "PATCH", f"/dags/campaign_{name}", {"is_paused": False})
        yield running


def known(server: AirflowServer) -> set[str]:
    """The DAGs that Airflow has read so far."""
    return {dag["dag_id"] for dag in server.ask("ann", "GET", "/dags")["dags"]}


def fail_the_night_of_now(server: AirflowServer) -> None:
    """Switches `nightly` on, which starts its latest night, and fails that before it has read anything."""

    def nights() -> list[dict[str, Any]]:
        found = server.ask("ann", "GET", "/dags/nightly/dagRuns")["dag_runs"]
        return [run for run in found if run["state"] == "running"]

    set_slots(server, 0)
    server.ask("ann", "PATCH", "/dags/nightly", {"is_paused": False})
    wait_until(lambda: bool(nights()), seen=nights)
    for run in nights():
        path = f"/dags/nightly/dagRuns/{quote(run['dag_run_id'])}"
        server.ask("ann", "PATCH", path, {"state": "failed"})
    set_slots(server, 2)


def set_slots(server: AirflowServer, slots: int) -> None:
    """How many tasks may read the shop at once."""
    pool = {"pool": "shop", "slots": slots, "include_deferred": False}
    server.ask("ann", "PATCH", "/pools/shop?update_mask=slots", pool)


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


def wait_until(done: Callable[[], bool], *, seen: Callable[[], object]) -> None:
    """Waits as long as something moves in what is `seen`."""
    last, since = seen(), time.monotonic()
    while not done():
        now = seen()
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > _STANDSTILL:
            pytest.fail(f"nothing has moved for {_STANDSTILL:.0f} seconds: {last}")
        time.sleep(10)


def wait_for(server: AirflowServer, days: list[date]) -> None:
    """Until a backfill of these days is done."""

    def states() -> dict[str, str]:
        return {day: run["state"] for day, run in backfilled(server).items()}

    def done() -> bool:
        found = [states().get(day.isoformat()) for day in days]
        assert "failed" not in found, tasks(server)
        return set(found) == {"success"}

    wait_until(done, seen=lambda: (states(), tasks(server)))


def backfilled(server: AirflowServer) -> dict[str, dict[str, Any]]:
    """The runs of backfills, by day."""
    runs = server.ask("ann", "GET", "/dags/nightly/dagRuns?limit=100")["dag_runs"]
    return {run["partition_key"]: run for run in runs if run["run_type"] == "backfill"}


def tasks(server: AirflowServer) -> list[tuple[str, str, int, str]]:
    """The tasks of all backfills: day, task, dataset, state; what only waits for its turn does not move."""
    return [
        (day, task["task_id"], task["map_index"], task["state"])
        for day, run in backfilled(server).items()
        for task in task_instances(server, run)
        if task["task_id"] != "wait_for_turn" or task["state"] == "success"
    ]


def task_instances(server: AirflowServer, run: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/dags/{run['dag_id']}/dagRuns/{quote(run['dag_run_id'])}/taskInstances?limit=100"
    return list(server.ask("ann", "GET", path)["task_instances"])


def campaigns_that_wait(server: AirflowServer) -> set[str]:
    """Campaigns that have a run at work, which has found no data yet."""
    found = set()
    for name in CAMPAIGNS:
        for run in server.ask("ann", "GET", f"/dags/campaign_{name}/dagRuns")["dag_runs"]:
            began = {task["task_id"]: task["start_date"] for task in task_instances(server, run)}
            if run["state"] == "running" and began["wait_for_audiences"] and not began["plan"]:
                found.add(name)
    return found


def test_a_backfill_by_command_and_by_form_rebuilds_the_past_and_sends_nothing(
    server: AirflowServer, shop: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(shop / "shop.db", alone / "shop.db")
    with services(settings_at(alone)) as perennial:
        perennial.nights([*BY_COMMAND, *BY_FORM])

    wait_until(
        lambda: campaigns_that_wait(server) == set(CAMPAIGNS),
        seen=lambda: campaigns_that_wait(server),
    )
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
        page = browser.new_page(viewport={"width": 1280, "height": 1240})
        page.set_default_timeout(_STANDSTILL * 1000)
        pictures = Path(PICTURES) if PICTURES else tmp_path
        fill_the_form(page, server, BY_FORM, picture=pictures / "backfill-form.png")
        browser.close()
    wait_for(server, BY_FORM)

    assert content(shop, [*BY_COMMAND, *BY_FORM]) == content(alone, [*BY_COMMAND, *BY_FORM])
    assert begun(shop) == (0, 0)
    assert campaigns_that_wait(server) == set(CAMPAIGNS)


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
