"""However a provider's posts are cut, repeated and shuffled on their way, the ledger ends in the same state."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import NOON, a_message, a_receipt, beginning, claiming
from perennial.events.sendgrid_events import read_events
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState

WAYS = {
    "delivered": ["processed", "deferred", "delivered", "open", "click", "spamreport"],
    "bounced late": ["processed", "delivered", "bounce"],
    "dropped": ["dropped"],
    "left": ["processed", "delivered", "open", "unsubscribe"],
}
MESSAGES = [a_message(str(number)) for number in range(8)]
STATES = [
    *(MessageState.DISPATCHING, MessageState.IN_DOUBT, MessageState.RETRYABLE),
    *(MessageState.ACCEPTED, MessageState.REFUSED),
]
TABLES = {
    "messages": "select key, state, code, not_before from messages",
    "message_events": "select message_key, word, provider, provider_id, code, at from message_events",
    "parked_events": "select message_key, word, provider, at from parked_events",
    "suppressions": "select address_key, channel, reason, since from suppressions",
}


def told(way: str, number: int) -> list[dict[str, Any]]:
    """The events of one message, a minute apart."""
    start = int(NOON.timestamp()) + number
    return [
        {
            "event": word,
            "timestamp": start + 60 * minute,
            "perennial_key": MESSAGES[number].key,
            "sg_event_id": f"{number}-{minute}",
            **(
                {"type": "bounce", "status": "5.1.1"}
                if word == "bounce"
                else {"sg_message_id": "a.b"}
            ),
        }
        for minute, word in enumerate(WAYS[way])
    ]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a message in every state that events may find it in; the last ones it has never heard of."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.migrate()
    for message, state in zip(MESSAGES, STATES, strict=False):
        claiming(ledger, [message])
        beginning(ledger, [message])
        if state is not MessageState.DISPATCHING:
            ledger.settle([a_receipt(message, state, provider="sendgrid")], now=NOON)
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return path


def after(begun: Path, folder: Path, posts: Sequence[Sequence[dict[str, Any]]]) -> Any:
    """What the ledger knows when these posts have come in, one after another."""
    path = folder / "ledger.db"
    for file in folder.glob("ledger.db*"):
        file.unlink()
    shutil.copy(begun, path)
    ledger = Ledger(f"sqlite:///{path}")
    for post in posts:
        report = read_events(json.dumps(post).encode())
        assert report is not None
        ledger.apply_events(report.events, received_at=NOON)
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        return {name: sorted(connection.execute(sql), key=str) for name, sql in TABLES.items()}


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """Events as they happened, and the posts in which they arrive: each at least once, in any order."""
    ways = draw(st.lists(st.sampled_from(sorted(WAYS)), min_size=8, max_size=8))
    happened = [event for number, way in enumerate(ways) for event in told(way, number)]
    again = draw(st.lists(st.sampled_from(happened), max_size=20))
    renamed = [event | {"sg_event_id": f"again-{n}"} for n, event in enumerate(again)]
    arriving = draw(st.permutations(happened + renamed + again))
    return happened, list(_cut(arriving, draw(st.lists(st.integers(1, 20), min_size=1))))


def _cut(events: list[dict[str, Any]], sizes: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    while events:
        for size in sizes:
            if events[:size]:
                yield events[:size]
            events = events[size:]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journey=journeys())
def test_any_order_and_any_repetition_give_the_same_ledger(
    begun: Path, tmp_path: Path, journey: Any
) -> None:
    """Cases 20 and 21."""
    happened, posts = journey
    assert after(begun, tmp_path, posts) == after(begun, tmp_path, [happened])
