"""What the pages are made of: colours that can be read, words in every language, callers, forms."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from perennial.edge.callers import Limit, caller_of
from perennial.edge.forms import Form, first, read_form
from perennial.edge.page_colours import contrast, page_colours
from perennial.edge.page_words import accepted_languages, read_page_words
from perennial.errors import SettingsError
from perennial.model.shop import Shop
from perennial.sources.shop_file import read_shop

PROJECT = Path(__file__).parents[3]
WORDS = PROJECT / "plugins/perennial/edge/pages/words"
COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return read_shop(PROJECT / "shop.yaml")


@given(brand=COLOUR, accent=COLOUR, paper=COLOUR, ink=COLOUR)
def test_whatever_colours_a_shop_has_its_pages_can_be_read(**chosen: str) -> None:
    for colours in page_colours(chosen).values():
        for front, backs in {
            "ink": ("page", "card", "tint"),
            "soft": ("page", "card"),
            "brand": ("page", "card", "tint"),
            "warm": ("card",),
            "on_brand": ("brand",),
        }.items():
            for back in backs:
                assert contrast(colours[front], colours[back]) >= 4.5
        assert contrast(colours["edge"], colours["card"]) >= 3


def test_a_shop_that_names_no_colours_has_some() -> None:
    assert page_colours({})["day"]["brand"] == "#2f5d50"


@pytest.mark.parametrize("locale", ["es", "ru"])
def test_every_language_says_the_same_with_the_same_gaps(locale: str) -> None:
    english, other = (
        yaml.safe_load((WORDS / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("en", locale)
    )

    assert list(other) == list(english)
    for name, words in english.items():
        assert set(re.findall(r"%\(\w+\)s", other[name])) == set(re.findall(r"%\(\w+\)s", words)), (
            name
        )


def test_a_shop_says_it_in_its_own_words(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text('unsubscribe_button: "Goodbye"\n')
    words = read_page_words(tmp_path, shop)

    assert words.by_locale["en"]["unsubscribe_button"] == "Goodbye"
    assert words.by_locale["es"]["unsubscribe_button"] == "Sí, no me escriban más"
    shipped = read_page_words(tmp_path / "none", shop)
    assert words.version("en") != shipped.version("en")
    assert words.version("es") == shipped.version("es")
    assert len(words.version("es")) <= 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('unsubscribe_buton: "Goodbye"', "Did you mean 'unsubscribe_button'"),
        ('unsubscribe_button: "Goodbye %(name)s"', "nothing fills %(name)s"),
        ("unsubscribe_button: [1]", "this is not a list of phrases"),
        ("{", "this is not a list of phrases"),
    ],
)
def test_words_that_no_page_says_are_refused(
    shop: Shop, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "en.yaml").write_text(text)

    with pytest.raises(SettingsError) as refused:
        read_page_words(tmp_path, shop)
    assert said in str(refused.value)
    assert "en.yaml" in str(refused.value)


def test_a_language_that_nobody_has_worded_is_left_out(
    shop: Shop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = read_page_words(tmp_path, replace(shop, locales=("de", "es-MX"), default_locale="de"))

    assert words.locales == ("es-MX",)
    assert words.choose("de", "fr") == "es-MX"
    assert "de" in caplog.text


@given(st.text())
def test_any_wish_for_a_language_is_read(header: str) -> None:
    accepted_languages(header)


def test_the_dearest_language_comes_first() -> None:
    assert accepted_languages("en;q=0.5, ru, es-MX;q=0.9, *;q=0.1, de;q=0, xx;q=nonsense") == [
        "ru",
        "xx",
        "es-MX",
        "en",
    ]


def _request(
    body: bytes = b"", content_type: str = "", *, client: str = "203.0.113.9", **headers: str
) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "client": (client, 1234),
        "headers": [
            (b"content-type", content_type.encode()),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
        ],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


def _form(body: bytes, content_type: str) -> Form:
    form = asyncio.run(read_form(_request(body, content_type), most=100_000))
    assert isinstance(form, dict)
    return form


@given(
    st.binary(max_size=300), st.sampled_from(["multipart/form-data; boundary=x", "text/plain", ""])
)
def test_any_form_is_read_without_an_error(body: bytes, content_type: str) -> None:
    _form(body, content_type)
    _form(b"--x\r\n" + body, content_type)


def test_both_kinds_of_forms_say_the_same() -> None:
    plain = _form(b"comment=%D1%91+%26&consent=a&consent=b", "application/x-www-form-urlencoded")
    pieces = [("comment", "ё &"), ("consent", "a"), ("consent", "b")]
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (name.encode(), value.encode())
        for name, value in pieces
    )

    assert _form(parts + b"--x--\r\n", "multipart/form-data; boundary=x") == plain
    assert plain == {"comment": ["ё &"], "consent": ["a", "b"]}
    assert first(plain, "consent") == "a"
    assert first(plain, "missing") is None


@pytest.mark.parametrize(
    ("client", "said", "header", "caller"),
    [
        ("203.0.113.9", "198.51.100.1", None, "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "X-Real-IP", "198.51.100.1"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.1", "X-Real-IP", "198.51.100.1"),
        ("127.0.0.1", "::ffff:198.51.100.1", "X-Real-IP", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "", None, "2001:db8:1:2::"),
        ("127.0.0.1", "", "X-Real-IP", "127.0.0.1"),
        ("testclient", "", None, "unknown"),
    ],
)
def test_a_caller_is_the_address_that_asks(
    client: str, said: str, header: str | None, caller: str
) -> None:
    assert caller_of(_request(client=client, x_real_ip=said), header) == caller


def test_a_limit_refills_with_time_and_forgets_whoever_is_longest_gone() -> None:
    now = [0.0]
    limit = Limit(6, clock=lambda: now[0], most=2)

    assert [limit.allows("a") for _ in range(7)] == [True] * 6 + [False]
    now[0] = 10.0
    assert [limit.allows("a"), limit.allows("a")] == [True, False]
    assert [limit.allows(name) for name in ("b", "c")] == [True, True]
    assert limit.allows("a")
