"""Spark as we start it: on this machine, or as the driver of a cluster."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perennial.errors import LakeError, SettingsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What results depend on; nobody may choose otherwise.
_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where Spark runs: a master as Spark spells it, and options by their names in Spark's documentation."""

    master: str = "local[2]"
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def local(self) -> bool:
        """Whether driver and executors are this one process."""
        return self.master.startswith("local")

    def configuration(self, scratch: Path) -> dict[str, str]:
        """Every option that a session starts with; `scratch` is a folder of the session's own."""
        chosen = {
            "spark.app.name": "perennial",
            "spark.sql.warehouse.dir": f"file:{scratch.as_posix()}/warehouse",
            **_QUIET,
        }
        if self.local:
            chosen |= {
                # Two hundred parts of a shuffle are for clusters.
                "spark.sql.shuffle.partitions": _threads(self.master),
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.local.dir": scratch.as_posix(),
            }
        return chosen | dict(self.options) | _FIXED


def _threads(master: str) -> str:
    found = re.fullmatch(r"local\[(\d+).*\]", master)
    return found[1] if found else "4"


@contextmanager
def explained_by_spark(head: str = "") -> Iterator[None]:
    """Turns Spark's errors into ours, without the values of rows that some of them quote."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        msg = f"{head}{_words(error)}"
        raise LakeError(msg) from None


def _words(error: Exception) -> str:
    from pyspark.errors import AnalysisException, PySparkException

    if isinstance(error, PySparkException):
        condition = error.getCondition() or type(error).__name__
        if condition == "JAVA_GATEWAY_EXITED":
            return "Spark cannot start: it needs Java 17 or later. Install it, or set JAVA_HOME."
        if isinstance(error, AnalysisException):  # about the query, not about rows
            return f"Spark refuses the query: {str(error).partition(chr(10))[0]}"
        return f"Spark failed: {condition}. Its log says where."
    java: Any = getattr(error, "java_exception", None)
    name = java.getClass().getName() if java is not None else type(error).__name__
    return f"Spark failed: {name}. Its log says where."


def start(cluster: Cluster, scratch: Path) -> tuple[SparkSession, bool]:
    """A session of our own, and whether Spark had to be started for it.

    Raises:
        SettingsError: pyspark is not installed.
        LakeError: Spark cannot start.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # of pandas 3, which we do not hand to it
            from pyspark import SparkContext
            from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        msg = "PERENNIAL_ENGINE=spark needs pyspark: pip install --requirement requirements-spark.lock"
        raise SettingsError(msg) from None
    with explained_by_spark():
        # Sessions are looked up by thread, and nights rebuilt in one go have a thread of their own.
        runs = SparkContext._active_spark_context is not None  # noqa: SLF001 - there is no other way to ask
        builder = SparkSession.builder
        if not runs:
            builder = builder.master(cluster.master)
            for name, value in cluster.configuration(scratch).items():
                builder = builder.config(name, value)
        session = builder.getOrCreate().newSession()
        for name, value in _FIXED.items():
            session.conf.set(name, value)
        return session, not runs
