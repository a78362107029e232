"""What every handover of a run works with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from perennial.delivery.accounts import Tally
from perennial.delivery.bell import Bell
from perennial.delivery.orders import Orders
from perennial.delivery.stopping import Stop
from perennial.ledger.store import Ledger
from perennial.model.message import Message, PlannedMessage


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The ledger, the words, the clock, and what the parts of a run tell each other.

    `returned`: messages that were given back although their turn will come; the run claims them again.
    """

    ledger: Ledger
    compose: Callable[[PlannedMessage], Message]
    converted: Callable[[Collection[str]], Collection[str]] | None
    clock: Callable[[], datetime]
    worker: str
    lease: timedelta
    tally: Tally
    bell: Bell
    stop: Stop
    orders: Orders
    returned: deque[PlannedMessage] = field(default_factory=deque)

    @property
    def halted(self) -> bool:
        """Whether nothing is to begin: the run is to end, or the campaign is paused or stopped."""
        return self.stop.asked or not self.orders.runs
