"""One dispatch in a process of its own, which can be told to die at a named point; driven by acceptance/test_crashes.py."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from perennial.delivery.dispatch import dispatch
from perennial.delivery.mailbox_folder import Mailbox
from perennial.delivery.provider import Pace, Question
from perennial.errors import RenderError
from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey, message_key
from perennial.model.message import EmailMessage, Message, PlannedMessage, Receipt, SmsMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel, Pressure, Topic

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
DAY = NOW.date()
CAMPAIGN = "birthday"
CHUNK = 20
BATCH = 5
WITHOUT_WORDS = "00007"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one process is to do, and when it is to die."""

    folder: Path
    messages: int
    worker: str
    dies: str | None = None
    turn: int = 1
    lease_seconds: float = 0.5
    provider_can_tell: bool = True
    patience: float = 0.0


def ledger_of(folder: Path) -> Ledger:
    return Ledger(f"sqlite:///{folder / 'ledger.db'}")


def planned(number: int) -> PlannedMessage:
    customer = f"{number:05d}"
    return PlannedMessage(
        key=message_key(CAMPAIGN, 1, customer, "2026"),
        campaign=CAMPAIGN,
        day=date(2026, 11, 21),
        step=1,
        template="birthday",
        customer_id=customer,
        person_id=customer,
        occasion="2026",
        pressure=Pressure.PROMOTIONAL,
        topic=Topic.OFFERS,
        channel=Channel.EMAIL,
        address=f"c{customer}@customers.example",
        address_key=f"address-{customer}",
        locale="en",
        send_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(hours=11),
    )


def compose(message: PlannedMessage) -> Message:
    """An email or a text, as it is planned; for one person there are no words."""
    if message.customer_id == WITHOUT_WORDS:
        raise RenderError
    if message.channel is not Channel.EMAIL:
        return SmsMessage(
            key=message.key,
            campaign=message.campaign,
            locale=message.locale,
            to=message.address,
            text="Juniper & Rye: happy birthday. STOP to opt out",
            segments=1,
        )
    return EmailMessage(
        key=message.key,
        campaign=message.campaign,
        locale=message.locale,
        to=message.address,
        subject="Happy birthday",
        html="<p>Happy birthday</p>",
        text="Happy birthday",
        from_name="Juniper & Rye",
        from_address="hello@juniperandrye.example",
    )


class Death:
    """Kills the process, with no chance to clean up, when a point is passed for the n-th time."""

    def __init__(self, order: Order) -> None:
        self._point = order.dies
        self._turns_left = order.turn

    def here(self, point: str) -> None:
        if point != self._point:
            return
        self._turns_left -= 1
        if self._turns_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingLedger(Ledger):
    """The ledger, in a process that may die right before or right after each of its steps."""

    def __init__(self, folder: Path, death: Death) -> None:
        super().__init__(f"sqlite:///{folder / 'ledger.db'}")
        self._death = death

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in {"claim", "begin_dispatch", "block", "release", "settle", "abandon_expired"}:
            return found
        return partial(_lived_through, found, name, self._death)


def _lived_through(
    step: Callable[..., Any], name: str, death: Death, *args: Any, **named: Any
) -> Any:
    death.here(f"before {name}")
    answer = step(*args, **named)
    death.here(f"after {name}")
    return answer


class DyingMailbox(Mailbox):
    """The mailbox, in a process that may die around and amid its writing."""

    batch_size = BATCH

    def __init__(self, order: Order, death: Death) -> None:
        super().__init__(order.folder / "mailbox", Channel.EMAIL, clock=lambda: NOW)
        self._death = death
        self._order = order

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        self._death.here("before the first byte")
        receipts = await super().send(messages, pace)
        self._death.here("after the last byte")
        await asyncio.sleep(self._order.patience)
        return receipts

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        found = await super().find(questions) if self._order.provider_can_tell else {}
        self._death.here("after the question")
        return found

    def _write_line(self, message: Message, at: datetime) -> None:
        self._death.here("amid a batch, before the acceptance")
        super()._write_line(message, at)
        self._death.here("amid a batch, after the acceptance")


def carry_out(order: Order) -> None:
    """Run the dispatch that was ordered, to its end or to the process's."""
    death = Death(order)
    chunks = (
        [planned(number) for number in range(start, min(start + CHUNK, order.messages))]
        for start in range(0, order.messages, CHUNK)
    )
    asyncio.run(
        dispatch(
            chunks,
            campaign=CAMPAIGN,
            ledger=DyingLedger(order.folder, death),
            providers={Channel.EMAIL: DyingMailbox(order, death)},
            compose=compose,
            rules=SendingRules(),
            clock=lambda: NOW,
            worker=order.worker,
            lease=timedelta(seconds=order.lease_seconds),
        )
    )
