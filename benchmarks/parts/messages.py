"""A message as a plan has it, for what is measured without a plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from perennial.model.keys import message_key
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.words import Channel, Pressure, Topic

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
"""When everything happens that is measured with these messages."""


def a_message(customer_id: str, *, coupon: Coupon | None = None) -> PlannedMessage:
    """One email to one customer, due at NOON."""
    return PlannedMessage(
        key=message_key("win_back", 1, customer_id, "order-1"),
        campaign="win_back",
        day=date(2026, 6, 10),
        step=1,
        template="win_back_hello",
        customer_id=customer_id,
        person_id=f"person-{customer_id}",
        occasion="order-1",
        pressure=Pressure.PROMOTIONAL,
        topic=Topic.OFFERS,
        channel=Channel.EMAIL,
        address=f"{customer_id}@example.test",
        address_key=f"address-{customer_id}",
        locale="en",
        send_at=NOON - timedelta(hours=1),
        expires_at=NOON + timedelta(hours=1),
        coupon=coupon,
    )
