"""What a plan says is what dispatch reads."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.definition import Step
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.model.keys import coupon_code, message_key
from perennial.model.message import Coupon
from perennial.model.words import Channel
from perennial.pipeline.plan_reading import (
    ORDER,
    PlanReader,
    Selection,
    plan_hash,
    plan_partition,
    seal_plan,
)
from plan_builder import DAY, a_campaign, an_offer

SECRET = "a secret of at least thirty-two characters"
READER = PlanReader(
    campaign=a_campaign(
        steps=(
            Step(after_days=0, template="win_back"),
            Step(after_days=7, template="win_back", offer=an_offer(10, 14)),
        )
    ),
    day=DAY,
    secret=SECRET,
)
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        *(("message_key", pa.string()), ("step", pa.int32()), ("template", pa.string())),
        *(("customer_id", pa.string()), ("person_id", pa.string()), ("occasion", pa.string())),
        *(("channel", pa.string()), ("address", pa.string()), ("address_key", pa.string())),
        *(("locale", pa.string()), ("local_day", pa.date32())),
        *(("send_at", pa.timestamp("us", "UTC")), ("expires_at", pa.timestamp("us", "UTC"))),
        ("values", pa.string()),
        *(("segments", pa.int32()), ("cost", pa.decimal128(12, 4))),
    ]
)


def a_row(number: int = 0, **changes: object) -> dict[str, Any]:
    return {
        "message_key": message_key("win_back", 1, str(number), "o-1"),
        "step": 1,
        "template": "win_back",
        "customer_id": str(number),
        "person_id": f"p-{number}",
        "occasion": "o-1",
        "channel": "email",
        "address": f"{number}@mail.example",
        "address_key": f"{number:032x}",
        "locale": "en",
        "local_day": DAY,
        "send_at": NOON,
        "expires_at": NOON + timedelta(hours=8),
        "values": "{}",
        "segments": 0,
        "cost": Decimal("0.0008"),
    } | changes


def a_batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=SCHEMA)


ROWS = st.builds(
    lambda number, changes: a_row(number, **changes),
    st.integers(0, 10**9),
    st.fixed_dictionaries(
        {},
        optional={
            "step": st.sampled_from([1, 2]),
            "channel": st.sampled_from([str(channel) for channel in Channel]),
            "local_day": st.dates(date(2024, 1, 1), date(2030, 1, 1)),
            "send_at": st.integers(-(10**15), 10**15).map(
                lambda away: NOON + timedelta(microseconds=away)
            ),
            "values": st.dictionaries(
                st.text(),
                st.none() | st.text() | st.integers(-(2**60), 2**60) | st.lists(st.text()),
            ).map(json.dumps),
        },
    ),
)


@given(rows=st.lists(ROWS, min_size=1, max_size=5))
def test_many_rows_are_read_as_each_alone(rows: list[dict[str, Any]]) -> None:
    messages = READER.read(a_batch(*rows))

    assert messages == [READER.message(row) for row in rows]
    for row, message in zip(rows, messages, strict=True):
        assert (message.key, message.customer_id) == (row["message_key"], row["customer_id"])
        assert (message.send_at, message.expires_at) == (row["send_at"], row["expires_at"])
        assert message.send_at.utcoffset() == timedelta(0)
        assert message.channel is Channel(row["channel"])
        assert message.values == row["values"]


def test_a_step_with_an_offer_gives_each_message_a_coupon_of_its_own() -> None:
    (plain, offered) = READER.read(a_batch(a_row(1), a_row(2, step=2)))

    assert plain.coupon is None
    assert offered.coupon == Coupon(
        code=coupon_code("TEST", offered.key, SECRET),
        kind="percent",
        value=READER.campaign.steps[1].offer.value,  # type: ignore[union-attr]
        expires_on=DAY + timedelta(days=14),
    )


def test_what_a_customer_typed_is_read_as_it_was_written() -> None:
    written = json.dumps({"first_name": '{{7*7}} \u202e\u2028 \x00 👩\u200d👧 "\\'})

    (message,) = READER.read(a_batch(a_row(values=written)))

    assert message.values == written


def test_a_plan_is_read_in_the_order_of_sending_as_it_lies(tmp_path: Path) -> None:
    """Over many row groups and two threads; nothing is sorted while it is read, so that no plan is too large."""
    moments = f"timestamptz '{NOON.isoformat()}' + to_minutes((n * 7919 % 600)::integer)"
    rows = f"""
        select printf('%032x', n * 104729 % 300007) as message_key, 1 as step, 'win_back' as template,
            n::varchar as customer_id, n::varchar as person_id, 'o-1' as occasion, 'email' as channel,
            n || '@mail.example' as address, md5(n::varchar) as address_key, 'en' as locale,
            date '{DAY}' as local_day, if(n % 10 = 0, null, {moments}) as send_at,
            {moments} + interval 8 hours as expires_at, '{{}}' as "values",
            0 as segments, 0.0008::decimal(12, 4) as cost,
            if(n % 10 = 0, 'skip', 'send') as outcome, n % 2 as shard
        from range(300000) as t(n)
    """
    with Engine(Lake(tmp_path), threads=2) as engine:
        engine.publish(plan_partition("win_back", DAY), rows, order_by=ORDER)
        chunks = [*READER.messages(engine, until=NOON + timedelta(hours=5), shard=1, chunk=1_000)]
        some = [*READER.messages(engine, selection=Selection(limit=5))]

    read = [(message.send_at, message.key) for chunk in chunks for message in chunk]
    assert read == sorted(read)
    assert len(read) == 75_000
    assert [len(chunk) for chunk in some] == [5]
    assert {m.send_at for m in some[0]} == {NOON + timedelta(minutes=1)}


TWO_MEMBERS = "select n as customer_id, 'send' as outcome from range(2) as t(n)"


def test_a_sealed_plan_is_known_by_its_file_and_hashes_as_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine(Lake(tmp_path)) as engine:
        engine.publish(plan_partition("win_back", DAY), TWO_MEMBERS, order_by="customer_id")
        unsealed = plan_hash(engine, "win_back", DAY)
        seal_plan(engine, "win_back", DAY)
        monkeypatch.delattr(Engine, "content_hash")
        assert plan_hash(engine, "win_back", DAY) == unsealed


def test_a_plan_that_was_changed_after_its_sealing_hashes_as_what_it_is(tmp_path: Path) -> None:
    with Engine(Lake(tmp_path)) as engine:
        engine.publish(plan_partition("win_back", DAY), TWO_MEMBERS, order_by="customer_id")
        seal_plan(engine, "win_back", DAY)
        sealed = plan_hash(engine, "win_back", DAY)
        three = TWO_MEMBERS.replace("range(2)", "range(3)")
        engine.publish(plan_partition("win_back", DAY), three, order_by="customer_id")
        assert plan_hash(engine, "win_back", DAY) != sealed
