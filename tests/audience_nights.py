"""A campaign's audience, night after night, with as many members and agreements as a test says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from night_samples import SUITES
from perennial.campaigns.definition import Campaign
from perennial.lake.duck import Engine
from perennial.model.datasets import CONSENTS, CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.pipeline.judging_audience import judge_audience
from perennial.validation.verdicts import Verdict
from plan_builder import a_campaign
from shop_builder import lay

DAY = date(2026, 11, 21)
EARLY = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Audiences:
    """Nights of a shop of 300 customers, with as many members and agreements as a test says."""

    engine: Engine
    suites: Path = SUITES
    campaign: Campaign = field(default_factory=a_campaign)

    def form(
        self, day: date, members: int, agreed: int | None = None, customers: int = 300
    ) -> None:
        """Lays what a night leaves behind."""
        people = [f"c{n}" for n in range(customers)]
        features = [{"customer_id": c, "person_id": c} for c in people]
        chosen = [
            {
                "campaign": self.campaign.name,
                "customer_id": c,
                "person_id": c,
                "occasion": "o1",
                "why": "{}",
            }
            for c in people[:members]
        ]
        willing = members if agreed is None else agreed
        consents = [self._consent(c, n < willing) for n, c in enumerate(people)]
        lay(self.engine, CUSTOMER_FEATURES, day, features)
        lay(self.engine, MEMBERSHIPS, day, chosen)
        lay(self.engine, CONSENTS, day, consents, folder="verified/")

    def _consent(self, customer_id: str, granted: bool) -> dict[str, object]:  # noqa: FBT001 - yes or no
        return {
            "consent_id": f"k {customer_id}",
            "customer_id": customer_id,
            "channel": "email",
            "topic": "offers",
            "state": "granted" if granted else "withdrawn",
            "happened_at": EARLY,
            "updated_at": EARLY,
        }

    def judge(self, day: date, permissions: pa.Table | None = None) -> Verdict:
        return judge_audience(
            self.engine, day, self.campaign, suites=self.suites, permissions=permissions
        )

    def past(self, members: int, nights: int = 10, agreed: int | None = None) -> None:
        """The same audience on so many days before the day."""
        for n in range(nights, 0, -1):
            self.form(DAY - timedelta(days=n), members, agreed)
            assert not self.judge(DAY - timedelta(days=n)).held
