"""The Studio in a whole Airflow, in a browser: looked at, approved by two, sent, accounted for; and refused to others.

Without STUDIO_PICTURES, the login is tried at every route, and no browser is driven: that takes minutes. `make test-studio`
names docs/images there, and leaves in it the pictures of docs/how-to/studio.md.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright
from starlette.routing import Route

from airflow_server import AirflowServer, running_airflow, sign_in
from one_night import HOUSEHOLDS, accepted, settings_at
from perennial.model.words import AuditAction
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT
from perennial.steps.services import services
from perennial.studio.app import make_studio
from perennial.studio.opening import PREFIX
from services import PostgresServer
from studio_visits import NamedLogin, PlayedAirflow

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.sample,
    # The limit of a machine that is ten times slower; it takes about two minutes.
    pytest.mark.timeout(1500),
]

CAMPAIGN = "win_back"
# Today where the sample shop is, because that is what the Studio opens on.
DAY = datetime.now(ZoneInfo("America/New_York")).date()
SLOW = 240_000
TWO_PEOPLE = "approval: {above: 0, two_above: 1}"
PICTURES = os.environ.get("STUDIO_PICTURES")
driven = pytest.mark.skipif(not PICTURES, reason="`make test-studio` drives the browser")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A verified night; its campaign needs two people."""
    home = tmp_path_factory.mktemp("studio-home")
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    project = home / "project"
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, project)
    campaign = project / "campaigns" / f"{CAMPAIGN}.yaml"
    words = campaign.read_text(encoding="utf-8")
    campaign.write_text(re.sub("(?m)^approval:.*$", TWO_PEOPLE, words), encoding="utf-8")
    with services(settings_at(home)) as perennial:
        perennial.night(DAY - timedelta(days=1))
        perennial.plan(CAMPAIGN, DAY - timedelta(days=1))
        perennial.night(DAY)
    return home


@pytest.fixture(scope="module")
def airflow(home: Path, postgres: PostgresServer) -> Iterator[AirflowServer]:
    url = postgres.url(postgres.create_database()).replace("psycopg", "psycopg2")
    settings = {
        "PERENNIAL_HOME": str(home),
        "PERENNIAL_PROJECT": str(home / "project"),
        "PERENNIAL_CLOCK": "simulated",
        "PERENNIAL_SHARDS": "1",
    }
    with running_airflow(home / "airflow", database_url=url, settings=settings) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = [p for name in ("chromium", "google-chrome") if (p := shutil.which(name))]
    if not found:
        pytest.skip("The Studio is driven in Chromium, and there is none here.")
    expect.set_options(timeout=SLOW)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield launched
        launched.close()


def signed_in(browser: Browser, airflow: AirflowServer, user: str) -> Page:
    """Airflow's own page, after its own login."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(SLOW)
    page.goto(f"{airflow.url}/auth/login")
    said = sign_in(user)
    page.locator("input[name=username]").fill(said["username"])
    page.locator("input[name=password]").fill(said["password"])
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def studio_in(page: Page, airflow: AirflowServer) -> FrameLocator:
    """The Studio as Airflow's navigation leads to it."""
    page.goto(airflow.url)
    page.get_by_role("link", name="Studio").first.click()
    frame = page.frame_locator("iframe")
    expect(frame.locator(".mark")).to_contain_text("Studio", timeout=SLOW)
    return frame


def picture(page: Page, name: str) -> None:
    """For the docs: the Studio with Airflow around it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"studio-{name}.png", scale="css")


def answers(airflow: AirflowServer, method: str, path: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = b"" if method == "POST" else None
    request = Request(airflow.url + PREFIX + path, data=data, headers=headers, method=method)  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_nobody_passes_whom_airflow_does_not_know_and_a_viewer_only_looks(
    airflow: AirflowServer, home: Path
) -> None:
    studio = make_studio(settings_at(home), login=NamedLogin(), airflow=PlayedAirflow())
    routes = [route for route in studio.routes if isinstance(route, Route)]
    ways = [
        (method, route.path_format.replace("{", "").replace("}", ""))
        for route in routes
        for method in (route.methods or ())
        if method != "HEAD"
    ]
    viewer = airflow.token("vera")

    assert {answers(airflow, *way, None) for way in ways} == {401}
    assert {answers(airflow, *way, viewer) for way in ways if way[0] == "POST"} == {403}
    assert answers(airflow, "GET", "/", viewer) == 200
    assert answers(airflow, "GET", "/", "not.a.token") == 401


@driven
def test_a_campaign_is_started_approved_by_two_and_sent_and_its_result_is_seen(
    airflow: AirflowServer, browser: Browser, home: Path
) -> None:
    airflow.ask("ann", "PATCH", f"/dags/campaign_{CAMPAIGN}", {"is_paused": False})
    _end_scheduled_runs(airflow)

    mark = signed_in(browser, airflow, "mark")
    studio = studio_in(mark, airflow)
    expect(studio.get_by_role("heading", name="Campaigns")).to_be_visible()
    picture(mark, "today")
    _go(studio, "Campaigns")
    studio.get_by_role("link", name="Win back customers who went quiet").click()
    picture(mark, "campaign")
    studio.get_by_role("link", name="Start it by hand").click()
    studio.get_by_label("Day on which messages go out").fill(DAY.isoformat())
    studio.locator("#reason").fill("the week's win-back")
    picture(mark, "start")
    studio.get_by_role("button", name="Start", exact=True).click()
    expect(studio.get_by_role("status")).to_contain_text(f"Started: for {DAY}")

    assert not accepted(home)
    _approve(mark, studio, "the words are right", shot="approval")
    _wait_for_question(airflow, "approve_second")
    _go(studio, "Approvals")
    studio.get_by_role("link", name="Send “Win back").click()
    expect(studio.get_by_role("button", name="Approve")).to_be_disabled()
    picture(mark, "second")

    assert not accepted(home)
    ann = signed_in(browser, airflow, "ann")
    _approve(ann, studio_in(ann, airflow), "so is the audience")

    _wait_for_end(airflow)
    with services(settings_at(home)) as perennial:
        account = perennial.account(CAMPAIGN, DAY)
        log = perennial.ledger.audit_log(action=AuditAction.RELEASED)
    assert account.plan.send == account.accepted == accepted(home).total() > 1
    assert set(accepted(home).values()) == {1}
    assert sorted(entry.actor for entry in log) == ["ann", "mark"]
    result = studio_in(mark, airflow)
    _go(result, "Campaigns")
    result.get_by_role("link", name="Win back customers who went quiet").click()
    expect(result.locator("#become ~ dl")).to_contain_text(f"accepted{account.accepted}")
    picture(mark, "result")
    _go(result, "Audit")
    expect(result.get_by_role("main")).to_contain_text("so is the audience")


@driven
def test_a_viewer_sees_no_button_that_they_may_not_press(
    airflow: AirflowServer, browser: Browser
) -> None:
    vera = signed_in(browser, airflow, "vera")
    studio = studio_in(vera, airflow)
    _go(studio, "Campaigns")
    studio.get_by_role("link", name="Win back customers who went quiet").click()

    expect(studio.locator("form[method=post]")).to_have_count(0)
    assert vera.get_by_text("does not exist").count() == 0


def _go(studio: FrameLocator, place: str) -> None:
    """By the Studio's own navigation."""
    studio.get_by_role("navigation").get_by_role("link", name=place, exact=True).click()
    expect(studio.locator("nav [aria-current=page]")).to_have_text(place)


def _approve(page: Page, studio: FrameLocator, reason: str, *, shot: str | None = None) -> None:
    """Opens what waits, once Airflow has asked, and says yes."""
    question = studio.get_by_role("link", name="Send “Win back")
    for _ in range(240):
        _go(studio, "Approvals")
        expect(studio.get_by_role("heading", name="Approvals")).to_be_visible()
        if question.count():
            break
        page.wait_for_timeout(1_000)
    question.click()
    expect(studio.get_by_role("heading", name="How it reads")).to_be_visible()
    if shot:
        picture(page, shot)
    studio.locator("#reason").fill(reason)
    studio.get_by_role("button", name="Approve").click()
    expect(studio.get_by_role("status")).to_contain_text("Approved")


def _runs(airflow: AirflowServer) -> list[dict[str, str]]:
    return list(airflow.ask("ann", "GET", f"/dags/campaign_{CAMPAIGN}/dagRuns")["dag_runs"])


def _end_scheduled_runs(airflow: AirflowServer) -> None:
    """Unpaused, Airflow starts the latest slot at once; one run at a time, and ours is another."""
    until = time.monotonic() + SLOW / 1_000
    while time.monotonic() < until:
        states = {run["dag_run_id"]: run["state"] for run in _runs(airflow)}
        if states and set(states.values()) <= {"failed"}:
            return
        for name in (name for name, state in states.items() if state != "failed"):
            # The scheduler may be writing the same row.
            with contextlib.suppress(HTTPError):
                path = f"/dags/campaign_{CAMPAIGN}/dagRuns/{name}"
                airflow.ask("ann", "PATCH", path, {"state": "failed"})
        time.sleep(0.5)
    pytest.fail("Airflow does not end the scheduled run.")


def _wait_for_question(airflow: AirflowServer, task: str) -> None:
    until = time.monotonic() + SLOW / 1_000
    while time.monotonic() < until:
        waiting = airflow.ask("ann", "GET", "/dags/~/dagRuns/~/hitlDetails?state=awaiting_input")
        if any(h["task_instance"]["task_id"] == task for h in waiting["hitl_details"]):
            return
        time.sleep(0.5)
    pytest.fail(f"{task} is not asked.")


def _wait_for_end(airflow: AirflowServer) -> None:
    until = time.monotonic() + SLOW / 1_000
    while time.monotonic() < until:
        states = {run["dag_run_id"]: run["state"] for run in _runs(airflow)}
        manual = [state for name, state in states.items() if name.startswith("manual")]
        if manual and set(manual) <= {"success", "failed"}:
            assert set(manual) == {"success"}
            return
        time.sleep(0.5)
    pytest.fail("The run does not end.")
