"""One dispatch at a provider's rate, in a process of its own; driven by acceptance/test_rates.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from crashing_run import CAMPAIGN, compose, planned
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.delivery.provider import Pace, Provider
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.emulator.options import ACCOUNT_SID, AUTH_TOKEN, MESSAGING_SERVICE, SENDGRID_KEY
from perennial.ledger.store import Ledger
from perennial.model.message import Message, PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.words import Channel


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one process is to do: every second message, every third, …; `rate` is the provider's, a second.

    It notes in the file `starts` when each of its requests begins, by the clock that all processes share.
    """

    ledger: str
    emulator: str
    channel: Channel
    worker: str
    messages: int
    turn: int
    workers: int
    rate: float
    starts: Path
    requests_at_once: int = 200


def audience(order: Order) -> list[PlannedMessage]:
    """The part of one process."""
    found = [planned(10_000 + number) for number in range(order.turn, order.messages)]
    now = datetime.now(UTC)
    return [
        replace(
            message,
            channel=order.channel,
            day=now.date(),
            address=f"+1415555{number:04d}" if order.channel is Channel.SMS else message.address,
            send_at=now - timedelta(hours=1),
            expires_at=now + timedelta(hours=2),
        )
        for number, message in enumerate(found, start=order.turn)
    ][:: order.workers]


def provider_of(order: Order) -> Provider:
    if order.channel is Channel.EMAIL:
        email = SendGridAccount(
            api_key=SecretStr(SENDGRID_KEY),
            host=order.emulator,
            batch=1,
            rate=order.rate,
            concurrency=8,
        )
        return SendGridEmail(email, clock=lambda: datetime.now(UTC))
    account = TwilioAccount(
        sid=ACCOUNT_SID,
        auth_token=SecretStr(AUTH_TOKEN),
        host=order.emulator,
        options=TextOptions(
            messaging_service=MESSAGING_SERVICE, status_callback="http://127.0.0.1:9/status"
        ),
        rate=order.rate,
        concurrency=order.requests_at_once,
    )
    return TwilioMessages(account, clock=lambda: datetime.now(UTC))


def noting(provider: Provider, starts: Path) -> Provider:
    """The same provider, with a note of every request as it begins."""
    send = provider.send

    async def send_and_note(messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        async def note(units: int) -> None:
            await pace(units)
            moment = time.monotonic()
            with starts.open("a", encoding="utf-8") as notes:
                notes.write(f"{moment}\n")

        return await send(messages, note)

    setattr(provider, "send", send_and_note)  # noqa: B010 - in place of the method
    return provider


def carry_out(order: Order) -> DispatchSummary:
    """Run the dispatch that was ordered."""
    ledger, messages = Ledger(order.ledger), audience(order)
    try:
        return asyncio.run(
            dispatch(
                [messages[start : start + 500] for start in range(0, len(messages), 500)],
                campaign=CAMPAIGN,
                ledger=ledger,
                providers={order.channel: noting(provider_of(order), order.starts)},
                compose=compose,
                rules=SendingRules(),
                clock=lambda: datetime.now(UTC),
                worker=order.worker,
                lease=timedelta(minutes=5),
            )
        )
    finally:
        ledger.close()
