"""What there is to see about a message beside its words: headers, sizes, signs, parts and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from perennial.delivery.mail_format import mail_bytes
from perennial.messages.checks import HTML_LIMIT
from perennial.messages.sms_segments import Segments, count_segments
from perennial.model.message import EmailMessage, Message, SmsMessage, WhatsAppMessage
from perennial.model.shop import Shop

_HIDDEN = "hidden@example.invalid"


@dataclass(frozen=True, kw_only=True)
class EmailLook:
    """An email: its headers as they travel, but for the address, its texts, and bytes of HTML against the most."""

    kind: str = "email"
    subject: str
    sender: str
    headers: str
    html: str
    text: str
    size: int
    travels: int
    most: int = HTML_LIMIT


@dataclass(frozen=True, kw_only=True)
class TextLook:
    """A text message: `pieces` are its words, each with whether it is the character that doubled it.

    `without` is how many parts there would be without that character, if they are fewer.
    """

    kind: str = "sms"
    sender: str
    pieces: Sequence[tuple[str, bool]]
    length: Segments
    without: int | None
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class WhatsAppLook:
    """A WhatsApp message: the approved template, and what stands in its gaps."""

    kind: str = "whatsapp"
    text: str
    content_sid: str
    variables: Mapping[str, str]
    price: Decimal


def look_of(message: Message, shop: Shop, *, at: datetime) -> EmailLook | TextLook | WhatsAppLook:
    """What there is to see about a message; `at` is the instant that its header says."""
    if isinstance(message, EmailMessage):
        return _email(message, at)
    if isinstance(message, SmsMessage):
        return _text(message, shop)
    return _whatsapp(message, shop)


def _email(message: EmailMessage, at: datetime) -> EmailLook:
    whole = mail_bytes(replace(message, to=_HIDDEN), at=at)
    headers, _, _ = whole.decode("ascii").partition("\r\n\r\n")
    return EmailLook(
        subject=message.subject,
        sender=f"{message.from_name} <{message.from_address}>",
        headers=headers.replace("\r\n", "\n"),
        html=message.html,
        text=message.text,
        size=len(message.html.encode()),
        travels=len(whole),
    )


def _text(message: SmsMessage, shop: Shop) -> TextLook:
    length = count_segments(message.text)
    doubled_by = length.doubled_by
    without = count_segments(message.text.replace(doubled_by, "")) if doubled_by else None
    fewer = without is not None and without.segments < length.segments
    return TextLook(
        sender=shop.sms_name,
        pieces=_pieces(message.text, doubled_by),
        length=length,
        without=without.segments if without and fewer else None,
        price=shop.prices.sms_segment * length.segments,
    )


def _pieces(text: str, marked: str | None) -> list[tuple[str, bool]]:
    if marked is None:
        return [(text, False)]
    before, _, after = text.partition(marked)
    return [(before, False), (marked, True), (after, False)]


def _whatsapp(message: WhatsAppMessage, shop: Shop) -> WhatsAppLook:
    return WhatsAppLook(
        text=message.text,
        content_sid=message.content_sid,
        variables=message.variables,
        price=shop.prices.whatsapp,
    )
