"""Where the policy lets it, an order stands in for a consent to offers by email, until a word is said about emails."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.definition import Campaign
from perennial.model.policy import DoubleOptIn, Policy
from perennial.model.words import Channel, Outcome, Reason, Topic
from plan_builder import A_POLICY, DAY, Town, a_campaign

LASTS = {"GB": timedelta(days=730), "IE": timedelta(days=30)}
POLICY = replace(A_POLICY, soft_opt_in=LASTS)
YES = (Outcome.SEND, None)
NO = (Outcome.SKIP, Reason.NO_CONSENT)

SAID = {
    "nothing": (),
    "yes to texts": ("shop sms offers granted",),
    "no to texts": ("ledger sms offers withdrawn",),
    "yes": ("shop email offers granted",),
    "no": ("shop email offers withdrawn",),
    "no to points": ("shop email loyalty withdrawn",),
    "yes to surveys": ("shop email feedback granted",),
    "yes by a link": ("ledger email offers granted",),
    "no by a link": ("ledger email offers withdrawn",),
    "no to surveys by a link": ("ledger email feedback withdrawn",),
    "yes to be confirmed": ("ledger email offers pending",),
    "yes to points to be confirmed": ("ledger email loyalty pending",),
}
AGES = (None, 0, 1, 30, 31, 730, 731, 5000)
HOMES = (
    ("GB", "address"),
    ("GB", "phone"),
    ("GB", "shop"),
    ("IE", "address"),
    ("US", "address"),
)


class Case(NamedTuple):
    said: str
    home: tuple[str, str]
    age: int | None

    @property
    def is_soft(self) -> bool:
        (country, source), age = self.home, self.age
        silent = self.said in {"nothing", "yes to texts", "no to texts"}
        known = country in LASTS and source != "shop"
        return silent and known and age is not None and age <= LASTS[country].days

    @property
    def agreed(self) -> bool:
        return self.said in {"yes", "yes by a link"}


CASES = [Case(*each) for each in product(SAID, HOMES, AGES)]


def ordered(age: int | None) -> date | None:
    return None if age is None else DAY - timedelta(days=age)


def say(town: Town, customer: str, words: str) -> None:
    for word in SAID[words]:
        where, channel, topic, state = word.split()
        tell = town.consent if where == "shop" else town.tell_ledger
        tell(customer, f"{channel} {topic}", state=state, days_ago=3)


def everybody(tmp_path: Path, policy: Policy, campaign: Campaign | None = None) -> Town:
    town = Town(tmp_path, policy=policy, campaigns=[campaign or by_email()])
    for n, case in enumerate(CASES):
        (country, source), who = case.home, f"c{n:03}"
        town.customer(
            who,
            country=country,
            country_source=source,
            consents=(),
            last_order_on=ordered(case.age),
        )
        say(town, who, case.said)
        town.member(who, why='{"orders": 5}')
    return town


def by_email(**changes: object) -> Campaign:
    return a_campaign(channels=(Channel.EMAIL,), **changes)


def outcome(
    town: Town, customer: str = "ann", campaign: str = "win_back"
) -> tuple[str, str | None]:
    row = town.plan(campaign)[customer]
    return row["outcome"], row["reason"]


def test_every_word_and_country_and_age_of_an_order(tmp_path: Path) -> None:
    rows = everybody(tmp_path, POLICY).plan()

    for case, row in zip(CASES, rows.values(), strict=True):
        expected = YES if case.agreed or case.is_soft else NO
        assert (row["outcome"], row["reason"]) == expected, case
        day = ordered(case.age) if case.is_soft else None
        assert row["soft_opt_in_on"] == day, case
        assert (row["consented_at"] is not None) == case.agreed or expected == NO, case
        why = {"orders": 5} | ({"soft_opt_in_on": str(day)} if day else {})
        assert json.loads(row["why"]) == why, case


@pytest.mark.parametrize(
    ("policy", "soft"),
    [
        (A_POLICY, set()),
        (replace(POLICY, double_opt_in=DoubleOptIn(starts_on=DAY)), set()),
        (
            replace(POLICY, double_opt_in=DoubleOptIn(starts_on=DAY + timedelta(days=1))),
            {"GB", "IE"},
        ),
        (
            replace(POLICY, double_opt_in=DoubleOptIn(starts_on=DAY, countries=frozenset({"IE"}))),
            {"GB"},
        ),
    ],
    ids=["no key", "double opt-in everywhere", "double opt-in tomorrow", "double opt-in in one"],
)
def test_it_holds_only_where_nothing_has_to_be_confirmed(
    tmp_path: Path, policy: Policy, soft: set[str]
) -> None:
    rows = everybody(tmp_path, policy).plan()

    for case, row in zip(CASES, rows.values(), strict=True):
        if not case.agreed:
            allowed = case.is_soft and case.home[0] in soft
            assert (row["outcome"], row["reason"]) == (YES if allowed else NO), case


@pytest.mark.parametrize("topic", [Topic.LOYALTY, Topic.FEEDBACK])
def test_it_is_for_offers_alone(tmp_path: Path, topic: Topic) -> None:
    rows = everybody(tmp_path, POLICY, by_email(topic=topic)).plan()

    assert all(row["soft_opt_in_on"] is None for row in rows.values())
    assert all(
        (row["outcome"], row["reason"]) == NO
        for case, row in zip(CASES, rows.values(), strict=True)
        if case.is_soft
    )


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_it_is_for_email_alone(tmp_path: Path, channel: Channel) -> None:
    town = Town(tmp_path, policy=POLICY, campaigns=[a_campaign(channels=(channel,))])
    town.customer("ann", country="GB", phone="+447700900123", consents=(), last_order_on=DAY)
    town.member("ann")

    assert outcome(town) == NO


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Ann ordered a week ago in a country of the soft opt-in, and never said a word about emails."""
    town = Town(tmp_path, policy=POLICY, campaigns=[by_email()])
    town.customer("ann", country="GB", consents=(), last_order_on=ordered(7))
    town.member("ann")
    return town


def test_a_suppressed_address_stays_so(town: Town) -> None:
    assert outcome(town) == YES

    town.suppress("key of ann@people.test")

    assert outcome(town) == (Outcome.SKIP, Reason.SUPPRESSED)


def test_a_word_of_any_account_is_a_word_of_the_person(town: Town) -> None:
    town.customer("old", person="ann", country="GB", consents=())
    assert outcome(town) == YES

    town.consent("old", "email loyalty", state="withdrawn", days_ago=900)

    assert outcome(town) == NO


@pytest.mark.parametrize(
    ("address", "expected"), [("ann@people.test", YES), ("other@people.test", NO)]
)
def test_the_order_has_to_have_brought_the_address(
    tmp_path: Path, address: str, expected: tuple[str, str | None]
) -> None:
    town = Town(tmp_path, policy=POLICY, campaigns=[by_email()])
    town.customer("ann", country="GB", consents=())
    town.customer(
        "buyer", person="ann", country="GB", email=address, consents=(), last_order_on=ordered(7)
    )
    town.member("ann")

    assert outcome(town) == expected


def test_an_order_is_no_yes_to_what_has_to_be_confirmed(town: Town) -> None:
    town.consent("ann", "email offers", days_ago=1)
    rule = DoubleOptIn(starts_on=DAY - timedelta(days=10), countries=frozenset({"GB"}))
    town.policy = replace(POLICY, double_opt_in=rule)

    assert outcome(town) == NO


@given(
    lasts=st.dictionaries(st.sampled_from(["GB", "IE", "SE"]), st.integers(1, 3650), max_size=3),
    countries=st.sets(st.sampled_from(["GB", "IE", "SE"])),
    starts_in=st.one_of(st.none(), st.integers(-3, 3)),
)
def test_a_day_has_the_soft_opt_in_where_no_yes_has_to_be_confirmed(
    lasts: dict[str, int], countries: set[str], starts_in: int | None
) -> None:
    rule = None
    if starts_in is not None:
        rule = DoubleOptIn(
            starts_on=DAY + timedelta(days=starts_in), countries=frozenset(countries)
        )
    policy = Policy(
        soft_opt_in={country: timedelta(days=days) for country, days in lasts.items()},
        double_opt_in=rule,
    )

    found = policy.soft_opt_in_on(DAY)

    in_force = starts_in is not None and starts_in <= 0
    assert set(found) == {
        country for country in lasts if not in_force or (countries and country not in countries)
    }
    assert found.items() <= policy.soft_opt_in.items()
