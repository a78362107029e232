"""The doctor: looks at everything that an installation stands on, and says what to do about each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from perennial.errors import PerennialError
from perennial.operations.engine_checks import engine_checks
from perennial.operations.findings import Finding, Level, fail
from perennial.operations.provider_checks import provider_checks
from perennial.operations.sender_checks import sender_checks
from perennial.operations.setting_checks import settings_checks
from perennial.operations.storage_checks import lake_checks, ledger_checks, shop_checks
from perennial.steps.services import Perennial

# Each with the check that is told of when it cannot go on.
_EXAMINATIONS: Sequence[tuple[str, Callable[[Perennial], Iterator[Finding]]]] = (
    ("files.checked", settings_checks),
    ("sender.dmarc", sender_checks),
    ("engine.spark", engine_checks),
    ("lake.nights", lake_checks),
    ("ledger.reached", ledger_checks),
    ("shop.reached", shop_checks),
    ("edge.reached", provider_checks),
)


def examine(perennial: Perennial) -> list[Finding]:
    """Everything that there is to find; sends nothing, upgrades nothing, and goes on after what is broken."""
    return [finding for check, look in _EXAMINATIONS for finding in _looked(check, look, perennial)]


def _looked(
    check: str, look: Callable[[Perennial], Iterator[Finding]], perennial: Perennial
) -> Iterator[Finding]:
    try:
        yield from look(perennial)
    except PerennialError as error:
        yield fail(check, str(error))


def worst(findings: Sequence[Finding]) -> Level:
    """The worst level among findings."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)
