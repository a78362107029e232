"""Messages and claims for tests of the ledger; name only what the test is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from perennial.ledger.store import Claim, Ledger, Share
from perennial.model.keys import message_key
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, MessageState, Pressure, Topic

DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)

Rows = Callable[[Table], list[Mapping[str, Any]]]
"""The rows of a table, as an operator would see them."""


def a_message(customer_id: str = "1", **changes: Any) -> PlannedMessage:
    """A message that may leave at noon."""
    campaign, step = changes.pop("campaign", "win_back"), changes.pop("step", 1)
    occasion = changes.pop("occasion", "order-7")
    fields: dict[str, Any] = {
        "key": message_key(campaign, step, customer_id, occasion),
        "campaign": campaign,
        "day": DAY,
        "step": step,
        "template": "win_back_hello",
        "customer_id": customer_id,
        "person_id": f"person-{customer_id}",
        "occasion": occasion,
        "pressure": Pressure.PROMOTIONAL,
        "topic": Topic.OFFERS,
        "channel": Channel.EMAIL,
        "address": f"customer{customer_id}@example.test",
        "address_key": f"address-{customer_id}",
        "locale": "en",
        "send_at": NOON - timedelta(hours=2),
        "expires_at": NOON + timedelta(hours=10),
    }
    return PlannedMessage(**(fields | changes))


def claiming(
    ledger: Ledger,
    messages: Sequence[PlannedMessage],
    *,
    worker: str = "worker-1",
    now: datetime = NOON,
    lease: timedelta = LEASE,
    **rules: Any,
) -> Claim:
    given = SendingRules(**rules)
    return ledger.claim(messages, worker=worker, lease=lease, now=now, rules=given)


def beginning(
    ledger: Ledger,
    messages: list[PlannedMessage],
    *,
    worker: str = "worker-1",
    lease: timedelta = LEASE,
) -> frozenset[str]:
    return ledger.begin_dispatch([m.key for m in messages], worker=worker, lease=lease)


def a_receipt(
    message: PlannedMessage, state: MessageState = MessageState.ACCEPTED, **changes: Any
) -> Receipt:
    fields: dict[str, Any] = {"key": message.key, "state": state, "provider": "mailbox"}
    return Receipt(**(fields | changes))


def settling(
    ledger: Ledger,
    messages: list[PlannedMessage],
    state: MessageState = MessageState.ACCEPTED,
    *,
    now: datetime = NOON,
) -> None:
    ledger.settle([a_receipt(message, state) for message in messages], now=now)


def sent(ledger: Ledger, *messages: PlannedMessage, now: datetime = NOON) -> None:
    """Brings messages all the way to accepted, each in a claim of its own."""
    for message in messages:
        claimed = claiming(ledger, [message], now=now).claimed
        assert claimed == {message.key}
        beginning(ledger, [message])
        settling(ledger, [message], now=now)


def states(ledger: Ledger, campaign: str = "win_back", day: date = DAY) -> dict[str, str]:
    """Each message's state, or the reason why it is blocked."""
    entries = ledger.standing(campaign, day).entries()
    return {entry.key: str(entry.state or entry.blocked) for entry in entries}


def sharing(
    ledger: Ledger,
    worker: str,
    *,
    at_once: int = 4,
    busy: int = 0,
    lease: timedelta = LEASE,
    provider: str = "sendgrid",
) -> Share:
    return ledger.share(provider, worker=worker, at_once=at_once, busy=busy, lease=lease)
