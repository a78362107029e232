"""Consents that were collected elsewhere, and everything that one person has agreed to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.steps.looking import LookingSteps

if TYPE_CHECKING:
    from perennial.pipeline.bringing_consents import Brought


class ConsentSteps(LookingSteps):
    """Brings in what customers agreed to before Perennial asked them."""

    def import_consents(self, file: Path, *, by: str) -> Brought:
        """Records the consents of a CSV file with where they came from; rows that are wrong are put aside.

        Times without a zone are meant by the shop's clock. The same file again changes nothing.

        Raises:
            SourceError: the file cannot be read, or lacks a column.
            MissingPartition: no night has run yet, so no customer is known.
        """
        from perennial.lake.partitions import Partition
        from perennial.pipeline.bringing_consents import Import, bring_in_consents

        return bring_in_consents(
            self.engine,
            self.ledger,
            Import(file=file, by=by, zone=self.shop.zone, now=self.now(), policy=self.policy),
            known_on=Partition(dataset=CUSTOMER_FEATURES.name, day=self.last_night()),
        )
