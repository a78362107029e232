"""A backup that was taken as docs/operations.md says holds what was there, and is not sent from before somebody looked."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ledger_builder import a_message, sent, states
from object_storage import Bucket
from perennial.errors import RestoredLedger
from perennial.lake.partitions import Lake
from perennial.ledger.store import Ledger
from perennial.pipeline.lake_marks import sent_mark
from perennial.settings import PROJECT

Copy = Callable[[str], str]
"""Takes a backup of a ledger, and brings it back under another address."""

BEFORE, SINCE = [a_message(str(n)) for n in range(3)], [a_message(str(n)) for n in range(3, 5)]


@pytest.fixture
def postgres_copy(postgres_url: Callable[..., str], tmp_path: Path) -> Copy:
    def copy(url: str) -> str:
        restored, dump = postgres_url(), tmp_path / "ledger.dump"
        run("pg_dump", "--format=custom", f"--file={dump}", plain(url))
        run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={plain(restored)}", dump)
        return restored

    return copy


def plain(url: str) -> str:
    """As PostgreSQL's own programs spell it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)


def sqlite_copy(url: str) -> str:
    path = Path(str(make_url(url).database))
    restored = path.with_name("restored.db")
    with sqlite3.connect(path) as source, sqlite3.connect(restored) as target:
        source.backup(target)
    return f"sqlite:///{restored}"


def check_that_it_is_refused(url: str, copy: Copy, lake: Lake) -> None:
    mark, ledger = sent_mark(lake), Ledger(url)
    ledger.migrate()
    sent(ledger, *BEFORE)
    restored = Ledger(copy(url))  # of now; what follows, it does not know
    sent(ledger, *SINCE)
    mark.write(ledger.fence())

    assert states(restored) == dict.fromkeys((m.key for m in BEFORE), "accepted")
    restored.check_writable()
    with pytest.raises(RestoredLedger, match="does not know of 2 messages"):
        mark.check(restored)
    mark.check(ledger)
    latest = Ledger(copy(url)) if url.startswith("postgresql") else ledger
    mark.check(latest)  # the newest copy there is may be sent from
    restored.begin_epoch(by="ada", reason="restored after a broken disk", at=BEFORE[0].send_at)
    mark.rewrite(restored.fence())
    mark.check(restored)
    with pytest.raises(RestoredLedger):
        mark.check(ledger)  # and what was replaced never again
    for each in (ledger, restored, latest):
        each.close()


@pytest.mark.postgres
@pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed.")
def test_a_restored_dump_of_postgresql_is_whole_and_refused(
    postgres_url: Callable[..., str], postgres_copy: Copy, tmp_path: Path
) -> None:
    """Case 18."""
    check_that_it_is_refused(postgres_url(), postgres_copy, Lake(tmp_path))


def test_a_restored_backup_of_sqlite_is_whole_and_refused(tmp_path: Path) -> None:
    """Case 18."""
    check_that_it_is_refused(f"sqlite:///{tmp_path / 'ledger.db'}", sqlite_copy, Lake(tmp_path))


def test_a_restored_ledger_is_refused_where_the_lake_is_in_object_storage(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Case 18."""
    lake = bucket.lake(tmp_path / "here")
    check_that_it_is_refused(f"sqlite:///{tmp_path / 'ledger.db'}", sqlite_copy, lake)


def test_the_guide_names_the_commands_that_are_tested() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")

    for words in ("pg_dump --format=custom", "pg_restore --exit-on-error", ".backup"):
        assert words in guide
