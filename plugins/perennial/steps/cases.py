"""Customers whom somebody of the shop should get in touch with: telling the team at once, listing, closing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING, Any

from perennial.bootstrap import Installation
from perennial.errors import SettingsError

if TYPE_CHECKING:
    from perennial.ledger.values import Case
    from perennial.model.keys import MessageKey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OpenCase:
    """A case as the team sees it: who, by the shop's own id, and about what. What the customer wrote stays in the ledger."""

    case: int
    why: str
    customer_id: str | None
    campaign: str | None
    occasion: str | None
    answer: str | None
    opened_at: datetime
    closed_by: str | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return vars(self) | {"opened_at": self.opened_at.isoformat()}


class CaseSteps(Installation):
    """Somebody is unhappy, and somebody should know."""

    def cases(self, *, standing: bool = True) -> Sequence[OpenCase]:
        """The cases that wait, the oldest first; without `standing`, all."""
        return [self._seen(case) for case in self.ledger.cases(standing=standing)]

    def close_case(self, number: int, *, by: str, note: str) -> None:
        """Closes a case; who and what was done are kept.

        Raises:
            SettingsError: no case of that number is open.
        """
        if not self.ledger.close_case(number, by=by, note=note, at=self.now()):
            msg = f"No case {number} is open; `perennial cases` lists those that are."
            raise SettingsError(msg)

    def tell_team_soon(self, key: MessageKey) -> None:
        """The same as `tell_team`, while the customer is answered: nobody waits for a chat."""
        if self.settings.team_webhook is not None:
            Thread(target=self.tell_team, args=(key,), name="team", daemon=True).start()

    def tell_team(self, key: MessageKey) -> bool:
        """Posts the open case of a message to the address that the team has chosen; says whether somebody took it.

        Told once and not again: the case stands in `perennial cases` whether or not this arrives.
        """
        from perennial.delivery.team_webhook import post_case

        address = self.settings.team_webhook
        if address is None:
            return False
        found = [self._seen(case) for case in self.ledger.cases() if case.key == key]
        told = bool(found) and post_case(address, found[0].as_json())
        if found and not told:
            _log.warning("The team's webhook did not take case %s.", found[0].case)
        return told

    def _seen(self, case: Case) -> OpenCase:
        message, answer = self.ledger.message(case.key), self.ledger.answer_of(case.key)
        return OpenCase(
            case=case.id,
            why=case.why.value,
            customer_id=message.customer_id if message else None,
            campaign=message.campaign if message else None,
            occasion=message.occasion if message else None,
            answer=f"{answer.scale} {answer.score}" if answer else None,
            opened_at=case.opened_at,
            closed_by=case.closed_by,
        )
