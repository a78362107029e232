"""The commands about what customers agreed to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from perennial.cli.commands import app
from perennial.errors import UnknownPerson
from perennial.model.datasets import MEMBERSHIPS
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from shop_builder import DAY, TinyShop, lay

FILE = """customer_id,channel,topic,state,at,wording
ann,email,offers,granted,2020-03-14,fair-2020
ann,sms,offers,granted,2020-03-14,fair-2020
eve,email,offers,granted,2020-03-14,
ann,email,offers,withdrawn,2020-05-02,
"""


@pytest.fixture
def perennial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Perennial]:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    (tmp_path / "fair.csv").write_text(FILE)
    with services(Settings(home=tmp_path)) as perennial:
        tiny = TinyShop()
        tiny.customer("ann")
        tiny.customer("bob")
        tiny.features(perennial.engine)
        lay(perennial.engine, MEMBERSHIPS, DAY, [])
        yield perennial


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception:
        raise result.exception
    return result.stdout


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


@pytest.mark.usefixtures("perennial")
def test_a_file_is_brought_in_and_a_person_shown(tmp_path: Path) -> None:
    file = str(tmp_path / "fair.csv")

    brought = as_json("consents", "import", file, "--by", "Bo")
    assert brought == {
        "taken": 3,
        "pending": 0,
        "put_aside": [{"line": 4, "reason": "no such customer on the last night"}],
    }

    shown = as_json("consents", "show", "ann")
    assert [(each["channel"], each["state"]) for each in shown["standing"]] == [
        ("email", "withdrawn"),
        ("sms", "granted"),
    ]
    assert {word["how"] for word in shown["words"]} == {"import"}
    assert shown["words"][-1]["proof"] == "fair.csv, line 5, by Bo"


@pytest.mark.usefixtures("perennial")
def test_people_are_shown_tables(tmp_path: Path) -> None:
    told = run("consents", "import", str(tmp_path / "fair.csv"))
    assert "3 rows taken, 1 put aside." in told
    assert "no such customer" in told
    assert "withdrawn" in run("consents", "show", "ann")
    assert "agreed to nothing" in run("consents", "show", "bob")


@pytest.mark.usefixtures("perennial")
def test_of_many_rows_that_were_put_aside_the_first_are_shown(tmp_path: Path) -> None:
    (tmp_path / "fair.csv").write_text(FILE + "eve,email,offers,granted,2020-03-14,\n" * 25)
    assert "And 6 more" in run("consents", "import", str(tmp_path / "fair.csv"))


@pytest.mark.usefixtures("perennial")
def test_nobody_is_made_up() -> None:
    with pytest.raises(UnknownPerson):
        run("consents", "show", "nobody")
