"""The policy in whole sentences, as somebody who speaks the language would write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.policy_telling import LANGUAGES, tell_policy
from perennial.campaigns.policy_words import CHANNELS, SENTENCES, WEEKDAYS
from perennial.model.policy import (
    Budget,
    Caps,
    ContentMix,
    DoubleOptIn,
    Hours,
    HoursRule,
    Limit,
    Policy,
    QuietHours,
    YearDay,
)
from perennial.model.warm_up import WarmUp
from perennial.model.words import Channel
from perennial.settings import PROJECT


def told(policy: Policy, language: str) -> str:
    _, chapters = tell_policy(policy, language, "USD")
    return "\n".join(sentence for chapter in chapters for sentence in chapter.sentences)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "Кто 1 день ничего"),
        (2, "Кто 2 дня ничего"),
        (5, "Кто 5 дней ничего"),
        (11, "Кто 11 дней ничего"),
        (21, "Кто 21 день ничего"),
        (362, "Кто 362 дня ничего"),
        (365, "Кто 365 дней ничего"),
    ],
)
def test_russian_days_have_three_forms(days: int, said: str) -> None:
    assert said in told(Policy(sunset_after=timedelta(days=days)), "ru")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "from 1 November 2026 on, 50 emails leave from it on the first day"),
        ("es", "desde el 1 de noviembre de 2026 salen de él 50 correos el primer día"),
        ("ru", "с 1 ноября 2026 года в первый день с него уходит писем: 50"),
    ],
)
def test_a_new_sender_is_told(language: str, said: str) -> None:
    policy = Policy(warm_up={"news.example": WarmUp(starts_on=date(2026, 11, 1))})

    assert said in told(policy, language)


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (1, "не больше 1 рекламного сообщения."),
        (2, "не больше 2 рекламных сообщений."),
        (5, "не больше 5 рекламных сообщений."),
        (21, "не больше 21 рекламного сообщения."),
    ],
)
def test_russian_limits_stand_in_the_genitive(most: int, said: str) -> None:
    caps = Caps(promotional_per_day=most, promotional_per_week=100)

    assert said in told(Policy(caps=caps), "ru")


@pytest.mark.parametrize(
    ("language", "mix", "said"),
    [
        (
            "en",
            ContentMix(messages=4, discounts=2),
            "Of any 4 messages in a row to a person, at most 2 have a discount; what is older than 90 days does not count.",
        ),
        (
            "es",
            ContentMix(messages=3, discounts=1),
            (
                "De cada 3 mensajes seguidos a una persona, como máximo 1 lleva descuento; los de hace más de 90 días no"
                " cuentan."
            ),
        ),
        (
            "ru",
            ContentMix(messages=4, discounts=2, within=timedelta(days=21)),
            (
                "Из любых 4 сообщений подряд скидку содержат не больше 2; то, чему больше 21 дня, не считается."
            ),
        ),
    ],
)
def test_the_mix_of_messages_is_told(language: str, mix: ContentMix, said: str) -> None:
    assert said in told(Policy(caps=Caps(content_mix=mix)), language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "Whoever agrees to emails (Austria, Germany) from 1 January 2027 on gets none until they confirm the address"
                " by a link, within 7 days."
            ),
        ),
        (
            "es",
            (
                "Quien acepta recibir correos (Austria, Alemania) a partir del 1 de enero de 2027 no recibe ninguno hasta que"
                " confirma la dirección con un enlace, en un plazo de 7 días."
            ),
        ),
        (
            "ru",
            (
                "Кто согласился на письма (Австрия, Германия) с 1 января 2027 года или позже, не получает их, пока не"
                " подтвердит адрес по ссылке; срок — не больше 7 дней."
            ),
        ),
    ],
)
def test_a_double_opt_in_says_where_from_when_and_for_how_long(language: str, said: str) -> None:
    rule = DoubleOptIn(starts_on=date(2027, 1, 1), countries=frozenset({"DE", "AT"}))

    assert said in told(Policy(double_opt_in=rule), language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "Offers by email also go without consent to customers who have ordered and have said neither yes nor no to"
                " any emails, for so long after the order: United Kingdom (730 days); Ireland (1 day, only before"
                " 1 January 2027)."
            ),
        ),
        (
            "es",
            (
                "Las ofertas por correo llegan también sin consentimiento a los clientes que han hecho un pedido y no han"
                " dicho ni sí ni no a ningún correo, durante este tiempo tras el pedido: Reino Unido (730 días); Irlanda"
                " (1 día, solo antes del 1 de enero de 2027)."
            ),
        ),
        (
            "ru",
            (
                "Предложения по почте без согласия получают и клиенты, которые сделали заказ и ни на какие письма не"
                " соглашались и ни от каких не отказывались; срок после заказа: Великобритания (не больше 730 дней);"
                " Ирландия (не больше 1 дня, только до 1 января 2027 года)."
            ),
        ),
    ],
)
def test_a_soft_opt_in_says_where_and_how_long_after_an_order(language: str, said: str) -> None:
    policy = Policy(
        soft_opt_in={"IE": timedelta(days=1), "GB": timedelta(days=730)},
        double_opt_in=DoubleOptIn(starts_on=date(2027, 1, 1), countries=frozenset({"IE"})),
    )

    assert said in told(policy, language)


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "At least 1 day passes", "At least 60 days pass"),
        ("es", "pasa al menos 1 día.", "pasan al menos 60 días."),
        ("ru", "не меньше 1 дня.", "не меньше 60 дней."),
    ],
)
def test_one_is_not_many(language: str, one: str, many: str) -> None:
    assert one in told(Policy(caps=Caps(days_between_surveys=1)), language)
    assert many in told(Policy(), language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "France: text messages (France: IDF) do not leave on Sundays or on 1 May and 29 March 2027."
                " From 1 January 2026 to 30 June 2027."
            ),
        ),
        (
            "es",
            (
                "France: los mensajes de texto (Francia: IDF) no salen los domingos ni el 1 de mayo y el 29 de marzo de"
                " 2027. Del 1 de enero de 2026 al 30 de junio de 2027."
            ),
        ),
        (
            "ru",
            (
                "France: СМС (Франция: IDF) не уходят по воскресеньям и 1 мая и 29 марта 2027 года."
                " С 1 января 2026 года по 30 июня 2027 года."
            ),
        ),
    ],
)
def test_a_rule_says_whom_it_concerns_when_and_for_how_long(language: str, said: str) -> None:
    rule = HoursRule(
        name="France",
        hours=None,
        starts_on=date(2026, 1, 1),
        ends_on=date(2027, 6, 30),
        country="FR",
        regions=frozenset({"IDF"}),
        channels=frozenset({Channel.SMS}),
        weekdays=frozenset({6}),
        holidays=frozenset({YearDay(5, 1), date(2027, 3, 29)}),
    )

    assert said in told(Policy(quiet_hours=QuietHours(rules=(rule,))), language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "Texas: messages leave only from 12:00 to 21:00 on Sundays. From 1 January 2026 on.",
        ),
        (
            "es",
            "Texas: los mensajes solo salen de 12:00 a 21:00 los domingos. Desde el 1 de enero de 2026.",
        ),
        (
            "ru",
            "Texas: сообщения уходят по воскресеньям только с 12:00 до 21:00. С 1 января 2026 года.",
        ),
    ],
)
def test_a_rule_says_its_hours(language: str, said: str) -> None:
    rule = HoursRule(
        name="Texas",
        hours=Hours(time(12), time(21)),
        starts_on=date(2026, 1, 1),
        weekdays=frozenset({6}),
    )

    assert said in told(Policy(quiet_hours=QuietHours(rules=(rule,))), language)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "at most US$2,500.50 and 250,000 text message segments."),
        ("es", "como máximo 2.500,50\xa0US$ y 1 segmento de SMS."),
        ("ru", "не больше 2\xa0500,50\xa0$ и 21 сегмента СМС."),
    ],
)
def test_a_budget_is_told_in_money_and_segments(language: str, said: str) -> None:
    segments = {"en": 250_000, "es": 1, "ru": 21}[language]
    limit = Limit(money=Decimal("2500.50"), sms_segments=segments)

    assert said in told(Policy(budget=Budget(together=limit)), language)


def test_what_is_switched_off_is_not_told() -> None:
    policy = Policy(global_holdout=Decimal(0), caps=Caps(promotional_per_week=0))
    words = told(policy, "en")

    assert "left out" not in words
    assert "discount" not in words
    assert "Nobody gets promotional messages." in words
    assert "month" not in words


def test_shares_keep_their_decimals() -> None:
    policy = replace(Policy(), global_holdout=Decimal("0.025"))

    assert "2.5% of customers" in told(policy, "en")
    assert "El 2,5\xa0% de los clientes" in told(policy, "es")
    assert "2,5\xa0% клиентов" in told(policy, "ru")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_that_the_repository_ships(language: str) -> None:
    policy = read_policy(PROJECT / "policy.yaml")
    words = told(policy, language)

    assert all(rule.name in words for rule in policy.quiet_hours.rules)
    assert "{" not in words
    assert ".." not in words


def test_the_languages_have_the_same_sentences() -> None:
    assert len({frozenset(sentences) for sentences in SENTENCES.values()}) == 1
    assert SENTENCES.keys() == WEEKDAYS.keys() == CHANNELS.keys()
