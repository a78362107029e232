"""A worker that takes a message to a point, says so, and waits to be killed: `python dying_worker.py URL POINT`."""

from __future__ import annotations

import signal
import sys

from ledger_builder import a_message, beginning, claiming
from perennial.ledger.store import Ledger


def main(url: str, point: str) -> None:
    ledger, message = Ledger(url), a_message()
    claiming(ledger, [message], worker="dying")
    if point == "dispatching":
        beginning(ledger, [message], worker="dying")
    sys.stdout.write(f"{point}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
