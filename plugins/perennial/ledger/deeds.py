"""What people did that has tables of its own: commands to campaigns, and restores that they answer for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from perennial.ledger.commanding import EVERYTHING
from perennial.ledger.database import Database
from perennial.ledger.tables import controls, epochs
from perennial.ledger.values import Command
from perennial.model.words import Control


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A restored ledger that was taken into use, and who answers for it."""

    epoch: int
    by: str
    reason: str
    at: datetime


def commands(database: Database, *, limit: int) -> list[Command]:
    """The latest commands, the newest first, whether they still stand or not."""
    latest = select(controls).order_by(controls.c.id.desc()).limit(limit)
    with database.reading() as connection:
        return [_command(row) for row in connection.execute(latest)]


def restores(database: Database) -> list[Restore]:
    """Every restore, the first first."""
    with database.reading() as connection:
        return [
            Restore(epoch=row.epoch, by=row.begun_by, reason=row.reason, at=row.at)
            for row in connection.execute(select(epochs).order_by(epochs.c.epoch))
        ]


def _command(row: Row[Any]) -> Command:
    return Command(
        control=Control(row.control),
        campaign=None if row.campaign == EVERYTHING else row.campaign,
        by=row.commanded_by,
        reason=row.reason,
        at=row.at,
    )
