"""A year of the sample shop rebuilt in one go, and some of its nights one by one, with equal files.

Run: python benchmarks/rebuilding.py [--days 365] [--one-by-one 20] [--folder FOLDER]

Each side runs in a process of its own, over the same shop, beginning with an empty lake; time is from its start to its end.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from perennial.sample.loading import load_sample
from perennial.settings import Settings
from perennial.steps.services import services

RESULTS = Path(__file__).resolve().parent.parent / ".benchmarks"
TODAY = date(2026, 11, 21)
REBUILT = ("raw/*", "verified/*", "quarantine/*", "contacts", "customer_features", "memberships")


def main() -> None:
    options = arguments()
    if options.play:
        play(options.play, Path(options.home), options.days)
        return
    with tempfile.TemporaryDirectory(prefix="perennial-bench-", dir=options.folder) as folder:
        shop = Path(folder) / "shop.db"
        load_sample(shop, shift_to=TODAY)
        figures = {
            "in one go": measured("range", Path(folder), shop, options.days),
            "one by one": measured("nights", Path(folder), shop, options.one_by_one),
        }
        files = compare(Path(folder))
        print(f"{files:,} files of {options.one_by_one} nights are equal")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "rebuilding.json").write_text(json.dumps(figures, indent=2) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--one-by-one", type=int, default=20, help="so many of the first nights")
    parser.add_argument("--folder", default=None, help="where the lakes are written for the run")
    parser.add_argument("--play", choices=("range", "nights"), help=argparse.SUPPRESS)
    parser.add_argument("--home", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(how: str, folder: Path, shop: Path, played: int) -> dict[str, Any]:
    home = folder / how
    home.mkdir()
    (home / "shop.db").symlink_to(shop)
    command = [sys.executable, __file__, "--play", how, "--home", str(home), "--days"]
    began = time.monotonic()
    done = subprocess.run([*command, str(played)], check=True, stdout=subprocess.PIPE, text=True)
    figures = {"nights": played, "seconds": time.monotonic() - began, **json.loads(done.stdout)}
    print(
        f"{how:8} {played} nights: {figures['seconds']:.0f} s, processor"
        f" {figures['processor']:.0f} s, {figures['megabytes']:.0f} MB",
        flush=True,
    )
    return figures


def play(how: str, home: Path, played: int) -> None:
    first = TODAY - timedelta(days=364)
    days = [first + timedelta(days=n) for n in range(played)]
    with services(Settings(home=home)) as perennial:
        if how == "range":
            perennial.nights(days)
        else:
            for day in days:
                perennial.night(day)
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {"processor": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}
    print(json.dumps(figures))


def compare(folder: Path) -> int:
    """Whether both sides have left the same; says of how many files."""
    lake = folder / "nights" / "lake"
    files = [path for dataset in REBUILT for path in lake.glob(f"{dataset}/day=*/*.parquet")]
    for path in files:
        other = folder / "range" / "lake" / path.relative_to(lake)
        assert path.read_bytes() == other.read_bytes(), path
    assert files
    return len(files)


if __name__ == "__main__":
    main()
