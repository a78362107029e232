"""Every template that is shipped, in every language, with everything and with as little as there may be."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from perennial.messages.checks import missing_in_email, missing_in_sms, unseen_in_email
from perennial.messages.templates import Templates, load_templates
from perennial.messages.values import example_values, read_values
from perennial.messages.visible import read_page
from perennial.model.shop import Shop

PROJECT = Path(__file__).resolve().parents[2]
LOCALES = ("en", "es", "ru")
NAMES = sorted(path.name for path in (PROJECT / "templates" / "sms").iterdir() if path.is_dir())
LONG_NAME = "Maximiliana-Alexandrowna Konstantinopol"
SCRAPS = re.compile(r"\{\{|\{%|\[\[|\[%|%\(|\bNone\b|undefined|qz\d+[ot]zq|[\ue000-\uf8ff]")
REMOTE = re.compile(
    r"<(?:img|link|script|iframe|video)\b|@import|url\(\s*['\"]?(?!data:)|fonts\.google"
)


def _values(**changes: object) -> dict[str, Any]:
    return read_values({**example_values(), **changes})


EXAMPLES = {
    "everything": example_values(),
    "as little as possible": example_values(sparse=True),
    "no name": _values(first_name=None),
    "a long name": _values(first_name=LONG_NAME),
    "an emoji for a name": _values(first_name="👩🏽\u200d🍳"),
    "one of everything": _values(points_balance=1, points_expiring=1, days_since_order=1),
    "bare products": _values(liked=[{"name": "Tea"}], order_products=[{"name": "Tea"}]),
}


@cache
def shop() -> Shop:
    head = YAML(typ="safe").load(PROJECT / "shop.yaml")["shop"]
    same = (
        "name",
        "currency",
        "country",
        "default_locale",
        "postal_address",
        "website",
        "sms_name",
    )
    return Shop(
        **{name: head[name] for name in same},
        zone=ZoneInfo(head["timezone"]),
        from_address=head["from_address"],
        colours=head["colours"],
        locales=LOCALES,
    )


@cache
def templates() -> Templates:
    return load_templates(PROJECT / "templates", shop())


def test_the_four_campaigns_have_their_templates() -> None:
    assert {*NAMES, "confirm_consent"} == set(templates().names())
    assert {"birthday", "points_reminder", "feedback_survey"} <= set(NAMES)
    assert any(name.startswith("win_back") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_speaks_every_language(name: str) -> None:
    assert templates().locales(name) == LOCALES


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_an_email_is_whole(name: str, locale: str, example: str) -> None:
    values = EXAMPLES[example]

    email = templates().email(name, locale, values)

    preheader = templates().preheader(name, locale, values)
    for part in (email.subject, preheader, email.text, read_page(email.html).text):
        assert part.strip()
        assert not SCRAPS.search(part)
    assert not SCRAPS.search(email.html)
    assert not REMOTE.search(email.html)
    assert not list(missing_in_email(email, shop(), values["unsubscribe_url"]))
    assert not list(unseen_in_email(email, shop(), values["unsubscribe_url"]))
    assert len(email.subject) <= 100
    assert len(email.html.encode()) < 60_000


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_a_text_message_is_whole_and_short(name: str, locale: str, example: str) -> None:
    sms = templates().sms(name, locale, EXAMPLES[example])

    assert not SCRAPS.search(sms.text)
    assert not list(missing_in_sms(sms, shop()))
    assert sms.segments <= 3


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("name", NAMES)
def test_a_text_message_in_latin_letters_takes_one_part(name: str, locale: str) -> None:
    sms = templates().sms(name, locale, EXAMPLES["everything"])

    assert (sms.encoding.value, sms.segments) == ("GSM-7", 1)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_greet_alike(name: str, locale: str) -> None:
    email = templates().email(name, locale, _values(first_name="Zofia"))

    assert ("Zofia" in email.text) == ("Zofia" in read_page(email.html).text)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_without_a_name_nothing_dangles(name: str, locale: str) -> None:
    email = templates().email(name, locale, EXAMPLES["no name"])
    preheader = templates().preheader(name, locale, EXAMPLES["no name"])

    for part in (email.subject, preheader, read_page(email.html).text):
        assert not re.search(r"(?:^|\s)[,!]|,\s*[!,]", part)
