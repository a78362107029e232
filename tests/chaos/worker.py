"""One dispatch in a process of its own: the only place of the harness that knows how dispatch is called."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

from chaos.audience import CAMPAIGN, audience, compose, rules
from chaos.points import Death, DyingLedger, let_questions_die, let_wires_die
from chaos.schedule import Run, Schedule, Webhooks
from perennial.delivery.dispatch import dispatch
from perennial.delivery.doubts import Recall
from perennial.delivery.http_wire import Patience
from perennial.delivery.provider import Provider
from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
from perennial.delivery.twilio import listing
from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
from perennial.delivery.twilio.payload import TextOptions
from perennial.emulator.options import ACCOUNT_SID, AUTH_TOKEN, MESSAGING_SERVICE, SENDGRID_KEY
from perennial.errors import DeliveryError, LedgerError, RunInterrupted
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.message import Message, PlannedMessage
from perennial.model.words import Channel

PUT_OFF = 3
"""How a process ends that could not go on, and said so."""

BROKEN = 4
"""How a process ends after an error that nobody expects."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one process is to do. `offset`: by how much its clock is ahead, so that waits need not be waited."""

    schedule: Schedule
    run: Run
    worker: str
    began: datetime
    offset: timedelta
    ledger_url: str
    emulator_url: str
    callback_url: str
    log: Path


def carry_out(order: Order) -> None:
    """Run the dispatch that was ordered, to its end or to the process's."""
    try:
        asyncio.run(_dispatched(order))
    except (DeliveryError, LedgerError, RunInterrupted) as fault:
        _note(order.log, str(fault))
        os._exit(PUT_OFF)
    except BaseException:  # noqa: BLE001 - told to whoever started the process
        _note(order.log, traceback.format_exc())
        os._exit(BROKEN)
    sys.stdout.flush()
    os._exit(0)


async def _dispatched(order: Order) -> None:
    death = Death(order.run.dies, order.run.turn)
    let_wires_die(death)
    # Minutes are seconds here, as they are for leases.
    listing.CATCHES_UP = timedelta(seconds=order.schedule.silence)  # type: ignore[misc]
    ledger = DyingLedger(order.ledger_url, death)
    if order.run.full:
        _fill_up(ledger)
    await dispatch(
        _chunks(order),
        campaign=CAMPAIGN,
        ledger=ledger,
        providers={
            channel: let_questions_die(provider, death)
            for channel, provider in _providers(order).items()
        },
        compose=compose,
        rules=rules(order.schedule, order.began),
        clock=lambda: datetime.now(UTC) + order.offset,
        worker=order.worker,
        lease=timedelta(seconds=order.schedule.lease),
        recall=_recall(order),
        silent_for=_silence(order.schedule),
    )


def _recall(order: Order) -> Recall:
    planned = {person.key: person.planned for person in audience(order.schedule, order.began)}

    def recall(doubts: Sequence[Doubt]) -> Mapping[MessageKey, Message]:
        return {doubt.key: compose(planned[doubt.key]) for doubt in doubts}

    return recall


def _silence(schedule: Schedule) -> Mapping[str, timedelta] | None:
    """As in production: SendGrid only, Twilio is asked; and only where reports are not lost one by one."""
    if schedule.webhooks is Webhooks.LOST:
        return None
    return {"sendgrid": timedelta(seconds=schedule.silence)}


def _chunks(order: Order) -> Iterator[Sequence[PlannedMessage]]:
    planned = [person.planned for person in audience(order.schedule, order.began)]
    part = planned[order.run.first : order.run.last]
    for start in range(0, len(part), order.schedule.chunk):
        yield part[start : start + order.schedule.chunk]


def _providers(order: Order) -> Mapping[Channel, Provider]:
    patience = Patience(connect=order.schedule.patience, total=order.schedule.patience)

    def clock() -> datetime:
        return datetime.now(UTC) + order.offset

    mailer = SendGridEmail(
        SendGridAccount(
            api_key=SecretStr(SENDGRID_KEY),
            host=order.emulator_url,
            patience=patience,
            batch=order.schedule.batch,
            concurrency=order.schedule.at_once,
        ),
        clock=clock,
    )
    texter = TwilioMessages(
        TwilioAccount(
            sid=ACCOUNT_SID,
            auth_token=SecretStr(AUTH_TOKEN),
            host=order.emulator_url,
            options=TextOptions(
                messaging_service=MESSAGING_SERVICE, status_callback=order.callback_url
            ),
            patience=patience,
            concurrency=order.schedule.batch * order.schedule.at_once,
        ),
        clock=clock,
    )
    return {Channel.EMAIL: mailer, Channel.SMS: texter}


def _fill_up(ledger: DyingLedger) -> None:
    """SQLite finds no more room after a few pages."""

    def limit(connection: Any, _: object) -> None:
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages + 2}")

    event.listen(ledger._database._engine, "connect", limit)


def _note(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as log:
        log.write(f"{text}\n")
