"""What the messages say: to people with and without a name, in every language of the shop."""

from __future__ import annotations

import re

import pytest

from message_readers import READERS, values_of
from perennial.messages.sms_segments import Encoding
from perennial.messages.templates import Templates
from perennial.messages.values import example_values, read_values
from perennial.model.shop import Shop
from perennial.model.words import Channel, SurveyScale

TEMPLATES = (
    "birthday",
    "feedback_survey",
    "points_reminder",
    "win_back_hello",
    "win_back_offer_10",
    "win_back_offer_15",
)
LOCALES = ("en", "es", "ru")
LINK = re.compile(r"https?://[^\s\"<>]+")
SLIP = re.compile(r"None|\(\)|«»|\"\"|[{}\[\]]|%\(| [,.:!?]|,,|,!|\.\.|: *[.,]|(?m:^[,.:!?])")


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_every_message_exists_in_every_language_of_the_shop(
    templates: Templates, shop: Shop, channel: Channel
) -> None:
    only = ("confirm_consent",) if channel is Channel.EMAIL else ()
    assert templates.names(channel) == tuple(sorted((*TEMPLATES, *only)))
    assert {templates.locales(name) for name in templates.names(channel)} == {LOCALES}
    assert shop.locales == LOCALES


def test_an_email_leaves_no_gap_where_a_value_is_missing(
    templates: Templates, template: str, locale: str, reader: str
) -> None:
    email = templates.email(template, locale, values_of(reader))
    preheader = templates.preheader(template, locale, values_of(reader))
    for words in (email.subject, preheader, LINK.sub("", email.text)):
        assert SLIP.findall(words) == []


def test_the_greeting_stands_alone(
    templates: Templates, template: str, locale: str, reader: str
) -> None:
    text = templates.email(template, locale, values_of(reader)).text
    shop_name, greeting, *rest = text.split("\n\n")
    assert "\n" not in shop_name + greeting
    assert len(rest) >= 5
    assert "\n\n\n" not in text


def test_subject_and_preheader_fit_an_inbox(
    templates: Templates, template: str, locale: str
) -> None:
    subject = templates.email(template, locale, values_of("known by name")).subject
    preheader = templates.preheader(template, locale, values_of("known by name"))
    assert 10 <= len(subject) <= 50
    assert 20 <= len(preheader) <= 90
    assert subject not in preheader


def test_an_email_stays_small_and_says_the_same_in_plain_text(
    templates: Templates, template: str, locale: str, reader: str
) -> None:
    email = templates.email(template, locale, values_of(reader))
    assert len(email.html.encode()) < 60_000
    shown = set(re.findall(r'<a [^>]*href="([^"]+)"', email.html))
    # A list of products is linked in the designed email only; plain text would drown in addresses.
    told = {url for url in shown if "/p/10" not in url}
    assert told <= set(LINK.findall(email.text))


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("reader", ["known by name", "nameless"])
def test_a_text_message_costs_one_segment(
    templates: Templates, template: str, locale: str, reader: str
) -> None:
    sms = templates.sms(template, locale, values_of(reader))
    assert (sms.encoding, sms.segments) == (Encoding.GSM_7, 1)


@pytest.mark.parametrize("reader", ["known by name", "nameless"])
def test_a_text_message_in_russian_costs_two_segments(
    templates: Templates, template: str, reader: str
) -> None:
    assert templates.sms(template, "ru", values_of(reader)).segments == 2


def test_a_text_message_names_the_shop_first_and_the_way_out_last(
    templates: Templates, shop: Shop, template: str, locale: str, reader: str
) -> None:
    text = templates.sms(template, locale, values_of(reader)).text.strip()
    assert text.startswith(f"{shop.sms_name}: ")
    assert {"en": "STOP", "es": "BAJA", "ru": "СТОП"}[locale] in text[-30:]
    assert len(LINK.findall(text)) == (template == "feedback_survey")
    assert SLIP.findall(LINK.sub("", text)) == []


@pytest.mark.parametrize(
    ("points", "phrase"),
    [(501, "501 балл "), (502, "502 балла "), (511, "511 баллов "), (620, "620 баллов ")],
)
def test_russian_counts_points_in_the_right_form(
    templates: Templates, points: int, phrase: str
) -> None:
    values = values_of("known by name", points_expiring=points)
    assert phrase in templates.email("points_reminder", "ru", values).html
    assert phrase in templates.sms("points_reminder", "ru", values).text


@pytest.mark.parametrize(
    ("locale", "percent", "amount"),
    [
        ("en", "10% off your next order", "$5 off your next order"),
        ("es", "10% de descuento en tu próximo pedido", "$5 de descuento en tu próximo pedido"),
        ("ru", "Скидка 10\xa0% на следующий заказ", "Скидка 5\xa0$ на следующий заказ"),
    ],
)
@pytest.mark.parametrize("template", ["birthday", "win_back_offer_10", "win_back_offer_15"])
def test_an_offer_reads_well_as_a_percentage_and_as_an_amount(
    templates: Templates, template: str, locale: str, percent: str, amount: str
) -> None:
    for offer, words in (
        ({"kind": "percent", "value": "10"}, percent),
        ({"kind": "amount", "value": "5"}, amount),
    ):
        email = templates.email(template, locale, values_of("known by name", offer=offer))
        assert words in email.text


def test_points_that_expire_and_a_reward_reached_are_two_different_stories(
    templates: Templates,
) -> None:
    expiring = templates.email("points_reminder", "en", values_of("known by name"))
    reached = templates.email("points_reminder", "en", values_of("nameless"))
    assert expiring.subject == "620 points to use by December 11"
    assert reached.subject == "You've reached $10.00 off"
    assert "expire" not in reached.html
    assert all("12:00 AM EST" in email.html.replace("\u202f", " ") for email in (expiring, reached))


def test_a_reward_within_reach_is_told_from_one_that_is_not(templates: Templates) -> None:
    text = templates.email("points_reminder", "en", values_of("known by name")).text
    assert "- 1,000 points: $10.00 off (ready)" in text
    assert "- 2,500 points: $25.00 off (1,260 to go)" in text


def test_each_score_leads_to_its_own_link(templates: Templates, locale: str) -> None:
    values = values_of("known by name")
    html = templates.email("feedback_survey", locale, values).html
    buttons = re.findall(r'<a class="score" href="([^"]+)"[^>]*>(\d)</a>', html)
    assert [(url, int(score)) for url, score in buttons] == list(
        zip(values["score_urls"], range(1, 6), strict=True)
    )


def test_a_survey_asks_for_what_the_scale_of_the_shop_means(
    templates: Templates, asking_for_nps: Templates, locale: str
) -> None:
    """In the email, in its plain text, and in the text message: eleven links, each to its own score."""
    values = read_values(example_values(scale=SurveyScale.NPS))
    email = asking_for_nps.email("feedback_survey", locale, values)
    text = asking_for_nps.sms("feedback_survey", locale, values)
    buttons = re.findall(r'<a class="score" href="([^"]+)"[^>]*>(\d+)</a>', email.html)
    written = re.findall(r"(?m)^(\d+).*: (http\S+)$", email.text)

    assert [(url, int(score)) for url, score in buttons] == list(
        zip(values["score_urls"], range(11), strict=True)
    )
    assert sorted((url, int(score)) for score, url in written) == sorted(
        (url, int(score)) for url, score in buttons
    )
    assert {"0", "10"} <= set(re.findall(r"\d+", LINK.sub("", text.text)))
    assert text.segments == templates.sms("feedback_survey", locale, values).segments
    assert SLIP.findall(LINK.sub("", email.text)) == []
