"""The tutorial, walked through from top to bottom on a smaller shop."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from perennial.cli.commands import app
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT
from walked_page import Walked, misquoted, plain, walk_through

pytestmark = pytest.mark.sample

DAY = date(2026, 11, 21)
HOME = Path(".perennial/tutorial")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Walked]]:
    """Does what the page says, in a copy of what people edit."""
    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PERENNIAL_PROJECT", ".")
        patch.setenv("PERENNIAL_HOME", str(HOME))
        patch.setenv("PERENNIAL_CLOCK", "simulated")
        page = (PROJECT / "docs" / "tutorial.md").read_text(encoding="utf-8")
        yield walk_through(page, lambda: _load_small_shop(HOME / "shop.db"))


def _load_small_shop(path: Path) -> None:
    """150 households, two of them with the names, birthdays and consents of the people on the page."""
    path.parent.mkdir(parents=True)
    load_sample(path, shift_to=DAY, households=150)
    shop = sqlite3.connect(path)
    (naomi,) = shop.execute(
        "select customer_id from customers join consents using (customer_id)"
        " where email like '%_@_%.%' and language = 'en' and customer_id > '00000100'"
        " group by customer_id having min(state) = 'granted' and max(topic = 'offers' and channel = 'email')"
        " order by customer_id limit 1"
    ).fetchone()
    for table in ("customers", "orders", "points_entries", "consents"):
        shop.execute(f"update {table} set customer_id = '00000842' where customer_id = ?", (naomi,))
    shop.execute(
        "update customers set birth_date = '1979-11-21', timezone = 'America/Chicago',"
        " preferred_channel = null where customer_id in ('00000842', '00000005')"
    )
    shop.execute("update customers set first_name = 'Naomi' where customer_id = '00000842'")
    shop.execute("delete from consents where customer_id = '00000005'")
    shop.commit()
    shop.close()


def test_every_command_of_the_tutorial_ends_as_the_page_says(walk: list[Walked]) -> None:
    assert [w.command for w in walk if w.exit != w.expected_exit] == []
    assert len(walk) >= 20


def test_what_the_tutorial_shows_is_what_is_said(walk: list[Walked]) -> None:
    assert misquoted(walk) == []


def test_whoever_walks_through_the_tutorial_sends_some_messages_and_none_twice(
    walk: list[Walked],
) -> None:
    lines = (HOME / "mailbox" / "accepted.jsonl").read_text(encoding="utf-8").splitlines()
    sent = [(line["campaign"], line["key"]) for line in map(json.loads, lines)]

    assert {campaign for campaign, _ in sent} == {"birthday", "anniversary"}
    assert len(sent) == len(set(sent))
    assert walk


def test_the_command_that_suppresses_an_address_keeps_the_next_message_away(
    walk: list[Walked],
) -> None:
    assert walk
    page = (PROJECT / "docs" / "how-to" / "stop-and-customers.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\nperennial (.*?)\n```", page)
    with sqlite3.connect(HOME / "shop.db") as shop:
        found = shop.execute("select email, phone from customers where customer_id = '00000842'")
        email, phone = found.fetchone()
    for words, address in ((command, email), (command.replace("email", "sms"), phone)):
        said = CliRunner().invoke(app, shlex.split(words), input=f"{address}\n")
        assert said.exit_code == 0, said.output

    result = CliRunner().invoke(app, ["preview", "win_back", "--customer", "00000842"])
    assert "The address is on the suppression list." in plain(result.output)
