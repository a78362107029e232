"""The points club: one point for each whole unit of currency, in lots that expire, oldest used first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

REDEMPTION = 500
MEMBERS_SHARE = 0.6
REDEEMS_SHARE = 0.03  # of the orders at which the balance would allow it


@dataclass(frozen=True, kw_only=True)
class PointsEvent:
    """Something that moves the account: an order placed with points in mind, delivered, or refunded."""

    when: int
    kind: str
    order_id: str
    points: int = 0
    expires_on: date | None = None
    expiry_posted: int = 0


@dataclass(frozen=True, kw_only=True)
class PointsEntry:
    """One line of the account."""

    kind: str
    points: int
    when: int
    expires_on: date | None = None
    order_id: str | None = None


@dataclass(kw_only=True)
class _Lot:
    expiry_posted: int
    left: int


@dataclass
class PointsAccount:
    """One member's account, kept event by event."""

    _lots: deque[_Lot] = field(default_factory=deque)

    def entries(self, events: list[PointsEvent], end: int) -> Iterator[PointsEntry]:
        """The account's lines up to an end, in the order of time."""
        for event in sorted(events, key=lambda e: (e.when, e.order_id, e.kind)):
            yield from self._expired(event.when)
            entry = self._entry(event)
            if entry:
                yield entry
        yield from self._expired(end - 1)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self._lots)

    def _entry(self, event: PointsEvent) -> PointsEntry | None:
        if event.kind == "earned":
            self._lots.append(_Lot(expiry_posted=event.expiry_posted, left=event.points))
            points = event.points
        elif event.kind == "redeemed":
            points = -self._use(REDEMPTION) if self.balance >= REDEMPTION else 0
        else:
            points = -self._use(min(event.points, self.balance))
        if not points:
            return None
        return PointsEntry(
            kind=event.kind,
            points=points,
            when=event.when,
            expires_on=event.expires_on,
            order_id=event.order_id,
        )

    def _expired(self, now: int) -> Iterator[PointsEntry]:
        while self._lots and self._lots[0].expiry_posted <= now:
            when, left = self._lots[0].expiry_posted, 0
            while self._lots and self._lots[0].expiry_posted == when:
                left += self._lots.popleft().left
            if left:
                yield PointsEntry(kind="expired", points=-left, when=when)

    def _use(self, points: int) -> int:
        wanted = points
        while wanted and self._lots:
            lot = self._lots[0]
            taken = min(lot.left, wanted)
            lot.left -= taken
            wanted -= taken
            if not lot.left:
                self._lots.popleft()
        return points - wanted
