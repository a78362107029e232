from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from perennial.campaigns.choices import Occasion
from perennial.model.datasets import CUSTOMER_FEATURES, SHOP_DATASETS
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.pipeline.campaign_needs import MADE_OF, OCCASIONS, CampaignNeeds, campaign_needs
from perennial.settings import PROJECT

COLUMNS = {f"{d.name}.{column}" for d in SHOP_DATASETS.values() for column in d.column_names}
OF_ORDERS = frozenset(
    (
        *("customer_id", "person_id", "zone", "zone_source", "orders", "revenue", "stage"),
        *("average_order_value", "first_order_on", "last_order_on", "last_order_id"),
        *("recency_days", "order_gaps", "usual_gap_days", "gap_spread_days", "silence_ratio"),
        *("lapsed_on", "orders_30d", "orders_90d", "orders_365d", "revenue_30d", "revenue_90d"),
        *("revenue_365d", "usual_order_hour", "recency_score", "frequency_score"),
        *("monetary_score", "rfm_cell"),
        *("offer", "coupon_expires_on", "days_since_order", "ordered_on"),
    )
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("campaigns", "templates"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "shop.yaml", folder)
    return folder


def needs(project: Path, *missing: str) -> dict[str, CampaignNeeds]:
    return {found.campaign: found for found in campaign_needs(project, missing)}


def columns_of(dataset: str) -> list[str]:
    return [f"{dataset}.{column}" for column in SHOP_DATASETS[dataset].column_names]


def test_it_is_known_what_every_feature_and_merge_field_is_made_of() -> None:
    fields = {name for name, field in MERGE_FIELDS.items() if field.origin is Origin.PLAN}

    assert set(MADE_OF) | OF_ORDERS == fields | set(CUSTOMER_FEATURES.column_names)
    assert {c for columns in (*MADE_OF.values(), *OCCASIONS.values()) for c in columns} <= COLUMNS
    assert set(OCCASIONS) == set(Occasion)


def test_a_shop_that_has_everything_lacks_nothing(project: Path) -> None:
    assert all(not found.without and not found.less for found in needs(project).values())


def test_a_birthday_cannot_be_wished_without_birth_dates(project: Path) -> None:
    found = needs(project, "customers.birth_date")

    assert {n: f.without for n, f in found.items() if f.without} == {
        "birthday": ("customers.birth_date",)
    }


def test_one_address_may_be_missing_but_not_both(project: Path) -> None:
    without_phone = needs(project, "customers.phone")["win_back"]
    without_both = needs(project, "customers.phone", "customers.email")["win_back"]

    assert (without_phone.without, without_phone.less) == ((), ("customers.phone",))
    assert without_both.without == ("customers.email", "customers.phone")


def test_without_consents_no_campaign_runs_and_without_points_one_does_not(project: Path) -> None:
    found = needs(project, *columns_of("consents"), *columns_of("points_entries"))

    assert all("consents" in each.without for each in found.values())
    assert [n for n, each in found.items() if "points_entries" in each.without] == [
        "points_reminder"
    ]


def test_names_that_words_can_do_without_are_no_hindrance(project: Path) -> None:
    found = needs(project, "customers.first_name")["birthday"]

    assert (found.without, found.less) == ((), ("customers.first_name",))
