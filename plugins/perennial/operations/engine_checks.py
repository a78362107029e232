"""What works out features and audiences: whether Spark can start where the settings ask for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from perennial.operations.findings import Finding, fail, well
from perennial.settings import EngineName
from perennial.steps.services import Perennial

_OLDEST_JAVA = 17
_PATIENCE_SECONDS = 20
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def engine_checks(perennial: Perennial) -> Iterator[Finding]:
    """What Spark needs of this machine; a cluster's executors are not asked."""
    if perennial.settings.engine is not EngineName.SPARK:
        yield well("engine.spark", "DuckDB works everything out; Spark is not asked for.")
        return
    faults = [*_without_pyspark(), *_without_java()]
    yield fail("engine.spark", " ".join(faults)) if faults else well("engine.spark")


def _without_pyspark() -> Iterator[str]:
    if find_spec("pyspark") is None:
        yield "The package pyspark is not installed."


def _without_java() -> Iterator[str]:
    """Java as Spark looks for it: that of JAVA_HOME, else the first of the path."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    if java is None:
        where = "JAVA_HOME leads to no Java." if home else "There is no Java."
        yield where
        return
    try:
        asked = subprocess.run(  # noqa: S603 - what Spark itself would start
            [java, "-version"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        yield "Java does not say which version it is."
        return
    found = _VERSION.search(asked.stderr + asked.stdout)
    if found is None:
        yield "Java does not say which version it is."
    elif int(found[1]) < _OLDEST_JAVA:
        yield f"Java is version {found[1]}; Spark wants {_OLDEST_JAVA} or later."
