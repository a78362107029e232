"""After an old copy of the ledger was brought back: what may have been sent since is taken as sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from perennial.campaigns.definition import Campaign
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.model.datasets import DECISIONS
from perennial.model.warm_up import NewSender
from perennial.model.words import Channel
from perennial.pipeline.lake_marks import sent_mark
from perennial.pipeline.plan_reading import PlanReader

# No message waits for longer than that between its plan and its expiry.
_SPAN = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What became of the plans of the last days.

    presumed: messages that the ledger did not know, in doubt from now on. unreadable: plans of campaigns that have
    no file any more; nothing can be sent from them either.
    """

    plans: int
    due: int
    presumed: int
    unreadable: int
    epoch: int

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def reconcile_ledger(
    engine: Engine,
    ledger: Ledger,
    *,
    campaigns: Sequence[Campaign],
    providers: Mapping[Channel, str],
    secret: str,
    by: str,
    reason: str,
    now: datetime,
    sender: NewSender | None = None,
) -> Reconciliation:
    """Puts in doubt every message that was due by now and that the ledger does not know, then takes it into use.

    Nothing is sent, and nothing that the ledger knows is changed. What may have left today counts to the day of a new
    sender. The doubts are settled like all others. Running it again does no harm; when it breaks off, the ledger is still
    refused.

    Raises:
        LedgerError: it is not said who decided and why, or the ledger cannot be written.
    """
    known = {campaign.name: campaign for campaign in campaigns}
    plans = _recent_plans(engine)
    readable = [plan for plan in plans if plan.name in known]
    due = presumed = 0
    for plan in readable:
        reader = PlanReader(campaign=known[plan.name], day=plan.day, secret=secret)
        for chunk in reader.messages(engine, until=now, chunk=1_000):
            due += len(chunk)
            presumed += ledger.presume_sent(chunk, provider=providers, at=now, sender=sender)
    ledger.begin_epoch(by=by, reason=reason, at=now)
    fence = ledger.fence()
    sent_mark(engine.lake).rewrite(fence)
    return Reconciliation(
        plans=len(readable),
        due=due,
        presumed=presumed,
        unreadable=len(plans) - len(readable),
        epoch=fence.epoch,
    )


def _recent_plans(engine: Engine) -> list[Partition]:
    """The plans of the last days for which there are any."""
    published = engine.lake.partitions(DECISIONS.name)
    return [p for p in published if published[-1].day - p.day <= _SPAN]
