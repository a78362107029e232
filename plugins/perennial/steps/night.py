"""From the shop to the audiences of a day. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perennial.errors import SettingsError
from perennial.model.datasets import MEMBERSHIPS, ORDER_LINES, ORDERS, SHOP_DATASETS
from perennial.profiles import Profile
from perennial.steps.rights import RightsSteps
from perennial.steps.verdicts import VerdictSteps

if TYPE_CHECKING:
    from perennial.pipeline.keeping_out import KeepingOut


@dataclass(frozen=True, kw_only=True)
class Night:
    """One night in figures."""

    day: date
    rows: int
    quarantined: int
    warnings: int
    customers: int
    memberships: int

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"day": self.day.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A night as far as its verified rows, in figures."""

    day: date
    rows: int
    quarantined: int
    warnings: int

    def night(self, *, customers: int, memberships: int) -> Night:
        """The whole night, when its audiences are formed."""
        return Night(**asdict(self), customers=customers, memberships=memberships)


class NightSteps(VerdictSteps, RightsSteps):
    """The steps of a night. Each may be repeated at any time, and gives the same rows again."""

    def load_sample(
        self,
        *,
        seed: int = 7,
        scale: int = 1,
        shift_to: date | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Puts the sample shop where the source is looked for.

        Raises:
            SettingsError: the source is a database of yours.
        """
        from perennial.sample.loading import load_sample

        if self.settings.source_url or self.settings.profile is not Profile.DEMO:
            msg = "The sample shop is for the demo profile without PERENNIAL_SOURCE_URL: it would replace your data."
            raise SettingsError(msg)
        path = self.settings.home / "shop.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        summary = load_sample(path, seed=seed, scale=scale, shift_to=shift_to, progress=progress)
        return asdict(summary) | {"path": str(path)}

    def extract(self, dataset: str, day: date, *, refresh: bool = False) -> dict[str, Any]:
        """Reads one dataset's interval from the shop into the lake."""
        from perennial.pipeline.closed_days import keep_closed_days, knows_closed_days
        from perennial.pipeline.extracting import extract_night

        if dataset == ORDERS.name and (refresh or not knows_closed_days(self.engine.lake, day)):
            keep_closed_days(self.engine.lake, day, self.source.closed_days())
        shop = self._without_erased()
        summary = extract_night(
            shop,
            self.engine.lake,
            SHOP_DATASETS[dataset],
            day,
            self.shop.zone,
            refresh=refresh,
        )
        found = {"dataset": dataset, "rows": summary.rows, "reused": summary.reused}
        return found | {"erased": shop.left_out, "refused": summary.refused}

    def _without_erased(self) -> KeepingOut:
        """The shop, without the rows of people who asked to be forgotten."""
        from perennial.pipeline.keeping_out import KeepingOut

        return KeepingOut(
            source=self.source,
            lake=self.engine.lake,
            customer_keys={erasure.customer_key for erasure in self.ledger.erased()},
            secret=self.secret,
        )

    def validate(self, dataset: str, day: date) -> dict[str, Any]:
        """Checks one dataset of a night; bad rows are put aside with a reason."""
        from perennial.pipeline.keeping_out import drop_lines
        from perennial.pipeline.verifying import validate_dataset

        if dataset == ORDER_LINES.name:
            drop_lines(self.engine, day, self.secret)
        verdict = validate_dataset(
            self.engine, SHOP_DATASETS[dataset], day, self.shop, self._suites
        )
        return {
            "dataset": dataset,
            "rows": verdict.rows,
            "accepted": verdict.accepted,
            "quarantined": verdict.quarantined,
            "findings": [finding.sentence for finding in verdict.findings],
        }

    def publish(self, day: date) -> dict[str, int]:
        """Makes the checked rows the truth of the day.

        Raises:
            NightStopped: a check stopped the night, and nobody has released it as it is; nothing has changed.
        """
        from perennial.pipeline.contacting import make_contacts
        from perennial.pipeline.releasing import release_of_night
        from perennial.pipeline.verifying import publish_night, read_verdicts

        release = release_of_night(self.ledger, read_verdicts(self.engine.lake, day))
        published = publish_night(self.engine, day, released=release is not None)
        contacts = make_contacts(self.engine, day, self.shop, self.secret)
        if not self.engine.keeps_truth:
            self.take_snapshots(day)
        return published | {"contacts": contacts.rows}

    def take_snapshots(self, day: date) -> None:
        """Writes what is known into one file a dataset, if enough nights have come since that was done."""
        from perennial.lake.taking_snapshots import take_snapshots

        take_snapshots(self.engine, day, every=self.settings.snapshot_every)

    def understand(self, day: date) -> int:
        """Works out where every customer stands; returns how many there are."""
        from perennial.pipeline.preferring import keep_preferences
        from perennial.pipeline.understanding import understand_customers

        keep_preferences(self.engine, self.ledger, day, self.shop)
        return understand_customers(self.audience_engine, day, self.shop).rows

    def form_audiences(self, day: date) -> int:
        """Works out who is in which campaign's audience; returns how many memberships there are."""
        from perennial.pipeline.understanding import form_audiences

        formed = form_audiences(
            self.engine,
            day,
            self.shop,
            self.policy,
            self.campaigns,
            ledger=self.ledger,
            on=self.audience_engine,
        )
        return formed.rows

    def written(self, folder: str, day: date) -> dict[str, Any]:
        """What a dataset of the lake holds of a day, in figures: the same for the same rows, whenever they were made.

        Raises:
            MissingPartition: the night has not written it.
        """
        from perennial.lake.partitions import Partition

        partition = Partition(dataset=folder, day=day)
        content = self.engine.content_hash(partition)
        self.engine.view("written", partition)
        rows = int(self.engine.scalar("select count(*) from written"))
        return {"day": day.isoformat(), "rows": rows, "content_hash": content}

    def audiences_formed(self, day: date) -> bool:
        """Whether the night has got as far as the day's audiences."""
        from perennial.lake.partitions import Partition

        return self.engine.lake.exists(Partition(dataset=MEMBERSHIPS.name, day=day))

    def verify(self, day: date, *, refresh: bool = False) -> Verified:
        """The part of a night that follows the nights before it: from the shop to the day's verified rows.

        Raises:
            NightStopped: a check stopped the night; says which, how many rows, and which.
        """
        from perennial.pipeline.keeping_out import drop_lines
        from perennial.pipeline.verifying import validate_night

        extracts = [self.extract(name, day, refresh=refresh) for name in SHOP_DATASETS]
        drop_lines(self.engine, day, self.secret)
        verdicts = validate_night(self.engine, day, self.shop, self._suites)
        self._publish_with_page(day)
        return Verified(
            day=day,
            rows=sum(extract["rows"] for extract in extracts),
            quarantined=sum(v.quarantined for v in verdicts)
            + sum(extract["refused"] for extract in extracts),
            warnings=sum(len(v.findings) for v in verdicts),
        )

    def understood(self, day: date) -> dict[str, int]:
        """The part of a night that looks at its own day alone: from verified rows to audiences."""
        return {"customers": self.understand(day), "memberships": self.form_audiences(day)}

    def night(self, day: date, *, refresh: bool = False) -> Night:
        """One whole night, from the shop to the audiences. Sends nothing.

        Raises:
            NightStopped: a check stopped the night; says which, how many rows, and which.
            ErasureError: the night is done, but somebody could not be forgotten yet.
        """
        verified = self.verify(day, refresh=refresh)
        counts = self.understood(day)
        self.finish_erasures()
        return verified.night(**counts)

    def finish_night(self, day: date) -> dict[str, int]:
        """From a validated night to its audiences; its page says how far it came.

        Raises:
            NightStopped: a check stopped the night, and nobody has released it.
            ErasureError: the night is done, but somebody could not be forgotten yet.
        """
        self._publish_with_page(day)
        counts = self.understood(day)
        self.finish_erasures()
        return counts

    def _publish_with_page(self, day: date) -> None:
        try:
            self.publish(day)
        finally:
            self.write_night_page(day)

    @property
    def _suites(self) -> Path:
        return self.settings.project / "expectations"
