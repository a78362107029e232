"""SendGrid and Twilio, as they are played on this machine, tell the edge what became of messages."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, create_engine, select

from crashing_run import Order
from edge_server import PUBLIC, edge_thread
from perennial.cli.emulating import event_url_of, forwarded
from perennial.emulator.courier import Fate
from perennial.emulator.faults import Fault, FaultKind, Match
from perennial.emulator.mailing.stories import story
from perennial.emulator.options import Delivery, MailOutcomes, Options, TextOutcomes
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.errors import LedgerError
from perennial.events.sendgrid_events import read_events
from perennial.ledger import tables
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage
from perennial.model.words import Channel, MessageState, SuppressionReason
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from sending_run import carry_out, people, settings_for

ACCEPTED = MessageState.ACCEPTED
LIVELY = MailOutcomes(
    bounced=0.2,
    blocked=0.1,
    deferred=0.2,
    opened=0.6,
    clicked=0.5,
    complained=0.3,
    unsubscribed=0.3,
)
ROUGH = Delivery(
    longest_delay=0.3, repeated=0.6, repeated_with_new_id=0.6, late=0.5, retry_seconds=0.05
)


@dataclass(frozen=True, kw_only=True)
class World:
    """An installation that sends, an edge that listens, and the providers in between."""

    home: Path
    emulator: Emulator
    perennial: Perennial

    def send(self, audience: list[PlannedMessage], worker: str = "first") -> None:
        self.send_from(self.home, audience, worker)

    def send_from(self, home: Path, audience: list[PlannedMessage], worker: str = "first") -> None:
        order = Order(folder=home, messages=0, worker=worker, lease_seconds=60.0)
        carry_out(settings_for(self.emulator, home), audience, order)

    def settled(self) -> None:
        """Every webhook has arrived, or was given up."""
        wait_for(self.emulator.courier._idle.is_set)

    def states(self, audience: list[PlannedMessage]) -> set[MessageState]:
        found = self.perennial.ledger.states([message.key for message in audience])
        assert len(found) == len(audience)
        return set(found.values())

    def rows(self, table: Table) -> list[Mapping[str, Any]]:
        engine = create_engine(self.perennial.settings.ledger.get_secret_value())
        with engine.connect() as connection:
            found = [dict(row) for row in connection.execute(select(table)).mappings()]
        engine.dispose()
        return found


@contextmanager
def a_world(home: Path, *, believes: int = 7, **options: Any) -> Iterator[World]:
    """An edge that believes the emulator with this seed, and the emulator with the seed 7."""
    home.mkdir(exist_ok=True)
    settings = Settings(**settings_for(Emulator(Options(seed=believes)), home))  # type: ignore[arg-type]
    with services(settings) as perennial, edge_thread(perennial) as edge:
        webhooks = {
            "event_url": event_url_of(None, edge=edge),
            "forward": forwarded(PUBLIC, edge=edge),
        }
        with emulator_thread(Options(**(webhooks | options))) as emulator:
            yield World(home=home, emulator=emulator, perennial=perennial)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def once(audience: list[PlannedMessage]) -> dict[str, int]:
    return {message.key: 1 for message in audience}


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.NO_ANSWER, "seconds": 0.2},
        {"kind": FaultKind.RESET},
        {"kind": FaultKind.SERVER_ERROR, "status": 500},
        {"kind": FaultKind.SERVER_ERROR, "status": 503},
        {"kind": FaultKind.TRUNCATED},
        {"kind": FaultKind.HTML},
    ],
    ids=["case 4", "reset", "case 5, 500", "case 5, 503", "case 12, truncated", "case 12, a page"],
)
def test_an_event_settles_the_doubt_and_nothing_is_sent_again(
    tmp_path: Path, channel: Channel, fault: dict[str, Any]
) -> None:
    audience = people(8, channel)
    with a_world(tmp_path) as world:
        match = Match(key=audience[3].key)
        world.emulator.fail(Fault(match=match, before_acceptance=False, **fault))
        world.send(audience)
        world.settled()
        assert world.states(audience) == {ACCEPTED}
        world.send(audience, "second")
        assert world.emulator.accepted() == once(audience)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize("dies", [None, "before settle"], ids=["case 1", "case 2"])
def test_after_a_kill_an_event_settles_what_was_on_the_wire(
    tmp_path: Path, channel: Channel, dies: str | None
) -> None:
    """Case 1: after the request left, before the answer. Case 2: after the answer, before it was written down."""
    audience = people(30, channel)
    with a_world(tmp_path) as world:
        if dies is None:
            slow = Fault(kind=FaultKind.LATENCY, before_acceptance=False, seconds=1.5, times=None)
            world.emulator.fail(slow)
        order = Order(folder=tmp_path, messages=0, worker="first", dies=dies, lease_seconds=1.0)
        arguments = (settings_for(world.emulator, tmp_path), audience, order)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
            process = multiprocessing.get_context("spawn").Process(target=carry_out, args=arguments)
            process.start()
        if dies is None:
            wait_for(lambda: len(world.emulator.accepted()) > 0)
            process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        world.settled()
        world.emulator.faults.clear()
        sent = world.emulator.accepted()
        assert sent
        assert world.states([m for m in audience if m.key in sent]) == {ACCEPTED}
        time.sleep(order.lease_seconds + 0.1)
        world.send(audience, "second")
        world.settled()
        accepted = world.emulator.accepted()
        assert set(accepted.values()) == {1}
        # What was begun and never got there stays in doubt: nobody can tell it from what did.
        rest = [m for m in audience if m.key not in accepted]
        assert world.states([m for m in audience if m.key in accepted]) == {ACCEPTED}
        assert not rest or world.states(rest) == {MessageState.IN_DOUBT}


def test_in_any_order_and_any_number_the_ledger_knows_what_happened(tmp_path: Path) -> None:
    """Cases 20 and 21."""
    audience = people(120)
    with a_world(tmp_path, delivery=ROUGH, mail_outcomes=LIVELY) as world:
        world.send(audience)
        world.settled()
        told = {(row["message_key"], row["word"]) for row in world.rows(tables.message_events)}
        suppressed = {
            (row["address_key"], row["reason"]) for row in world.rows(tables.suppressions)
        }
        happened = list(_happened(world.emulator))
        assert world.states(audience) == {ACCEPTED}
        assert told == {(event.key, event.word) for event in happened}
        by_key = {message.key: message.address_key for message in audience}
        reasons = {
            "bounced": SuppressionReason.HARD_BOUNCED,
            "complained": SuppressionReason.COMPLAINED,
            "unsubscribed": SuppressionReason.UNSUBSCRIBED,
        }
        assert suppressed == {
            (by_key[event.key], reasons[event.word]) for event in happened if event.word in reasons
        }
        assert {reason for _, reason in suppressed} == set(reasons.values())


def test_a_text_that_fails_later_was_accepted_and_says_why(tmp_path: Path) -> None:
    """Case 21: repeated and overtaken callbacks."""
    audience = people(40, Channel.SMS)
    outcomes = TextOutcomes(failed={30003: 0.5})
    with a_world(tmp_path, delivery=ROUGH, text_outcomes=outcomes) as world:
        world.send(audience)
        world.settled()
        assert world.states(audience) == {ACCEPTED}
        words = {(row["word"], row["code"]) for row in world.rows(tables.message_events)}
        assert words == {("sent", None), ("delivered", None), ("undelivered", "30003")}


def test_events_that_came_while_the_edge_was_down_are_told_again(tmp_path: Path) -> None:
    """Case 22, in small: the provider tries until somebody answers."""
    audience = people(60)
    slow = Delivery(attempts=10, retry_seconds=0.05)
    with a_world(tmp_path, delivery=slow) as world:
        ledger = world.perennial.ledger
        world.perennial.__dict__["ledger"] = _NoLedger()
        world.send(audience)
        time.sleep(0.3)
        world.perennial.__dict__["ledger"] = ledger
        world.settled()
        assert len(world.rows(tables.message_events)) == 2 * 60
        assert world.emulator.courier.fates[Fate.GIVEN_UP] == 0


def test_what_another_account_signs_is_not_believed(tmp_path: Path) -> None:
    """Case 24: another tenant's key."""
    audience = people(5)
    with a_world(tmp_path, believes=8, delivery=Delivery(attempts=1)) as world:
        world.send(audience)
        world.settled()
        assert set(world.emulator.courier.fates) == {Fate.GIVEN_UP}
        assert world.rows(tables.message_events) == []
        assert world.rows(tables.parked_events) == []


def test_what_the_ledger_has_not_heard_of_is_parked(tmp_path: Path) -> None:
    """Case 25: another installation sends by the same account."""
    audience = people(5)
    (tmp_path / "other").mkdir()
    with a_world(tmp_path / "ours") as world:
        world.send_from(tmp_path / "other", audience)
        world.settled()
        assert world.perennial.ledger.parked() == 5
        assert set(world.emulator.courier.fates) == {Fate.DELIVERED}


def _happened(emulator: Emulator) -> Iterator[ProviderEvent]:
    """What became of every email that was accepted, straight from whoever decided it."""
    for mail in emulator.mail.kept:
        events = story(mail, LIVELY, seed=emulator.options.seed, dropped=None)
        report = read_events(json.dumps([e.as_json(at=time.time()) for e in events]).encode())
        assert report is not None
        yield from report.events


class _NoLedger:
    """A ledger that cannot be written."""

    def __getattr__(self, name: str) -> Any:
        raise LedgerError

    def close(self) -> None:
        pass
