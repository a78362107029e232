"""Links that lead by way of the web app: to where our messages lead and nowhere else, with a note of who followed."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from sqlalchemy import create_engine, select

from ledger_builder import a_message, beginning, claiming
from page_visits import visit
from perennial.ledger.tables import message_events
from perennial.model.keys import link_token, signed_target
from perennial.model.words import Actor
from perennial.steps.services import Perennial

MESSAGE = a_message()
URL = "https://juniperandrye.example/p/1029743?size=2&colour=rød"
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


@pytest.fixture
def link(perennial: Perennial, edge: str) -> str:
    claiming(perennial.ledger, [MESSAGE])
    beginning(perennial.ledger, [MESSAGE])
    token = link_token("click", MESSAGE.key, "en", perennial.secret)
    return f"{edge}/c/{token}/{signed_target(URL, perennial.secret)}"


def noted(perennial: Perennial) -> list[tuple[str, str | None]]:
    """What is known of the message, once the note had time to be taken."""
    engine = create_engine(perennial.settings.ledger.get_secret_value())
    wanted = select(message_events.c.word, message_events.c.actor)
    for _ in range(200):
        with engine.connect() as connection:
            rows = [(row.word, row.actor) for row in connection.execute(wanted)]
        if rows:
            break
        time.sleep(0.02)
    engine.dispose()
    return rows


def test_a_link_leads_to_the_shop_and_tells_it_nothing_of_the_message(link: str) -> None:
    answer = visit(link)

    assert answer.status == 302
    assert (
        answer.headers["Location"]
        == "https://juniperandrye.example/p/1029743?size=2&colour=r%C3%B8d"
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"User-Agent": BROWSER}),
        ("HEAD", {"User-Agent": BROWSER}),
        ("GET", {"User-Agent": BROWSER, "Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"User-Agent": BROWSER, "X-Moz": "prefetch"}),
        ("GET", {"User-Agent": "Barracuda Sentinel (EE)"}),
    ],
    ids=["within a second of sending", "HEAD", "prerender", "prefetch", "scanner"],
)
def test_what_no_person_does_is_a_machines(
    perennial: Perennial, link: str, method: str, headers: Mapping[str, str]
) -> None:
    assert visit(link, method=method, headers=headers).status == 302
    assert noted(perennial) == [("clicked", Actor.MACHINE)]


def test_nobody_else_can_have_us_lead_anywhere(perennial: Perennial, link: str) -> None:
    base, token = link.rsplit("/", 2)[0], link.rsplit("/", 2)[1]
    elsewhere = "https://elsewhere.example/login"
    body, signature = link.rpartition("/")[2].split(".")
    forged = signed_target(elsewhere, "guessed")
    for target in (
        forged,
        f"{forged.split('.')[0]}.{signature}",
        f"{body}.{forged.split('.')[1]}",
        body,
        link_token("unsubscribe", MESSAGE.key, "en", perennial.secret),
        "https:%2F%2Felsewhere.example",
    ):
        answer = visit(f"{base}/{token}/{target}")
        assert answer.status == 404
        assert "Location" not in answer.headers
    stolen = link_token("click", MESSAGE.key, "en", "guessed")
    assert visit(f"{base}/{stolen}/{link.rpartition('/')[2]}").status == 404
