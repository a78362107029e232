"""The Studio as somebody with a browser sees it: inside a running Airflow, after Airflow's own login."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect, sync_playwright

from airflow_server import AirflowServer, sign_in

# For each thing that is waited for, on a machine that is ten times slower.
PATIENCE = 300_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that waits patiently; without Chromium the test is skipped."""
    found = [p for name in ("chromium", "google-chrome") if (p := shutil.which(name))]
    if not found:
        pytest.skip("The Studio is driven in Chromium, and there is none here.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield launched
        launched.close()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody at the Studio, with Airflow around it. Pictures go to a folder, or nowhere."""

    page: Page
    airflow: AirflowServer
    pictures: Path | None

    @property
    def studio(self) -> FrameLocator:
        return self.page.frame_locator("iframe").first

    @property
    def main(self) -> Locator:
        """What a page of the Studio says."""
        return self.studio.get_by_role("main")

    def enter(self) -> None:
        """By Airflow's navigation."""
        self.page.goto(self.airflow.url)
        self.page.get_by_role("link", name="Studio").first.click()
        expect(self.studio.locator(".mark")).to_contain_text("Studio")

    def go(self, place: str) -> None:
        """By the Studio's own navigation, which is in reach on every page."""
        with self._loaded():
            self.studio.get_by_role("navigation", name="Studio").get_by_role(
                "link", name=place, exact=True
            ).click()
        expect(self.studio.locator("nav [aria-current=page]").first).to_have_text(place)

    def follow(self, link: str) -> None:
        """A link on the page, by what it says."""
        with self._loaded():
            self.main.get_by_role("link", name=link).first.click()

    def press(self, button: str) -> None:
        """A button that leads to a page."""
        with self._loaded():
            self.main.get_by_role("button", name=button, exact=True).click()

    def choose(self, label: str, option: str) -> None:
        """From a list that shows at once what is chosen."""
        with self._loaded():
            self.main.get_by_label(label, exact=True).select_option(option)

    def picture(self, name: str, *, of: str | None = None) -> None:
        """For the docs: the Studio with Airflow around it, from a heading on, or from its top."""
        if self.pictures is None:
            return
        if of:
            self.main.get_by_role("heading", name=of).first.evaluate("e => e.scrollIntoView()")
        self.page.screenshot(path=self.pictures / f"studio-{name}.png", scale="css")

    @contextmanager
    def _loaded(self) -> Iterator[None]:
        """A click alone does not wait for the answer: the page that is left is marked, and another one awaited."""
        self.studio.locator("html").evaluate("html => { html.dataset.left = 'yes' }")
        yield
        expect(self.studio.locator("html:not([data-left]) main")).to_have_count(1)


def visit_of(
    browser: Browser, airflow: AirflowServer, user: str, *, pictures: Path | None
) -> Visit:
    """Signs in, and goes to the Studio."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.set_default_navigation_timeout(PATIENCE)
    page.goto(f"{airflow.url}/auth/login")
    said = sign_in(user)
    page.locator("input[name=username]").fill(said["username"])
    page.locator("input[name=password]").fill(said["password"])
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/login" not in url)
    visit = Visit(page=page, airflow=airflow, pictures=pictures)
    visit.enter()
    return visit
