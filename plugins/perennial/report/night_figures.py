"""What the page of a night shows, as values; nothing here knows HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from perennial.validation.verdicts import Action, Measure

_WHEN_STOPPED = (
    """The shop's data is wrong: correct it in the shop. The next night looks at these rows again by itself; to have the \
day itself: `perennial night --day {day} --refresh`.""",
    "The query is wrong: mend `shop.yaml`, then the same command.",
    """The rule is wrong: change its suite in `expectations/`, have it reviewed, then `perennial night --day {day}`.""",
    """The data is right as it is: approve the release in Airflow's Required Actions, or \
`perennial release --day {day} --reason "…"`. Rows that break a rule stay put aside.""",
)


class NightState(StrEnum):
    """How far a night has come."""

    PASSED = "passed"
    STOPPED = "stopped"
    RELEASED = "released"
    JUDGED = "judged"


@dataclass(frozen=True, kw_only=True)
class FindingFigures:
    """One rule that rows, or a dataset as a whole, break. `examples` are keys and masked values."""

    dataset: str
    rule: str
    action: Action
    sentence: str
    owner: str
    rows: int
    share: float
    told: str
    examples: Sequence[str] = ()
    measure: Measure | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetFigures:
    """What became of one dataset's rows. `usual` is the median of the same weekday's nights; empty: too few of them.

    `verdict` and `quarantine` are the files with everything that the checks said, and with the rows put aside.
    `waiting` of these rows are looked at again by the next nights; `back` have been accepted since.
    """

    name: str
    rows: int
    accepted: int
    quarantined: int
    returned: int
    duplicates: int
    superseded: int
    usual: float | None = None
    waiting: int = 0
    back: int = 0
    verdict: str | None = None
    quarantine: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReleaseFigures:
    """Who let the night pass, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class AudienceFigures:
    """What the checks said about the audience of a campaign; `held`: its run waits for a person."""

    campaign: str
    held: bool
    sentences: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class NightFigures:
    """Everything on the page of a night."""

    shop: str
    zone: str
    day: date
    state: NightState
    verdict_hash: str
    datasets: Sequence[DatasetFigures]
    findings: Sequence[FindingFigures]
    measures: Mapping[str, Sequence[Measure]] = field(default_factory=dict)
    audiences: Sequence[AudienceFigures] = ()
    release: ReleaseFigures | None = None
    verified: Sequence[date] = ()

    @property
    def headline(self) -> str:
        """The night in one sentence."""
        aside = sum(d.quarantined for d in self.datasets)
        match self.state:
            case NightState.STOPPED:
                return "The night is stopped. Nothing was published, nothing is sent."
            case NightState.RELEASED:
                return f"The night was stopped, and {self.release.by if self.release else 'a person'} released it."
            case NightState.JUDGED:
                return "The night is judged, and not published yet."
            case NightState.PASSED if aside:
                rows = "1 row was" if aside == 1 else f"{aside:,} rows were"
                return f"The night passed. {rows} put aside."
            case _ if self.findings:
                return "The night passed, with something to look at."
        return "The night passed. Every row was accepted."

    @property
    def next_steps(self) -> Sequence[str]:
        """What to do, in the order in which to try it; commands stand between `backticks`."""
        day = self.day.isoformat()
        if self.state is NightState.STOPPED:
            return tuple(step.format(day=day) for step in _WHEN_STOPPED)
        steps = []
        if self.state is NightState.JUDGED:
            steps.append(f"Publish it: `perennial night --day {day}`.")
        if any(audience.held for audience in self.audiences):
            steps.append(
                "Look at the audiences that are held, and approve their runs in Airflow's Required Actions."
            )
        if any(d.quarantined for d in self.datasets):
            steps.append(
                "Tell the owners. Rows come back by themselves when the shop mends them;"
                f" `perennial quarantine --day {day}` shows which have."
            )
        elif self.findings:
            steps.append("Tell the owners of what was found; the rows are used as they are.")
        return steps or ("Nothing.",)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "day": self.day.isoformat(),
            "state": str(self.state),
            "headline": self.headline,
            "verdict_hash": self.verdict_hash,
            "datasets": [vars(each) for each in self.datasets],
            "findings": [
                vars(each)
                | {
                    "examples": list(each.examples),
                    "measure": str(each.measure) if each.measure else None,
                }
                for each in self.findings
            ],
            "audiences": [vars(each) for each in self.audiences],
            "release": vars(self.release) | {"at": self.release.at.isoformat()}
            if self.release
            else None,
            "next": list(self.next_steps),
        }
