"""What people tell campaigns to do: run, pause, stop."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from perennial.errors import LedgerError
from perennial.ledger.database import Database
from perennial.ledger.tables import controls
from perennial.ledger.values import Command
from perennial.model.words import Control

EVERYTHING = "*"
"""What stands in place of a campaign in a command to all of them."""

_LONGEST_NAME = 128
_LONGEST_REASON = 255
_STRICTEST_FIRST = (Control.STOP, Control.PAUSE, Control.RUN)


def command(
    database: Database,
    control: Control,
    *,
    campaign: str | None,
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Writes down a command; it stands until the next one to the same campaign, or to everything.

    Raises:
        LedgerError: it does not say who or why, or says too much.
    """
    check_grounds(by, reason)
    row = {"campaign": campaign or EVERYTHING, "control": control, "commanded_by": by}
    database.write(
        lambda connection: connection.execute(
            insert(controls).values(row | {"reason": reason, "at": at})
        ).close()
    )


def control_of(database: Database, campaign: str) -> Control:
    """What holds for a campaign: the stricter of what it was told and what everything was told."""
    told = {c.control for c in standing(database) if c.campaign in {None, campaign}}
    return next((control for control in _STRICTEST_FIRST if control in told), Control.RUN)


def standing(database: Database) -> list[Command]:
    """The last command to everything, and to each campaign that ever got one."""
    last = select(func.max(controls.c.id)).group_by(controls.c.campaign)
    found = select(controls).where(controls.c.id.in_(last)).order_by(controls.c.campaign)
    with database.reading() as connection:
        return [
            Command(
                control=Control(row.control),
                campaign=None if row.campaign == EVERYTHING else row.campaign,
                by=row.commanded_by,
                reason=row.reason,
                at=row.at,
            )
            for row in connection.execute(found)
        ]


def check_grounds(by: str, reason: str) -> None:
    """Makes sure that a decision of a person is kept with who made it and why.

    Raises:
        LedgerError: one of them is missing or too long to be kept.
    """
    if not (by.strip() and reason.strip()):
        msg = "The ledger keeps no decision without who made it and why: give both."
        raise LedgerError(msg)
    if len(by) > _LONGEST_NAME or len(reason) > _LONGEST_REASON:
        msg = f"Who decided may take {_LONGEST_NAME} signs in the ledger, and why {_LONGEST_REASON}: say it shorter."
        raise LedgerError(msg)
