from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import erasing_run
from one_person import DAY, QUIRINA, canaries_in, everything_under, home_of, ledger_rows
from perennial.steps.services import services


@pytest.fixture(scope="session")
def wished(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """She has had her birthday message."""
    home = tmp_path_factory.mktemp("wished") / "home"
    shutil.copytree(first_night, home)
    with services(home_of(home)) as perennial:
        plan = perennial.plan("birthday", DAY)
        perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)
    return home


# Early, late, and at every kind of write in between: the request, files, plans, partitions, the ledger.
@pytest.mark.parametrize("step", [1, 2, 4, 7, 10, 14, 19, 25, 32, 40])
def test_an_erasure_that_was_killed_is_finished_by_running_it_again(
    wished: Path, tmp_path: Path, step: int
) -> None:
    home = Path(shutil.copytree(wished, tmp_path / "home"))
    command = [sys.executable, erasing_run.__file__, str(home), QUIRINA, str(step)]
    killed = subprocess.run(command, check=False, capture_output=True).returncode
    assert killed in (-signal.SIGKILL, 0)

    with services(home_of(home)) as perennial:
        if any(perennial.ledger.erased()):
            perennial.finish_erasures()
        else:
            perennial.erase(QUIRINA, by="kim", reason="asked by letter")
        assert all(erasure.finished_at for erasure in perennial.ledger.erased())
        assert {row["reason"] for row in perennial.ledger.suppressed().to_pylist()} == {"erased"}
        account = perennial.account("birthday", DAY)

    assert account.accepted == account.plan.send
    assert canaries_in(everything_under(home)) == {}
    assert canaries_in(ledger_rows(f"sqlite:///{home / 'ledger.db'}")) == {}
