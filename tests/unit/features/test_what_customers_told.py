"""A language and a birth date that customers gave us go before the shop's."""

from __future__ import annotations

from datetime import date

import pytest

from perennial.lake.duck import Engine
from perennial.model.datasets import PREFERENCES
from shop_builder import DAY, TinyShop, lay, noon


def told(engine: Engine, *said: tuple[str, str, str | None, int]) -> None:
    """Lays customer, preference, value and how many days ago it was said."""
    lay(
        engine,
        PREFERENCES,
        DAY,
        [
            {
                "customer_id": customer,
                "person_id": customer,
                "preference": preference,
                "value": value,
                "since": noon(days_ago),
            }
            for customer, preference, value, days_ago in said
        ],
    )


def test_what_was_told_goes_before_the_shops_word(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer(language="en", birth_date=date(1980, 1, 1))
    told(engine, ("ann", "language", "es", 1), ("ann", "birth_date", "1990-03-14", 1))

    ann = tiny.features(engine)["ann"]

    assert (ann["language"], ann["birth_date"], ann["age_years"]) == ("es", date(1990, 3, 14), 36)


def test_without_a_word_the_shops_holds(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer(language="en", birth_date=date(1980, 1, 1))

    ann = tiny.features(engine)["ann"]

    assert (ann["language"], ann["birth_date"]) == ("en", date(1980, 1, 1))


def test_what_was_taken_back_leaves_the_shops_word(engine: Engine, tiny: TinyShop) -> None:
    tiny.customer(language="en", birth_date=date(1980, 1, 1))
    told(engine, ("ann", "language", None, 1), ("ann", "birth_date", None, 1))

    ann = tiny.features(engine)["ann"]

    assert (ann["language"], ann["birth_date"]) == ("en", date(1980, 1, 1))


def test_the_last_word_of_any_account_holds_for_all_of_the_person(
    engine: Engine, tiny: TinyShop
) -> None:
    """Case 43."""
    tiny.customer("ann", email_key="x", language="en")
    tiny.customer("bob", email_key="x", language="en")
    tiny.customer("eve", language="en")
    told(engine, ("ann", "language", "ru", 9), ("bob", "language", "es", 2))

    languages = {name: row["language"] for name, row in tiny.features(engine).items()}

    assert languages == {"ann": "es", "bob": "es", "eve": "en"}


def test_an_account_that_the_shop_does_not_know_changes_nothing(
    engine: Engine, tiny: TinyShop
) -> None:
    tiny.customer(language="en")
    told(engine, ("gone", "language", "es", 1))

    assert list(tiny.features(engine)) == ["ann"]


@pytest.mark.parametrize("born", ["1900-01-01", "2027-05-05", "no date"])
def test_an_implausible_date_is_no_birth_date(engine: Engine, tiny: TinyShop, born: str) -> None:
    tiny.customer()
    told(engine, ("ann", "birth_date", born, 1))

    assert tiny.features(engine)["ann"]["birth_date"] is None
