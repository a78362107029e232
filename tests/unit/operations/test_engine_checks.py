"""The doctor says what Spark would miss, before a night does."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_server import an_installation
from perennial.operations.engine_checks import engine_checks
from perennial.operations.findings import Finding, Level


def found(home: Path, engine: str = "spark") -> Finding:
    with an_installation(home, engine=engine) as perennial:
        (finding,) = engine_checks(perennial)
    return finding


@pytest.fixture
def pyspark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is installed, as far as looking for it tells."""
    (tmp_path / "site" / "pyspark").mkdir(parents=True)
    (tmp_path / "site" / "pyspark" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")


@pytest.fixture
def java_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Java that says of itself what the test writes into it."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    (tmp_path / "jdk" / "bin").mkdir(parents=True)
    return tmp_path / "jdk"


def says(java_home: Path, line: str) -> None:
    java = java_home / "bin" / "java"
    java.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{line}\nEND\n", encoding="utf-8")
    java.chmod(0o755)


@pytest.mark.usefixtures("pyspark")
@pytest.mark.parametrize(
    ("line", "level", "said"),
    [
        ('openjdk version "17.0.9" 2023-10-17', Level.OK, "Spark can start here"),
        ('java version "21"', Level.OK, "Spark can start here"),
        ('openjdk version "11.0.2" 2019-01-15', Level.FAIL, "Java is version 11"),
        ('java version "1.8.0_392"', Level.FAIL, "Java is version 8"),
        ("Segmentation fault", Level.FAIL, "does not say which version"),
    ],
)
def test_spark_wants_a_recent_java(
    tmp_path: Path, java_home: Path, line: str, level: Level, said: str
) -> None:
    says(java_home, line)

    finding = found(tmp_path)

    assert finding.level is level
    assert said in finding.says


@pytest.mark.usefixtures("pyspark", "java_home")
def test_a_java_home_without_java_is_told(tmp_path: Path) -> None:
    assert found(tmp_path).says == "JAVA_HOME leads to no Java."


@pytest.mark.usefixtures("pyspark")
def test_a_machine_without_java_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert found(tmp_path).says == "There is no Java."


def test_a_missing_package_is_told_beside_what_else_is_missing(
    tmp_path: Path, java_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(java_home, 'java version "11"')
    monkeypatch.setattr("perennial.operations.engine_checks.find_spec", lambda _: None)

    assert found(tmp_path).says == (
        "The package pyspark is not installed. Java is version 11; Spark wants 17 or later."
    )


def test_where_duckdb_works_spark_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert found(tmp_path, "duckdb").level is Level.OK
