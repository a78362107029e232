"""Audiences: who is a member, on which occasion, until when, and because of which facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from perennial.audience.memberships import build_memberships
from perennial.campaigns.definition import Audience, Campaign, Step
from perennial.errors import MissingPartition, PlanError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS, SHOP_DATASETS
from perennial.model.policy import Policy
from perennial.model.shop import Points, Shop
from perennial.model.words import Channel
from perennial.pipeline.understanding import form_audiences, understand_customers
from shop_builder import DAY, TinyShop, a_shop, lay, noon


def a_campaign(
    name: str = "hello", occasion: str = "birthday", where: str | None = None, **more: Any
) -> Campaign:
    audience = Audience(occasion=occasion, where=where, open_for=more.pop("open_for", 7))
    return Campaign(
        **{
            "name": name,
            "path": Path(f"campaigns/{name}.yaml"),
            "title": name,
            "audience": audience,
            "steps": (Step(after_days=0, template=name),),
            "channels": (Channel.EMAIL,),
            "send_at": time(10, 30),
            "expires_after": timedelta(hours=12),
        }
        | more
    )


@dataclass(kw_only=True)
class Audiences:
    """Feature rows, orders and campaigns, and the memberships that they make."""

    engine: Engine
    shop: Shop = field(default_factory=a_shop)
    features: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)

    def customer(self, customer_id: str = "ann", **more: Any) -> None:
        zeros = {
            c.name: 0
            for c in CUSTOMER_FEATURES.columns
            if c.required and c.type not in ("VARCHAR", "DATE")
        }
        row = {"customer_id": customer_id, "person_id": customer_id, "stage": "active"}
        zone = {"zone": "America/New_York", "zone_source": "profile"}
        self.features.append(zeros | row | zone | more)

    def order(self, order_id: str, **more: Any) -> None:
        row = {"order_id": order_id, "customer_id": "ann", "status": "delivered", "currency": "USD"}
        times = {"ordered_at": noon(20), "updated_at": noon(20)}
        self.orders.append(row | times | {"discount": 0, "total": 1} | more)

    def members(self, *campaigns: Campaign, day: date = DAY) -> list[dict[str, Any]]:
        lay(self.engine, CUSTOMER_FEATURES, day, self.features)
        lay(self.engine, SHOP_DATASETS["orders"], day, self.orders, folder="verified/")
        published = form_audiences(self.engine, day, self.shop, Policy(), campaigns)
        path = published.location
        return self.engine.rows(f"select * exclude (day) from read_parquet('{path}')")

    def occasions(self, campaign: Campaign, day: date = DAY) -> dict[str, tuple[str, date | None]]:
        rows = self.members(campaign, day=day)
        return {row["customer_id"]: (row["occasion"], row["open_until"]) for row in rows}


@pytest.fixture
def audiences(tmp_path: Path) -> Iterator[Audiences]:
    with Engine(Lake(tmp_path)) as engine:
        yield Audiences(engine=engine)


def test_a_birthday_is_an_occasion_on_its_day_and_no_other(audiences: Audiences) -> None:
    audiences.customer("today", birth_date=date(1990, 11, 21))
    audiences.customer("tomorrow", birth_date=date(1990, 11, 22))
    audiences.customer("unknown")

    assert audiences.occasions(a_campaign()) == {"today": ("2026", DAY)}


@pytest.mark.parametrize(
    ("day", "on_1_march", "who"),
    [
        (date(2027, 2, 28), False, ["28th", "29th"]),
        (date(2027, 2, 28), True, ["28th"]),
        (date(2027, 3, 1), False, ["1st"]),
        (date(2027, 3, 1), True, ["1st", "29th"]),
        (date(2028, 2, 28), False, ["28th"]),
        (date(2028, 2, 29), False, ["29th"]),
        (date(2028, 2, 29), True, ["29th"]),
        (date(2028, 3, 1), True, ["1st"]),
    ],
)
def test_who_was_born_on_a_leap_day_celebrates_once_a_year(
    audiences: Audiences, day: date, *, on_1_march: bool, who: list[str]
) -> None:
    """Case 32."""
    audiences.shop = a_shop(leap_day_on_1_march=on_1_march)
    audiences.customer("29th", birth_date=date(2004, 2, 29))
    audiences.customer("28th", birth_date=date(2004, 2, 28))
    audiences.customer("1st", birth_date=date(2004, 3, 1))

    assert sorted(audiences.occasions(a_campaign(), day)) == sorted(who)


def test_in_the_far_east_the_birthday_is_planned_the_day_before(audiences: Audiences) -> None:
    tomorrow = DAY + timedelta(days=1)
    for day in (DAY, tomorrow):
        for zone in ("Pacific/Kiritimati", "Asia/Tokyo", "Pacific/Pago_Pago"):
            audiences.customer(f"{zone} {day}", zone=zone, birth_date=day.replace(year=1990))

    assert audiences.occasions(a_campaign()) == {
        f"Pacific/Kiritimati {tomorrow}": ("2026", tomorrow),
        f"Asia/Tokyo {tomorrow}": ("2026", tomorrow),
        f"Pacific/Pago_Pago {DAY}": ("2026", DAY),
    }


def test_the_occasion_is_the_year_on_the_customers_calendar(audiences: Audiences) -> None:
    audiences.customer(zone="Asia/Tokyo", birth_date=date(1990, 1, 1))

    found = audiences.occasions(a_campaign(), date(2026, 12, 31))

    assert found == {"ann": ("2027", date(2027, 1, 1))}


def test_expiring_points_worth_redeeming_are_an_occasion_until_the_day_before(
    audiences: Audiences,
) -> None:
    soon = DAY + timedelta(days=12)
    audiences.customer("ann", points_balance=800, points_expiring=500, points_expire_on=soon)
    audiences.customer("bob", points_balance=800, points_expiring=499, points_expire_on=soon)

    found = audiences.occasions(a_campaign(occasion="points_expiry"))

    assert found == {"ann": (soon.isoformat(), soon - timedelta(days=1))}


def test_on_their_last_day_it_is_too_late_to_speak_of_points(audiences: Audiences) -> None:
    audiences.customer(points_balance=800, points_expiring=800, points_expire_on=DAY)

    assert audiences.occasions(a_campaign(occasion="points_expiry")) == {}


@pytest.mark.parametrize(("days_ago", "member"), [(1, True), (3, True), (4, False)])
def test_a_reward_is_news_for_three_days(
    audiences: Audiences, days_ago: int, *, member: bool
) -> None:
    reached = DAY - timedelta(days=days_ago)
    audiences.customer(points_balance=1040, reward_points=1000, reward_reached_on=reached)

    found = audiences.occasions(a_campaign(occasion="points_expiry"))

    wanted = {"ann": (f"reward-1000-{reached}", reached + timedelta(days=7))}
    assert found == (wanted if member else {})


def test_who_is_reminded_of_an_expiry_is_not_told_of_a_reward_as_well(
    audiences: Audiences,
) -> None:
    audiences.shop = a_shop(points=Points(redemption_minimum=100))
    soon = DAY + timedelta(days=5)
    audiences.customer(
        points_balance=1000,
        points_expiring=100,
        points_expire_on=soon,
        reward_points=1000,
        reward_reached_on=DAY - timedelta(days=1),
    )

    found = audiences.occasions(a_campaign(occasion="points_expiry"))

    assert found == {"ann": (soon.isoformat(), DAY + timedelta(days=4))}


@pytest.mark.parametrize(("days_ago", "member"), [(4, False), (5, True), (11, True), (12, False)])
def test_a_delivered_order_is_asked_about_after_five_days_for_a_week(
    audiences: Audiences, days_ago: int, *, member: bool
) -> None:
    audiences.customer()
    audiences.order("o1", delivered_at=noon(days_ago))

    found = audiences.occasions(a_campaign(occasion="delivered_order"))

    last = DAY - timedelta(days=days_ago) + timedelta(days=5 + 6)
    assert found == ({"ann": ("o1", last)} if member else {})


def test_without_a_delivery_date_ten_days_after_ordering_count(audiences: Audiences) -> None:
    audiences.customer()
    audiences.order("o1", status="shipped", ordered_at=noon(10))

    found = audiences.occasions(a_campaign(occasion="delivered_order", open_for=3))

    assert found == {"ann": ("o1", DAY + timedelta(days=2))}


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_nobody_is_asked_about_an_order_that_came_to_nothing(
    audiences: Audiences, status: str
) -> None:
    audiences.customer()
    audiences.order("o1", status=status, delivered_at=noon(6))

    assert audiences.occasions(a_campaign(occasion="delivered_order")) == {}


def test_the_last_order_that_is_due_is_asked_about_unless_it_is_coming_back(
    audiences: Audiences,
) -> None:
    audiences.customer()
    audiences.order("o1", delivered_at=noon(8))
    audiences.order("o2", delivered_at=noon(6), return_state="closed")
    audiences.order("o3", delivered_at=noon(2))
    survey = a_campaign(occasion="delivered_order")

    assert set(audiences.occasions(survey).values()) == {("o2", DAY + timedelta(days=5))}

    audiences.orders[1]["return_state"] = "open"
    assert audiences.occasions(survey) == {}


def test_a_column_is_an_occasion_for_every_value_while_the_rule_holds(
    audiences: Audiences,
) -> None:
    audiences.customer("ann", last_order_id="o7", orders=3, silence_ratio=2.8)
    audiences.customer("bob", last_order_id="o8", orders=1, silence_ratio=2.8)
    audiences.customer("eve", orders=3, silence_ratio=2.8)
    win_back = a_campaign(
        occasion="last_order_id",
        where="silence_ratio >= 2.3 and orders >= 2 and birth_date is null",
    )

    (row,) = audiences.members(win_back)

    assert (row["customer_id"], row["occasion"], row["open_until"]) == ("ann", "o7", None)
    assert row["why"] == '{"orders":3,"silence_ratio":2.8}'


@pytest.mark.parametrize("occasion", ["birthday", "points_expiry", "delivered_order"])
def test_the_rule_holds_for_every_occasion(audiences: Audiences, occasion: str) -> None:
    for name, country in (("ann", "US"), ("bob", "CA")):
        audiences.customer(
            name,
            country=country,
            birth_date=date(1990, 11, 21),
            points_expiring=900,
            points_expire_on=DAY + timedelta(days=3),
        )
        audiences.order(f"o {name}", customer_id=name, delivered_at=noon(6))

    assert list(audiences.occasions(a_campaign(occasion=occasion))) == ["ann", "bob"]
    assert list(audiences.occasions(a_campaign(occasion=occasion, where="country = 'US'"))) == [
        "ann"
    ]


def test_a_dollar_sign_in_a_rule_is_just_a_dollar_sign(audiences: Audiences) -> None:
    audiences.customer(last_order_id="o1", favourite_product="$day")
    rule = "favourite_product = '$day'"

    assert list(audiences.occasions(a_campaign(occasion="last_order_id", where=rule))) == ["ann"]


def test_facts_are_sorted_json_and_nothing_personal(audiences: Audiences) -> None:
    audiences.customer(
        "ann",
        birth_date=date(1990, 11, 21),
        age_years=36,
        region="OH",
        last_order_id="o1",
        points_balance=700,
        points_expiring=700,
        points_expire_on=DAY + timedelta(days=3),
    )
    audiences.order("o1", delivered_at=noon(6))
    rule = "age_years > 30 and region = 'OH' and birth_date is not null and customer_id <> 'x'"
    campaigns = [
        a_campaign(f"c{number}", occasion, rule)
        for number, occasion in enumerate(
            ["birthday", "points_expiry", "delivered_order", "last_order_id"]
        )
    ]

    whys = [row["why"] for row in audiences.members(*campaigns)]

    assert len(whys) == 4
    for why in whys:
        facts = json.loads(why)
        assert why == json.dumps(facts, sort_keys=True, separators=(",", ":"))
        assert not {"birth_date", "age_years", "region", "customer_id"} & facts.keys()


def test_memberships_come_by_campaign_customer_and_occasion(audiences: Audiences) -> None:
    for name in ("bob", "ann"):
        audiences.customer(name, last_order_id="o1", person_id="ann")

    rows = audiences.members(
        a_campaign("zeta", "last_order_id"), a_campaign("alpha", "last_order_id")
    )

    assert [(row["campaign"], row["customer_id"]) for row in rows] == [
        ("alpha", "ann"),
        ("alpha", "bob"),
        ("zeta", "ann"),
        ("zeta", "bob"),
    ]
    assert {row["person_id"] for row in rows} == {"ann"}


@pytest.mark.parametrize("campaigns", [(), (a_campaign(),)])
def test_an_empty_audience_is_an_empty_partition_with_the_contracts_columns(
    audiences: Audiences, campaigns: tuple[Campaign, ...]
) -> None:
    assert audiences.members(*campaigns) == []

    path = audiences.engine.lake.existing(Partition(dataset=MEMBERSHIPS.name, day=DAY))
    found = audiences.engine.rows(
        f"describe select * from read_parquet('{path}', hive_partitioning = false)"
    )
    assert [(row["column_name"], row["column_type"]) for row in found] == [
        (column.name, column.type) for column in MEMBERSHIPS.columns
    ]


def test_an_occasion_that_nobody_knows_is_refused(audiences: Audiences) -> None:
    audiences.customer()
    lay(audiences.engine, CUSTOMER_FEATURES, DAY, audiences.features)
    audiences.engine.view("customer_features", Partition(dataset="customer_features", day=DAY))
    campaign = a_campaign().model_copy(
        update={"audience": Audience.model_construct(occasion="full_moon", where=None, open_for=7)}
    )

    with pytest.raises(PlanError, match="no occasion 'full_moon'"):
        build_memberships(audiences.engine, DAY, audiences.shop, Policy(), [campaign], {})


def test_audiences_need_the_days_features(audiences: Audiences) -> None:
    with pytest.raises(MissingPartition):
        form_audiences(audiences.engine, DAY, audiences.shop, Policy(), [a_campaign()])


def test_from_orders_to_an_audience(audiences: Audiences) -> None:
    tiny = TinyShop()
    tiny.customer(birth_date=date(1980, 11, 21))
    for days_ago in (30, 40, 50):
        tiny.order(days_ago)
    tiny.lay(audiences.engine)

    understood = understand_customers(audiences.engine, DAY, tiny.shop)
    formed = form_audiences(
        audiences.engine,
        DAY,
        tiny.shop,
        Policy(),
        [a_campaign(), a_campaign("win_back", "last_order_id", "silence_ratio >= 2.3")],
    )

    assert (understood.rows, formed.rows) == (1, 2)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Europe/London"])
@pytest.mark.parametrize(
    ("first_night", "years"),
    [(date(2026, 2, 25), "2026"), (date(2028, 2, 25), "2028"), (date(2026, 12, 28), "2027")],
)
def test_night_after_night_everybody_is_wished_once(
    audiences: Audiences, zone: str, first_night: date, years: str
) -> None:
    for month, day in ((2, 27), (2, 28), (2, 29), (3, 1), (1, 1)):
        audiences.customer(f"{month}-{day}", zone=zone, birth_date=date(2004, month, day))

    wished = [
        (customer, occasion)
        for night in range(9)
        for customer, (occasion, _) in audiences.occasions(
            a_campaign(), first_night + timedelta(days=night)
        ).items()
    ]

    born = ["1-1"] if years == "2027" else ["2-27", "2-28", "2-29", "3-1"]
    assert sorted(wished) == [(customer, years) for customer in born]
