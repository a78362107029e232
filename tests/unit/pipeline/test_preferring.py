"""What customers told the ledger reaches the night; what they agreed to in the shop since reaches the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from perennial.campaigns.definition import Audience, Campaign, Step
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.permitting import PERMISSIONS
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.datasets import PREFERENCES
from perennial.model.policy import DoubleOptIn, Policy
from perennial.model.words import Channel, ConsentSource, ConsentState, PreferenceName, Topic
from perennial.pipeline.preferring import keep_preferences, learn_agreements
from perennial.pipeline.understanding import form_audiences, understand_customers
from shop_builder import DAY, NEW_YORK, TinyShop, noon

MIDNIGHT = datetime.combine(DAY, time(), NEW_YORK)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield engine


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    yield ledger
    ledger.close()


@pytest.fixture
def tiny() -> TinyShop:
    return TinyShop()


def prefers(ledger: Ledger, preference: PreferenceName, value: str | None, *, at: datetime) -> None:
    ledger.prefer("ann", "ann", {preference: value}, at=at, how=ConsentSource.PREFERENCE_PAGE)


def kept(engine: Engine) -> list[tuple[str, str, str | None]]:
    path = engine.lake.existing(Partition(dataset=PREFERENCES.name, day=DAY))
    rows = engine.rows(f"select customer_id, preference, value from read_parquet('{path}')")
    return [(row["customer_id"], row["preference"], row["value"]) for row in rows]


def test_the_day_knows_what_was_said_before_it_began(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    just_before, at_midnight = MIDNIGHT - timedelta(microseconds=1), MIDNIGHT
    prefers(ledger, PreferenceName.LANGUAGE, "es", at=just_before)
    prefers(ledger, PreferenceName.LANGUAGE, "ru", at=at_midnight)

    keep_preferences(engine, ledger, DAY, tiny.shop)

    assert kept(engine) == [("ann", "language", "es")]


def test_a_rebuild_of_a_past_day_gives_the_same(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    prefers(ledger, PreferenceName.LANGUAGE, "es", at=MIDNIGHT - timedelta(days=3))
    partition = Partition(dataset=PREFERENCES.name, day=DAY)
    keep_preferences(engine, ledger, DAY, tiny.shop)
    before = engine.content_hash(partition)
    prefers(ledger, PreferenceName.LANGUAGE, None, at=MIDNIGHT + timedelta(days=2))
    prefers(ledger, PreferenceName.BIRTH_DATE, "1990-03-14", at=MIDNIGHT + timedelta(days=2))

    keep_preferences(engine, ledger, DAY, tiny.shop)

    assert engine.content_hash(partition) == before


def test_a_birth_date_that_the_customer_gave_makes_a_birthday(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    tiny.customer("ann")
    tiny.lay(engine)
    given = DAY.replace(year=1990).isoformat()
    prefers(ledger, PreferenceName.BIRTH_DATE, given, at=MIDNIGHT - timedelta(hours=1))

    keep_preferences(engine, ledger, DAY, tiny.shop)
    understand_customers(engine, DAY, tiny.shop)
    formed = form_audiences(engine, DAY, tiny.shop, Policy(), [a_birthday()])

    assert formed.rows == 1


def test_who_agrees_in_the_shop_after_an_unsubscription_may_be_claimed_again(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    withdraws(ledger, at=noon(10))
    agrees(tiny, days_ago=2)

    assert learn(engine, ledger, tiny) == 1

    (permission,) = ledger.permissions_of("ann")
    assert (permission.state, permission.since) == (ConsentState.GRANTED, noon(2))
    assert ledger.consent_history("ann")[-1].how is ConsentSource.SHOP
    assert learn(engine, ledger, tiny) == 0


def test_what_the_shop_knew_before_an_unsubscription_changes_nothing(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    withdraws(ledger, at=noon(2))
    agrees(tiny, days_ago=10)

    assert learn(engine, ledger, tiny) == 0
    assert ledger.permissions_of("ann")[0].state is ConsentState.WITHDRAWN


def test_a_yes_that_has_yet_to_be_confirmed_lets_nothing_be_claimed(
    engine: Engine, ledger: Ledger, tiny: TinyShop
) -> None:
    withdraws(ledger, at=noon(10))
    agrees(tiny, days_ago=2)
    policy = Policy(double_opt_in=DoubleOptIn(starts_on=DAY - timedelta(days=30)))

    assert learn(engine, ledger, tiny, policy=policy) == 0
    assert ledger.permissions_of("ann")[0].state is ConsentState.WITHDRAWN


def withdraws(ledger: Ledger, *, at: datetime) -> None:
    entry = ConsentEntry(
        person_id="ann",
        customer_id="ann",
        channel=Channel.EMAIL,
        topic=Topic.OFFERS,
        state=ConsentState.WITHDRAWN,
        at=at,
        how=ConsentSource.ONE_CLICK,
    )
    ledger.record_consents([entry], recorded_at=at)


def agrees(tiny: TinyShop, *, days_ago: int) -> None:
    tiny.customer("ann")
    at = noon(days_ago)
    tiny.rows["consents"].append(
        {
            "consent_id": "c1",
            "customer_id": "ann",
            "channel": "email",
            "topic": "offers",
            "state": "granted",
            "happened_at": at,
            "updated_at": at,
        }
    )


def learn(engine: Engine, ledger: Ledger, tiny: TinyShop, *, policy: Policy | None = None) -> int:
    tiny.features(engine)
    path = engine.lake.existing(Partition(dataset="customer_features", day=DAY))
    engine.execute(f"create or replace view customer_features as from read_parquet('{path}')")
    table: pa.Table = ledger.permissions_table()
    assert table.schema == PERMISSIONS
    engine.register("permissions", table)
    return learn_agreements(
        engine,
        ledger,
        recorded_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        shop=tiny.shop,
        policy=policy or Policy(),
    )


def a_birthday() -> Campaign:
    return Campaign(
        name="birthday",
        path=Path("campaigns/birthday.yaml"),
        title="birthday",
        audience=Audience(occasion="birthday"),
        steps=(Step(after_days=0, template="birthday"),),
        channels=(Channel.EMAIL,),
        send_at=time(10, 30),
        expires_after=timedelta(hours=12),
    )
