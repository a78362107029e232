"""What customers type is printed, never run: cases 36, 38, 39 and 40."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.messages.cleaning import clean_text
from perennial.messages.rendered import RenderedEmail
from perennial.messages.templates import Templates
from perennial.messages.values import example_values, read_values
from perennial.messages.visible import read_page

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
TAGS = re.compile(r"<[^>]*>")


def email_to(templates: Templates, name: object) -> RenderedEmail:
    given_values = {**example_values(), "first_name": name}
    return templates.email("birthday", "en", read_values(given_values))


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "{% for %}",
        "{{config}}",
        "-token-",
        "%25",
        "{# x #}",
        "[[ shop ]]",
        "%(shop)s",
        "${x}",
    ],
)
def test_a_name_that_looks_like_a_template_is_printed_literally(
    templates: Templates, name: str
) -> None:
    """Case 36."""
    email = email_to(templates, name)

    assert email.subject == f"Happy birthday, {name}"
    assert f"Hello {name}!" in email.text
    assert f"Hello {name}!" in email.html
    assert f"happy birthday, {name}!" in (
        templates.sms("birthday", "en", read_values({**example_values(), "first_name": name})).text
    )


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img onerror=x>', "a&b", "O'Neil"]
)
def test_markup_in_a_name_is_escaped_in_html_and_plain_in_text(
    templates: Templates, name: str
) -> None:
    """Case 38."""
    email = email_to(templates, name)

    assert f"Hello {name}!" in email.text
    assert f"Hello {name}!" in read_page(email.html).text
    assert "<script" not in email.html
    assert "<img" not in email.html


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:x", "vbscript:x"]
)
def test_a_link_that_is_no_web_link_is_left_out(templates: Templates, url: str) -> None:
    """Case 38."""
    product = {"name": "Tea", "price": "3.50", "url": url}

    email = templates.email("birthday", "en", read_values({**example_values(), "product": product}))

    assert "Tea $3.50" in read_page(email.html).text
    assert url not in email.html
    assert "See it" not in email.html


@pytest.mark.parametrize(
    "trouble", ["\r\n", "\n", "\r", "\0", "\u2028", "\u2029", "\x85", "\v", "\f"]
)
def test_a_line_break_in_a_name_is_stripped(templates: Templates, trouble: str) -> None:
    """Case 39."""
    email = email_to(templates, f"Ann{trouble}Bcc: all@mail.example")

    assert len(email.subject.splitlines()) == 1
    assert trouble not in email.subject


@pytest.mark.parametrize(
    "name",
    [
        "   ",
        "null",
        "NaN",
        "None",
        "undefined",
        "N/A",
        "\u200b",
        "\u202e",
        "x" * 10_000,
        "a" + "\u0301" * 5000,
    ],
)
def test_a_name_that_is_none_is_greeted_without(templates: Templates, name: str) -> None:
    """Case 40."""
    email = email_to(templates, name)

    assert email.subject == "Happy birthday"
    assert "Hello!" in email.text


@pytest.mark.parametrize("name", [FAMILY, "José", "Zoë", "Анна-Мария", "李小龙", "नन्दिनी", "🇪🇸"])
def test_names_of_the_world_stay_whole(templates: Templates, name: str) -> None:
    """Case 40."""
    assert email_to(templates, name).subject == f"Happy birthday, {name}"


def test_signs_that_turn_the_text_around_are_removed(templates: Templates) -> None:
    """Case 40."""
    email = email_to(templates, "\u202eAnn\u2066\u200f\u061c")

    assert email.subject == "Happy birthday, Ann"


def test_a_long_product_name_is_cut_between_characters() -> None:
    """Case 40."""
    product = read_values({"product": {"name": FAMILY * 100}})["product"]

    assert product.name == FAMILY * 79 + "…"


@given(name=st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_name_adds_a_tag_to_the_html(templates: Templates, name: str) -> None:
    plain = email_to(templates, "Ann")
    hostile = email_to(templates, f"A{name}")

    assert TAGS.findall(hostile.html) == TAGS.findall(plain.html)


@given(inside=st.text(alphabet="{}%#7*[]()+-_.ab 'x|\"", max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nothing_in_a_name_is_evaluated(templates: Templates, inside: str) -> None:
    name = clean_text(f"A{inside}")

    assert email_to(templates, name).subject == f"Happy birthday, {' '.join(name.split())}"
