"""Runs many schedules of crashes and faults, Perennial and a naive task side by side, and says what became of them.

python -m chaos --schedules 1000 --seed 1
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

from chaos.playing import Pair, Stage
from chaos.report import complaint, figures, summary
from chaos.schedule import Backend, draw_schedule


def main() -> int:
    """The exit code is 1 when the promise was broken."""
    given = _arguments()
    logging.disable(
        logging.CRITICAL
    )  # the emulator's server complains about clients that were killed
    if given.show:
        _say(repr(draw_schedule(given.seed, backend=given.backend)))
        return 0
    seeds = range(given.seed, given.seed + given.schedules)
    began = time.monotonic()
    pairs: list[Pair] = []
    for pair in Stage(given.at_once).play(seeds, naive=not given.only_ours, backend=given.backend):
        pairs.append(pair)
        if pair.ours.broken:
            _say(f"\r{complaint(pair.ours)}")
        _progress(pairs, given.schedules, time.monotonic() - began)
        if given.minutes and time.monotonic() - began > given.minutes * 60:
            break
    counted = figures(pairs, seconds=time.monotonic() - began)
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(json.dumps(counted, indent=2) + "\n", encoding="utf-8")
    _say(f"\r{summary(counted)}\n\nfigures: {given.report}")
    return 1 if counted["broken"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow")
    parser.add_argument("--at-once", type=int, default=8, help="schedules at the same time")
    parser.add_argument("--minutes", type=float, help="begin no schedule after that")
    parser.add_argument("--backend", type=Backend, choices=list(Backend))
    parser.add_argument("--only-ours", action="store_true", help="without the naive task")
    parser.add_argument("--show", action="store_true", help="print the schedule of the seed")
    parser.add_argument("--report", type=Path, default=Path(".benchmarks/chaos.json"))
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _progress(pairs: list[Pair], schedules: int, seconds: float) -> None:
    broken = sum(1 for pair in pairs if pair.ours.broken)
    messages = sum(pair.ours.counts["messages"] for pair in pairs)
    line = f"{len(pairs)} of {schedules} schedules, {messages:,} messages, {broken} broken, {seconds:.0f} s"
    sys.stderr.write(f"\r{line} ")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
