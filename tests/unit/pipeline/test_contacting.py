from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from night_samples import DAY, SHOP, ShopNights, row
from perennial.errors import MissingPartition
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CONTACTS
from perennial.pipeline.contacting import make_contacts
from perennial.pipeline.verifying import publish_night

SECRET = "s" * 32


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ShopNights]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield ShopNights(engine)


def _contacts(nights: ShopNights, *customers: dict[str, str | None]) -> dict[str, dict[str, Any]]:
    nights.validate(customers=[row("customers"), *customers])
    publish_night(nights.engine, DAY)
    make_contacts(nights.engine, DAY, SHOP, SECRET)
    return {contact["customer_id"]: contact for contact in nights.read("contacts")}


def test_every_verified_customer_gets_one_contact_in_normal_form(nights: ShopNights) -> None:
    contacts = _contacts(
        nights,
        row(
            "customers",
            customer_id="008",
            first_name="JOSÉ",
            email="Jose@SHOP.com",
            phone="0612 34",
            timezone="Mars/Base",
            region="CA",
        ),
    )

    assert list(contacts) == ["007", "008"]
    jose = contacts["008"]
    assert jose["first_name"] == "José"
    assert (jose["email"], jose["email_problem"]) == ("Jose@shop.com", None)
    assert (jose["phone"], jose["phone_problem"]) == (None, "too_short")
    assert (jose["zone"], jose["zone_source"]) == ("America/Los_Angeles", "address")


def test_accounts_that_spell_one_address_differently_share_its_key(nights: ShopNights) -> None:
    contacts = _contacts(
        nights,
        row("customers", customer_id="008", email="Ann@JuniperAndRye.example", phone="5135550134"),
        row("customers", customer_id="009", email="bob@juniperandrye.example", phone=None),
    )

    assert contacts["007"]["email_key"] == contacts["008"]["email_key"]
    assert contacts["007"]["phone_key"] == contacts["008"]["phone_key"]
    assert contacts["009"]["email_key"] != contacts["007"]["email_key"]
    assert contacts["009"]["phone_key"] is None


def test_contacts_keep_their_contract_and_come_out_the_same_twice(nights: ShopNights) -> None:
    _contacts(nights)
    partition = Partition(dataset="contacts", day=DAY)
    before = nights.engine.content_hash(partition)
    make_contacts(nights.engine, DAY, SHOP, SECRET)
    nights.engine.view("made", partition)
    described = nights.engine.rows("describe made")

    assert nights.engine.content_hash(partition) == before
    assert tuple(r["column_name"] for r in described) == CONTACTS.column_names
    assert described[-1]["column_type"] == "TIMESTAMP WITH TIME ZONE"


def test_a_night_without_customers_has_empty_contacts(nights: ShopNights) -> None:
    nights.validate(
        **{
            name: []
            for name in ("customers", "orders", "order_lines", "points_entries", "consents")
        }
    )
    publish_night(nights.engine, DAY)

    assert make_contacts(nights.engine, DAY, SHOP, SECRET).rows == 0


def test_contacts_need_a_published_night(nights: ShopNights) -> None:
    with pytest.raises(MissingPartition):
        make_contacts(nights.engine, DAY, SHOP, SECRET)
