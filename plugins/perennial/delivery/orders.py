"""What people have told a campaign to do, as its runs hear it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from perennial.delivery.bell import Bell
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.model.words import Control

_SECONDS_BETWEEN_LOOKS = 0.5


class Orders:
    """The control of a campaign, looked up twice a second, so that a pause or a stop is heard while a run goes on."""

    def __init__(self, ledger: Ledger, campaign: str, bell: Bell) -> None:
        self.control = Control.RUN
        self._ledger = ledger
        self._campaign = campaign
        self._bell = bell

    @property
    def runs(self) -> bool:
        return self.control is Control.RUN

    async def look(self) -> Control:
        """What holds now.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        found = await asyncio.to_thread(self._ledger.control_of, self._campaign)
        if found is not self.control:
            self.control = found
            self._bell.ring()
        return found

    async def watch(self) -> None:
        """Looks again and again. While the ledger is away the last word stands; nothing can begin without it anyway."""
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            with suppress(LedgerError):
                await self.look()
