"""Suppression lists: SendGrid's and ours become one, and people of the shop put addresses on ours or take them off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perennial.bootstrap import Installation
from perennial.errors import SettingsError
from perennial.model.words import Channel, SuppressionReason
from perennial.settings import Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perennial.ledger.values import Suppression
    from perennial.pipeline.syncing import Synced


class ListSteps(Installation):
    """Who must not be written to, whoever says so."""

    @property
    def syncs(self) -> bool:
        """Whether there is a provider whose lists can be read."""
        return self.settings.transport_of(Channel.EMAIL) is Transport.SENDGRID

    def sync_suppressions(self, *, full: bool = False) -> Synced:
        """Reads SendGrid's suppression lists into the ledger, and hands on ours; removes nothing on either side.

        `full` reads the lists from their beginning, not from where the last sync ended.

        Raises:
            SettingsError: email does not go by SendGrid.
            DeliveryError: SendGrid does not answer, or refuses the key. What was read is kept.
        """
        from pydantic import SecretStr

        from perennial.delivery.sendgrid.suppressions import SuppressionLists
        from perennial.pipeline.syncing import SyncJob, sync_suppressions

        if not self.syncs:
            msg = "There is no list to sync: email does not go by SendGrid. Set PERENNIAL_EMAIL_TRANSPORT=sendgrid."
            raise SettingsError(msg)
        settings = self.settings
        lists = SuppressionLists(settings.sendgrid_api_key or SecretStr(""), settings.sendgrid_host)
        job = SyncJob(
            engine=self.engine,
            ledger=self.ledger,
            lists=lists,
            secret=self.secret,
            now=self.now(),
            group=settings.sendgrid_asm_group,
            full=full,
        )
        return sync_suppressions(job)

    def suppress_by_hand(self, address: str, channel: Channel, *, by: str, reason: str) -> bool:
        """Puts an address on the list because a person of the shop says so; says whether that is new. Who and why are kept.

        Raises:
            SettingsError: it is no address of that channel.
        """
        key = self._key_of(address, channel)
        return self.ledger.suppress_by_hand(key, channel, by=by, reason=reason, at=self.now())

    def lift_by_hand(
        self,
        address: str,
        channel: Channel,
        why: SuppressionReason,
        *,
        by: str,
        reason: str,
    ) -> bool:
        """Takes one reason off an address; says whether it stood. Who and why are kept.

        Raises:
            SettingsError: it is no address of that channel.
        """
        key = self._key_of(address, channel)
        return self.ledger.lift(key, channel, why, at=self.now(), by=by, because=reason)

    def suppressions_of_address(self, address: str, channel: Channel) -> Sequence[Suppression]:
        """What stands against an address on a channel.

        Raises:
            SettingsError: it is no address of that channel.
        """
        found = self.ledger.suppressions_of([self._key_of(address, channel)])
        return [suppression for suppression in found if suppression.channel is channel]

    def _key_of(self, address: str, channel: Channel) -> str:
        from perennial.features.contact_points import email_point, phone_point
        from perennial.model.keys import address_key

        home = self.shop.country
        by_email = channel is Channel.EMAIL
        point = email_point(address) if by_email else phone_point(address, home, home)
        if point.identity is None:
            what = "email address" if by_email else "mobile number"
            msg = (
                f"This is no {what} ({point.problem or 'nothing was given'}). Nothing was changed."
            )
            raise SettingsError(msg)
        return address_key(point.identity, self.secret)
