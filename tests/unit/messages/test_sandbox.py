"""What a template may do while the shop's words go in, and what it may not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import SecurityError, UndefinedError

from perennial.messages.sandbox import (
    CustomerEnvironment,
    Phrase,
    ShopEnvironment,
    TooMuchWork,
    escape_words,
)
from perennial.messages.values import read_values


def fill(source: str, *, markup: bool = True, **values: object) -> str:
    return ShopEnvironment({}, markup=markup).from_string(source).render(**values)


def test_the_shops_values_are_escaped_in_markup() -> None:
    assert fill("[[ name ]]", name="Juniper & <Rye>") == "Juniper &amp; &lt;Rye&gt;"


def test_the_shops_values_are_plain_in_text() -> None:
    assert fill("[[ name ]]", name="Juniper & <Rye>", markup=False) == "Juniper & <Rye>"


def test_curly_braces_of_the_shops_values_lose_their_power() -> None:
    filled = fill("[[ name ]]", name="{{ 7 * 7 }} {% for %} {# x #}")

    customer = CustomerEnvironment({}, markup=False)
    assert customer.from_string(filled).render() == "{{ 7 * 7 }} {% for %} {# x #}"


def test_curly_braces_of_the_authors_keep_their_power() -> None:
    phrase = Phrase("on {{ day | date }} & {% if a > 1 %}<b>{% endif %}")

    assert (
        fill("[[ p ]]", p=phrase) == "on {{ day | date }} &amp; {% if a > 1 %}&lt;b&gt;{% endif %}"
    )


def test_a_phrase_is_filled_in_by_the_layout() -> None:
    phrase = Phrase("From %(shop)s, because %(because)s")

    filled = fill(
        "[[ p | format(shop=shop, because=because) ]]",
        p=phrase,
        shop="{{ evil }}",
        because=Phrase("{{ consented_on }}"),
        markup=False,
    )

    assert filled == "From {{ '{' }}{ evil }}, because {{ consented_on }}"


def test_joined_phrases_are_phrases() -> None:
    assert fill("[[ a ~ b ]]", a=Phrase("{{ x }}"), b="{{ y }}") == "{{ x }}{{ '{' }}{ y }}"
    assert fill("[[ a + b ]]", a=Phrase("{{ x }}"), b="!") == "{{ x }}!"


def test_what_macros_and_blocks_return_is_not_escaped_again() -> None:
    macro = "[% macro bold(x) %]<b>[[ x ]]</b>[% endmacro %][[ bold('a & b') ]]"

    assert fill(macro) == "<b>a &amp; b</b>"


@pytest.mark.parametrize(
    "source",
    [
        "[[ name.__class__ ]]",
        "[[ name['__class__'] ]]",
        "[[ name.format('x') ]]",
        "[[ name.ljust(999999999) ]]",
        "[[ 'x' * 999999999 ]]",
        "[[ 9 ** 9 ** 9 ]]",
        "[[ 999999999999 * 999999999999 * 9 ]]",
        "[[ '%999999999d' | format(1) ]]",
        "[[ '%*d' | format(999999999, 1) ]]",
        "[[ '%s' % name ]]",
        "[% for i in range(999999999) %][% endfor %]",
        "[% for i in range(5000) %][% for j in range(5000) %][% endfor %][% endfor %]",
        "[% for i in range(9999) %][[ text ]][% endfor %]",
        "[% macro m() %][[ m() ]][[ m() ]][% endmacro %][[ m() ]]",
        "[% macro m(x) %][[ m(x ~ x) ]][% endmacro %][[ m('abc') ]]",
        "[% set a = text ~ text %]" + "[% set a = a ~ a %]" * 30,
        "[[ lipsum() ]]",
        "[[ cycler('a') ]]",
        "[[ namespace(a=1) ]]",
        "[[ nothing ]]",
        "[[ none ]]",
        "[% include 'x' %]",
        "[% include '/etc/hostname' %]",
        "[% import '/etc/hostname' as secrets %]",
        "[[ open('/etc/hostname') ]]",
        "[[ env ]]",
        "[[ environ['HOME'] ]]",
        "[[ config ]]",
        "[[ get('http://127.0.0.1/') ]]",
        "[[ lipsum.__globals__['os'].environ ]]",
        "[[ self.__init__.__globals__ ]]",
        "[[ words.__init__.__globals__ ]]",
    ],
)
def test_what_would_escape_or_never_end_is_stopped(source: str) -> None:
    """Case 37."""
    with pytest.raises((JinjaError, RecursionError)):
        fill(source, name="Ann", text="x" * 1000, words=SimpleNamespace())


def test_constants_of_the_authors_are_plain_in_text() -> None:
    assert fill("[[ 'a & b' ]]", markup=False) == "a & b"


def test_work_is_counted_anew_for_each_template() -> None:
    environment = ShopEnvironment({}, markup=True)
    loop = environment.from_string("[% for i in range(15000) %][% endfor %]")
    loop.render()

    with pytest.raises(TooMuchWork):
        loop.render()
    environment.budget.refill()
    loop.render()


def test_a_loop_still_knows_its_first_and_last() -> None:
    source = "[% for i in range(3) %][[ i ]][% if not loop.last %],[% endif %][% endfor %]"

    assert fill(source) == "0,1,2"


@pytest.mark.parametrize(
    "source",
    [
        "{{ product.__class__ }}",
        "{{ first_name.__class__ }}",
        "{{ first_name.upper() }}",
        "{{ product.name.upper }}",
        "{{ range(3) }}",
        "{{ dict }}",
        "{{ lipsum.__globals__ }}",
        "{{ lipsum.__globals__['os'].environ }}",
        "{{ env }}",
        "{{ open('/etc/hostname') }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self.__init__ }}",
        "{{ first_name | attr('x') }}",
        "{{ nothing }}",
        "{{ points_balance }}",
    ],
)
def test_the_customers_stage_sees_values_and_filters_alone(source: str) -> None:
    """Case 37."""
    values = read_values({"first_name": "Ann", "product": {"name": "Tea"}})

    with pytest.raises((SecurityError, UndefinedError, JinjaError)):
        CustomerEnvironment({}, markup=True).from_string(source).render(values)


def test_escaping_leaves_curly_braces_alone() -> None:
    assert escape_words("a < b {% if a < b %} & {{ x }}") == "a &lt; b {% if a < b %} &amp; {{ x }}"
