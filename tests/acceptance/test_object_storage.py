"""A night, its plans and their dispatch over a lake in object storage: nothing but the address is different."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from object_storage import Bucket, StallingProxy
from one_night import CAMPAIGNS, DAY, accepted, run_day, settings_at
from perennial.lake.partitions import Partition
from perennial.operations.findings import Level
from perennial.operations.storage_checks import lake_checks, ledger_checks
from perennial.settings import PROJECT, Settings
from perennial.steps.services import Perennial, services

pytestmark = pytest.mark.sample


@pytest.fixture
def afar(home: Path, bucket: Bucket, tmp_path: Path) -> Settings:
    """The same shop and ledger as `home`'s, and a lake in a bucket that no night has written to yet."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(home / "shop.db", elsewhere)
    return settings_at(elsewhere).model_copy(update={"lake": bucket.url})


def contents(perennial: Perennial) -> dict[Partition, str]:
    """What every dataset of the day holds."""
    engine = perennial.engine
    return {
        partition: engine.content_hash(partition)
        for dataset in _DATASETS
        for partition in engine.lake.partitions(dataset)
    }


_SHOPS = ("customers", "orders", "order_lines", "products", "points_entries", "consents")
_DATASETS = (
    *(f"{state}/{name}" for state in ("raw", "verified", "quarantine") for name in _SHOPS),
    *("contacts", "preferences", "customer_features", "memberships", "decisions"),
)


def test_a_night_that_is_killed_while_it_publishes_is_made_up_for_and_sends_what_a_folder_would(
    perennial: Perennial, home: Path, bucket: Bucket, afar: Settings
) -> None:
    with StallingProxy(bucket.server, stalls_after=2_800_000) as proxy:
        night = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from perennial.cli.commands import main; main()",
                "night",
                "--day",
                DAY.isoformat(),
            ],
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT / "plugins"),
                "PERENNIAL_HOME": str(afar.home),
                "PERENNIAL_CLOCK": "simulated",
                "PERENNIAL_LAKE": bucket.url,
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while not proxy.stalled.wait(0.1):
            assert night.poll() is None, night.communicate()
        night.send_signal(signal.SIGKILL)
        night.communicate()
    run_day(perennial)
    with services(afar) as there:
        whole = contents(there)
        there.night(DAY)
        run_day(there)
        sent, found = accepted(afar.home), contents(there)

        assert 0 < len(whole) < len(found)
        assert whole.items() <= found.items()
        assert found == contents(perennial)
        assert sent == accepted(home)
        assert len(sent) > 50
        assert set(sent.values()) == {1}
        for name in CAMPAIGNS:
            account = there.account(name, DAY)
            assert account.accepted == account.plan.send
            there.dispatch(name, DAY, plan_hash=account.plan.plan_hash)
        assert accepted(afar.home) == sent
        levels = {finding.level for finding in (*lake_checks(there), *ledger_checks(there))}
        assert levels == {Level.OK}
    # Of the lake, nothing lies here but what the night that was killed was about to put; it is swept after a day.
    left = [path for path in (afar.home / "lake").rglob("*") if path.is_file()]
    assert [path for path in left if ".drafts" not in path.parts] == []
