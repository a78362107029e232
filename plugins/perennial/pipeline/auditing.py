"""Who did what, in one time line, from all the places where that is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from perennial.ledger.store import Ledger


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that somebody, or a rule, did; `subject` is a campaign, a message's key or a keyed hash."""

    at: datetime
    actor: str
    action: str
    subject: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"at": self.at.isoformat()}


def deeds(ledger: Ledger, *, limit: int) -> list[Deed]:
    """The latest deeds, the newest first: of the audit log, commands, rulings, and restores of the ledger."""
    log = [
        Deed(at=e.at, actor=e.actor, action=e.action, subject=e.subject, reason=e.reason)
        for e in ledger.audit_log(limit)
    ]
    commands = [
        Deed(
            at=c.at,
            actor=c.by,
            action=c.control,
            subject=c.campaign or "everything",
            reason=c.reason,
        )
        for c in ledger.commands(limit)
    ]
    rulings = [
        Deed(at=r.at, actor=r.by, action=f"ruled {r.state}", subject=r.key, reason=r.reason)
        for r in ledger.rulings()
    ]
    epochs = [
        Deed(at=e.at, actor=e.by, action="reconciled", subject=f"epoch {e.epoch}", reason=e.reason)
        for e in ledger.restores()
    ]
    found = [*log, *commands, *rulings, *epochs]
    return sorted(found, key=lambda deed: deed.at, reverse=True)[:limit]
