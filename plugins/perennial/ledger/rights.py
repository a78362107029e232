"""What the ledger does when a person asks to see what is held about them, or to be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from perennial.ledger import deeds, erasing, glimpsing, persons
from perennial.ledger.database import Database
from perennial.ledger.deeds import Restore
from perennial.ledger.erasing import Erasure
from perennial.ledger.glimpsing import Glimpse
from perennial.ledger.persons import HeldRows, Rows
from perennial.ledger.values import Command


class Rights:
    """The part of the ledger that answers to one person; see Ledger."""

    _database: Database

    def held_about(
        self,
        customer_ids: Collection[str],
        *,
        address_keys: Collection[str],
        subjects: Collection[str],
    ) -> HeldRows:
        """Everything about some accounts and addresses; `subjects` is how the audit log names the accounts."""
        return persons.held_about(
            self._database, customer_ids, address_keys=address_keys, subjects=subjects
        )

    def glimpse_of(self, customer_ids: Collection[str], *, person_ids: Collection[str]) -> Glimpse:
        """How much is held about some accounts, counted so far as costs little; see glimpsing.py."""
        return glimpsing.glimpse_of(self._database, customer_ids, person_ids=person_ids)

    def blocks_of(self, keys: Collection[str]) -> Rows:
        """Why messages were blocked, day by day; each row is named by its columns."""
        return persons.blocks_of(self._database, keys)

    def addresses_of(self, customer_ids: Collection[str]) -> set[str]:
        """Keyed hashes of the addresses at which some accounts were ever written to."""
        return persons.addresses_of(self._database, customer_ids)

    def keys_of(self, customer_ids: Collection[str]) -> set[str]:
        """The keys of the messages to some accounts."""
        return persons.keys_of(self._database, customer_ids)

    def accounts_named(self) -> set[str]:
        """Every customer id that the ledger holds; a hash that took the place of one is among them."""
        return persons.accounts_named(self._database)

    def request_erasure(
        self,
        *,
        customer_keys: Collection[str],
        address_keys: Collection[str],
        by: str,
        reason: str,
        at: datetime,
    ) -> None:
        """Writes down who is to be forgotten and why, and suppresses their addresses on every channel.

        From the commit on, nothing is claimed or begun for them. Asking again opens a finished erasure once more.
        """
        erasing.request(
            self._database,
            customer_keys=customer_keys,
            address_keys=address_keys,
            by=by,
            reason=reason,
            at=at,
        )

    def erased(self) -> list[Erasure]:
        """Everybody who was ever to be forgotten, by keyed hash, the first first."""
        return erasing.erased(self._database)

    def reopen_erasures(self, customer_keys: Collection[str]) -> None:
        """Opens erasures again that were finished: something of these accounts has come back."""
        erasing.reopen(self._database, customer_keys)

    def forget(self, stand_ins: Mapping[str, str], occasion: Callable[[str], str]) -> set[str]:
        """Puts a keyed hash in the place of each account, and removes what they told us; gives whom it has to leave.

        It leaves the accounts to whom a message may be on the wire or is in doubt. `occasion` gives what stands in
        the place of an occasion, which may name an order.
        """
        return erasing.forget(self._database, stand_ins, occasion)

    def finish_erasures(self, customer_keys: Collection[str], *, at: datetime) -> None:
        """Writes down that nothing is left of them."""
        erasing.finish(self._database, customer_keys, at=at)

    def commands(self, limit: int = 100) -> list[Command]:
        """The latest commands to campaigns, the newest first, whether they still stand or not."""
        return deeds.commands(self._database, limit=limit)

    def restores(self) -> list[Restore]:
        """Restores of this ledger that people answer for, the first first."""
        return deeds.restores(self._database)
