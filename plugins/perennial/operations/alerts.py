"""What operators are told of by themselves: a closed list, each with what to do then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from perennial.operations.figures import FIGURES
from perennial.operations.samples import Sample

_OLD_NIGHT_DAYS = 1
_OVERDUE_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One kind of alert. `when` says what has happened, `cure` what to do."""

    id: str
    when: str
    cure: str


def _listed(*alerts: Alert) -> Mapping[str, Alert]:
    return MappingProxyType({alert.id: alert for alert in alerts})


ALERTS: Mapping[str, Alert] = _listed(
    Alert(
        id="task_failed",
        when="A task has failed, and is not tried again.",
        cure="The last line of its log says what to do; see docs/operations.md, *When a task fails*. Then clear it.",
    ),
    Alert(
        id="night_stopped",
        when="A check has stopped the night. Nothing is published or sent until somebody releases it.",
        cure="`perennial verdict` shows the findings; answer in Airflow: docs/how-to/release-a-night.md.",
    ),
    Alert(
        id="night_old",
        when="No night has formed today's audiences.",
        cure=FIGURES["perennial_night_age_days"].cure,
    ),
    Alert(
        id="overdue",
        when="Messages have been due for more than half an hour, and no worker has looked at them.",
        cure=FIGURES["perennial_overdue_seconds"].cure,
    ),
    Alert(
        id="doubts_waiting",
        when="Messages may have been sent, and nobody knows yet.",
        cure=FIGURES["perennial_doubts"].cure,
    ),
    Alert(
        id="brake",
        when="Too many people of a mailbox provider mark emails as spam: promotional ones are held back.",
        cure=FIGURES["perennial_brake"].cure,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Raised:
    """An alert of now. `about` names campaigns, mailbox providers and counts, nobody."""

    alert: str
    about: str

    @property
    def text(self) -> str:
        """What operators read."""
        return told(self.alert, self.about)


def told(alert: str, about: str) -> str:
    """What operators read about an alert: what has happened, where, and what to do."""
    kind = ALERTS[alert]
    return f"Perennial, {about}: {kind.when} {kind.cure}"


def raised(samples: Sequence[Sample]) -> list[Raised]:
    """The alerts that figures of now give reason for."""
    return [Raised(alert=alert, about=about) for alert, about in _reasons(samples)]


def _reasons(samples: Sequence[Sample]) -> Iterator[tuple[str, str]]:
    for sample in samples:
        where = ", ".join(sample.labels)
        match sample.figure:
            case "perennial_night_age_days" if sample.value >= _OLD_NIGHT_DAYS:
                yield "night_old", f"{sample.value:.0f} days without"
            case "perennial_night_datasets" if where == "stopped" and sample.value:
                yield "night_stopped", f"{sample.value:.0f} datasets"
            case "perennial_overdue_seconds" if sample.value > _OVERDUE_SECONDS:
                yield "overdue", f"{where}, {sample.value / 60:,.0f} minutes"
            case "perennial_doubts" if sample.value:
                yield "doubts_waiting", f"{sample.value:,.0f} messages"
            case "perennial_brake" if sample.value:
                yield "brake", where
