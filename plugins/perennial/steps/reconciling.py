"""Taking a restored ledger into use."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from perennial.bootstrap import Installation

if TYPE_CHECKING:
    from perennial.delivery.provider import Provider
    from perennial.pipeline.reconciling import Reconciliation


class ReconcilingSteps(Installation):
    """What a person decides after the ledger was brought back from a backup."""

    def reconcile(self, *, by: str, reason: str) -> Reconciliation:
        """Takes as sent what may have been sent since the backup, and lets the ledger be sent from again."""
        from perennial.pipeline.reconciling import reconcile_ledger

        providers = self.providers()
        try:
            return reconcile_ledger(
                self.engine,
                self.ledger,
                campaigns=self.campaigns,
                providers={channel: provider.name for channel, provider in providers.items()},
                secret=self.secret,
                by=by,
                reason=reason,
                now=self.now(),
                sender=self.policy.new_sender(self.shop.from_address, self.shop.zone),
            )
        finally:
            asyncio.run(_close(list(providers.values())))


async def _close(providers: list[Provider]) -> None:
    for provider in providers:
        await provider.close()
