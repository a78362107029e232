"""What customers see of the pages, in Chromium: nothing that keeps anybody from reading or pressing, by day or night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from edge_server import an_installation, edge_thread
from ledger_builder import a_message, claiming
from page_visits import page_of
from perennial.campaigns.definition import Audience
from perennial.ledger.values import ConsentEntry
from perennial.model.message import PlannedMessage
from perennial.model.words import Channel, ConsentSource, ConsentState, Pressure, Topic
from plan_builder import a_campaign

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 375, "height": 700}, {"width": 1280, "height": 800}
LOCALES = ("en", "es", "ru")
PLACES = ("unsubscribe", "preferences", "survey", "survey_nps")
LONG = "Rindfleischetikettierungsüberwachungsaufgaben & Söhne"
# Colours that no page could be read in as they are.
LOUD = {"brand": "#ffd400", "accent": "#00ffcc", "paper": "#333333", "ink": "#dddddd"}
MESSAGES = {
    (locale, place): a_message(
        f"{locale}-{place}", channel=Channel.SMS if locale == "es" else Channel.EMAIL
    )
    for locale in LOCALES
    for place in PLACES
}


AGREED = datetime.now(UTC) - timedelta(hours=20)
ASKS = a_campaign(
    "confirm", channels=(Channel.EMAIL,), audience=Audience(occasion="pending_consent")
)
ASKING = {
    (locale, place): a_message(
        f"{locale}-{place}-asked",
        campaign="confirm",
        occasion=AGREED.isoformat(),
        day=datetime.now(UTC).date(),
        pressure=Pressure.SERVICE,
        topic=None,
    )
    for locale in LOCALES
    for place in ("confirm", "unsubscribe")
}


def _pending(message: PlannedMessage) -> ConsentEntry:
    return ConsentEntry(
        person_id=message.person_id,
        customer_id=message.customer_id,
        channel=Channel.EMAIL,
        topic=Topic.OFFERS,
        state=ConsentState.PENDING,
        at=AGREED,
        how=ConsentSource.SHOP,
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = [
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ]
    if not found:
        pytest.skip("Looks are measured in Chromium, and there is none here.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found[0],
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=["as shipped", "long and loud"])
def pages(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Where each page is; in a shop like the sample, and in one that asks too much of any page."""
    home: Path = tmp_path_factory.mktemp("looks")
    with an_installation(home) as perennial:
        if request.param == "long and loud":
            perennial.__dict__["shop"] = replace(perennial.shop, name=LONG, colours=LOUD)
        perennial.__dict__["_campaign_files"] = ((*perennial.campaigns, ASKS), {})
        claiming(perennial.ledger, [*MESSAGES.values(), *ASKING.values()])
        perennial.ledger.record_consents(
            [_pending(message) for message in ASKING.values()], recorded_at=AGREED
        )
        with edge_thread(perennial) as edge:
            yield (
                lambda locale, place, among=MESSAGES: (
                    edge + page_of(perennial, among[locale, place], place, locale=locale)
                )
            )


@pytest.fixture(params=["light", "dark"])
def screens(request: pytest.FixtureRequest, browser: Browser) -> Iterator[list[Page]]:
    opened = [
        browser.new_page(viewport=size, color_scheme=request.param, bypass_csp=True)  # type: ignore[arg-type]
        for size in (PHONE, DESK)
    ]
    yield opened
    for page in opened:
        page.close()


def look(page: Page) -> None:
    """Fits the screen, and axe-core finds nothing that keeps anybody out."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
    boxes = [button.bounding_box() for button in page.locator("button, .tiles label").all()]
    assert [box for box in boxes if box is None or box["height"] < 44] == []


def press(page: Page, button: str) -> None:
    """A click alone does not wait for the answer on a slow machine."""
    with page.expect_navigation():
        page.click(button)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_page_is_fit_for_everybody(pages: Any, screens: list[Page], locale: str) -> None:
    for page in screens:
        page.goto(pages(locale, "unsubscribe"))
        look(page)
        for _ in range(2):
            press(page, "main button")
            look(page)
        press(page, "main button")
        page.goto(pages(locale, "confirm", ASKING))
        look(page)
        if page.locator("main button").count():  # one screen confirms for both
            press(page, "main button")
            look(page)
        page.goto(pages(locale, "unsubscribe", ASKING))
        for _ in range(2):
            press(page, "main button")
            look(page)
        page.goto(pages(locale, "preferences"))
        look(page)
        page.fill("#day", "31")
        press(page, "button[value=save]")
        look(page)
        for place in ("survey", "survey_nps"):
            page.goto(pages(locale, place) + "?score=3")
            look(page)
        page.goto(pages(locale, "unsubscribe") + "x")
        look(page)


def test_a_page_asks_for_nothing_but_itself(pages: Any, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    url = pages("en", "preferences")
    page.goto(url, wait_until="networkidle")
    styled = page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius")
    press(page, "button[value=save]")
    page.close()

    assert {request.partition("?")[0] for request in asked} <= {
        url,
        url.split("/p/")[0] + "/favicon.ico",
    }
    assert complaints == []
    assert styled == "18px"
