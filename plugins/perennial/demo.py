"""One night and four campaigns on real orders, by Airflow itself, in this process, in a couple of minutes."""

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

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from perennial.errors import PerennialError
from perennial.settings import PROJECT
from perennial.steps.services import Perennial, services, shop_zone

_HOME = PROJECT / ".perennial" / "demo"


def run_demo(out: Console) -> None:
    """Sets an installation up from nothing, runs a night and the campaigns twice, and shows what happened."""
    started = time.monotonic()
    _start_afresh()
    day = datetime.now(shop_zone()).date()
    with _step(out, "Load the sample shop (real baskets, made-up people)"), _airflow_database():
        _load_sample(day)
    with _step(out, "Start Airflow"), _quietly() as log:
        dags = _dags()
    with _step(out, f"Run the DAG nightly for {day}"), _quietly():
        _run(dags["nightly"], day, log)
    campaigns = sorted(name for name in dags if name.startswith("campaign_"))
    for turn in ("Run", "Run again"):
        for name in campaigns:
            with _step(out, f"{turn} the DAG {name}"), _quietly():
                _run(dags[name], day, log)
    with services() as perennial:
        with _step(out, "Write the page of the day"), _quietly():
            page = perennial.report(day)
        out.print(_summary(perennial, day))
        out.print(_twice(perennial))
    out.print("\nOpen the day, with every message and every reason:")
    out.print(page.as_uri(), soft_wrap=True)
    out.print(Text(f"{time.monotonic() - started:.0f} seconds. Logs: {log}", style="dim"))


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
        yield
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


def _summary(perennial: Perennial, day: date) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"{perennial.shop.name}, {day}", title_justify="left")
    table.add_column("", no_wrap=True)
    accounts = [perennial.account(c.name, day) for c in perennial.campaigns]
    for account in accounts:
        table.add_column(account.plan.campaign.replace("_", " "), justify="right")
    plans = [account.plan for account in accounts]
    table.add_row("audience", *(f"{p.audience:,}" for p in plans), style="bold")
    table.add_row("send", *(f"{p.send:,}" for p in plans), style="green")
    table.add_row("held out", *(f"{p.hold_out:,}" for p in plans))
    for kind, counts in (("defer", [p.deferred for p in plans]), ("skip", [p.skip for p in plans])):
        for reason in sorted({reason for counted in counts for reason in counted}):
            cells = (f"{counted[reason]:,}" if reason in counted else "" for counted in counts)
            table.add_row(f"{kind}: {reason.replace('_', ' ')}", *cells, style="dim")
    table.add_section()
    table.add_row("accepted", *(f"{a.accepted:,}" for a in accounts), style="green")
    table.add_row("in doubt", *(f"{a.in_doubt:,}" for a in accounts))
    table.add_row("emails", *(f"{p.emails:,}" for p in plans))
    table.add_row("SMS (segments)", *(f"{p.sms:,} ({p.sms_segments:,})" for p in plans))
    table.add_row("cost", *(f"{p.cost} {p.currency}" for p in plans))
    return table


def _twice(perennial: Perennial) -> Text:
    keys = [entry.key for entry in perennial.mailbox()]
    repeated = len(keys) - len(set(keys))
    style = "green" if repeated == 0 else "bold red"
    return Text(
        f"Every campaign ran twice: {len(keys):,} messages in the mailbox, {repeated} of them repeated.",
        style=style,
    )


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
