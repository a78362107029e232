"""Two processes at a provider's rate: it is kept in every second, used well, and nobody is sent away."""

from __future__ import annotations

import multiprocessing
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from paced_run import Order, carry_out
from perennial.delivery.accounts import DispatchSummary
from perennial.emulator.options import Options
from perennial.emulator.rate_window import RateLimit
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.ledger.store import Ledger
from perennial.model.words import Channel

RATE = 40
MESSAGES = 320


@contextmanager
def emulator() -> Iterator[Emulator]:
    # Requests wait on their way on a machine that does much else, so a few more are seen to arrive than began.
    limit = RateLimit(requests=RATE + 10, seconds=1)
    options = Options(
        mail_limit=limit,
        segments_per_second=RATE,
        latency=0.05,
    )
    with emulator_thread(options) as running:
        yield running


def run_by_two(
    ledger: str, emulator: Emulator, channel: Channel, starts: Path
) -> list[DispatchSummary]:
    orders = [
        Order(
            ledger=ledger,
            emulator=emulator.url,
            channel=channel,
            worker=f"worker {turn}",
            messages=MESSAGES,
            turn=turn,
            workers=2,
            rate=RATE,
            starts=starts,
        )
        for turn in range(2)
    ]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(carry_out, orders))


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_two_processes_keep_the_rate_in_every_second_and_use_it(
    tmp_path: Path, channel: Channel
) -> None:
    """Case 6, before it happens: SendGrid would answer 429 to one request too many in a second."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger(url)
    ledger.migrate()
    ledger.close()
    starts = tmp_path / "starts"
    with emulator() as running:
        summaries = run_by_two(url, running, channel, starts)
        assert set(running.accepted().values()) == {1}
    assert sum(summary.accepted for summary in summaries) == MESSAGES
    assert sum(summary.retryable for summary in summaries) == 0, "nobody was sent away"
    moments = sorted(map(float, starts.read_text().split()))
    assert max(bisect_left(moments, at + 1) - n for n, at in enumerate(moments)) <= RATE
    # How well it is used depends on what else the machine does; benchmarks/sending.py measures it.
    assert (len(moments) - 1) / (moments[-1] - moments[0]) > 0.4 * RATE
