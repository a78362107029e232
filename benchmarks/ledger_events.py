"""How many events a second the ledger applies, and how long workers take to agree about a provider.

    python benchmarks/ledger_events.py                                  (a new SQLite file)
    python benchmarks/ledger_events.py postgresql+psycopg://postgres@localhost/ledger --messages 100000

The database should be empty; all is done on one connection. Prints JSON: events a second, told for the first time, told again,
suppressing addresses, settling doubts, and about strangers; milliseconds for renewing a share and for reserving a rate.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

from parts.messages import NOON, a_message

from perennial.ledger.store import Ledger
from perennial.model.events import ProviderEvent
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.policy import SendingRules
from perennial.model.words import EventWord, MessageState

LEASE = timedelta(minutes=5)
POST = 5_000
TIMES = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "url", nargs="?", help="Without it, a SQLite file that lasts as long as the run."
    )
    parser.add_argument("--messages", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/ledger.db"
        print(json.dumps(measure(url, given.messages), indent=2))


def measure(url: str, count: int) -> dict[str, object]:
    ledger = Ledger(url)
    ledger.migrate()
    accepted = [a_message(f"a{number}") for number in range(count)]
    doubtful = [a_message(f"d{number}") for number in range(count)]
    strange = [a_message(f"s{number}") for number in range(count)]
    carry(ledger, accepted, MessageState.ACCEPTED)
    carry(ledger, doubtful, MessageState.IN_DOUBT)
    figures = {
        "new": apply(ledger, accepted, EventWord.DELIVERED),
        "repeated": apply(ledger, accepted, EventWord.DELIVERED),
        "bounced": apply(ledger, accepted, EventWord.BOUNCED),
        "settling": apply(ledger, doubtful, EventWord.DELIVERED),
        "parked": apply(ledger, strange, EventWord.DELIVERED),
    }
    milliseconds = {
        "share": milliseconds_of(
            lambda: ledger.share("sendgrid", worker="w", at_once=8, busy=0, lease=LEASE)
        ),
        "take_turns": milliseconds_of(
            lambda: ledger.take_turns("sendgrid", units=1, per_second=1e6, lead=timedelta(0))
        ),
        "reached": milliseconds_of(lambda: ledger.reached("sendgrid")),
    }
    ledger.close()
    return {"events_a_second": figures, "milliseconds": milliseconds}


def carry(ledger: Ledger, messages: list[PlannedMessage], state: MessageState) -> None:
    for start in range(0, len(messages), 500):
        some = messages[start : start + 500]
        keys = [message.key for message in some]
        ledger.claim(some, worker="w", lease=LEASE, now=NOON, rules=SendingRules())
        ledger.begin_dispatch(keys, worker="w", lease=LEASE, provider="sendgrid")
        receipts = [Receipt(key=k, state=state, provider="sendgrid", provider_id=k) for k in keys]
        ledger.settle(receipts, now=NOON, worker="w")


def apply(ledger: Ledger, messages: list[PlannedMessage], word: EventWord) -> int:
    told = [
        ProviderEvent(key=m.key, word=word, provider="sendgrid", at=NOON, provider_id=m.key)
        for m in messages
    ]
    started = time.perf_counter()
    for start in range(0, len(told), POST):
        ledger.apply_events(told[start : start + POST], received_at=NOON)
    return round(len(told) / (time.perf_counter() - started))


def milliseconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(TIMES):
        work()
    return round((time.perf_counter() - started) / TIMES * 1000, 2)


if __name__ == "__main__":
    main()
