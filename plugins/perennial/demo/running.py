"""One night and four campaigns on real orders, by Airflow itself, with providers and people that answer, on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from perennial.demo.summary import summary, twice
from perennial.demo.world import a_world
from perennial.errors import PerennialError
from perennial.settings import PROJECT, read_settings
from perennial.steps.services import services, shop_zone

_HOME = PROJECT / ".perennial" / "demo"
_SEED = 7


def run_demo(out: Console) -> None:
    """Sets an installation up from nothing, runs a night and the campaigns twice, hears the answers, shows it all."""
    started = time.monotonic()
    _start_afresh()
    day = datetime.now(shop_zone(read_settings())).date()
    with _step(out, "Load the sample shop (real baskets, made-up people)"), _airflow_database():
        _load_sample(day)
    with _quietly() as log:
        pass
    with a_world(seed=_SEED) as world:
        with _step(out, "Start Airflow, and play SendGrid and Twilio"), _quietly():
            dags = _dags()
        with _step(out, f"Run the DAG nightly for {day}"), _quietly():
            _run(dags["nightly"], day, log)
        campaigns = sorted(name for name in dags if name.startswith("campaign_"))
        for turn in ("Run", "Run again"):
            for name in campaigns:
                with _step(out, f"{turn} the DAG {name}"), _quietly():
                    _run(dags[name], day, log)
            world.let_people_answer()
        with _step(out, "Hear what became of the messages, and what people answer"), _quietly():
            world.wait_until_quiet()
        with services() as perennial:
            with _step(out, "Write the page of the day"), _quietly():
                world.fill_mailbox(perennial.settings.mailbox_path, perennial)
                page = perennial.report(day)
            out.print(summary(perennial, day))
            out.print(twice(world.accepted(), world.repeated()))
            mailbox = perennial.settings.mailbox_path
    out.print("\nOpen the day, with every message and every reason:")
    out.print(page.as_uri(), soft_wrap=True)
    seconds = f"{time.monotonic() - started:.0f} seconds"
    out.print(Text(f"{seconds}. Messages: {mailbox} · Logs: {log}", style="dim"), soft_wrap=True)


def _start_afresh() -> None:
    """An installation of its own, whatever the environment says."""
    shutil.rmtree(_HOME, ignore_errors=True)
    _HOME.mkdir(parents=True)
    airflow = _HOME / "airflow"
    for name in [n for n in os.environ if n.startswith(("PERENNIAL_", "AIRFLOW_"))]:
        del os.environ[name]
    os.environ |= {
        "PERENNIAL_HOME": str(_HOME),
        "PERENNIAL_CLOCK": "simulated",
        "AIRFLOW_HOME": str(airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }


@contextmanager
def _airflow_database() -> Iterator[None]:
    """Makes Airflow's own database while the block does something else."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    with (_HOME / "airflow-db.log").open("wb") as log:
        migration = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own interpreter
        try:
            yield
        except BaseException:
            migration.terminate()
            migration.wait()
            raise
        if migration.wait() != 0:
            msg = f"Airflow's database could not be made. See {_HOME / 'airflow-db.log'}."
            raise PerennialError(msg)


def _load_sample(day: date) -> None:
    with services() as perennial:
        perennial.load_sample(shift_to=day)


def _dags() -> dict[str, Any]:
    from perennial.orchestration import read_dags

    return read_dags(PROJECT / "dags")


def _run(dag: Any, day: date, log: Path) -> None:  # noqa: ANN401 - Airflow's DAG
    run = dag.test(logical_date=None, run_conf={"day": day.isoformat()})
    if run.state != "success":
        msg = f"The DAG {dag.dag_id} ended as {run.state}. See {log}."
        raise PerennialError(msg)


@contextmanager
def _step(out: Console, title: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    out.print(f"[green]✓[/] {title} [dim]{time.monotonic() - started:.1f} s[/]", highlight=False)


@contextmanager
def _quietly() -> Iterator[Path]:
    """Sends what Airflow and its children print to a file; the console of the demo keeps its own way out."""
    log = _HOME / "airflow.log"
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    with log.open("ab") as sink:
        for stream in (1, 2):
            os.dup2(sink.fileno(), stream)
    try:
        yield log
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
