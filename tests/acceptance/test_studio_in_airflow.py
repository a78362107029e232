"""The Studio in a whole Airflow, in a browser: previewed, edited, approved by two, sent to the emulator, and its result seen.

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
from urllib.parse import quote
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from starlette.routing import Route

from airflow_server import AirflowServer, running_airflow
from emulated_providers import EmulatedProviders, emulated_providers
from one_night import HOUSEHOLDS, accepted, settings_at
from perennial.model.words import AuditAction
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT
from perennial.steps.services import services
from perennial.studio.app import make_studio
from perennial.studio.opening import PREFIX
from services import PostgresServer
from studio_browser import PATIENCE, Visit, chromium, visit_of
from studio_visits import NamedLogin, PlayedAirflow

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.browser,
    pytest.mark.postgres,
    pytest.mark.sample,
    # The limit of a machine that is ten times slower; it takes about three minutes.
    pytest.mark.timeout(3000),
]

CAMPAIGN = "win_back"
TITLE = "Win back customers who went quiet"
# Today where the sample shop is, because that is what the Studio opens on.
DAY = datetime.now(ZoneInfo("America/New_York")).date()
TWO_PEOPLE = "approval: {above: 0, two_above: 1}"
SUBJECT, NEW_SUBJECT = "It's been a while", "Your place by the window is free"
PICTURES = Path(os.environ["STUDIO_PICTURES"]) if os.environ.get("STUDIO_PICTURES") else None
driven = pytest.mark.skipif(PICTURES is None, reason="`make test-studio` drives the browser")


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
def installed(home: Path) -> dict[str, str]:
    """The settings that every process of the installation has."""
    return {
        "PERENNIAL_HOME": str(home),
        "PERENNIAL_PROJECT": str(home / "project"),
        "PERENNIAL_CLOCK": "simulated",
        "PERENNIAL_SHARDS": "1",
    }


@pytest.fixture(scope="module")
def providers(home: Path, installed: dict[str, str]) -> Iterator[EmulatedProviders]:
    with emulated_providers(home, installed) as providers:
        yield providers


@pytest.fixture(scope="module")
def airflow(
    home: Path,
    installed: dict[str, str],
    providers: EmulatedProviders,
    postgres: PostgresServer,
) -> Iterator[AirflowServer]:
    url = postgres.url(postgres.create_database()).replace("psycopg", "psycopg2")
    settings = {**installed, **providers.settings}
    with running_airflow(home / "airflow", database_url=url, settings=settings) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def answers(airflow: AirflowServer, method: str, path: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = b"" if method == "POST" else None
    request = Request(airflow.url + PREFIX + path, data=data, headers=headers, method=method)  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=PATIENCE / 1_000) as answer:  # noqa: S310 - loopback
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
def test_a_campaign_is_previewed_edited_started_approved_by_two_and_sent_and_its_result_is_seen(
    airflow: AirflowServer, browser: Browser, home: Path, providers: EmulatedProviders
) -> None:
    airflow.ask("ann", "PATCH", f"/dags/campaign_{CAMPAIGN}", {"is_paused": False})
    _end_scheduled_runs(airflow)
    mark = visit_of(browser, airflow, "mark", pictures=PICTURES)

    expect(mark.studio.get_by_role("heading", name="Campaigns")).to_be_visible()
    mark.go("Calendar")
    mark.picture("calendar")
    _see_the_message(mark, SUBJECT, shot="preview")
    _change_the_subject(mark)
    _see_the_message(mark, NEW_SUBJECT)
    _start(mark)

    _wait_for_question(mark, "approve")
    mark.go("Today")
    expect(mark.main.get_by_role("heading", name="Waits for somebody")).to_be_visible()
    mark.picture("today")
    _approve(mark, "approve", "the words are right", shot="approval")
    _wait_for_question(mark, "approve_second")
    mark.follow("Send “Win back")
    expect(mark.main.get_by_role("button", name="Approve")).to_be_disabled()
    mark.picture("second")
    assert not providers.accepted()
    ann = visit_of(browser, airflow, "ann", pictures=None)
    _approve(ann, "approve_second", "so is the audience")

    _watch_it_leave(mark)
    with services(settings_at(home)) as perennial:
        account = perennial.account(CAMPAIGN, DAY)
        log = perennial.ledger.audit_log(action=AuditAction.RELEASED)
    assert account.plan.send == account.accepted == providers.accepted().total() > 1
    assert set(providers.accepted().values()) == {1}
    assert not accepted(home)
    subjects = [mail["subject"] for mail in providers.mails()]
    assert any(NEW_SUBJECT in subject for subject in subjects)
    assert not any(SUBJECT in subject for subject in subjects)
    assert sorted(entry.actor for entry in log) == ["ann", "mark"]

    _see_the_result(mark, account.accepted)
    mark.go("Audit")
    for said in ("a new subject", "the week's win-back", "so is the audience"):
        expect(mark.main).to_contain_text(said)


@driven
def test_nights_of_the_past_are_handed_to_airflow_to_be_rebuilt(
    airflow: AirflowServer, browser: Browser
) -> None:
    """The nights are paused, so that none of them runs here; `make test-backfill` sees them run."""
    nights = [DAY - timedelta(days=n) for n in (5, 4, 3)]
    mark = visit_of(browser, airflow, "mark", pictures=PICTURES)
    mark.go("Data")
    form = mark.main.locator("form[action$='/data/rebuild']")
    form.get_by_label("First night").fill(nights[0].isoformat())
    form.get_by_label("Last night").fill(nights[-1].isoformat())
    form.get_by_label("Why").fill("the shop has corrected its orders")
    mark.picture("rebuild", of="Rebuild nights of the past")
    mark.press("Rebuild")

    expect(mark.studio.get_by_role("status")).to_contain_text("Airflow rebuilds 3 nights")
    runs = airflow.ask("ann", "GET", "/dags/nightly/dagRuns?limit=100")["dag_runs"]
    asked = [run for run in runs if run["run_type"] == "backfill"]
    assert sorted(run["partition_key"] for run in asked) == [day.isoformat() for day in nights]


@driven
def test_a_viewer_sees_every_page_and_no_button_that_they_may_not_press(
    airflow: AirflowServer, browser: Browser
) -> None:
    vera = visit_of(browser, airflow, "vera", pictures=None)
    forms = vera.studio.locator("form[method=post]")
    for place in ("Today", "Approvals", "Calendar", "Results", "Customers", "Data", "Doubts"):
        vera.go(place)
        expect(forms).to_have_count(0)
    for link in ("Start it by hand", "Look at the message", "Versions"):
        _open_campaign(vera)
        expect(forms).to_have_count(0)
        expect(vera.main.get_by_role("link", name="Edit the campaign")).to_have_count(0)
        vera.follow(link)
        expect(forms).to_have_count(0)

    vera.page.goto(f"{airflow.url}{PREFIX}/campaigns/{CAMPAIGN}/edit")
    expect(vera.page.get_by_role("main")).to_contain_text("may look, but not test, trigger, edit")


def _open_campaign(visit: Visit) -> None:
    visit.go("Campaigns")
    visit.follow(TITLE)


def _see_the_message(visit: Visit, subject: str, *, shot: str | None = None) -> None:
    """A real customer's own email, in English, in the frames of the preview."""
    _open_campaign(visit)
    visit.follow("Look at the message")
    visit.choose("By", "email")
    visit.choose("Language", "en")
    visit.choose("Step", "1")
    expect(visit.main.locator("dl").first).to_contain_text(subject)
    letter = visit.studio.frame_locator("iframe[title='Phone, light']")
    expect(letter.get_by_role("heading", name="Just saying hello")).to_be_visible()
    if shot:
        visit.picture(shot, of="Customer")


def _change_the_subject(visit: Visit) -> None:
    """By the editor, which finds a mistake while it is typed."""
    _open_campaign(visit)
    visit.follow("Edit the campaign and its words")
    visit.follow("email en")
    text = visit.studio.locator("#text")
    words = text.input_value()
    found = visit.studio.locator("#found")
    text.fill(words.replace("{{ first_name }}", "{{ frist_name }}"))
    expect(found).to_contain_text("frist_name")
    visit.picture("edit")
    text.fill(words.replace(SUBJECT, NEW_SUBJECT))
    expect(found).to_contain_text("No mistakes.")
    expect(visit.studio.locator("#preview")).to_contain_text(NEW_SUBJECT)
    letter = visit.studio.frame_locator("iframe[title='Phone, light']")
    expect(letter.get_by_role("heading", name="Just saying hello")).to_be_visible()
    visit.picture("beside")
    visit.studio.locator("#reason").fill("a new subject")
    visit.press("Save")
    expect(visit.studio.get_by_role("status")).to_contain_text("is saved")
    expect(visit.main).to_contain_text(NEW_SUBJECT)
    visit.picture("versions")


def _start(visit: Visit) -> None:
    _open_campaign(visit)
    visit.picture("campaign")
    visit.follow("Start it by hand")
    visit.studio.get_by_label("Day on which messages go out").fill(DAY.isoformat())
    visit.studio.locator("#reason").first.fill("the week's win-back")
    visit.picture("start")
    visit.press("Start")
    expect(visit.studio.get_by_role("status")).to_contain_text(f"Started: for {DAY}")


def _approve(visit: Visit, task: str, reason: str, *, shot: str | None = None) -> None:
    """Opens what waits, once Airflow has asked, and says yes.

    Airflow 3.3 can lose an answer that comes within the second of its question, and then asks again.
    """
    until = time.monotonic() + 2 * PATIENCE / 1_000
    while _state(visit.airflow, task) != "success":
        assert time.monotonic() < until, f"The answer to {task} is not taken."
        visit.go("Approvals")
        question = visit.main.locator(f"a[href*='/manual'][href$='/{task}']")
        if not question.count():
            visit.page.wait_for_timeout(1_000)
            continue
        visit.follow("Send “Win back")
        expect(visit.studio.get_by_role("heading", name="How it reads")).to_be_visible()
        if shot:
            visit.picture(shot)
        visit.studio.locator("#reason").fill(reason)
        visit.press("Approve")


def _wait_for_question(visit: Visit, task: str) -> None:
    """Looks at what waits until this is asked."""
    until = time.monotonic() + 2 * PATIENCE / 1_000
    while time.monotonic() < until:
        visit.go("Approvals")
        if visit.main.locator(f"a[href*='/manual'][href$='/{task}']").count():
            return
        visit.page.wait_for_timeout(1_000)
    pytest.fail(f"{task} is not asked.")


def _watch_it_leave(visit: Visit) -> None:
    """On the campaign's page until nobody waits any more, and until Airflow's run has ended."""
    until = time.monotonic() + 2 * PATIENCE / 1_000
    while _manual_run(visit.airflow)["state"] not in {"success", "failed"}:
        assert time.monotonic() < until, "The run does not end."
        visit.go("Today")
        visit.page.wait_for_timeout(1_000)
    visit.go("Today")
    card = visit.main.get_by_role("article").filter(has_text=TITLE)
    expect(card.get_by_role("definition").nth(1)).to_have_text("0")
    visit.picture("sent")
    visit.follow(TITLE)
    visit.follow("Start it by hand")
    expect(visit.main.get_by_role("table")).to_contain_text("success")
    assert _manual_run(visit.airflow)["state"] == "success"


def _see_the_result(visit: Visit, sent: int) -> None:
    """What was accepted, and, as soon as the providers have told, what came back."""
    _open_campaign(visit)
    expect(visit.main.locator("#become ~ dl")).to_contain_text(f"accepted{sent}")
    visit.picture("result", of="What became of them")
    until = time.monotonic() + 2 * PATIENCE / 1_000
    while time.monotonic() < until:
        visit.go("Results")
        visit.follow(TITLE)
        if visit.main.get_by_role("row", name=re.compile(r"^Delivered [1-9]")).count():
            break
        visit.page.wait_for_timeout(1_000)
    else:
        pytest.fail("Nothing is delivered.")
    visit.picture("results")


def _state(airflow: AirflowServer, task: str) -> str | None:
    run = quote(_manual_run(airflow)["dag_run_id"])
    path = f"/dags/campaign_{CAMPAIGN}/dagRuns/{run}/taskInstances/{task}"
    state: str | None = airflow.ask("ann", "GET", path)["state"]
    return state


def _manual_run(airflow: AirflowServer) -> dict[str, str]:
    """The run that the test has started."""
    return next(run for run in _runs(airflow) if run["dag_run_id"].startswith("manual"))


def _runs(airflow: AirflowServer) -> list[dict[str, str]]:
    return list(airflow.ask("ann", "GET", f"/dags/campaign_{CAMPAIGN}/dagRuns")["dag_runs"])


def _end_scheduled_runs(airflow: AirflowServer) -> None:
    """Unpaused, Airflow starts the latest slot at once; one run at a time, and ours is another."""
    until = time.monotonic() + PATIENCE / 1_000
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
