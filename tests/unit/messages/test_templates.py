from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from message_templates import EN_MJML, EN_SMS, EN_TXT, WORDS
from perennial.errors import RenderError
from perennial.messages.sms_segments import Encoding
from perennial.messages.templates import Templates, load_templates
from perennial.messages.values import example_values, read_values
from perennial.messages.visible import read_page
from perennial.model.shop import Shop
from perennial.model.words import Channel


def test_an_email_is_subject_preheader_html_and_text(templates: Templates) -> None:
    email = templates.email("birthday", "en", example_values())

    assert email.subject == "Happy birthday, Ann"
    assert templates.preheader("birthday", "en", example_values()) == "10% off until December 5"
    assert email.text == (
        "Hello Ann!\n\nOne idea: Dark roast coffee\n\n"
        "BDAY-K7TWQ-4MZXP: 10% until December 5, 2026\n\n--\n"
        "You get this from Juniper & Rye because today is your birthday, March 14, 2025 being the day"
        " you agreed.\nUnsubscribe: https://shop.example/u/1.abc.def\n"
        "Juniper & Rye Grocers, 214 Orchard Street, Cincinnati, OH 45202\n"
    )


def test_the_html_says_what_the_text_says(templates: Templates) -> None:
    page = read_page(templates.email("birthday", "en", example_values()).html)

    assert "Hello Ann!" in page.text
    assert "Dark roast coffee $8.99" in page.text
    assert page.links["https://juniperandrye.example/p/1029743"] == "See it"
    assert page.links["https://shop.example/u/1.abc.def"] == "Unsubscribe"


def test_without_a_name_the_greeting_is_whole(templates: Templates) -> None:
    email = templates.email("birthday", "en", example_values(sparse=True))

    assert email.subject == "Happy birthday"
    assert email.text.startswith("Hello!\n\nBDAY-K7TWQ-4MZXP")
    assert "None" not in email.html


def test_a_text_message_knows_what_it_is_sent_in(templates: Templates) -> None:
    sms = templates.sms("birthday", "en", example_values())

    assert sms.text == (
        "Juniper & Rye: happy birthday, Ann! 10% off: BDAY-K7TWQ-4MZXP. Reply STOP to opt out"
    )
    assert (sms.encoding, sms.characters, sms.segments) == (Encoding.GSM_7, len(sms.text), 1)


def test_the_same_values_give_the_same_bytes(folder: Callable[..., Path], shop: Shop) -> None:
    path = folder()
    one, other = load_templates(path, shop), load_templates(path, shop)

    first, second = (each.email("birthday", "en", example_values()) for each in (one, other))

    assert (first.subject, first.html, first.text) == (second.subject, second.html, second.text)


def test_nothing_remote_is_in_the_html(templates: Templates) -> None:
    html = templates.email("birthday", "en", example_values()).html

    assert "fonts.googleapis.com" not in html
    assert "<link" not in html
    assert "<img" not in html


def test_fields_and_required_fields(templates: Templates) -> None:
    assert templates.fields("birthday", Channel.SMS) == {"first_name", "offer", "coupon_code"}
    assert templates.required("birthday", Channel.SMS) == {"offer"}
    assert templates.required("birthday", Channel.EMAIL) == {
        "offer",
        "coupon_expires_on",
        "consented_on",
    }
    assert "unsubscribe_url" in templates.fields("birthday", Channel.EMAIL)


def test_a_guarded_field_is_not_required(load: Callable[..., Templates]) -> None:
    guarded = EN_SMS.replace(
        "{{ offer | offer }} off", "{% if offer %}{{ offer | offer }} off{% endif %}"
    )
    templates = load({"sms/birthday/en.txt": guarded})

    assert templates.required("birthday", Channel.SMS) == frozenset()
    without = templates.sms("birthday", "en", {**example_values(), "offer": None})
    assert without.text.startswith("Juniper & Rye: happy birthday, Ann! : BDAY-K7TWQ-4MZXP")


@pytest.mark.parametrize(
    "expression",
    [
        "{{ first_name or 'friend' }}",
        "{{ first_name if first_name else 'friend' }}",
        "{% if not first_name %}friend{% else %}{{ first_name }}{% endif %}",
        "{% if first_name and points_balance > 3 %}{{ first_name | upper }}{% endif %}",
        "{% for item in liked[:2] %}{{ loop.index }} {{ item.name }}{% endfor %}",
        "{{ liked | map(attribute='name') | join_words }} {{ liked | join_words }}",
        "{% if liked | length > 1 %}many{% endif %}",
        "{{ (reward_points - points_balance) | number }}",
        "{{ score_urls[4] }} {{ score_urls.0 }}",
        "{% for item in liked if item.price %}{{ item.price | money }}{% endfor %}",
        "{% for product in liked %}{% if product.url %}{{ product.url }}{% endif %}{% endfor %}",
        "{{ offer.value | percent }} {{ 500 | number }} {{ 5.00 | money }} {{ coupon_code ~ '!' }}",
        "{% if first_name %}a{% elif product %}{{ product.name }}{% endif %}",
    ],
)
def test_what_authors_may_write(load: Callable[..., Templates], expression: str) -> None:
    templates = load({"sms/birthday/en.txt": EN_SMS + expression})

    assert "{" not in templates.sms("birthday", "en", example_values()).text
    assert "None" not in templates.sms("birthday", "en", example_values(sparse=True)).text


def test_a_missing_value_is_refused_by_name(templates: Templates) -> None:
    values = read_values({"first_name": "Ann"})

    with pytest.raises(RenderError, match=r"^(consented_on|coupon_|offer|unsubscribe_url)"):
        templates.email("birthday", "en", values)


def test_an_unknown_template_is_refused(templates: Templates) -> None:
    with pytest.raises(RenderError, match="no email template `easter`"):
        templates.email("easter", "en", example_values())
    with pytest.raises(RenderError, match="no sms template `easter`"):
        templates.required("easter", Channel.SMS)


@pytest.mark.parametrize(
    ("asked", "given"), [("es", "es"), ("es-MX", "es"), ("fr", "en"), ("en-GB", "en")]
)
def test_a_language_falls_back_to_its_parent_and_then_to_the_shops(
    folder: Callable[..., Path], shop: Shop, asked: str, given: str
) -> None:
    changes = {
        "email/birthday/es.mjml": EN_MJML.replace("Happy birthday", "Feliz cumpleaños"),
        "email/birthday/es.txt": EN_TXT,
        "sms/birthday/es.txt": EN_SMS.replace("happy birthday", "feliz cumple"),
        "words/es.yaml": WORDS["es"],
    }
    templates = load_templates(folder(changes), replace(shop, locales=("en", "es")))

    subject = templates.email("birthday", asked, example_values()).subject
    assert templates.locales("birthday") == ("en", "es")
    assert subject == {"es": "Feliz cumpleaños, Ann", "en": "Happy birthday, Ann"}[given]


def test_the_accents_of_a_name_do_not_change_the_words(templates: Templates) -> None:
    values = {
        **example_values(),
        "first_name": read_values({"first_name": "Zoe\u0308"})["first_name"],
    }

    assert templates.email("birthday", "en", values).subject == "Happy birthday, Zoë"


def test_a_text_message_that_no_carrier_takes_is_refused(load: Callable[..., Templates]) -> None:
    many = "{% for item in liked %}{{ item.name }}{{ item.name }}{{ item.name }}{% endfor %}"
    templates = load({"sms/birthday/en.txt": EN_SMS + many})
    values = read_values({**example_values(), "liked": [{"name": "x" * 80}] * 9})

    with pytest.raises(RenderError, match="1600 is the most"):
        templates.sms("birthday", "en", values)


def test_an_email_that_gmail_would_cut_off_is_refused(load: Callable[..., Templates]) -> None:
    row = "<mj-text>{% for item in liked %}<p>{{ item.name }}</p>{% endfor %}</mj-text>"
    templates = load(
        {"email/birthday/en.mjml": EN_MJML.replace("<mj-text>Hello", row + "<mj-text>Hello")}
    )
    values = read_values({**example_values(), "liked": [{"name": "я" * 80}] * 700})

    with pytest.raises(RenderError, match="Gmail cuts it off"):
        templates.email("birthday", "en", values)


def test_a_shop_with_braces_in_its_name_is_printed_as_it_is(
    folder: Callable[..., Path], shop: Shop
) -> None:
    odd = replace(shop, name="{{ 7 * 7 }} <Rye>", sms_name="{{7*7}}")
    templates = load_templates(folder(), odd)

    assert "{{ 7 * 7 }} <Rye>" in templates.email("birthday", "en", example_values()).text
    assert "{{ 7 * 7 }} &lt;Rye&gt;" in templates.email("birthday", "en", example_values()).html
    assert templates.sms("birthday", "en", example_values()).text.startswith("{{7*7}}: ")
