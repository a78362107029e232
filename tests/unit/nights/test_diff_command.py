"""The command that compares audiences, on nights that ran from the shop to the audiences."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from command_runner import Run, running
from one_person import DAY, NEXT, home_of
from perennial.steps.services import services


@pytest.fixture(scope="module")
def two_nights(good_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On the second night the shop says that c1 was born on another day, and that c2's account is c3's, too."""
    home = Path(shutil.copytree(good_night, tmp_path_factory.mktemp("two") / "home"))
    written = f"{DAY} 12:00:00"
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute(
            "update customers set birth_date = '1990-02-03', updated_at = ? where customer_id = 'c1'",
            (written,),
        )
        shop.execute(
            "update customers set email = 'ann2@people.example', updated_at = ? where customer_id = 'c3'",
            (written,),
        )
    with services(home_of(home)) as perennial:
        perennial.night(NEXT)
    return home


@pytest.fixture
def run(two_nights: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PERENNIAL_HOME", str(two_nights))
    monkeypatch.setenv("PERENNIAL_CLOCK", "simulated")
    return running


def test_the_same_day_as_known_a_night_later_is_told_in_sentences(run: Run) -> None:
    shown = run("diff", "--day", str(DAY), "--known-on", str(NEXT)).shown
    text = " ".join(shown.split())
    assert "1 left: What is known about the customer was corrected." in text
    assert "1 other person: Accounts turned out to be one person's." in text
    assert "c•••" in text
    assert "others than the first ones" not in text
    assert not [word for word in ("c1", "c3", "1990-02-03") if word in text]


def test_ids_are_shown_to_who_asks_for_people(run: Run) -> None:
    words = ("diff", "--day", str(DAY), "--known-on", str(NEXT), "--campaign", "birthday")
    data = run(*words, "--people", "--json").data
    (birthday,) = data["campaigns"]
    assert data["as_formed"] is True
    assert [(c["customer"], c["move"]) for c in birthday["customers"]] == [
        ("c1", "left"),
        ("c3", "other_person"),
    ]
    assert "1990-02-03" not in str(data)


def test_two_days_are_compared_as_they_lie_in_the_lake(run: Run) -> None:
    data = run("diff", "--day", str(DAY), "--day", str(NEXT), "--json").data
    (birthday,) = (c for c in data["campaigns"] if c["campaign"] == "birthday")
    assert birthday["after"] == 0
    assert birthday["moves"]["left"] == birthday["before"]
    assert {c["cause"]: c["customers"] for c in birthday["causes"]} == {
        "time": birthday["before"] - 1,
        "corrected_profile": 1,
    }


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--day", str(DAY)), "twice"),
        (("--day", str(DAY), "--day", str(NEXT), "--known-on", str(NEXT)), "twice"),
        (("--day", str(NEXT), "--known-on", str(DAY)), "came later"),
        (("--day", str(DAY), "--known-on", str(NEXT + timedelta(days=9))), "The lake has no"),
        (("--day", str(DAY), "--day", str(NEXT + timedelta(days=9))), "The lake has no"),
        (("--day", str(DAY), "--day", str(NEXT), "--campaign", "birtday"), "Did you mean"),
    ],
)
def test_what_cannot_be_compared_is_refused(run: Run, words: tuple[str, ...], fault: str) -> None:
    assert fault in str(run("diff", *words).fault)
