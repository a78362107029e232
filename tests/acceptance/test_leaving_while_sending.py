"""Customers unsubscribe by the pages while a campaign goes out to them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, select

from crashing_run import NOW, compose, planned
from edge_server import edge_thread
from page_visits import page_of, visit
from perennial.delivery.dispatch import dispatch
from perennial.emulator.options import Options
from perennial.emulator.serving import emulator_thread
from perennial.ledger.tables import messages
from perennial.model.keys import message_key
from perennial.model.message import PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import MessageState, Reason
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from sending_run import settings_for

PEOPLE = 10_000
LEAVING = 400
CHUNK = 250
CLIENTS = 4
ONE_CLICK = b"List-Unsubscribe=One-Click"


def an_earlier_one(message: PlannedMessage) -> PlannedMessage:
    """What the person had a month before, with the link that they follow now."""
    month = timedelta(days=30)
    return replace(
        message,
        key=message_key("win_back", 1, message.customer_id, "order-7"),
        campaign="win_back",
        occasion="order-7",
        day=(NOW - month).date(),
        send_at=message.send_at - month,
        expires_at=message.expires_at - month,
    )


class Leavers(threading.Thread):
    """A mail provider that unsubscribes its users, one after another; writes down when each was told that it is done."""

    def __init__(self, pages: Sequence[tuple[PlannedMessage, str]]) -> None:
        super().__init__()
        self._pages = pages
        self.left: dict[str, datetime] = {}

    def run(self) -> None:
        for message, page in self._pages:
            if visit(page, ONE_CLICK).status == 200:
                self.left[message.key] = datetime.now(UTC)


def carry_out(perennial: Perennial, audience: Sequence[PlannedMessage]) -> None:
    channel = audience[0].channel
    asyncio.run(
        dispatch(
            (audience[start : start + CHUNK] for start in range(0, len(audience), CHUNK)),
            campaign="birthday",
            ledger=perennial.ledger,
            providers={channel: perennial.providers()[channel]},
            compose=compose,
            rules=SendingRules(),
            clock=lambda: NOW,
            worker="worker",
            lease=timedelta(minutes=5),
        )
    )


def begun(perennial: Perennial) -> dict[str, datetime]:
    """When each message of the campaign was begun, by the database's clock."""
    engine = create_engine(perennial.settings.ledger.get_secret_value())
    wanted = select(messages.c.key, messages.c.dispatched_at).where(
        messages.c.campaign == "birthday", messages.c.dispatched_at.is_not(None)
    )
    with engine.connect() as connection:
        found = {row.key: row.dispatched_at for row in connection.execute(wanted)}
    engine.dispose()
    return found


def test_nobody_who_has_left_is_written_to_however_many_leave_at_once(tmp_path: Path) -> None:
    """Case 26."""
    audience = [planned(10_000 + number) for number in range(PEOPLE)]
    leaving = Random(26).sample(audience, LEAVING)  # noqa: S311
    with (
        emulator_thread(Options(kept_messages=100, latency=0.05)) as emulator,
        services(Settings(**settings_for(emulator, tmp_path))) as perennial,  # type: ignore[arg-type]
        edge_thread(perennial) as edge,
    ):
        earlier = [an_earlier_one(message) for message in leaving]
        perennial.ledger.claim(
            earlier,
            worker="worker",
            lease=timedelta(minutes=5),
            now=NOW - timedelta(days=30),
            rules=SendingRules(),
        )
        pages = [
            (message, edge + page_of(perennial, before, "unsubscribe"))
            for message, before in zip(leaving, earlier, strict=True)
        ]
        clients = [Leavers(pages[n::CLIENTS]) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        carry_out(perennial, audience)
        for client in clients:
            client.join()
        left = {key: at for client in clients for key, at in client.left.items()}
        sent, times = emulator.accepted(), begun(perennial)

        assert len(left) == LEAVING
        # Some were out before their turn, and some had been written to already: both happened at once.
        in_time = {key for key, at in left.items() if key not in times or at < times[key]}
        assert [key for key in in_time if sent[key]] == []
        assert len(in_time) > 0
        assert set(sent.values()) == {1}
        assert sum(sent.values()) + len(in_time) == PEOPLE
        standing = perennial.ledger.standing("birthday", NOW.date())
        assert standing.states == {MessageState.ACCEPTED: sum(sent.values())}
        assert set(standing.blocked) <= {Reason.SUPPRESSED, Reason.NO_CONSENT}
        assert sum(standing.blocked.values()) == len(in_time)
