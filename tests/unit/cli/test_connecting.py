"""The command that connects a shop, on folders, patterns and databases."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from command_runner import running
from perennial.pipeline.checking import find_faults
from perennial.settings import PROJECT
from perennial.sources.source_map import read_source_map
from services import MariadbServer

KUNDEN = (
    "KundenNr;Vorname;E-Mail;Handy;Geburtsdatum;angelegt am;geändert am\n"
    "007;Jürgen;juergen@post.example;0171 5550100;31.12.1980;01.02.2024 10:00;15.02.2024 11:30\n"
    "008;Zoë;zoe@post.example;0171 5550101;01.05.1991;13.02.2024 10:00;14.02.2024 11:30\n"
)
BESTELLUNGEN = (
    "Bestellnummer;Kunde;Bestelldatum;Status;Betrag;Rabatt;geändert am\n"
    "A-1;007;20.02.2024 09:00;geliefert;1.234,50;0,00;23.02.2024 09:00\n"
)
STATEMENTS = (
    "create table clients (id integer, email varchar(40), created_at timestamp, modified_at timestamp)",
    "insert into clients values (7, 'ana@post.example', '2024-02-01 10:00:00', '2024-02-01 10:00:00')",
    "create table sales (order_no varchar(9), client integer, order_date timestamp, status varchar(9))",
    "alter table sales add column total_cents integer",
    "alter table sales add column modified_at timestamp",
    "insert into sales values ('A-1', 7, '2024-02-20 10:00:00', 'paid', 1205, '2024-02-20 10:00:00')",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(PROJECT / "campaigns", tmp_path / "campaigns")
    shutil.copy(PROJECT / "shop.yaml", tmp_path)
    monkeypatch.setenv("PERENNIAL_PROJECT", str(tmp_path))
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path / "home"))
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "kunden.csv").write_text(KUNDEN, encoding="cp1252")
    (exports / "bestellungen.csv").write_text(BESTELLUNGEN, encoding="cp1252")
    return tmp_path


def test_a_folder_is_looked_at_and_nothing_is_changed(project: Path) -> None:
    before = (project / "shop.yaml").read_bytes()

    found = running("connect", str(project / "exports"), "--json").data

    datasets = {each["dataset"]: each for each in found["datasets"]}
    assert {name: each["table"] for name, each in datasets.items()} == {
        "customers": "kunden",
        "orders": "bestellungen",
    }
    assert datasets["orders"]["rows"][0]["total"] == "1234.50"
    assert {c["campaign"]: c["without"] for c in found["campaigns"]}["birthday"] == ["consents"]
    assert (project / "shop.yaml").read_bytes() == before


def test_people_are_shown_masked(project: Path) -> None:
    for words in ((), ("--json",)):
        shown = running("connect", str(project / "exports"), *words).shown

        for personal in ("Jürgen", "juergen", "5550100", "1980-12-31"):
            assert personal not in shown
        assert "j•••@post.example" in shown


def test_what_is_written_passes_the_check_once_the_questions_are_settled(project: Path) -> None:
    assert running("connect", str(project / "exports"), "--write", "--force").fault is None

    path = project / "shop.yaml"
    assert read_source_map(path).files["kunden"].path == "exports/kunden.csv"
    assert any(m.startswith("To decide: Which clock") for m in mistakes(path))
    assert all(m.startswith("To decide: ") for m in mistakes(path))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(x for x in lines if "# decide:" not in x), encoding="utf-8")
    assert mistakes(path) == []


def mistakes(shop_file: Path) -> list[str]:
    """What the check says about shop.yaml."""
    return [f.message for f in find_faults(shop_file.parent) if f.path == shop_file]


def test_a_part_that_is_there_is_not_replaced_unasked(project: Path) -> None:
    refused = running("connect", str(project / "exports"), "--write")

    assert "Say --force to replace it" in (refused.fault or "")


def test_a_pattern_or_a_file_chooses_what_is_looked_at(project: Path) -> None:
    for chosen in ("exports/k*.csv", "exports/kunden.csv"):
        found = running("connect", str(project / chosen), "--json").data
        assert [each["dataset"] for each in found["datasets"]] == ["customers"]


@pytest.fixture
def sqlite_shop(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def postgres_shop(postgres_url: Callable[..., str]) -> str:
    return postgres_url()


@pytest.fixture
def mariadb_shop(mariadb: MariadbServer) -> str:
    return mariadb.url(mariadb.create_database())


@pytest.mark.parametrize(
    "shop",
    [
        "sqlite_shop",
        pytest.param("postgres_shop", marks=pytest.mark.postgres),
        pytest.param("mariadb_shop", marks=pytest.mark.mariadb),
    ],
)
def test_a_database_is_read_by_the_queries_that_are_proposed(
    project: Path, shop: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url: str = request.getfixturevalue(shop)
    shop_file = project / "shop.yaml"
    head = shop_file.read_text(encoding="utf-8").replace("America/New_York", "UTC")
    shop_file.write_text(head, encoding="utf-8")  # the server of the tests knows no other zone
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in STATEMENTS:
            connection.execute(text(statement))
    engine.dispose()
    monkeypatch.setenv("PERENNIAL_SOURCE_URL", url)

    found = running("connect", "--json").data

    datasets = {each["dataset"]: each for each in found["datasets"]}
    assert {name: each["fault"] for name, each in datasets.items()} == {
        "customers": None,
        "orders": None,
    }
    (order,) = datasets["orders"]["rows"]
    assert (order["customer_id"], order["status"], order["total"]) == ("7", "placed", "12.05")
    assert datasets["customers"]["rows"][0]["email"] == "a•••@post.example"


def test_what_cannot_be_looked_at_is_told(project: Path) -> None:
    assert project
    assert "There is no folder nowhere/at/all" in (running("connect", "nowhere/at/all").fault or "")
    assert "No source is named" in (running("connect").fault or "")
    assert "Airflow has no connection" in (running("connect", "the_shop").fault or "")
