"""A message from the plan to the provider's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar, dataclass_transform

from perennial.model.keys import MessageKey
from perennial.model.words import Channel, MessageState, Pressure, SuppressionReason, Topic

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A dataclass of which there are millions, not to be changed: mypy sees to it.

    Frozen at run time, too, each would take three times as long to make.
    """
    return dataclass(kw_only=True, slots=True)(cls)


@record
class Coupon:
    """A discount that belongs to one message."""

    code: str
    kind: str
    value: Decimal
    expires_on: date


@record
class PlannedMessage:
    """One row of the plan whose outcome is send, as dispatch reads it.

    topic: the consent that it needs; none where it asks for one.
    values: what its words are made of, as JSON, which the plan holds, or by name.
    """

    key: MessageKey
    campaign: str
    day: date
    step: int
    template: str
    customer_id: str
    person_id: str
    occasion: str
    pressure: Pressure
    topic: Topic | None
    channel: Channel
    address: str = field(repr=False)
    address_key: str
    locale: str
    send_at: datetime
    expires_at: datetime
    values: str | Mapping[str, Any] = field(default_factory=dict, repr=False)
    coupon: Coupon | None = field(default=None, repr=False)
    segments: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, eq=False)
class EmailFrame:
    """What all emails of one template in one language have in common: the literal text around their gaps.

    Each of the three is one longer than it has gaps.
    """

    subject: tuple[str, ...]
    html: tuple[str, ...]
    text: tuple[str, ...]


@record
class EmailParts:
    """One person's email as a frame and what stands in its gaps, in their order."""

    frame: EmailFrame
    subject: tuple[str, ...] = field(repr=False)
    html: tuple[str, ...] = field(repr=False)
    text: tuple[str, ...] = field(repr=False)


def interleave(literals: Sequence[str], gaps: Sequence[str]) -> str:
    """The text that literals and gaps make together; there is one literal more."""
    pieces = [""] * (len(literals) + len(gaps))
    pieces[::2] = literals
    pieces[1::2] = gaps
    return "".join(pieces)


class _Words:
    """A text of an email: as it was given, or put together from the parts when somebody first reads it.

    Of the million emails of a night hardly one is read whole here: what travels is the frame, once, and the gaps.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, email: EmailMessage | None, owner: type) -> str:
        if email is None:
            return ""
        words: str | None = email.__dict__[self._name]
        if words is None:
            parts = email.parts
            words = (
                ""
                if parts is None
                else interleave(getattr(parts.frame, self._name), getattr(parts, self._name))
            )
            email.__dict__[self._name] = words
        return words

    def __set__(self, email: EmailMessage, words: str) -> None:
        # What is not given is the default, which is this very object.
        email.__dict__[self._name] = words if isinstance(words, str) else None


@dataclass(frozen=True, kw_only=True)
class EmailMessage:
    """One email to one address, complete with its headers.

    Its subject, HTML and text are given, or are what the parts make together.
    """

    key: MessageKey
    campaign: str
    locale: str
    to: str = field(repr=False)
    subject: str = field(default=_Words(), repr=False)  # type: ignore[assignment]  # a descriptor that reads as its text
    html: str = field(default=_Words(), repr=False)  # type: ignore[assignment]
    text: str = field(default=_Words(), repr=False)  # type: ignore[assignment]
    from_name: str
    from_address: str
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parts: EmailParts | None = field(default=None, repr=False, compare=False)

    @property
    def channel(self) -> Channel:
        return Channel.EMAIL


@dataclass(frozen=True, kw_only=True)
class SmsMessage:
    """One text message to one number, not to be delivered at `expires_at` or later."""

    key: MessageKey
    campaign: str
    locale: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    segments: int
    expires_at: datetime | None = None

    @property
    def channel(self) -> Channel:
        return Channel.SMS


@dataclass(frozen=True, kw_only=True)
class WhatsAppMessage:
    """One approved template for one number, with this person's values; not to be delivered at `expires_at` or later.

    `content_sid` is the provider's name of the template, `variables` are its values by number, and `text` is what
    the person will read.
    """

    key: MessageKey
    campaign: str
    locale: str
    to: str = field(repr=False)
    content_sid: str
    variables: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    expires_at: datetime | None = None

    @property
    def channel(self) -> Channel:
        return Channel.WHATSAPP


Message = EmailMessage | SmsMessage | WhatsAppMessage


@record
class Receipt:
    """What a provider's answer, or the lack of one, says about one message.

    `state` is one of accepted, refused, retryable, in_doubt. `code` is the provider's own word for it. `suppress` is
    there when the provider says that the address must not be written to again.
    """

    key: MessageKey
    state: MessageState
    provider: str
    provider_id: str | None = None
    code: str | None = None
    not_before: datetime | None = None
    suppress: SuppressionReason | None = None
