"""What the checks of a night found, in sentences for people and in JSON for the lake."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from perennial.model.words import Word

AUDIENCE_OF = "audience of "
CLOSED_DAY = "closed_day"


class Action(Word):
    """What follows when rows break a rule."""

    WARN = "warn", "The rows are used; people are told."
    QUARANTINE = "quarantine", "The rows are put aside with the reason; the rest goes on."
    STOP = "stop", "Nothing of the night is published until the data is corrected or released."
    HOLD = "hold", "The campaign's run waits for a person's approval. Only for audiences."


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure of the night, what is usual for it, and the bounds that a rule sets; what is not known is empty."""

    figure: str
    value: float
    usual: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def within(self) -> bool:
        return (self.low is None or self.value >= self.low) and (
            self.high is None or self.value <= self.high
        )

    def __str__(self) -> str:
        usual = "" if self.usual is None else f", usually {_number(self.usual)}"
        ends = (("at least", self.low), ("at most", self.high))
        bounds = " and ".join(f"{word} {_number(end)}" for word, end in ends if end is not None)
        return f"{self.figure} is {_number(self.value)}{usual}; expected is {bounds}."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that the night's rows of a dataset break.

    `examples` are keys of up to three rows. A rule about the dataset as a whole has no failed rows; where it is about a
    figure, `measure` says how much it is. After a day on which the shop was closed, `closed_day` stands for all rules
    that something was to come by.
    """

    dataset: str
    rule: str
    action: Action
    sentence: str
    owner: str
    failed_rows: int
    share: float
    examples: tuple[str, ...] = ()
    measure: Measure | None = None

    def __str__(self) -> str:
        if self.rule == CLOSED_DAY:
            return f"{self.dataset}: {self.sentence}"
        if not self.failed_rows:
            figure = f" {self.measure}" if self.measure else ""
            verb = "breaks" if self.dataset.startswith(AUDIENCE_OF) else "break"
            return f"{self.dataset} {verb} `{self.rule}`: {self.sentence}{figure}"
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
    night had quarantined and that are accepted now, because what they refer to has arrived. `figures` are what later
    nights learn from, `measures` those that a rule looked at, met or not.
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
    figures: Mapping[str, float] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()

    @property
    def stopped(self) -> bool:
        return any(finding.action is Action.STOP for finding in self.findings)

    @property
    def holds(self) -> list[Finding]:
        """Why an audience is not written to before a person has approved of it."""
        return [finding for finding in self.findings if finding.action is Action.HOLD]

    @property
    def held(self) -> bool:
        return bool(self.holds)

    @property
    def sentence(self) -> str:
        """The night of this dataset in one sentence: why it stopped, or how many rows passed."""
        for finding in self.findings:
            if finding.action in {Action.STOP, Action.HOLD}:
                return str(finding)
        aside = f", {self.quarantined:,} put aside" if self.quarantined else ""
        return f"{self.accepted:,} of {self.rows + self.returned:,} rows of {self.dataset} accepted{aside}."

    def as_json(self) -> dict[str, Any]:
        """For machines, and for the lake."""
        return asdict(self) | {"day": self.day.isoformat(), "stopped": self.stopped}


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _percent(share: float) -> str:
    return "under 0.1%" if share < 0.001 else f"{share:.1%}"


def verdict_from_json(plain: Mapping[str, Any]) -> Verdict:
    """The verdict that `Verdict.as_json` wrote."""
    read = {name: value for name, value in plain.items() if name != "stopped"}
    read["day"] = date.fromisoformat(plain["day"])
    read["findings"] = tuple(_finding(found) for found in plain["findings"])
    read["measures"] = tuple(Measure(**m) for m in plain.get("measures", ()))
    return Verdict(**read)


def _finding(plain: Mapping[str, Any]) -> Finding:
    measure = plain.get("measure")
    read = {
        "action": Action(plain["action"]),
        "examples": tuple(plain["examples"]),
        "measure": Measure(**measure) if measure else None,
    }
    return Finding(**{**plain, **read})


def as_text(plain: object) -> str:
    """JSON as it is kept in the lake: the same for the same content, and readable."""
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
