"""What is being written is shown as a real customer would get it, before anybody saves it; nothing is noted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Hashable, Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from one_night import DAY, sending
from perennial.pipeline.changes import hash_of
from perennial.pipeline.previewing import Row
from perennial.settings import Settings
from perennial.steps.services import services
from perennial.studio.edit_page import check_file
from perennial.studio.preview_shelf import Shelf
from studio_visits import OPERATOR, VIEWER, Door, studio_door

YAML = "campaigns/win_back.yaml"
SMS = "templates/sms/win_back_hello/es.txt"
MAIL = "templates/email/win_back_hello/en.mjml"
NASTY = "<script>alert(1)</script>{{7*7}}"


@pytest.fixture
def door(own_settings: Settings) -> Iterator[Door]:
    with studio_door(own_settings, visitor=OPERATOR) as door:
        yield door


def _form(project: Path, file: str, text: str, **more: str) -> dict[str, str]:
    seen = hash_of((project / file).read_bytes().decode())
    return {"file": file, "text": text, "seen": seen, "do": "preview", **more}


def _frames(html: str) -> list[str]:
    return [
        unescape(path) for path in re.findall(r'<iframe sandbox="" [^>]*src="/studio([^"]+)"', html)
    ]


def _reader(settings: Settings) -> str:
    with services(settings) as perennial:
        return str(sending(perennial, "win_back")[0]["customer_id"])


def test_typed_words_are_shown_for_a_customer_and_nothing_is_saved(
    door: Door, project: Path, own_settings: Settings
) -> None:
    before = (project / SMS).read_text()
    form = _form(project, SMS, before.rstrip() + " Hasta pronto, de verdad")
    page = door.send("/campaigns/win_back/edit", form)
    live = json.loads(door.send("/campaigns/win_back/check", form).html)

    assert page.status == 200
    for shown in (page.html, live["preview"]):
        assert "Hasta pronto, de verdad" in shown
        assert 'class="bubble" lang="es"' in shown
        assert 'name="worth"' in shown, "others can be chosen"
    assert live["faults"] == []
    assert form["text"] in page.text, "what was typed stays in the form"
    assert (project / SMS).read_text() == before
    with services(own_settings) as perennial:
        assert perennial.ledger.versions_of(SMS) == []
        assert perennial.ledger.audit_log() == []


def test_an_email_is_framed_on_a_phone_in_light_and_dark(
    door: Door, project: Path, own_settings: Settings
) -> None:
    customer = _reader(own_settings)
    typed = (project / MAIL).read_text().replace("</mj-text>", " We kept your seat.</mj-text>", 1)
    page = door.send("/campaigns/win_back/edit", _form(project, MAIL, typed, customer=customer))
    light, dark = (door.see(path) for path in _frames(page.html))

    assert f"/customers/{customer}" in page.html
    for frame in (light, dark):
        assert frame.status == 200
        assert "We kept your seat." in frame.html
        assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert light.html != dark.html
    assert door.see("/campaigns/win_back/edit/email?kept=none").status == 404


def test_other_words_for_the_same_customer_ask_the_lake_once(
    own_settings: Settings, project: Path
) -> None:
    words = (project / SMS).read_text().rstrip()
    shelf, gathered = Shelf(), []

    class Counting(Shelf):
        def row(self, known: Hashable, gather: Callable[[], Row]) -> Row:
            return shelf.row(known, lambda: gathered.append(known) or gather())  # type: ignore[func-returns-value]

    with services(own_settings) as perennial:
        said = [
            check_file(perennial, "win_back", _form(project, SMS, words + more), Counting())
            for more in (" uno", " dos", " {{ points_balance }}")
        ]

    assert all(each.preview and each.preview.preview for each in said)
    assert len(gathered) == 2, "a field that is new is gathered"


def test_a_changed_offer_is_in_the_message(
    door: Door, project: Path, own_settings: Settings
) -> None:
    """The campaign's own file counts as it is typed, for the step that the words belong to."""
    before = (project / YAML).read_text()
    typed = before.replace("value: 10,", "value: 12,").replace(
        "template: win_back_hello",
        "template: win_back_offer_10\n    offer: {kind: percent, value: 12, valid_days: 14, prefix: BACK}",
    )
    form = _form(project, YAML, typed, customer=_reader(own_settings))
    page = door.send("/campaigns/win_back/edit", form)

    assert page.status == 200
    said = page.html + "".join(door.see(path).html for path in _frames(page.html))
    assert "12%" in said or "12 %" in said or "12\N{NO-BREAK SPACE}%" in said


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (SMS, "[[", "{{ frist_name }} [[", "frist_name"),
        (YAML, "priority: 40", "priorty: 40", "priorty"),
        (YAML, "title:", "title", "win_back.yaml:"),
    ],
)
def test_a_mistake_is_named_instead_of_a_message(
    door: Door, project: Path, file: str, old: str, new: str, told: str
) -> None:
    typed = (project / file).read_text().replace(old, new, 1)
    live = json.loads(door.send("/campaigns/win_back/check", _form(project, file, typed)).html)

    assert any(told in fault for fault in live["faults"])
    assert "bubble" not in live["preview"]
    assert "iframe" not in live["preview"]


def test_what_is_typed_is_never_markup_of_our_page(door: Door, project: Path) -> None:
    typed = (project / SMS).read_text().rstrip() + " <script>alert(1)</script>"
    page = door.send("/campaigns/win_back/edit", _form(project, SMS, typed, customer=NASTY))
    shown = door.send("/campaigns/win_back/edit", _form(project, SMS, typed))

    assert "<script>alert" not in page.html + shown.html
    assert "There is no customer" in page.text
    assert (
        door.send("/campaigns/win_back/edit", _form(project, SMS, typed, customer="a\r\nb")).status
        == 404
    )


def test_a_campaign_without_a_plan_is_shown_for_anybody(door: Door, project: Path) -> None:
    started = {"starter": "0:second_order", "title": "A second order", "name": "welcome_back"}
    door.send("/campaigns/new", started)
    file = "templates/sms/welcome_back/en.txt"
    page = door.send(
        "/campaigns/welcome_back/edit", _form(project, file, (project / file).read_text())
    )

    assert page.status == 200
    assert 'class="bubble" lang="en"' in page.html
    assert str(DAY.day) in page.text


def test_who_may_only_look_tries_nothing_out(door: Door, project: Path) -> None:
    form = _form(project, SMS, (project / SMS).read_text())

    assert door.as_(VIEWER).send("/campaigns/win_back/edit", form).status == 403
    assert door.as_(VIEWER).send("/campaigns/win_back/check", form).status == 403


@pytest.mark.browser
def test_the_message_stands_beside_the_words_as_one_types(door: Door) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "visitor", "value": OPERATOR.name, "url": door.url}])
        page = context.new_page()
        page.goto(f"{door.url}/campaigns/win_back/edit?file={SMS}")
        words = page.locator("#text")
        words.press("Control+End")
        words.press_sequentially(" Hasta pronto")
        bubble = page.locator("#preview .bubble")
        expect(bubble).to_contain_text("Hasta pronto", timeout=60_000)
        words.press_sequentially(" {{ nobody }}")
        expect(page.locator("#found")).to_contain_text("nobody", timeout=60_000)

        assert "Hasta pronto" in bubble.inner_text(), "the last message without a mistake stays"
        assert words.evaluate("e => e === document.activeElement")
        assert page.url.endswith(SMS)
        browser.close()
