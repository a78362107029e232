"""One chunk of messages while it is being claimed, under the ledger's lock: what leaves, what is kept back, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from perennial.ledger.braking import Hold
from perennial.ledger.budgeting import Purse
from perennial.ledger.candidates import candidate_row
from perennial.ledger.columns import load
from perennial.ledger.statements import gathering, packed, statement
from perennial.ledger.values import Claim
from perennial.ledger.warming import Allowance
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage
from perennial.model.words import Reason

Messages = Sequence[PlannedMessage]

_TAKEN = "taken"


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the rules leave room for while a chunk is being claimed."""

    purse: Purse
    held: Hold
    allowance: Allowance | None


@dataclass(frozen=True, kw_only=True)
class Claiming:
    """The claim of a chunk in one transaction. `terms`: the worker, the clocks and the caps, as the statements name them."""

    connection: Connection
    dialect: str
    terms: Mapping[str, Any]
    room: Room

    def claim(self, layer: Messages) -> Claim:
        """Claims of messages that share no limit what may leave, and says of the others why not."""
        kept: list[Claim] = []
        free = layer
        for keep_back in (self._braked, self._unallowed, self._unpaid):
            kept.append(keep_back(free))
            if blocked := kept[-1].blocked:
                free = [message for message in free if message.key not in blocked]
        claim = self._claim_free(free) if free else Claim()
        self.room.purse.pay(message for message in free if message.key in claim.claimed)
        if self.room.allowance is not None:
            self.room.allowance.take(message for message in free if message.key in claim.claimed)
        return joined([claim, *kept])

    def _braked(self, layer: Messages) -> Claim:
        """What might leave if fewer people complained is blocked."""
        kept = [message for message in layer if self.room.held.keeps(message)]
        return self._kept_back(self._claimable(kept), Reason.BRAKED) if kept else Claim()

    def _unallowed(self, layer: Messages) -> Claim:
        """What might leave if its sender were warm is blocked; what the day has room for is not asked about."""
        allowance = self.room.allowance
        if allowance is None or not allowance.is_short_of(layer):
            return Claim()
        return self._kept_back(allowance.beyond(self._claimable(layer)), Reason.WARMING_UP)

    def _unpaid(self, layer: Messages) -> Claim:
        """What might leave if the budget had room for it is blocked; what leaves it room is not asked about."""
        purse = self.room.purse
        if not purse.beyond(layer):
            return Claim()
        return self._kept_back(purse.beyond(self._claimable(layer)), Reason.BUDGET_EXHAUSTED)

    def _claimable(self, messages: Messages) -> Messages:
        """Those that would be claimed if nothing kept them back."""
        batch = load(self.connection, "candidates", map(candidate_row, messages))
        asked = statement("claimable", self.dialect, batch.alike)
        found = set(self.connection.execute(asked, {**self.terms, **batch.parameters}).scalars())
        return [message for message in messages if message.key in found]

    def _kept_back(self, messages: Messages, reason: Reason) -> Claim:
        self._record_blocks([blocked(message, reason) for message in messages])
        return Claim(blocked={message.key: reason for message in messages})

    def _claim_free(self, layer: Messages) -> Claim:
        claimed = self._claimed("claim", layer)
        self.room.held.sent += [message for message in layer if message.key in claimed]
        if len(claimed) == len(layer):
            return Claim(claimed=claimed)
        known = [message for message in layer if message.key not in claimed]
        claimed |= self._claimed("claim_again", known)
        left = self._sort_out([message for message in known if message.key not in claimed])
        return replace(left, claimed=claimed)

    def _claimed(self, how: str, messages: Messages) -> frozenset[MessageKey]:
        """Claims by one of the two statements; what it has claimed is not blocked any more."""
        batch = load(self.connection, "candidates", map(candidate_row, messages))
        given = {**self.terms, **batch.parameters}
        if self.dialect == "postgresql":
            gathered = self.connection.execute(gathering(how, "gather_claimed", batch.alike), given)
            return frozenset(split(gathered.scalar_one()))
        claimed = frozenset(self.connection.execute(statement(how, self.dialect), given).scalars())
        mine = [message for message in messages if message.key in claimed]
        if mine:
            if len(mine) < len(messages):
                load(self.connection, "candidates", map(candidate_row, mine))
            self.connection.execute(statement("unblock", self.dialect))
        return claimed

    def _sort_out(self, rest: Messages) -> Claim:
        if not rest:
            return Claim()
        batch = load(self.connection, "candidates", map(candidate_row, rest))
        judged = statement("leftovers", self.dialect, batch.alike)
        verdicts: dict[MessageKey, str] = dict(
            self.connection.execute(judged, {**self.terms, **batch.parameters}).all()
        )
        reasons = {key: Reason(verdict) for key, verdict in verdicts.items() if verdict != _TAKEN}
        self._record_blocks([blocked(m, reasons[m.key]) for m in rest if m.key in reasons])
        taken = frozenset(key for key, verdict in verdicts.items() if verdict == _TAKEN)
        return Claim(blocked=reasons, taken=taken)

    def _record_blocks(self, rows: Sequence[Mapping[str, Any]]) -> None:
        record_blocks(self.connection, self.dialect, rows, self.terms["now"])


def blocked(message: PlannedMessage, reason: Reason) -> dict[str, Any]:
    """A message that may not leave, as a row of blocks."""
    return {
        "key": message.key,
        "day": message.day.isoformat(),
        "campaign": message.campaign,
        "reason": reason,
    }


def record_blocks(
    connection: Connection, dialect: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Records why messages do not leave."""
    if rows:
        connection.execute(statement("block", dialect), {"blocks": packed(rows), "now": now})


def joined(claims: Sequence[Claim]) -> Claim:
    """Several claims as one."""
    return Claim(
        claimed=frozenset().union(*(claim.claimed for claim in claims)),
        blocked={key: reason for claim in claims for key, reason in claim.blocked.items()},
        taken=frozenset().union(*(claim.taken for claim in claims)),
    )


def split(keys: str | None) -> list[MessageKey]:
    """Keys as PostgreSQL gathers them."""
    return [MessageKey(key) for key in keys.split(",")] if keys else []
