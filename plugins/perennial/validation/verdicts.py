"""What the checks of a night found, in sentences for people and in JSON for the lake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from perennial.model.words import Word


class Action(Word):
    """What follows when rows break a rule."""

    WARN = "warn", "The rows are used; people are told."
    QUARANTINE = "quarantine", "The rows are put aside with the reason; the rest goes on."
    STOP = "stop", "Nothing of the night is published until the data is corrected or released."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that the night's rows of a dataset break.

    `examples` are keys of up to three rows. A rule about the dataset as a whole has no failed rows.
    """

    dataset: str
    rule: str
    action: Action
    sentence: str
    owner: str
    failed_rows: int
    share: float
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.failed_rows:
            return f"{self.dataset} break `{self.rule}`: {self.sentence}"
        rows = "1 row" if self.failed_rows == 1 else f"{self.failed_rows:,} rows"
        verb = "breaks" if self.failed_rows == 1 else "break"
        shown = f" For example {', '.join(self.examples)}." if self.examples else ""
        return (
            f"{rows} of {self.dataset} ({_percent(self.share)}) {verb} `{self.rule}`:"
            f" {self.sentence}{shown}"
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of one dataset's rows of a night.

    rows + returned = accepted + quarantined + duplicates + superseded, where `returned` are rows that an earlier
    night had quarantined and that are accepted now, because what they refer to has arrived.
    """

    dataset: str
    day: date
    rows: int
    accepted: int
    quarantined: int
    duplicates: int = 0
    superseded: int = 0
    returned: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def stopped(self) -> bool:
        return any(finding.action is Action.STOP for finding in self.findings)

    @property
    def sentence(self) -> str:
        """The night of this dataset in one sentence: why it stopped, or how many rows passed."""
        for finding in self.findings:
            if finding.action is Action.STOP:
                return str(finding)
        aside = f", {self.quarantined:,} put aside" if self.quarantined else ""
        return f"{self.accepted:,} of {self.rows + self.returned:,} rows of {self.dataset} accepted{aside}."

    def as_json(self) -> dict[str, Any]:
        """For machines, and for the lake."""
        return asdict(self) | {"day": self.day.isoformat(), "stopped": self.stopped}


def _percent(share: float) -> str:
    return "under 0.1%" if share < 0.001 else f"{share:.1%}"


def verdict_from_json(plain: Mapping[str, Any]) -> Verdict:
    """The verdict that `Verdict.as_json` wrote."""
    findings = tuple(
        Finding(**{**f, "action": Action(f["action"]), "examples": tuple(f["examples"])})
        for f in plain["findings"]
    )
    fields = {key: value for key, value in plain.items() if key != "stopped"}
    return Verdict(**{**fields, "day": date.fromisoformat(plain["day"]), "findings": findings})


def as_text(plain: object) -> str:
    """JSON as it is kept in the lake: the same for the same content, and readable."""
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
