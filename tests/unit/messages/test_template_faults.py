"""Every mistake of an author is found before the first message, and pointed at in the author's own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from message_templates import EN_MJML, EN_SMS, EN_TXT, LAYOUT_MJML, LAYOUT_TXT, WORDS
from perennial.errors import Fault, TemplateError
from perennial.messages.markup import lost_constructs
from perennial.messages.templates import Templates, load_templates
from perennial.model.shop import Shop

Faults = Callable[[Mapping[str, str | None]], list[Fault]]
HELLO = "<mj-text>Hello{% if first_name %} {{ first_name }}{% endif %}!</mj-text>"


def body(text: str) -> dict[str, str | None]:
    """A change that puts the text in place of the greeting, line 8 of the file."""
    return {"email/birthday/en.mjml": EN_MJML.replace(HELLO, text)}


def only(faults: list[Fault]) -> Fault:
    assert len(faults) == 1, faults
    return faults[0]


def place(fault: Fault) -> tuple[str, int | None, int | None]:
    return "/".join(fault.path.parts[-3:]), fault.line, fault.column


@pytest.mark.parametrize(
    ("expression", "message", "column"),
    [
        ("{{ offr | offer }}", "Unknown merge field `offr`", 13),
        ("{{ offer | ofer }}", "Unknown filter `ofer`", 20),
        ("{{ coupon_code | safe }}", "Unknown filter `safe`", 26),
        ("{{ coupon_code | attr('x') }}", "Unknown filter `attr`", 26),
        ("{{ offer.__class__ }}", "`__class__` is no part of an offer", 19),
        ("{{ coupon_code.__class__ }}", "`__class__` is no part of a text", 25),
        ("{{ offer.valeu | number }}", "`valeu` is no part of an offer", 19),
        ("{{ first_name }}", "`first_name` may be missing", 13),
        ("{{ product.name }}", "`product` may be missing", 13),
        ("{% if product %}{{ product.url }}{% endif %}", "`product.url` may be missing", 29),
        ("{{ points_value }}", "An amount of money cannot be printed", 13),
        ("{{ points_value | date }}", "`date` does not take an amount of money", 27),
        ("{{ coupon_expires_on | money }}", "`money` does not take a date", 32),
        ("{{ points_balance | plural(one='x') }}", "`plural` lacks the form `other`", 29),
        ("{{ points_balance | plural(one='x', other='y', lots='z') }}", "does not take lots", 29),
        ("{{ range(9) }}", "`a call` is not for templates", 10),
        ("{{ lipsum() }}", "`a call` is not for templates", 10),
        ("{{ lipsum.__globals__ }}", "Unknown merge field `lipsum`", 13),
        ("{{ env }}", "Unknown merge field `env`", 13),
        ("{{ open('/etc/hostname') }}", "`a call` is not for templates", 10),
        ("{{ coupon_code * 99999 }}", "`*` is not for templates", 25),
        ("{{ 9 ** 99999 }}", "`**` is not for templates", 15),
        ("{% set x = 1 %}", "`set` is not for templates", 13),
        ("{% include 'shop.yaml' %}", "`include` is not for templates", 13),
        ("{% macro m() %}{% endmacro %}", "`macro` is not for templates", 13),
        ("{% if first_name is defined %}{% endif %}", "`is` is not for templates", 27),
        ("{% for x in points_balance %}{% endfor %}", "Only lists are looped over", 13),
        ("{% if first_name %}", "Not a template: Unexpected end", None),
        ("{{ 1 + }}", "Not a template:", 10),
        ("{% frobnicate %}", "Not a template: Encountered unknown tag", 10),
    ],
)
def test_curly_braces_are_checked_with_line_and_column(
    faults_of: Faults, expression: str, message: str, column: int | None
) -> None:
    """Cases 37 and 41."""
    fault = faults_of(body(f"<mj-text>{expression}</mj-text>"))[0]

    assert message in fault.message
    if column is not None:
        assert place(fault) == ("email/birthday/en.mjml", 8, column)


def test_a_typo_is_refused_with_line_field_and_the_nearest_right_word(
    faults_of: Faults,
) -> None:
    """Case 41."""
    fault = only(faults_of(body("<mj-text>{{ coupon_cod }}</mj-text>")))

    assert place(fault) == ("email/birthday/en.mjml", 8, 13)
    assert fault.message == "Unknown merge field `coupon_cod`."
    assert fault.hint == "Did you mean `coupon_code`?"


def test_a_loop_within_a_loop_is_refused(faults_of: Faults) -> None:
    loops = "{% for x in liked %}{% for y in liked %}{{ y.name }}{% endfor %}{% endfor %}"

    fault = only(faults_of(body(f"<mj-text>{loops}</mj-text>")))

    assert "inside another loop" in fault.message


def test_all_faults_of_all_files_are_told_at_once(faults_of: Faults) -> None:
    faults = faults_of(
        {
            **body("<mj-text>{{ nobody }} {{ nothing }}</mj-text>"),
            "email/birthday/en.txt": EN_TXT.replace("Hello", "{{ nowhere }}"),
            "sms/birthday/en.txt": EN_SMS + "{{ never }}",
            "words/en.yaml": WORDS["en"] + "extra: '{{ noway }} [[ words.more ]]'\n",
        }
    )

    blamed = {fault.message.split("`")[1] for fault in faults if "`" in fault.message}
    assert {"nobody", "nothing", "nowhere", "never"} <= blamed
    assert any("Square brackets" in fault.message for fault in faults)


def test_a_fault_in_the_front_matter_is_found_where_it_stands(faults_of: Faults) -> None:
    changed = EN_MJML.replace("{{ offer | offer }} off", "{{ ofer | offer }} off")

    fault = only(faults_of({"email/birthday/en.mjml": changed}))

    assert place(fault) == ("email/birthday/en.mjml", 3, 16)


def test_a_fault_in_a_phrase_is_found_in_the_words(faults_of: Faults) -> None:
    words = WORDS["en"].replace("Unsubscribe", "Unsubscribe {{ who }}")

    faults = faults_of({"words/en.yaml": words})

    assert {place(fault) for fault in faults} == {("templates/words/en.yaml", 2, 29)}


def test_a_fault_in_a_part_is_found_in_the_part(faults_of: Faults) -> None:
    faults = faults_of(
        {
            **body('[% include "parts/hello.mjml" %]'),
            "email/parts/hello.mjml": "<mj-text>\n  Hi {{ first_nam }}\n</mj-text>\n",
        }
    )

    assert place(only(faults)) == ("email/parts/hello.mjml", 2, 9)


@pytest.mark.parametrize(
    ("bracket", "message", "column"),
    [
        ("[[ wrods.reason ]]", "Unknown name `wrods`", 13),
        ("[[ words.reasons ]]", "`words` has no `reasons`", 19),
        ("[[ shop.__class__ ]]", "`__class__` is not for templates", 18),
        ("[[ lipsum.__globals__ ]]", "Unknown name `lipsum`", 13),
        ("[[ env ]]", "Unknown name `env`", 13),
        ("[[ config ]]", "Unknown name `config`", 13),
        ('[% include "../shop.yaml" %]', "There is no shared template `../shop.yaml`", 22),
        ("[[ shop.name | frobnicate ]]", "No filter named 'frobnicate'", None),
        ("[% if shop %]", "Not a template: ", None),
    ],
)
def test_square_brackets_are_checked_with_line_and_column(
    faults_of: Faults, bracket: str, message: str, column: int | None
) -> None:
    faults = faults_of(body(f"<mj-text>{bracket}</mj-text>"))

    fault = next(fault for fault in faults if message in fault.message)
    if column is not None:
        assert place(fault) == ("email/birthday/en.mjml", 8, column)


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ("<mj-txt>x</mj-txt>", "MJML knows no <mj-txt>"),
        ("<mj-text>x", "<mj-text> is never closed"),
        ("</mj-table>", "</mj-table> closes nothing"),
        ('<mj-include path="/etc/passwd" />', "<mj-include> is not for emails"),
        ('<mj-image src="https://cdn.example/x.png" alt="x" />', "`src` loads something remote"),
        ('<mj-text><img src="//cdn.example/x.png" /></mj-text>', "`src` loads something remote"),
        ('<mj-section background-url="https://x.example/y.png"></mj-section>', "loads something"),
        ("<mj-text><script>x()</script></mj-text>", "<script> is not for emails"),
        ('<mj-text><b onclick="x()">x</b></mj-text>', "`onclick` runs a script"),
        (
            '<mj-text><b style="background: url(http://x.example/y)">x</b></mj-text>',
            "A style loads",
        ),
        ('<mj-text><a href="javascript:alert(1)">x</a></mj-text>', "A link starts with"),
        ('<mj-text><a href="{{ coupon_code }}">x</a></mj-text>', "A link is made of a text"),
        ('<mj-text><b class="{{ coupon_code }}">x</b></mj-text>', "has no place in `class`"),
        ('<mj-text><b style="color: {{ coupon_code }}">x</b></mj-text>', "no place in a style"),
        ("<mj-text><b title={{ coupon_code }}>x</b></mj-text>", "an attribute without quotes"),
    ],
)
def test_markup_is_checked_with_its_line(faults_of: Faults, markup: str, message: str) -> None:
    fault = next(fault for fault in faults_of(body(markup)) if message in fault.message)

    assert place(fault)[:2] == ("email/birthday/en.mjml", 8)


def test_what_mjml_loads_by_itself_is_refused(faults_of: Faults) -> None:
    social = '<mj-social><mj-social-element name="x" href="https://x.example">X</mj-social-element></mj-social>'

    assert any("loads something remote" in fault.message for fault in faults_of(body(social)))


def test_what_mjml_cannot_read_is_told(faults_of: Faults) -> None:
    fault = only(faults_of(body("<mj-text>1 < 2</mj-text>")))

    assert "MJML: unable to parse" in fault.message


def test_a_value_where_mjml_takes_none_is_pointed_at(faults_of: Faults) -> None:
    fault = only(faults_of(body("<mj-spacer>{{ coupon_code }}</mj-spacer>")))

    assert fault.message == "MJML: unexpected token."
    assert fault.line == 8
    assert "<mj-raw>" in str(fault.hint)


def test_a_value_that_does_not_come_through_mjml_is_missed() -> None:
    assert lost_constructs("<p>qz0ozq</p>", "<!-- qz1ozq --><p>qz0ozq qz2tzq</p>") == [2]


@pytest.mark.parametrize(
    ("name", "change", "lacks"),
    [
        ("email/layout.mjml", (LAYOUT_MJML, "[[ shop.postal_address ]]"), "the postal address"),
        ("email/layout.mjml", (LAYOUT_MJML, ' href="{{ unsubscribe_url }}"'), "the link to unsub"),
        ("email/layout.mjml", (LAYOUT_MJML, "[[ words.unsubscribe ]]"), "a visible link to unsub"),
        ("email/layout.mjml", (LAYOUT_MJML, ", because=front.because"), "cannot be filled in"),
        ("email/layout.txt", (LAYOUT_TXT, "[[ shop.postal_address ]]"), "the postal address"),
        ("email/layout.txt", (LAYOUT_TXT, "{{ unsubscribe_url }}"), "the link to unsubscribe"),
        ("sms/birthday/en.txt", (EN_SMS, "[[ shop.sms_name ]]"), "the shop's name"),
        ("sms/birthday/en.txt", (EN_SMS, "[[ words.sms_stop ]]"), "the word that stops messages"),
    ],
)
def test_what_the_law_and_readers_ask_for_is_missed(
    faults_of: Faults, name: str, change: tuple[str, str], lacks: str
) -> None:
    text, words = change

    assert any(lacks in fault.message for fault in faults_of({name: text.replace(words, "")}))


@pytest.mark.parametrize("style", ["display:none", "visibility: hidden", "opacity:0"])
def test_a_link_to_unsubscribe_that_nobody_sees_does_not_count(
    faults_of: Faults, style: str
) -> None:
    hidden = LAYOUT_MJML.replace("<a href", f'<a style="{style}" href')

    fault = only(faults_of({"email/layout.mjml": hidden}))

    assert "a visible link to unsubscribe" in fault.message


@pytest.mark.parametrize("guard", ["product", "points_balance"])
def test_a_link_to_unsubscribe_that_only_some_get_does_not_count(
    faults_of: Faults, guard: str
) -> None:
    link = '<a href="{{ unsubscribe_url }}">[[ words.unsubscribe ]]</a>'
    guarded = LAYOUT_MJML.replace(link, f"{{% if {guard} %}}{link}{{% endif %}}")

    assert any("unsubscribe" in f.message for f in faults_of({"email/layout.mjml": guarded}))


@pytest.mark.parametrize("name", ["subject", "preheader", "because"])
def test_a_missing_line_of_the_front_matter_is_named(faults_of: Faults, name: str) -> None:
    lines = [line for line in EN_MJML.splitlines() if not line.startswith(name)]

    faults = faults_of({"email/birthday/en.mjml": "\n".join(lines)})

    assert f"The front matter lacks `{name}`." in [fault.message for fault in faults]


def test_a_missing_twin_is_named(faults_of: Faults) -> None:
    fault = only(faults_of({"email/birthday/en.txt": None}))

    assert place(fault) == ("email/birthday/en.txt", None, None)
    assert fault.message == "This file is missing."


def test_a_missing_language_is_named(folder: Callable[..., Path], shop: Shop) -> None:
    with pytest.raises(TemplateError) as caught:
        load_templates(folder(), replace(shop, locales=("en", "ru")))

    missing = {"/".join(f.path.parts[-2:]) for f in caught.value.faults if "missing" in f.message}
    assert missing == {"birthday/ru.mjml", "birthday/ru.txt", "words/ru.yaml"}


def test_a_phrase_that_another_language_has_is_missed(
    folder: Callable[..., Path], shop: Shop
) -> None:
    changes = {
        "email/birthday/es.mjml": EN_MJML,
        "email/birthday/es.txt": EN_TXT,
        "sms/birthday/es.txt": EN_SMS,
        "words/es.yaml": WORDS["es"].replace("unsubscribe:", "unsuscribe:"),
    }
    with pytest.raises(TemplateError) as caught:
        load_templates(folder(changes), replace(shop, locales=("en", "es")))

    fault = next(f for f in caught.value.faults if f.message.startswith("`unsubscribe` is missing"))
    assert fault.path.name == "es.yaml"


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("---\nsubject: [", "Not YAML"),
        ("---\nsubject: x", "no closing"),
        ("---\nsubject: [a, b]\n---\n", "`subject` is not a text"),
    ],
)
def test_front_matter_that_cannot_be_read(faults_of: Faults, front: str, message: str) -> None:
    rest = "\n---\n[% extends 'layout.mjml' %]" if message == "Not YAML" else ""

    faults = faults_of({"email/birthday/en.mjml": front + rest})

    assert any(message in fault.message for fault in faults)


def test_a_file_that_is_not_utf_8_is_named(folder: Callable[..., Path], shop: Shop) -> None:
    path = folder()
    (path / "sms/birthday/en.txt").write_bytes("Привет".encode("cp1251"))

    with pytest.raises(TemplateError, match="UTF-8"):
        load_templates(path, shop)


def test_a_right_folder_has_no_faults(templates: Templates) -> None:
    assert templates.names() == ("birthday",)


def test_russian_needs_all_its_plural_forms(folder: Callable[..., Path], shop: Shop) -> None:
    phrase = "{{ points_balance | plural(one='балл', other='баллов') }}"
    changes = {
        "email/birthday/ru.mjml": EN_MJML,
        "email/birthday/ru.txt": EN_TXT,
        "sms/birthday/ru.txt": EN_SMS + phrase,
        "words/ru.yaml": WORDS["ru"],
    }
    with pytest.raises(TemplateError, match="lacks the form `few`"):
        load_templates(folder(changes), replace(shop, locales=("ru",), default_locale="ru"))
