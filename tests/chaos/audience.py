"""The people of a schedule: whom the plan wants to write to, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chaos.schedule import Kind, Schedule
from perennial.errors import RenderError
from perennial.model.keys import message_key
from perennial.model.message import (
    EmailFrame,
    EmailMessage,
    EmailParts,
    Message,
    PlannedMessage,
    SmsMessage,
)
from perennial.model.policy import Budget, Limit, SendingRules
from perennial.model.warm_up import NewSender, WarmUp
from perennial.model.words import Channel, Pressure, Topic

CAMPAIGN = "birthday"
_MORNING = 6
DAY = date(2026, 11, 22)

FRAME = EmailFrame(
    subject=("Happy birthday, ", ""),
    html=("<p>Happy birthday, ", "</p>"),
    text=("Happy birthday, ", ""),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person of the audience, with the message that is planned for them."""

    kind: Kind
    planned: PlannedMessage = field(repr=False)

    @property
    def key(self) -> str:
        return self.planned.key


def audience(schedule: Schedule, began: datetime) -> Sequence[Person]:
    """Everybody, in the order of the plan; addresses and keys are the same for the same seed."""
    emails = [(Channel.EMAIL, kind) for kind in schedule.emails]
    texts = [(Channel.SMS, kind) for kind in schedule.texts]
    return [
        Person(kind=kind, planned=_planned(schedule.seed, number, channel, kind, began))
        for number, (channel, kind) in enumerate(_mixed(emails, texts))
    ]


def rules(schedule: Schedule, began: datetime) -> SendingRules:
    """What messages are held to when they leave; it is morning where the shop is, so that no day ends meanwhile."""
    return SendingRules(
        budget=Budget(together=Limit(sms_segments=schedule.budgeted_texts)),
        sender=new_sender(schedule, began),
    )


def new_sender(schedule: Schedule, began: datetime) -> NewSender | None:
    """The sender that is warmed up, if it is one."""
    if schedule.allowed_emails is None:
        return None
    west = (began.hour - _MORNING + 11) % 24 - 11
    ramp = WarmUp(starts_on=began.date(), emails_per_day=(schedule.allowed_emails,) * 3)
    zone = ZoneInfo(f"Etc/GMT{west:+d}")  # these names count to the west
    return NewSender(domain="juniperandrye.example", warm_up=ramp, zone=zone)


def compose(message: PlannedMessage) -> Message:
    """The message in words."""
    if message.values.get("kind") == Kind.WITHOUT_WORDS:
        raise RenderError
    if message.channel is Channel.SMS:
        return SmsMessage(
            key=message.key,
            campaign=message.campaign,
            locale=message.locale,
            to=message.address,
            text=f"Juniper & Rye: happy birthday, {message.customer_id}. STOP to opt out",
            segments=1,
            expires_at=message.expires_at,
        )
    name = (message.customer_id,)
    return EmailMessage(
        key=message.key,
        campaign=message.campaign,
        locale=message.locale,
        to=message.address,
        subject=f"Happy birthday, {message.customer_id}",
        html=f"<p>Happy birthday, {message.customer_id}</p>",
        text=f"Happy birthday, {message.customer_id}",
        from_name="Juniper & Rye",
        from_address="hello@juniperandrye.example",
        parts=EmailParts(frame=FRAME, subject=name, html=name, text=name),
    )


def _mixed(
    emails: Sequence[tuple[Channel, Kind]], texts: Sequence[tuple[Channel, Kind]]
) -> list[tuple[Channel, Kind]]:
    """Emails with the text messages spread among them."""
    everybody = [(number / max(len(emails), 1), each) for number, each in enumerate(emails)]
    everybody += [(number / max(len(texts), 1), each) for number, each in enumerate(texts)]
    return [each for _, each in sorted(everybody, key=lambda pair: pair[0])]


def _planned(
    seed: int, number: int, channel: Channel, kind: Kind, began: datetime
) -> PlannedMessage:
    customer = f"{seed}-{number:04d}"
    due, expires = _times(kind, began)
    return PlannedMessage(
        key=message_key(CAMPAIGN, 1, customer, "2026"),
        campaign=CAMPAIGN,
        day=DAY,
        step=1,
        template="birthday",
        customer_id=customer,
        person_id=customer,
        occasion="2026",
        pressure=Pressure.PROMOTIONAL,
        topic=Topic.OFFERS,
        channel=channel,
        address=_address(channel, kind, customer, number),
        address_key=f"address-{customer}",
        locale="en",
        send_at=due,
        expires_at=expires,
        values={"kind": kind.value},
        segments=1 if channel is Channel.SMS else 0,
    )


def _times(kind: Kind, began: datetime) -> tuple[datetime, datetime]:
    long_ago, late = began - timedelta(hours=1), began + timedelta(hours=11)
    match kind:
        case Kind.EXPIRED:
            return long_ago, began - timedelta(minutes=1)
        case Kind.EXPIRES_SOON:
            return long_ago, began + timedelta(seconds=0.6)
        case Kind.DUE_SOON:
            return began + timedelta(seconds=0.5), late
        case Kind.NOT_DUE:
            return began + timedelta(hours=6), late
    return long_ago, late


def _address(channel: Channel, kind: Kind, customer: str, number: int) -> str:
    bad = kind is Kind.BAD_ADDRESS
    if channel is Channel.SMS:
        return "+15005550001" if bad else f"+1415555{number:04d}"
    return f"c{customer}@[not-a-domain]" if bad else f"c{customer}@customers.example"
