"""What people see when they open the emails, measured in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from message_readers import READERS, values_of
from perennial.messages.templates import Templates
from perennial.messages.values import example_values
from perennial.model.words import SurveyScale

pytestmark = pytest.mark.browser

PHONE = {"width": 375, "height": 667}
TEMPLATES = (
    "birthday",
    "win_back_hello",
    "win_back_offer_10",
    "win_back_offer_15",
    "points_reminder",
    "feedback_survey",
    "confirm_consent",
)
LOCALES = ("en", "es", "ru")
FOR_THUMBS = ".button a, .score, [clicktracking]"

# Every visible run of text with its size, its colour and the colour behind it.
READ_TEXTS = """
() => {
  const rgb = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const words = walker.currentNode.textContent.trim();
    if (!words || !element.checkVisibility() || element.closest('[aria-hidden]')) continue;
    texts.push({
      words, size: parseFloat(style.fontSize), front: rgb(style.color).slice(0, 3), back: behind(element),
    });
  }
  return texts;
}
"""


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("Looks are measured in Chromium, and there is none here.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def phones(browser: Browser) -> dict[str, Page]:
    return {
        scheme: browser.new_page(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
        for scheme in ("light", "dark")
    }


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=READERS)
def html(request: pytest.FixtureRequest, templates: Templates, template: str, locale: str) -> str:
    return templates.email(template, locale, values_of(request.param)).html


def luminance(colour: list[float]) -> float:
    channels = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(text: dict[str, Any]) -> float:
    dark, light = sorted((luminance(text["front"]), luminance(text["back"])))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_accessibility_guidelines_say() -> None:
    assert contrast({"front": [0, 0, 0], "back": [255, 255, 255]}) == pytest.approx(21)
    assert contrast({"front": [118, 118, 118], "back": [255, 255, 255]}) == pytest.approx(
        4.54, abs=0.01
    )


def test_an_email_fits_a_phone_without_scrolling_sideways(
    phones: dict[str, Page], html: str
) -> None:
    page = phones["light"]
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_is_large_and_clear_enough_to_read(
    phones: dict[str, Page], html: str, scheme: str
) -> None:
    page = phones[scheme]
    page.set_content(html)
    texts = page.evaluate(READ_TEXTS)
    assert len(texts) > 10
    assert [text for text in texts if text["size"] < 14] == []
    assert [text for text in texts if contrast(text) < 4.5] == []


def test_by_night_the_page_is_dark(
    phones: dict[str, Page], templates: Templates, template: str
) -> None:
    html = templates.email(template, "en", values_of("known by name")).html
    backgrounds = {}
    for scheme, page in phones.items():
        page.set_content(html)
        backgrounds[scheme] = [luminance(text["back"]) for text in page.evaluate(READ_TEXTS)]
    assert max(backgrounds["light"]) > 0.9
    # Buttons are bright by night; what surrounds them is not.
    assert sorted(backgrounds["dark"])[len(backgrounds["dark"]) // 2] < 0.05


def test_what_asks_for_a_tap_is_large_enough_for_a_thumb(
    phones: dict[str, Page], html: str
) -> None:
    page = phones["light"]
    page.set_content(html)
    boxes = [link.bounding_box() for link in page.locator(FOR_THUMBS).all()]
    assert len(boxes) >= 3
    assert [box for box in boxes if box is None or box["height"] < 44 or box["width"] < 44] == []


def test_opening_an_email_loads_nothing(
    browser: Browser, templates: Templates, template: str, locale: str
) -> None:
    html = templates.email(template, locale, values_of("known by name")).html
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(html, wait_until="load")
    page.close()
    assert requests == []


def test_an_email_names_its_language_to_screen_readers(
    phones: dict[str, Page], templates: Templates, template: str, locale: str
) -> None:
    page = phones["light"]
    page.set_content(templates.email(template, locale, values_of("known by name")).html)
    assert page.locator("html").get_attribute("lang") == locale
    assert page.get_by_role("heading", level=1).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_eleven_scores_fit_a_phone_and_a_thumb(
    phones: dict[str, Page], asking_for_nps: Templates, locale: str, scheme: str
) -> None:
    page = phones[scheme]
    values = values_of("long-named") | {
        "score_urls": example_values(scale=SurveyScale.NPS)["score_urls"]
    }
    page.set_content(asking_for_nps.email("feedback_survey", locale, values).html)
    boxes = [link.bounding_box() for link in page.locator(".score").all()]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert len(boxes) == 11
    assert [box for box in boxes if box is None or box["height"] < 44 or box["width"] < 44] == []
    assert [text for text in page.evaluate(READ_TEXTS) if contrast(text) < 4.5] == []
