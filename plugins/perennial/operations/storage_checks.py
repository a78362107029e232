"""What Perennial keeps and reads: the lake, the ledger, and the shop. The doctor upgrades nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from perennial.errors import LakeError, LedgerError, PerennialError, RestoredLedger, SettingsError
from perennial.ledger.store import Ledger
from perennial.operations.findings import Finding, fail, warn, well
from perennial.settings import Clock
from perennial.steps.services import Perennial

if TYPE_CHECKING:
    from perennial.lake.partitions import Lake

CLOCK_DIFFERS, CLOCK_IS_WRONG = timedelta(seconds=5), timedelta(minutes=2)
"""From when on two clocks that differ are worth a word, and from when on messages may leave at a wrong time."""


def lake_checks(perennial: Perennial) -> Iterator[Finding]:
    """Whether the lake can be published to, and has what tonight's campaigns need."""
    from perennial.pipeline.no_data import days_without_data

    try:
        perennial.lake.store.try_out()
    except (LakeError, SettingsError) as error:
        yield fail("lake.writable", str(error))
        return
    yield well("lake.writable")
    simulated = perennial.settings.clock is Clock.SIMULATED
    today = None if simulated else perennial.now().astimezone(perennial.shop.zone).date()
    missing = days_without_data(perennial.lake, today)
    if missing:
        says = (
            f"{len(missing)} of the last days have no verified data. The latest: {missing[-1].why}"
        )
        yield warn("lake.nights", says)
    else:
        yield well("lake.nights")


def ledger_checks(perennial: Perennial) -> Iterator[Finding]:
    """Whether what is sent can be recorded; a ledger that nobody has made yet is no fault."""
    with closing(Ledger(perennial.settings.ledger)) as ledger:
        if ledger.file_is_missing:
            yield well("ledger.reached", "There is no ledger yet: the first command makes it.")
            return
        try:
            told = ledger.clock()
        except LedgerError as error:
            yield fail("ledger.reached", str(error))
            return
        yield well("ledger.reached")
        yield clock_finding("ledger.clock", "the ledger", told, datetime.now(UTC))
        yield from _tables(ledger, perennial.lake)


def _tables(ledger: Ledger, lake: Lake) -> Iterator[Finding]:
    from perennial.pipeline.lake_marks import sent_mark

    try:
        ledger.check_tables()
    except LedgerError as error:
        yield fail("ledger.tables", str(error))
        return
    yield well("ledger.tables")
    try:
        ledger.check_writable()
        yield well("ledger.writable")
    except LedgerError as error:
        yield fail("ledger.writable", str(error))
    try:
        sent_mark(lake).check(ledger)
        yield well("ledger.fence")
    except (RestoredLedger, LakeError) as error:
        yield fail("ledger.fence", str(error))


def shop_checks(perennial: Perennial) -> Iterator[Finding]:
    """Whether the shop answers to the query that looks for orders, asked for those of this very moment."""
    now = datetime.now(UTC)
    try:
        perennial.source.recent_buyers(now, until=now)
    except PerennialError as error:
        yield fail("shop.reached", str(error))
        return
    yield well("shop.reached")


def clock_finding(check: str, whose: str, told: datetime, ours: datetime) -> Finding:
    """How far a clock is from this machine's."""
    apart = abs(told - ours)
    if apart < CLOCK_DIFFERS:
        return well(check)
    says = (
        f"This machine's clock and that of {whose} are {apart.total_seconds():,.0f} seconds apart."
    )
    return fail(check, says) if apart >= CLOCK_IS_WRONG else warn(check, says)
