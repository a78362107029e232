"""The DAGs at work, by Airflow itself: run twice, killed in the middle, and nobody hears from us twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from one_night import CAMPAIGNS, DAY, HOUSEHOLDS, accepted, settings_at
from perennial.sample.loading import load_sample
from perennial.steps.services import services

PROJECT = Path(__file__).parents[2]
LEASE_SECONDS = 2

pytestmark = [pytest.mark.airflow, pytest.mark.sample]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("airflow-night")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    environment = os.environ | {
        "PERENNIAL_HOME": str(home),
        "PERENNIAL_CLOCK": "simulated",
        "PERENNIAL_LEASE_SECONDS": str(LEASE_SECONDS),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return environment


def start(environment: dict[str, str], *names: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(PROJECT / "tests" / "run_dags.py"), DAY.isoformat(), *names]
    log = (Path(environment["PERENNIAL_HOME"]) / "dags.log").open("ab")
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def test_the_day_twice_and_killed_in_the_middle_gives_each_message_once(
    environment: dict[str, str],
) -> None:
    """And the events of its assets say what was written."""
    home = Path(environment["PERENNIAL_HOME"])
    dags = [f"campaign_{name}" for name in CAMPAIGNS]
    killed = start(environment, "nightly", *dags)
    while accepted(home).total() < 20 and killed.poll() is None:
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = accepted(home)
    time.sleep(LEASE_SECONDS)

    assert start(environment, *dags, "nightly", *dags).wait() == 0

    after = accepted(home)
    assert before.total() < after.total()
    assert set(after.values()) == {1}
    with services(settings_at(home)) as perennial:
        accounts = [perennial.account(name, DAY) for name in CAMPAIGNS]
    assert sum(account.accepted for account in accounts) == after.total()
    assert all(account.accepted == account.plan.send for account in accounts)
    assert no_address_in(home, "dags.log")
    said, written = events_and_files(home)
    assert said == written


def events_and_files(home: Path) -> tuple[dict[str, object], dict[str, object]]:
    """What the last event of each asset says, in counts alone; and what was written."""
    with sqlite3.connect(home / "airflow" / "airflow.db") as airflow:
        events = airflow.execute(
            "select asset.name, asset_event.extra from asset_event join asset on asset.id = asset_id"
            " order by asset_event.id"
        )
        said = {name: json.loads(extra) for name, extra in events}
    with services(settings_at(home)) as perennial:
        written = {
            "orders": perennial.written("verified/orders", DAY),
            "customer_features": perennial.written("customer_features", DAY),
            "memberships": perennial.written("memberships", DAY),
        }
    return said, written


def no_address_in(home: Path, log: str) -> bool:
    """Whether what Airflow logged is free of customers' addresses."""
    text = (home / log).read_text(encoding="utf-8", errors="replace")
    with services(settings_at(home)) as perennial:
        perennial.engine.open_day(DAY)
        contacts = perennial.engine.rows("select email, phone from contacts")
    return not any(
        address in text for row in contacts for address in (row["email"], row["phone"]) if address
    )
