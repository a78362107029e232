"""A template in its parts says, byte for byte, what it says as a whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from perennial.errors import RenderError
from perennial.messages.parts import Part, interleave
from perennial.messages.phrasing import Phrasing
from perennial.messages.remembering import Remembered
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.tidying import ONE_LINE, PLAIN_TEXT, SHORT_TEXT, Tidying
from perennial.messages.values import Product, example_values
from perennial.model.shop import Shop

SHOP = Shop(
    name="Juniper & Rye",
    zone=ZoneInfo("America/New_York"),
    currency="USD",
    country="US",
    default_locale="en",
    postal_address="214 Orchard Street",
    website="https://juniperandrye.example",
    from_address="hello@juniperandrye.example",
    sms_name="Juniper & Rye",
    colours={},
)
FILTERS = Phrasing("en", SHOP).filters()


def refuse_nothing(value: object) -> object:
    assert value is not None
    return value


@cache
def plain_jinja(*, markup: bool) -> ImmutableSandboxedEnvironment:
    """Jinja as it comes, with the filters of the shop and nothing else of ours."""
    environment = ImmutableSandboxedEnvironment(
        autoescape=markup, undefined=StrictUndefined, finalize=refuse_nothing
    )
    environment.filters = dict(FILTERS)
    return environment


class Open(CustomerEnvironment):
    """May call what a template defines itself, so that macros can be tried."""

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002 - Jinja's signature
        return True


def whole_text(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()


WHOLE: dict[str, tuple[bool, Tidying | None, Callable[[str], str]]] = {
    "html": (True, None, lambda text: text),
    "text": (False, PLAIN_TEXT, lambda text: whole_text(text) + "\n"),
    "text message": (False, SHORT_TEXT, whole_text),
    "subject": (False, ONE_LINE, lambda text: " ".join(text.split())),
}


def assert_parts_are_the_whole(kind: str, source: str, values: dict[str, Any]) -> Part:
    markup, tidying, tidy = WHOLE[kind]
    part = Part(Open(FILTERS, markup=markup), source, tidying)
    whole = tidy(plain_jinja(markup=markup).from_string(source).render(values))
    gaps = part.gaps(values)
    assert interleave(part.literals, gaps) == whole
    assert part.fill(values) == whole
    assert len(part.literals) == len(gaps) + 1
    assert all(type(gap) is str for gap in gaps)
    return part


SPACES = st.text(" \n\t\u00a0\u2028\v", max_size=5)
WORDS = st.one_of(
    SPACES,
    st.sampled_from(
        ["Hello", ", ", "<b>", "</b>", "&amp; \n", "привет", "\n\n\n\n", "\n", "7 %", "'"]
    ),
    st.sampled_from(["<td>" * 50, "\n" + "привет " * 40 + "\n"]),
)
PRINTED = st.sampled_from(
    [
        "{{ first_name }}",
        "{{- first_name }}",
        "{{ first_name -}}",
        "{{ first_name | upper }}",
        "{{ offer | offer }}",
        "{{ coupon_expires_on | day }}",
        "{{ points_balance | number }}",
        "{{ liked | length }}",
        "{{ liked | join_words }}",
        "{{ 1000 | number }}",
        "{{ '<&' }}",
        "{{ 3 }}",
        "{{ first_name or 'friend' }}",
        "{{ coupon_code ~ unsubscribe_url }}",
        "{{ found }}",
        "{% raw %}{{ 7 * 7 }}{% endraw %}",
        "{# nothing #}",
        "{{ score_urls[0] }}",
        "{% if product %}{{ product.name }}{% if product.price %}{{ product.price | money }}{% endif %}{% endif %}",
        "{% for item in liked %}{{ item.name }}{% if item.url %}{{ item.url }}{% endif %}{% endfor %}",
    ]
)
STATE = st.sampled_from(
    [
        "{% set found = first_name %}",
        "{% set found %}<{{ first_name }}>{% endset %}",
        "{% macro shout(word) %} {{ word | upper }}\n{% endmacro %}",
        "{{ shout(first_name) }}",
        "{% if liked %}{% set found = 'yes' %}{% endif %}",
        "{% for item in liked %}{% set found = item.name %}{% endfor %}",
    ]
)


def nest(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{{% if liked %}}{}{{% else %}}{}{{% endif %}}".format, inside, inside),
        st.builds("{{%- if points_balance > 5 -%}}{}{{%- endif %}}".format, inside),
        st.builds(
            "{{% if product %}}{}{{% elif liked and not first_name %}}{}{{% else %}}{}{{% endif %}}".format,
            inside,
            inside,
            inside,
        ),
        st.builds("{{% for item in liked %}}{}{{{{ item.name }}}}{{% endfor -%}}".format, inside),
        st.builds("{{% for item in liked %}}{{{{ loop.index }}}}{}{{% endfor %}}".format, inside),
        st.builds("{{% filter upper %}}{}{{% endfilter %}}".format, inside),
        st.builds("{{% with found = 5 %}}{}{{% endwith %}}".format, inside),
        st.builds("{{% autoescape false %}}{}{{% endautoescape %}}".format, inside),
    )


PIECES = st.recursive(
    WORDS | PRINTED | STATE,
    lambda inside: nest(inside) | st.builds(str.__add__, inside, inside),
    max_leaves=6,
)
SOURCES = st.lists(PIECES, max_size=12).map(
    # Defined before all else, so that nothing is missing whatever comes first.
    lambda pieces: "".join(
        ("{% macro shout(word) %}{{ word }}!{% endmacro %}{% set found = 'not yet' %}", *pieces)
    )
)
HOSTILE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "{{7*7}}",
            "{% for %}",
            "-token-",
            "%25",
            "👨\u200d👩\u200d👧",
            "\u202eevil",
            "أحمد",
            "",
            " ",
            "<script>",
            "\"><img onerror='x'>",
            "\n\n\n",
            "\n",
            "a\n\n",
            "\n\nb",
            "None",
        ]
    ),
)


PEOPLE = st.builds(
    # Names as the shop might have them: cleaned for a message, they would be less hostile.
    lambda name, code, liked, points, product: {
        **example_values(),
        "product": product,
        "first_name": name,
        "coupon_code": code,
        "liked": tuple(Product(name=one) for one in liked),
        "points_balance": points,
    },
    HOSTILE,
    HOSTILE,
    st.lists(HOSTILE, max_size=3),
    st.integers(0, 10),
    st.none()
    | st.builds(
        Product,
        name=HOSTILE,
        price=st.none() | st.just(Decimal("2.50")),
    ),
)


@pytest.mark.parametrize("kind", WHOLE)
@given(source=SOURCES, values=PEOPLE)
@settings(deadline=None, max_examples=150)
def test_the_parts_of_any_template_make_its_whole(
    kind: str, source: str, values: dict[str, Any]
) -> None:
    """Case 36."""
    assert_parts_are_the_whole(kind, source, values)


@pytest.mark.parametrize(
    ("kind", "source", "literals"),
    [
        ("html", "<p>Hi {{ first_name }}!</p>", ("<p>Hi ", "!</p>")),
        ("html", "{{ first_name }}{{ coupon_code }}", ("", "")),
        ("html", "{% if liked %}<p>{% endif %}", ("", "")),
        ("html", "{{ 1000 | number }} points", ("1,000 points",)),
        ("html", "{{ '<' }}", ("&lt;",)),
        ("subject", " Hi  there {{ first_name }} ! ", ("Hi there", "!")),
        ("subject", "{{ first_name }} {{ coupon_code }}", ("", "")),
        ("text", "\nHi\n\n\n\nyou\n{{ first_name }}\n, ", ("Hi\n\nyou", ",\n")),
        ("text", "{{ first_name }}\n\n\n  so", ("", "so\n")),
        ("text", "so  \n{{ first_name }}", ("so", "\n")),
        ("text message", "so\n{{ first_name }}", ("so", "")),
        ("text", " nothing else ", ("nothing else\n",)),
        ("text", "", ("\n",)),
    ],
)
def test_what_is_the_same_for_everybody_is_a_literal(
    kind: str, source: str, literals: tuple[str, ...]
) -> None:
    part = assert_parts_are_the_whole(kind, source, example_values())

    assert part.literals == literals


LONG = "<td>" * 50


@pytest.mark.parametrize(
    ("source", "literals", "with_product", "without"),
    [
        (
            f"<p>{{% if product %}}{LONG}{{{{ product.name }}}}{LONG}{{% endif %}}</p>",
            ("<p>", "", "", "</p>"),
            (LONG, "Tea", LONG),
            ("", "", ""),
        ),
        (
            f"<p>{{% if product %}}{LONG}{{% else %}}No {{{{ locale }}}}{LONG}{{% endif %}}</p>",
            ("<p>", "", "", "</p>"),
            (LONG, "", ""),
            ("", "No en", LONG),
        ),
        (
            f"{{% if not product %}}a{{% elif product.price %}}b{{% else %}}c{LONG}{{% endif %}}",
            ("", "", "", ""),
            ("", "", "c" + LONG),
            ("a", "", ""),
        ),
    ],
)
def test_long_words_that_are_chosen_are_the_same_text_for_all_who_get_them(
    source: str,
    literals: tuple[str, ...],
    with_product: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    part = Part(CustomerEnvironment(FILTERS, markup=True), source)
    one, other = Product(name="Tea"), Product(name="Tea")

    assert part.literals == literals
    assert part.gaps({"product": one, "locale": "en"}) == with_product
    assert part.gaps({"product": None, "locale": "en"}) == without
    for mine, theirs in zip(
        part.gaps({"product": one}), part.gaps({"product": other}), strict=True
    ):
        assert mine is theirs or len(mine) < len(LONG)


def test_what_is_remembered_of_a_product_is_that_product_s_own() -> None:
    source = "{% for item in liked %}{{ item.name }} for {{ item.price }}. {% endfor %}"
    part = Part(CustomerEnvironment(FILTERS, markup=True), source)
    cheap, equal = (Product(name="Tea", price=Decimal(price)) for price in ("2.5", "2.50"))

    assert cheap == equal
    for _ in range(2):
        assert part.gaps({"liked": (cheap, equal)}) == ("Tea for 2.5. Tea for 2.50. ",)


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_remembered_of_a_value_is_that_value_s_own(kind: str) -> None:
    source = "{{ points_value }} of {{ points_value | money }} for {{ first_name }}."
    values = example_values()

    for amount, name in (("2.5", "Ann"), ("2.50", "Bea"), ("2.5", "Ann"), ("2.50", "\n\n\n Zoë ")):
        given = {**values, "points_value": Decimal(amount), "first_name": name}
        assert_parts_are_the_whole(kind, source, given)


def test_the_same_words_for_many_are_the_very_same_texts() -> None:
    part = Part(CustomerEnvironment(FILTERS, markup=True), "Hi {{ first_name }}: {{ coupon_code }}")
    name = "Zoë"

    one = part.gaps({"first_name": name, "coupon_code": "ONE"})
    other = part.gaps({"first_name": name, "coupon_code": "OTHER"})

    assert (one, other) == (("Zoë", "ONE"), ("Zoë", "OTHER"))
    assert one[0] is other[0]


def test_of_many_products_as_many_are_remembered_as_there_is_room_for() -> None:
    asked = []

    def say(thing: object) -> str:
        asked.append(thing)
        return str(thing)

    remembered = Remembered(say, most=120)
    things = [f"thing {number}" for number in range(10)]

    for thing in (*things, things[-1], things[-1], things[0]):
        assert remembered(thing) == thing
    assert asked == [*things, things[0]]


def test_a_gap_is_what_one_person_reads() -> None:
    part = Part(CustomerEnvironment(FILTERS, markup=True), "Hi {{ first_name }}, {{ coupon_code }}")
    values = {**example_values(), "first_name": "<Zoë>", "coupon_code": Markup("<b>")}

    assert part.gaps(values) == ("&lt;Zoë&gt;", "<b>")


def test_what_a_gap_defines_is_known_to_the_next_and_to_no_other_person() -> None:
    source = "{% if liked %}{% set found = 'yes' %}{% endif %}<p>{{ found }}</p>"
    part = Part(CustomerEnvironment(FILTERS, markup=True), source)

    assert part.gaps(example_values()) == ("", "yes")
    with pytest.raises(RenderError, match="found"):
        part.gaps({**example_values(), "liked": ()})


def test_white_space_is_the_same_to_every_tidying() -> None:
    signs = map(chr, range(sys.maxunicode + 1))

    assert all(
        sign.isspace() == bool(re.match(r"\s", sign)) == (not sign.split()) for sign in signs
    )
