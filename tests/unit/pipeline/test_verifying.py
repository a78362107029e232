from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from night_samples import DAY, GOOD, SHOP, SUITES, ShopNights, row
from perennial.errors import MissingPartition, NightStopped
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import SHOP_DATASETS
from perennial.pipeline.verifying import publish_night, read_verdicts, validate_dataset

NEXT = DAY + timedelta(days=1)
UNREADABLE = row("consents", consent_id="k2", state="revoked")
NOTHING: dict[str, list[dict[str, str | None]]] = {name: [] for name in GOOD}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[ShopNights]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield ShopNights(engine)


def _publish(nights: ShopNights, day: date = DAY, **rows: list[dict[str, str | None]]) -> None:
    nights.validate(day, **rows)
    publish_night(nights.engine, day)


def _ids(nights: ShopNights, dataset: str, day: date = DAY) -> list[str]:
    return [r[SHOP_DATASETS[dataset].key[0]] for r in nights.read(f"verified/{dataset}", day)]


def test_accepted_rows_are_published_typed_and_in_the_order_of_their_key(
    nights: ShopNights,
) -> None:
    _publish(nights, orders=[row("orders", order_id=n) for n in ("o3", "o1", "o2")])

    assert _ids(nights, "orders") == ["o1", "o2", "o3"]
    for name, dataset in SHOP_DATASETS.items():
        nights.engine.view("seen", Partition(dataset=f"verified/{name}", day=DAY))
        described = nights.engine.rows("describe seen")
        assert [(r["column_name"], r["column_type"]) for r in described] == [
            (c.name, c.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"))
            for c in dataset.columns
        ]


def test_nothing_is_published_before_the_whole_night_is_judged(nights: ShopNights) -> None:
    nights.validate()

    assert not (nights.engine.lake.root / "verified").exists()


def test_a_stopped_night_leaves_what_was_published_untouched(nights: ShopNights) -> None:
    _publish(nights)
    before = nights.engine.content_hash(Partition(dataset="verified/orders", day=DAY))
    nights.validate(orders=[row("orders", order_id="o2")], consents=[UNREADABLE])

    with pytest.raises(NightStopped, match=r"1 row of consents .* `state_known`.* consent_id=k2"):
        publish_night(nights.engine, DAY)

    assert nights.engine.content_hash(Partition(dataset="verified/orders", day=DAY)) == before
    assert nights.reasons("consents") == ["state_known"]


def test_a_person_may_release_a_stopped_night_without_its_bad_rows(nights: ShopNights) -> None:
    nights.validate(consents=[GOOD["consents"], UNREADABLE])

    published = publish_night(nights.engine, DAY, released=True)

    assert published["consents"] == 1
    assert _ids(nights, "consents") == ["k1"]


def test_a_stopped_night_is_healed_by_a_correction_that_comes_with_the_next(
    nights: ShopNights,
) -> None:
    nights.validate(orders=[row("orders", order_id="o7")], consents=[UNREADABLE])
    with pytest.raises(NightStopped):
        publish_night(nights.engine, DAY)
    corrected = UNREADABLE | {"state": "withdrawn", "updated_at": "2026-11-21T12:00:00Z"}

    _publish(nights, NEXT, **(NOTHING | {"consents": [corrected]}))
    _publish(nights, NEXT + timedelta(days=1), **NOTHING)

    nights.engine.open_day(NEXT)
    assert nights.engine.rows("select consent_id, state from consents") == [
        {"consent_id": "k2", "state": "withdrawn"}
    ]
    assert nights.engine.rows("select order_id from orders") == [{"order_id": "o7"}]
    assert _ids(nights, "orders", NEXT + timedelta(days=1)) == []


def test_days_that_an_outage_left_unverified_are_verified_with_the_next_night(
    nights: ShopNights,
) -> None:
    nights.extract(DAY, orders=[row("orders", order_id="o1")])

    _publish(nights, NEXT, **(NOTHING | {"orders": [row("orders", order_id="o2")]}))

    assert _ids(nights, "orders", NEXT) == ["o1", "o2"]


def test_validating_again_gives_the_same_rows_in_the_same_order(nights: ShopNights) -> None:
    _publish(nights, orders=[row("orders", order_id=f"o{n}", total=str(n)) for n in range(-3, 9)])
    places = [
        Partition(dataset=f"{folder}/{name}", day=DAY)
        for folder in ("verified", "quarantine")
        for name in GOOD
    ]
    before = [nights.engine.content_hash(place) for place in places]

    nights.verdicts()
    publish_night(nights.engine, DAY)

    assert [nights.engine.content_hash(place) for place in places] == before


def test_the_latest_version_of_a_row_wins_and_copies_are_counted(nights: ShopNights) -> None:
    old = row("orders", status="placed", updated_at="2026-11-20T11:00:00Z")
    new = row("orders", status="refunded", updated_at="2026-11-20T20:00:00Z")
    nights.extract(orders=[new, old])
    verdict = nights.validate(orders=[dict(GOOD["orders"]), new, old])["orders"]
    publish_night(nights.engine, DAY)

    assert [r["status"] for r in nights.read("verified/orders")] == ["refunded"]
    assert (verdict.rows, verdict.accepted, verdict.duplicates, verdict.superseded) == (5, 1, 1, 3)
    assert verdict.findings == ()


def test_a_later_extract_of_the_same_moment_wins(nights: ShopNights) -> None:
    nights.extract(orders=[row("orders", status="placed")])
    nights.validate(orders=[row("orders", status="cancelled")])
    publish_night(nights.engine, DAY)

    assert [r["status"] for r in nights.read("verified/orders")] == ["cancelled"]


def test_an_order_of_tonight_may_belong_to_a_customer_of_tonight(nights: ShopNights) -> None:
    verdicts = nights.validate(
        customers=[row("customers", customer_id="new")], orders=[row("orders", customer_id="new")],
        points_entries=[], consents=[],
    )  # fmt: skip

    assert verdicts["orders"].accepted == 1


def test_what_refers_to_a_row_that_was_put_aside_is_put_aside_down_the_line(
    nights: ShopNights,
) -> None:
    nights.validate(customers=[row("customers", signed_up_at="never")])

    assert nights.reasons("orders") == ["customer_is_known"]
    assert nights.reasons("order_lines") == ["order_is_known"]
    assert nights.reasons("points_entries") == ["customer_is_known"]


def test_a_customer_known_before_stays_known_when_a_later_version_is_put_aside(
    nights: ShopNights,
) -> None:
    _publish(nights)

    verdicts = nights.validate(NEXT, customers=[row("customers", birth_date="?")])

    assert verdicts["customers"].quarantined == 1
    assert verdicts["orders"].accepted == 1


def test_a_row_that_was_put_aside_returns_with_a_later_version(nights: ShopNights) -> None:
    _publish(nights, orders=[row("orders", total="-1")], order_lines=[])
    mended = row("orders", total="1", updated_at="2026-11-21T10:00:00Z")

    _publish(nights, NEXT, **(NOTHING | {"orders": [mended]}))

    assert nights.reasons("orders") == ["total_not_negative"]
    assert _ids(nights, "orders", NEXT) == ["o1"]


def test_an_order_waits_for_its_customer_and_returns_when_the_customer_comes(
    nights: ShopNights,
) -> None:
    early = [row("orders", order_id="early", customer_id="new")]
    line = [row("order_lines", order_id="early")]
    _publish(nights, orders=early, order_lines=line)
    _publish(nights, NEXT, **NOTHING)
    third = NEXT + timedelta(days=1)
    new = row("customers", customer_id="new", updated_at="2026-11-22T00:30:00Z")
    verdicts = nights.validate(third, **(NOTHING | {"customers": [new]}))
    publish_night(nights.engine, third)

    assert _ids(nights, "orders", third) == ["early"]
    assert _ids(nights, "order_lines", third) == ["early"]
    found = verdicts["orders"]
    assert (found.rows, found.accepted, found.returned, found.quarantined) == (0, 1, 1, 0)
    fourth = third + timedelta(days=1)
    assert nights.validate(fourth, **NOTHING)["orders"].returned == 0


def test_a_row_that_waited_too_long_is_left_aside(nights: ShopNights) -> None:
    _publish(nights, orders=[row("orders", customer_id="new")], order_lines=[])
    later = DAY + timedelta(days=8)
    new = [row("customers", customer_id="new")]

    assert nights.validate(later, **(NOTHING | {"customers": new}))["orders"].accepted == 0


def test_waiting_rows_are_told_of_once(nights: ShopNights) -> None:
    _publish(nights, orders=[row("orders", customer_id="new")], order_lines=[])

    verdict = nights.validate(NEXT, **(NOTHING | {"orders": [row("orders", order_id="o2")]}))[
        "orders"
    ]

    assert verdict.findings == ()
    assert (verdict.rows, verdict.accepted, verdict.quarantined) == (1, 1, 0)


def test_rows_are_accounted_for(nights: ShopNights) -> None:
    good, bad = row("orders"), row("orders", order_id="bad", total="-1")
    old = row("orders", updated_at="2026-11-20T11:00:00Z")

    for verdict in nights.validate(orders=[good, good, bad, old, bad]).values():
        assert verdict.rows + verdict.returned == (
            verdict.accepted + verdict.quarantined + verdict.duplicates + verdict.superseded
        )


@pytest.mark.parametrize("dataset", GOOD)
def test_a_dataset_judged_alone_gets_the_verdict_of_the_whole_night(
    nights: ShopNights, dataset: str
) -> None:
    together = nights.validate(customers=[GOOD["customers"], row("customers", customer_id=None)])

    alone = validate_dataset(nights.engine, SHOP_DATASETS[dataset], DAY, SHOP, SUITES)

    assert alone == together[dataset]


def test_verdicts_are_kept_with_the_night(nights: ShopNights) -> None:
    verdicts = nights.validate(orders=[row("orders", total="-1")])

    assert read_verdicts(nights.engine.lake, DAY) == list(verdicts.values())
    assert read_verdicts(nights.engine.lake, NEXT) == []


def test_a_night_that_was_not_extracted_is_not_an_empty_one(nights: ShopNights) -> None:
    with pytest.raises(MissingPartition, match="raw/customers of 2026-11-21"):
        nights.verdicts()


def test_a_night_that_was_not_validated_is_not_published(nights: ShopNights) -> None:
    nights.extract()

    with pytest.raises(MissingPartition, match="not validated"):
        publish_night(nights.engine, DAY)


def test_publishing_that_broke_off_is_finished_by_the_next_attempt(nights: ShopNights) -> None:
    nights.validate()
    lake = nights.engine.lake
    lake.move(
        Partition(dataset="checked/customers", day=DAY),
        Partition(dataset="verified/customers", day=DAY),
    )

    published = publish_night(nights.engine, DAY)

    assert published == dict.fromkeys(GOOD, 1)
    assert publish_night(nights.engine, DAY) == published
    assert all(lake.exists(Partition(dataset=f"verified/{name}", day=DAY)) for name in GOOD)


def test_neither_verdicts_nor_errors_tell_what_customers_typed(nights: ShopNights) -> None:
    canary = {"first_name": "CanaryÃ©", "email": "canary@x.example", "phone": "+1 CANARY"}
    rows = [
        row("customers", **canary, birth_date="canary"),
        row("customers", **(canary | {"customer_id": "canary@x.example"}), birth_date="canary"),
    ]
    nights.validate(customers=rows, consents=[UNREADABLE, row("consents", customer_id="007")])

    with pytest.raises(NightStopped) as stopped:
        publish_night(nights.engine, DAY)

    folder = nights.engine.lake.root / "verdicts"
    kept = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.json"))
    assert "birth_date" in kept or "wrong_type" in kept
    assert "canary" not in (kept + str(stopped.value)).lower()
