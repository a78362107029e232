"""Messages that a worker asks for: as rows for the statements, and in layers that can be claimed at once."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.ledger.columns import Row
from perennial.ledger.tables import iso
from perennial.model.mailboxes import mailbox_of
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.words import Channel


def layers_of(chunk: Sequence[PlannedMessage]) -> list[Sequence[PlannedMessage]]:
    """Messages of a layer share no limit, so that they are claimed at once; of those that do, the first goes first."""
    if _share_no_limit(chunk):
        return [chunk] if chunk else []
    layers: list[list[PlannedMessage]] = []
    turns: dict[object, int] = {}
    for message in chunk:
        limits = _limits_of(message)
        turn = max(turns.get(limit, 0) for limit in limits)
        turns |= dict.fromkeys(limits, turn + 1)
        layers += [[]] if turn == len(layers) else []
        layers[turn].append(message)
    return list(layers)


def _share_no_limit(chunk: Sequence[PlannedMessage]) -> bool:
    people = {(message.person_id, message.pressure) for message in chunk}
    coupons = [message for message in chunk if message.coupon]
    codes = {message.coupon.code for message in coupons if message.coupon}
    with_coupons = {message.person_id for message in coupons}
    return len(people) == len(chunk) and len(codes) == len(with_coupons) == len(coupons)


def _limits_of(message: PlannedMessage) -> list[object]:
    """Discounts are counted whatever they press, so a person's coupons share a limit."""
    coupon = [message.coupon.code, (message.person_id, "coupon")] if message.coupon else []
    return [(message.person_id, message.pressure), *coupon]


def candidate_row(message: PlannedMessage) -> Row:
    """A message as a row of `candidates`."""
    coupon = message.coupon
    return (
        message.key,
        message.campaign,
        message.step,
        message.customer_id,
        message.person_id,
        message.occasion,
        message.day.isoformat(),
        message.channel,
        message.pressure,
        message.topic,
        message.address_key,
        mailbox_of(message.address) if message.channel is Channel.EMAIL else None,
        iso(message.send_at),
        iso(message.expires_at),
        *((None,) * 4 if coupon is None else _terms(coupon)),
    )


def _terms(coupon: Coupon) -> Row:
    return (coupon.code, coupon.kind, str(coupon.value), coupon.expires_on.isoformat())
