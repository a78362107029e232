"""Folders for what a session writes beside the lake and nobody needs after it."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

_ABANDONED_AFTER_SECONDS = 24 * 60 * 60


def own_folder(parent: Path) -> Path:
    """A name for one session's folder: DuckDB's spill files bear the same names in every process.

    What sessions that were killed left behind is removed after a day.
    """
    with suppress(OSError):  # a lake that can only be read is still worth opening
        parent.mkdir(parents=True, exist_ok=True)
        for folder in parent.iterdir():
            if time.time() - folder.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
    return parent / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
