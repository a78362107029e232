"""What a person may ask of a shop: to see what is held about them, and to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perennial.model.words import AuditAction
from perennial.steps.looking import LookingSteps

if TYPE_CHECKING:
    from datetime import date

    from perennial.pipeline.auditing import Deed
    from perennial.pipeline.erasing import Erased
    from perennial.pipeline.exporting import Exported
    from perennial.pipeline.persons import PersonRecord, PersonView


class RightsSteps(LookingSteps):
    """Answers to one person, all their accounts together."""

    def person(self, customer_id: str) -> PersonRecord:
        """Everything held about the person who has an account; `summary()` is fit to be shown on a page.

        Raises:
            UnknownPerson: the last night knows no such account.
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.persons import gather_person

        return gather_person(
            self.engine,
            self.ledger,
            customer_id=customer_id,
            day=self.last_night(),
            secret=self.secret,
        )

    def person_view(self, customer_id: str, *, decided_since: date) -> PersonView:
        """What a page shows of the person who has an account: no purchases, and of the plans those from a day on.

        Raises:
            UnknownPerson: the last night knows no such account.
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.persons import view_person

        return view_person(
            self.engine,
            self.ledger,
            customer_id=customer_id,
            day=self.last_night(),
            decided_since=decided_since,
        )

    def find_customers(self, said: str) -> list[str]:
        """Ids of the accounts that an id, an email address or a number belongs to, as the last night knows them.

        Raises:
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.finding import find_customers

        return find_customers(
            self.engine, said, day=self.last_night(), country=self.shop.country, secret=self.secret
        )

    def erase(self, customer_id: str, *, by: str, reason: str) -> Erased:
        """Forgets a person, all their accounts: suppressed at once, and gone from everything that nobody works on.

        What is left is finished by the next night, or by asking again. Safe to repeat after any crash.

        Raises:
            UnknownPerson: nothing is held about such a customer, and no erasure of theirs was begun.
            ErasureError: somebody could not be forgotten yet, but is suppressed.
        """
        from perennial.pipeline.erasing import request_erasure

        request_erasure(
            self.engine,
            self.ledger,
            customer_id=customer_id,
            shop=self.shop,
            secret=self.secret,
            by=by,
            reason=reason,
            now=self.now(),
        )
        return self.finish_erasures()

    def finish_erasures(self) -> Erased:
        """Goes on with every erasure that is not finished, and looks again for those finished in the last two days.

        Raises:
            ErasureError: some could not be forgotten, and why; all the others are.
        """
        from perennial.pipeline.erasing import Traces, finish_erasures

        return finish_erasures(
            self.engine,
            self.ledger,
            traces=Traces(mailbox=self.mailbox(), reports=self.settings.home / "reports"),
            secret=self.secret,
            now=self.now(),
        )

    def export(self, customer_id: str, folder: Path, *, by: str, reason: str) -> Exported:
        """Writes what is held about a person into a folder, for machines and for the person; noted in the audit log.

        Raises:
            UnknownPerson: the last night knows no such account.
            LakeError: the folder cannot be written to.
        """
        from perennial.pipeline.exporting import export_person

        record = self.person(customer_id)
        self.note_export(record, by=by, reason=reason)
        return export_person(record, folder, shop=self.shop, at=self.now())

    def audit(self, *, limit: int = 100) -> list[Deed]:
        """Who did what: exports, erasures, suppressions, releases, cases, commands, rulings, restores; newest first."""
        from perennial.pipeline.auditing import deeds

        return deeds(self.ledger, limit=limit)

    def note_export(self, record: PersonRecord, *, by: str, reason: str) -> None:
        """Notes in the audit log that a person's data are handed out: first, so that an interrupted export is there, too."""
        from perennial.model.keys import customer_key

        for account in record.customer_ids:
            self.ledger.note_audit(
                AuditAction.EXPORTED,
                actor=by,
                subject=customer_key(account, self.secret),
                reason=reason,
                at=self.now(),
            )
