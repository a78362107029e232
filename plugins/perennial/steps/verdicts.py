"""What the checks of a night found, and who takes the responsibility for what they hold back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perennial.bootstrap import Installation
from perennial.errors import MissingPartition

if TYPE_CHECKING:
    from perennial.ledger.values import AuditEntry
    from perennial.pipeline.no_data import NoData
    from perennial.pipeline.quarantine import Quarantine
    from perennial.report.night_figures import NightFigures


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether a night may be published, and if not, why; `verdict_hash` names what was looked at."""

    day: date
    verdict_hash: str
    stopped: bool
    released: bool
    why: Sequence[str]

    @property
    def waits(self) -> bool:
        """Whether somebody has to take the responsibility before the night is published."""
        return self.stopped and not self.released

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"day": self.day.isoformat(), "why": list(self.why)}


class VerdictSteps(Installation):
    """Reading and answering verdicts. Nothing here changes what a night found."""

    def judge_night(self, day: date) -> Judgement:
        """Whether a validated night may be published; writes its page.

        Raises:
            MissingPartition: the night has not been validated.
        """
        from perennial.pipeline.releasing import release_of_night, verdict_hash
        from perennial.pipeline.verifying import read_verdicts

        self.write_night_page(day)
        verdicts = read_verdicts(self.engine.lake, day)
        return Judgement(
            day=day,
            verdict_hash=verdict_hash(verdicts),
            stopped=any(verdict.stopped for verdict in verdicts),
            released=release_of_night(self.ledger, verdicts) is not None,
            why=[verdict.sentence for verdict in verdicts if verdict.stopped],
        )

    def release_night(
        self, day: date, *, by: str, reason: str, seen: str | None = None
    ) -> AuditEntry:
        """Writes down that a person lets a stopped night pass; publishing is the next step.

        With `seen`, the hash of the verdict that the person looked at, nothing but that is released.

        Raises:
            MissingPartition: the night has not been validated.
            SettingsError: no check stops the night, or the reason is missing or too long.
            NightStopped: the verdict is another one by now; nothing was released.
        """
        from perennial.pipeline.releasing import Grounds, refuse_unseen, release_night
        from perennial.pipeline.verifying import read_verdicts

        verdicts = read_verdicts(self.engine.lake, day)
        self._refuse_unvalidated(day, verdicts)
        refuse_unseen(verdicts, seen)
        return release_night(self.ledger, verdicts, Grounds(by=by, reason=reason, at=self.now()))

    def night_figures(self, day: date) -> NightFigures:
        """What the checks of a night found, and what to do next.

        Raises:
            MissingPartition: the night has not been validated.
        """
        from perennial.pipeline.night_reporting import gather_night
        from perennial.pipeline.verifying import read_verdicts

        self._refuse_unvalidated(day, read_verdicts(self.engine.lake, day))
        return gather_night(
            self.engine,
            self.ledger,
            day=day,
            shop=self.shop,
            suites=self.settings.project / "expectations",
            campaigns=[campaign.name for campaign in self.campaigns],
            page=self.night_page(day),
        )

    def write_night_page(self, day: date) -> Path:
        """Writes the page of a night and says where it lies.

        Raises:
            MissingPartition: the night has not been validated.
        """
        from perennial.pipeline.night_reporting import write_night_page

        return write_night_page(self.night_figures(day), self.night_page(day))

    def night_page(self, day: date) -> Path:
        """Where the page of a night lies."""
        return self.settings.home / "reports" / f"{day.isoformat()}-night.html"

    def quarantine(self, day: date, dataset: str | None = None) -> list[Quarantine]:
        """The rows that a night put aside, by reason.

        Raises:
            MissingPartition: the night has not been validated.
        """
        from perennial.pipeline.quarantine import read_quarantines

        suites = self.settings.project / "expectations"
        return read_quarantines(self.engine, day, suites, dataset=dataset)

    def no_data(self, day: date) -> NoData | None:
        """Why no verified data of a day has come, so that nothing is sent; nothing when it has."""
        from perennial.pipeline.no_data import look_for_data

        return look_for_data(self.engine.lake, day)

    def _refuse_unvalidated(self, day: date, verdicts: Sequence[object]) -> None:
        if not verdicts:
            msg = f"The night of {day} is not validated. Run: perennial night --day {day}"
            raise MissingPartition(msg)
