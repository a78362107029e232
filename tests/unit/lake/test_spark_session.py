"""How Spark is started, and what is said where it cannot be; Spark itself is tried in tests/spark."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from perennial.errors import SettingsError
from perennial.lake.spark.session import Cluster, start
from perennial.settings import PROJECT, EngineName, Settings
from perennial.steps.services import services

SCRATCH = Path("/lake/.spill/1-abc")


def test_what_results_depend_on_cannot_be_chosen_otherwise() -> None:
    options = {"spark.sql.session.timeZone": "Asia/Tokyo", "spark.sql.ansi.enabled": "false"}

    chosen = Cluster(options=options).configuration(SCRATCH)

    assert chosen["spark.sql.session.timeZone"] == "UTC"
    assert chosen["spark.sql.ansi.enabled"] == "true"


def test_options_go_before_what_is_usual() -> None:
    chosen = Cluster(options={"spark.ui.enabled": "true"}).configuration(SCRATCH)

    assert chosen["spark.ui.enabled"] == "true"


@pytest.mark.parametrize(
    ("master", "parts"), [("local[2]", "2"), ("local[8,3]", "8"), ("local[*]", "4"), ("yarn", None)]
)
def test_only_one_machine_is_spared_the_many_parts_of_a_shuffle(
    master: str, parts: str | None
) -> None:
    chosen = Cluster(master=master).configuration(SCRATCH)

    assert chosen.get("spark.sql.shuffle.partitions") == parts


def test_without_pyspark_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(SettingsError, match=r"pip install --requirement requirements-spark\.lock"):
        start(Cluster(), tmp_path)


def test_duckdb_works_out_audiences_unless_the_settings_say_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with services(Settings(home=tmp_path)) as perennial:
        assert perennial.audience_engine is perennial.engine
    with (
        services(Settings(home=tmp_path, engine=EngineName.SPARK)) as perennial,
        pytest.raises(SettingsError, match="needs pyspark"),
    ):
        _ = perennial.audience_engine


def test_spark_has_a_lock_of_its_own_and_is_in_no_other() -> None:
    def packages(lock: str) -> set[str]:
        lines = (PROJECT / lock).read_text(encoding="utf-8").splitlines()
        return {line.split("==")[0] for line in lines if line[:1].isalpha()}

    assert packages("requirements-spark.lock") == {"pyspark", "py4j"}
    assert not packages("requirements-spark.lock") & packages("requirements.lock")
