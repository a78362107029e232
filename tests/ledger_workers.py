"""Workers of the ledger for processes of their own."""

from __future__ import annotations

import random
import signal
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.queues import SimpleQueue
from multiprocessing.sharedctypes import Synchronized
from time import monotonic, sleep

from ledger_builder import LEASE, a_message, beginning, claiming, settling, sharing
from perennial.ledger.store import Ledger
from perennial.model.message import PlannedMessage
from perennial.model.words import MessageState


def die_at(url: str, point: MessageState, told: Connection) -> None:
    """Comes to a point with its message, says so, and waits to be killed."""
    ledger, message = Ledger(url), a_message()
    claiming(ledger, [message], worker="dying")
    if point is MessageState.DISPATCHING:
        beginning(ledger, [message], worker="dying")
    told.send(point)
    signal.pause()


def send_what_it_gets(
    url: str, worker: int, many: list[PlannedMessage], told: SimpleQueue[list[str]]
) -> None:
    """Claims, begins and settles all it can of the messages, and tells which."""
    ledger, name, sent = Ledger(url), f"worker-{worker}", list[str]()
    for start in range(0, len(many), 25):
        claimed = claiming(ledger, many[start : start + 25], worker=name).claimed
        mine = [message for message in many if message.key in claimed]
        begun = beginning(ledger, mine, worker=name)
        sent += begun
        settling(ledger, [message for message in mine if message.key in begun])
    told.put(sent)


def fill_the_wire(url: str, number: int, wire: Synchronized[int], most: Synchronized[int]) -> None:
    """Keeps as many batches on the wire as it may, each for a few hundredths of a second."""
    ledger, chance, batches = Ledger(url), random.Random(number), list[float]()  # noqa: S311 - the same every time
    stop = monotonic() + (0.3 if number >= 4 else 3.0)
    while monotonic() < stop:
        share = sharing(
            ledger, f"worker-{number}", at_once=7, busy=len(batches), lease=timedelta(seconds=2)
        )
        while len(batches) < share.at_once:
            batches.append(monotonic() + chance.uniform(0.01, 0.05))
            _seen(wire, most, 1)
        sleep(0.01)
        for over in [end for end in batches if end < monotonic()]:
            batches.remove(over)
            _seen(wire, most, -1)
    _seen(wire, most, -len(batches))
    if number < 4:
        sharing(ledger, f"worker-{number}", at_once=7, lease=LEASE)
    ledger.close()


def _seen(wire: Synchronized[int], most: Synchronized[int], change: int) -> None:
    with wire.get_lock():
        wire.value += change
        most.value = max(most.value, wire.value)
