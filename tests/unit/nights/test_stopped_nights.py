"""A night that the checks stop: everybody is told why, and it passes only when a person says so or the shop mends it."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from command_runner import Run
from one_person import DAY, NEXT, QUIRINA
from perennial.errors import NightStopped
from perennial.model.datasets import MEMBERSHIPS
from perennial.model.words import AuditAction
from perennial.steps.services import Perennial

REASON = "The shop team confirms that it was no withdrawal."


def day(*words: str) -> list[str]:
    return [*words, "--day", DAY.isoformat()]


def page_of(home: Path) -> str:
    return (home / "reports" / f"{DAY}-night.html").read_text(encoding="utf-8")


def correct(home: Path, *statements: str) -> None:
    with sqlite3.connect(home / "shop.db") as shop:
        for statement in statements:
            shop.execute(statement)


def test_the_page_of_a_stopped_night_says_why_who_and_what_to_do(home: Path) -> None:
    page = page_of(home)

    assert "The night is stopped. Nothing was published, nothing is sent." in page
    assert "might be a withdrawal" in page
    assert "consents" in page
    assert "Ask the shop team" in page
    assert f"perennial release --day {DAY}" in page
    assert f"../lake/verdicts/day={DAY}/consents.json" in page
    assert f"../lake/quarantine/consents/day={DAY}/data.parquet" in page
    assert "https://" not in page


def test_examples_are_masked_wherever_they_are_shown(home: Path, run: Run) -> None:
    words = {"Quirina", "Zapfelhuber", "quirina.zapf@mail.example", "5135550147", "10/06/1974"}
    told = [
        page_of(home),
        run(*day("verdict")).shown,
        run(*day("quarantine")).shown,
        run(*day("verdict", "--json")).shown,
    ]

    assert all("1•••" in text for text in told)
    assert not [word for text in told for word in words if word in text]


def test_the_terminal_says_what_the_page_says(run: Run) -> None:
    data = run(*day("verdict", "--json")).data

    assert data["state"] == "stopped"
    assert {f["action"] for f in data["findings"]} >= {"stop", "quarantine"}
    assert all(f["owner"] and f["sentence"] for f in data["findings"])
    rows = {each["name"]: each for each in data["datasets"]}
    assert rows["customers"]["quarantined"] == 1
    for each in rows.values():
        assert each["rows"] + each["returned"] == (
            each["accepted"] + each["quarantined"] + each["duplicates"] + each["superseded"]
        )


def test_quarantine_lists_reasons_counts_and_examples(run: Run) -> None:
    (found,) = run(*day("quarantine", "--json", "--dataset", "customers")).data

    assert found["rows"] == 1
    (reason,) = found["reasons"]
    assert (reason["rule"], reason["rows"]) == ("wrong_type", 1)
    assert reason["examples"][0]["values"] == {"birth_date": "1••• (10 signs)"}


def test_a_dataset_that_the_shop_does_not_have_is_named(run: Run) -> None:
    assert "customers" in str(run(*day("quarantine", "--dataset", "costumers")).fault)


def test_a_released_night_is_published_without_the_rows_that_break_a_rule(
    home: Path, run: Run, perennial: Perennial
) -> None:
    released = run(*day("release", "--json", "--reason", REASON, "--by", "ann")).data

    assert released["memberships"] > 0
    assert perennial.audiences_formed(DAY)
    (entry,) = perennial.ledger.audit_log(action=AuditAction.RELEASED)
    assert entry.actor == "ann"
    assert entry.reason.startswith(REASON)
    assert "consents: " in entry.reason
    assert "and ann released it" in page_of(home)
    perennial.engine.open_day(DAY)
    assert not perennial.engine.rows("select * from consents where state = 'revoked'")


def test_a_released_night_may_be_run_again_and_stays_released(
    run: Run, perennial: Perennial
) -> None:
    run(*day("release", "--reason", REASON))
    again = perennial.night(DAY)

    assert again.memberships > 0
    assert len(perennial.ledger.audit_log(action=AuditAction.RELEASED)) == 1


def test_a_changed_verdict_is_not_released(home: Path, run: Run, perennial: Perennial) -> None:
    run(*day("release", "--reason", REASON))
    correct(home, "update consents set state = 'revoked' where customer_id = 'c2'")

    with pytest.raises(NightStopped):
        perennial.night(DAY, refresh=True)


def test_a_night_is_not_released_without_a_reason(run: Run, perennial: Perennial) -> None:
    assert "says why" in str(run(*day("release", "--reason", " ")).fault)
    assert not perennial.audiences_formed(DAY)


def test_rows_come_back_by_themselves_when_the_shop_mends_them(home: Path, run: Run) -> None:
    mended = f"updated_at = '{DAY} 12:00:00'"
    correct(
        home,
        f"update consents set state = 'granted', {mended} where state = 'revoked'",
        f"update customers set birth_date = '1974-06-10', {mended} where customer_id = '{QUIRINA}'",
    )
    assert run("night", "--day", NEXT.isoformat()).fault is None

    aside = run(*day("quarantine", "--json")).data
    assert {q["dataset"] for q in aside if q["rows"]} >= {"consents", "customers", "orders"}
    assert all(q["back"] == q["rows"] for q in aside if q["dataset"] != "points_entries")
    assert "1 accepted since" in run(*day("quarantine")).shown


def test_rows_that_waited_are_told_of_on_the_page_of_the_night_that_takes_them(
    home: Path, run: Run
) -> None:
    mended = f"updated_at = '{DAY} 12:00:00'"
    correct(
        home,
        f"update consents set state = 'granted', {mended} where state = 'revoked'",
        f"update customers set birth_date = '1974-06-10', {mended} where customer_id = '{QUIRINA}'",
        f"update points_entries set customer_id = 'late', {mended} where entry_id = 'pts-1'",
    )
    assert run("night", "--day", NEXT.isoformat()).fault is None
    (points,) = run(
        "quarantine", "--json", "--dataset", "points_entries", "--day", NEXT.isoformat()
    ).data
    assert points["waiting"] == 1
    correct(
        home,
        f"update customers set customer_id = 'late', updated_at = '{NEXT} 12:00:00' where customer_id = 'c1'",
    )
    after = (NEXT + timedelta(days=1)).isoformat()
    assert run("night", "--day", after).fault is None

    data = run("verdict", "--json", "--day", after).data
    returned = {each["name"]: each["returned"] for each in data["datasets"]}
    assert returned["points_entries"] == 1
    page = (home / "reports" / f"{after}-night.html").read_text(encoding="utf-8")
    assert "<dt>Come back tonight</dt><dd>1 " in page


def test_without_verified_data_everybody_is_told_that_nothing_was_sent(
    home: Path, run: Run, perennial: Perennial
) -> None:
    sentence = f"No verified data for {DAY}: nothing was sent. The night was stopped:"

    assert sentence in str(run("send", "birthday", *day()).fault)
    assert sentence in str(run("plan", "birthday", *day()).fault)
    assert sentence in " ".join(run("status").shown.split())
    (told,) = run("status", "--json").data["without_data"]
    assert told["sentence"].startswith(sentence)
    page = Path(run(*day("report", "--json")).data["page"]).read_text(encoding="utf-8")
    assert "No verified data for this day: nothing was sent." in page
    assert "might be a withdrawal" in page
    assert f"{DAY}-night.html" in page
    assert not perennial.ledger.dispatch_begun("birthday", DAY)
    assert not (home / "mailbox" / "accepted.jsonl").exists()
    assert not perennial.engine.lake.days(MEMBERSHIPS.name)


def test_a_day_that_no_night_has_looked_at_is_told_apart(perennial: Perennial) -> None:
    assert "The night has not run." in str(perennial.no_data(NEXT))


def test_the_day_of_a_released_night_is_not_missing(run: Run, perennial: Perennial) -> None:
    run(*day("release", "--reason", REASON))

    assert perennial.no_data(DAY) is None
    assert run("status", "--json").data["without_data"] == []
