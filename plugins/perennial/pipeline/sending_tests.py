"""A message of a campaign, sent to one of the shop's own people to look at: marked, counted nowhere, good for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from perennial.delivery.provider import Provider, unhurried
from perennial.errors import DeliveryError, SettingsError
from perennial.features.contact_points import email_point, phone_point
from perennial.messages.sms_segments import count_segments
from perennial.model.keys import MessageKey, key_of_test
from perennial.model.masking import masked_email, masked_phone
from perennial.model.message import EmailMessage, Message, Receipt, SmsMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel, MessageState

TEST_CAMPAIGN = "test"
"""What providers and folders call all tests, so that they count to no campaign."""

_MARK = "[Test]"


@dataclass(frozen=True, kw_only=True)
class Recipients:
    """Who may get tests: `allowed` holds domains, addresses and numbers with commas between.

    Without any, everybody at the domain that the shop's own emails come from, and no number. So nobody sends a test
    to a customer by mistake.
    """

    allowed: str | None
    shop: Shop

    def address(self, channel: Channel, typed: str) -> str:
        """What somebody typed, as it is written to.

        Raises:
            SettingsError: it is no address for this channel, or none that tests may go to.
        """
        if channel is Channel.EMAIL:
            found = email_point(typed).address
            accepted = found is not None and bool(self._emails & {found, found.rpartition("@")[2]})
        else:
            found = phone_point(typed, None, self.shop.country).address
            accepted = found is not None and found in self._numbers
        if found is None:
            what = "email address" if channel is Channel.EMAIL else "telephone number"
            msg = f"That is no {what}."
            raise SettingsError(msg)
        if not accepted:
            msg = (
                "Tests may not go there. They go to the domains, addresses and numbers in PERENNIAL_TEST_RECIPIENTS;"
                " without it, to the domain of the shop's from_address."
            )
            raise SettingsError(msg)
        return found

    @property
    def _entries(self) -> list[str]:
        named = self.allowed if self.allowed is not None else self._own_domain
        return [entry.strip() for entry in named.split(",") if entry.strip()]

    @property
    def _own_domain(self) -> str:
        return self.shop.from_address.rpartition("@")[2]

    @property
    def _emails(self) -> set[str]:
        """Addresses in normal form, and domains."""
        names = {entry.lower().lstrip("@") for entry in self._entries if not entry.startswith("+")}
        written = {email_point(name).address for name in names if "@" in name}
        return {name for name in names if "@" not in name} | {name for name in written if name}

    @property
    def _numbers(self) -> set[str | None]:
        country = self.shop.country
        return {phone_point(e, None, country).address for e in self._entries if e.startswith("+")}


def as_test(message: Message, to: str) -> Message:
    """A message as a test: to somebody else, under a key of its own, marked for its reader and for programs.

    Raises:
        SettingsError: a WhatsApp message says what was approved and nothing else, so it cannot be marked.
    """
    key = key_of_test(uuid4().hex)
    if isinstance(message, EmailMessage):
        return _email(message, to, key)
    if isinstance(message, SmsMessage):
        text = f"{_MARK} {message.text}"
        return replace(
            message,
            key=key,
            campaign=TEST_CAMPAIGN,
            to=to,
            text=text,
            segments=count_segments(text).segments,
            expires_at=None,
        )
    msg = "WhatsApp carries approved words only, so a test could not be marked as one. Look at the preview."
    raise SettingsError(msg)


def _email(message: EmailMessage, to: str, key: MessageKey) -> EmailMessage:
    marks = {"X-Perennial-Key": key, "X-Perennial-Test": "yes"}
    return replace(
        message,
        key=key,
        campaign=TEST_CAMPAIGN,
        to=to,
        subject=f"{_MARK} {message.subject}",
        html=message.html,
        text=message.text,
        headers={**message.headers, **marks},
        parts=None,
    )


def send_alone(providers: Mapping[Channel, Provider], message: Message) -> Receipt:
    """Hands one message over, now.

    Raises:
        SettingsError: nothing carries its channel.
        DeliveryError: the provider did not take it; it may be tried again.
    """
    provider = providers.get(message.channel)
    if provider is None:
        msg = f"Nothing carries {message.channel} here: PERENNIAL_{message.channel.upper()}_TRANSPORT is none."
        raise SettingsError(msg)
    receipt = asyncio.run(_send(provider, message))
    if receipt.state is not MessageState.ACCEPTED:
        msg = f"{provider.name} did not take the test ({receipt.code or receipt.state}). Try it again."
        raise DeliveryError(msg)
    return receipt


async def _send(provider: Provider, message: Message) -> Receipt:
    try:
        (receipt,) = await provider.send([message], unhurried)
    finally:
        await provider.close()
    return receipt


def masked(channel: Channel, address: str) -> str:
    """The address as it may be shown and kept."""
    return masked_email(address) if channel is Channel.EMAIL else masked_phone(address)
