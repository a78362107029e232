"""Every page of the Studio in Chromium: on a desk and a phone, in light and dark, nothing keeps anybody out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import create_engine, insert
from starlette.routing import Route

from ledger_builder import a_message, beginning, claiming, settling
from one_night import DAY, sending, settings_at
from perennial.ledger.tables import mailbox_hours
from perennial.model.words import Mailbox, MessageState
from perennial.settings import PROJECT, Settings
from perennial.steps.services import services
from perennial.studio.airflow_api import DagState, RequiredAction, Run
from perennial.studio.app import make_studio
from perennial.validation.verdicts import Action, Finding, as_text, verdict_from_json
from studio_visits import STEWARD, Door, NamedLogin, PlayedAirflow, studio_door

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)
BAD_NIGHT = DAY + timedelta(days=1)
RUN_ID = "manual__2026-06-10T06:00:00+00:00"
WORDS = "templates/email/win_back_hello/en.mjml"
SMS = "templates/sms/win_back_hello/ru.txt"
PROPOSED = "templates/email/birthday/es.mjml"
# An address of each route, and of what a route shows when there is nothing, or too much, to show.
ADDRESSES = {
    "/": ("/", f"/?day={DAY}"),
    "/approvals": ("/approvals",),
    "/approvals/{dag}/{run}/{task}": (
        f"/approvals/campaign_win_back/{quote(RUN_ID)}/approve",
        f"/approvals/nightly/{quote(RUN_ID)}/release",
    ),
    "/approvals/changes/{id}": ("/approvals/changes/{change}",),
    "/calendar": (f"/calendar?day={DAY}",),
    "/campaigns": ("/campaigns",),
    "/campaigns/new": ("/campaigns/new",),
    "/campaigns/{name}": (f"/campaigns/win_back?day={DAY}", "/campaigns/win_back?day=2020-01-01"),
    "/campaigns/{name}/people": (
        f"/campaigns/win_back/people?step=send&day={DAY}",
        f"/campaigns/win_back/people?step=outside&day={DAY}",
    ),
    "/campaigns/{name}/edit": (
        "/campaigns/win_back/edit",
        f"/campaigns/win_back/edit?file={quote(WORDS)}",
    ),
    "/campaigns/{name}/versions": (
        "/campaigns/win_back/versions",
        f"/campaigns/win_back/versions?file={quote(WORDS)}",
    ),
    "/campaigns/{name}/run": ("/campaigns/win_back/run",),
    "/campaigns/{name}/preview": (
        f"/campaigns/win_back/preview?day={DAY}&channel=email",
        f"/campaigns/win_back/preview?day={DAY}&channel=sms",
    ),
    "/campaigns/{name}/languages": (f"/campaigns/win_back/languages?day={DAY}",),
    "/results": (f"/results?since={DAY}&until={DAY}",),
    "/results/{name}": (f"/results/win_back?since={DAY}&until={DAY}",),
    "/customers": ("/customers",),
    "/customers/{id}": ("/customers/{customer}", "/customers/nobody"),
    "/data": ("/data",),
    "/data/{day}": (f"/data/{DAY}", f"/data/{BAD_NIGHT}"),
    "/doubts": ("/doubts",),
    "/audit": ("/audit",),
}
# What is no page, but stands in one or is downloaded.
PARTS = {
    "/campaigns/{name}/edit/email",
    "/campaigns/{name}/preview/email",
    "/results/{name}/table.csv",
    "/static/{name}",
}


def furnish(home: Path, project: Path) -> tuple[Settings, PlayedAirflow, str]:
    """Gives a sent day doubts, a stopped night, versions and questions; who asks for it, and somebody written to."""
    settings = settings_at(home).model_copy(update={"project": project})
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    _stop_the_next_night(home / "lake")
    doubts = [a_message(f"doubt-{n}", campaign="win_back", day=DAY) for n in range(3)]
    with services(settings) as perennial:
        claiming(perennial.ledger, doubts)
        beginning(perennial.ledger, doubts)
        settling(perennial.ledger, doubts, MessageState.IN_DOUBT)
        subject = perennial.looked_at("win_back", DAY).subject
        customer = str(sending(perennial, "win_back")[0]["customer_id"])
        hour = perennial.now().replace(minute=0, second=0, microsecond=0)
    _let_the_brake_hold(home, hour)
    own = project / "campaigns" / "birthday.yaml"
    own.write_text(own.read_text("utf-8") + "approval: {changes: true}\n", "utf-8")
    return settings, _an_airflow(subject), customer


def _let_the_brake_hold(home: Path, hour: datetime) -> None:
    figures = {"mailbox": Mailbox.YAHOO, "hour": hour, "sent": 9_000, "complained": 70}
    engine = create_engine(f"sqlite:///{home / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(insert(mailbox_hours).values(figures | {"bounced": 4}))
    engine.dispose()


def _stop_the_next_night(lake: Path) -> None:
    """As if a check had stopped it before anything was published."""
    for good in [lake / "verdicts" / f"day={DAY}", *lake.glob(f"quarantine/*/day={DAY}")]:
        unpublished = shutil.ignore_patterns("night.json")
        shutil.copytree(good, good.with_name(f"day={BAD_NIGHT}"), ignore=unpublished)
    bad = lake / "verdicts" / f"day={BAD_NIGHT}"
    finding = Finding(
        dataset="orders",
        rule="orders_usual",
        action=Action.STOP,
        sentence="A night brings about as many orders as the same weekday did.",
        owner="shop team",
        failed_rows=12,
        share=0.1,
        examples=("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2,),
    )
    verdict = verdict_from_json(json.loads((bad / "orders.json").read_text("utf-8")))
    (bad / "orders.json").write_text(
        as_text(replace(verdict, findings=(finding,)).as_json()), encoding="utf-8"
    )


def _an_airflow(subject: str) -> PlayedAirflow:
    asked = RequiredAction(
        dag_id="campaign_win_back",
        run_id=RUN_ID,
        task_id="approve",
        subject="Send “Win back customers who went quiet” to 35 customers?",
        body="",
        options=("Approve", "Reject"),
        waiting_since=NOW - timedelta(hours=1),
        given={"reason": "", "plan": subject},
    )
    release = replace(
        asked,
        dag_id="nightly",
        task_id="release",
        subject=f"Release the stopped night of {BAD_NIGHT}?",
        body="- **Held:** " + "a very long sentence without an end " * 8,
        given={"reason": ""},
    )
    late = replace(asked, run_id="scheduled__late", waiting_since=NOW - timedelta(days=3))
    dags = [DagState(dag_id=f"campaign_{n}", paused=n == "birthday", next_run=NOW) for n in DAGS]
    runs = [
        Run(
            dag_id="campaign_win_back",
            run_id=RUN_ID,
            state="running",
            day=str(DAY),
            started_at=NOW,
            ended_at=None,
        )
    ]
    return PlayedAirflow(
        states={dag.dag_id: dag for dag in dags},
        past={"campaign_win_back": runs},
        waiting=[late, asked, release],
    )


DAGS = ("birthday", "win_back", "points_reminder", "feedback_survey")


@pytest.fixture(scope="module")
def studio(
    sent_day: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where a Studio answers in which there is something on every page, and what its addresses name."""
    home = tmp_path_factory.mktemp("looks") / "home"
    shutil.copytree(sent_day, home)
    project = tmp_path_factory.mktemp("project")
    settings, airflow, customer = furnish(home, project)
    with studio_door(settings, visitor=STEWARD, airflow=airflow) as door:
        _save(door, project, "win_back", WORDS)
        _save(door, project, "birthday", PROPOSED)
        change = re.search(r"/approvals/changes/(\d+)", door.see("/").html)
        assert change
        yield door.url, {"customer": customer, "change": change[1]}


def _save(door: Door, project: Path, campaign: str, file: str) -> None:
    """Sends off the editor's form; the birthday asks a second person about it."""
    page = door.see(f"/campaigns/{campaign}/edit?file={file}").html
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    before = (project / file).read_text(encoding="utf-8")
    text = before.replace("</mj-text>", " " + "Wort" * 40 + "</mj-text>", 1)
    assert text != before
    form = {"file": file, "text": text, "seen": seen[1], "do": "save", "reason": "new " * 20}
    assert door.send(f"/campaigns/{campaign}/edit", form).status == 303


@pytest.fixture(scope="module")
def page(studio: tuple[str, dict[str, str]]) -> Iterator[Page]:
    """A steward's page, which knows axe-core already."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(bypass_csp=True)
        context.add_init_script(Axe().axe_script)
        context.add_cookies([{"name": "visitor", "value": STEWARD.name, "url": studio[0]}])
        yield context.new_page()
        browser.close()


def test_every_page_is_among_those_looked_at(tmp_path: Path) -> None:
    app = make_studio(settings_at(tmp_path), login=NamedLogin(), airflow=PlayedAirflow())
    routes = [route for route in app.routes if isinstance(route, Route)]

    assert {r.path for r in routes if "GET" in (r.methods or ())} == ADDRESSES.keys() | PARTS


@pytest.mark.parametrize("address", [a for addresses in ADDRESSES.values() for a in addresses])
def test_a_page_fits_its_screen_and_keeps_nobody_out(
    page: Page, studio: tuple[str, dict[str, str]], address: str
) -> None:
    url, named = studio
    answer = page.goto(url + address.format(**named))
    assert answer
    assert answer.status == (409 if "nobody" in address else 200)
    _fits_and_keeps_nobody_out(page)


@pytest.mark.parametrize("words", [WORDS, SMS])
def test_the_message_beside_its_words_fits_and_keeps_nobody_out(
    page: Page, studio: tuple[str, dict[str, str]], words: str
) -> None:
    page.goto(f"{studio[0]}/campaigns/win_back/edit?file={quote(words)}")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_selector("#preview iframe, #preview .bubble", timeout=60_000)
    _fits_and_keeps_nobody_out(page)


def _fits_and_keeps_nobody_out(page: Page) -> None:
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            # What has no colour is the same in both.
            rules = None if scheme == "light" else ["color-contrast"]
            found += [(width, scheme, *violation) for violation in violations(page, rules)]
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert found == []


def violations(page: Page, rules: list[str] | None) -> list[tuple[str, list[str]]]:
    """What axe-core finds, each with the elements it finds it in."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
    options |= {"runOnly": rules} if rules else {}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]
