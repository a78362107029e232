"""A year of a shop in the lake, made up by SQL: every day's increments, decisions and nights."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.taking_snapshots import take_snapshots
from perennial.model.datasets import (
    CONTACTS,
    CUSTOMER_FEATURES,
    DECISIONS,
    MEMBERSHIPS,
    PREFERENCES,
    SHOP_DATASETS,
    Dataset,
)
from perennial.model.fields import MERGE_FIELDS, Origin

CAMPAIGNS = ("birthday", "feedback_survey", "points_reminder", "win_back")
DAYS = 365
_KINDS_OF_DAY = 28
_NIGHTS_SINCE_THE_SNAPSHOT = 5
_TEMPLATES = {"win_back": ["win_back_hello", "win_back_offer_10", "win_back_offer_15"]}
_LONG_NAME = "Александра-Константиновна"
_OCCASIONS = {"birthday": "'2026'", "points_reminder": "'2026-12-24'"}


@dataclass(frozen=True, kw_only=True)
class Year:
    """The size of a shop. `last` is the last night; on `large`, a campaign's audience is everybody."""

    customers: int
    last: date

    @property
    def first(self) -> date:
        return self.last - timedelta(days=DAYS - 1)

    @property
    def large(self) -> tuple[str, date]:
        return "win_back", self.last - timedelta(days=2)

    @property
    def audience(self) -> int:
        """Decisions of a campaign on a usual day: 20,000 for a million customers."""
        return self.customers // 50

    @property
    def orders(self) -> int:
        """Orders of a day: ten million in a year for a million customers."""
        return self.customers * 10 // DAYS


def make_year(engine: Engine, year: Year) -> None:
    """Writes the whole lake."""
    for number in range(DAYS):
        day = year.first + timedelta(days=number)
        for dataset, query in _increments(year, number).items():
            _publish(engine, _DATASETS[dataset], day, query)
        if number == DAYS - _NIGHTS_SINCE_THE_SNAPSHOT:
            take_snapshots(engine, day, every=1)
    for number, campaign in enumerate(CAMPAIGNS):
        for kind in range(_KINDS_OF_DAY):
            _publish_plan(engine, year, campaign, number, kind)
    _publish_large_plan(engine, year)
    _nights(engine, year)


_DATASETS: dict[str, Dataset] = {d.name: d for d in (*SHOP_DATASETS.values(), CONTACTS)}
_CUSTOMER = "printf('%08d', n)"
_PERSON = "printf('%08d', n - (n % 50 = 1)::integer)"


def _increments(year: Year, number: int) -> dict[str, str]:
    """What each dataset says on a day: everything on the first, little on the others."""
    customers, first = year.customers, number == 0
    at = f"(timestamptz '{year.first + timedelta(days=number)} 03:00:00+00')"
    few = max(1, customers // 500)
    people = (
        f"range({customers}) as t(n)"
        if first
        else f"(select distinct (i * 397 + {number} * 131) % {customers} as n from range({few}) as t(i)) as t"
    )
    return {
        "customers": f"""
            select {_CUSTOMER} as customer_id, 'Ann' as first_name, 'Lee' as last_name,
                'c' || n || '@people.example' as email, '+1212555' || printf('%04d', n % 10000) as phone,
                ['en', 'es-MX', 'ru'][1 + n % 3] as "language", 'US' as country,
                timestamptz '2024-01-01 00:00:00+00' as signed_up_at, {at} as updated_at from {people}""",
        "contacts": f"""
            select {_CUSTOMER} as customer_id,
                case when n % 11 = 0 then null when n % 1000 = 7 then '{_LONG_NAME}' else 'Ann' end
                    as first_name,
                'c' || n || '@people.example' as email, md5('e' || n) as email_key,
                '+1212555' || printf('%04d', n % 10000) as phone, md5('p' || n) as phone_key,
                ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles'][1 + n % 4] as zone,
                'profile' as zone_source, 'US' as country, 'address' as country_source, 'NY' as region,
                {at} as updated_at from {people}""",
        "consents": f"""
            select printf('{number:03d}%s%s%08d', c, t, n) as consent_id, {_CUSTOMER} as customer_id, c as channel,
                t as topic, if(n % 11 = 0, 'withdrawn', 'granted') as state, {at} as happened_at, 'signup' as source,
                {at} as updated_at
            from {people}, unnest(['email', 'sms']) as u(c), unnest(['offers', 'loyalty', 'feedback']) as v(t)""",
        "orders": f"""
            select printf('{number:03d}%06d', n) as order_id,
                printf('%08d', hash(n, {number}) % {customers}) as customer_id, {at} as ordered_at,
                'delivered' as status, {at} + interval 2 days as delivered_at, 'USD' as currency, 0 as discount,
                20 + n % 50 as total, {at} as updated_at from range({year.orders}) as t(n)""",
        "order_lines": f"""
            select printf('{number:03d}%06d', n) as order_id, l as line_no, 'p' || hash(n, l) % 5000 as product_id,
                1 as quantity, 9.99 as amount, {at} as updated_at
            from range({year.orders}) as t(n), range(1, 5) as u(l)""",
        "products": f"""
            select 'p' || n as product_id, 'Coffee of farm ' || n as name, 'Coffee' as category,
                'Grocery' as department, 9.99 as price, 'https://juniperandrye.example/p/' || n as url,
                {at} as updated_at from range({5000 if first else 20}) as t(n)""",
        "points_entries": f"""
            select printf('{number:03d}%08d', n) as entry_id, printf('%08d', hash(n, {number}) % {customers})
                as customer_id, 'earned' as kind, 10 as points, {at} as happened_at,
                {at}::date + 400 as expires_on, {at} as updated_at
            from range({customers if first else year.orders // 2}) as t(n)""",
    }


def _publish_plan(engine: Engine, year: Year, campaign: str, number: int, kind: int) -> None:
    """A plan of each kind of day is written once; the days that are alike share its file."""
    days = [year.first + timedelta(days=n) for n in range(kind, DAYS, _KINDS_OF_DAY)]
    step = max(1, year.customers // year.audience)
    members = f"(select i * {step} + {kind + number * 7} % {step} as n from range({year.audience}) as t(i)) as t"
    _publish(engine, DECISIONS, days[-1], _decisions(campaign, days[-1], members), campaign)
    written = engine.lake.path(Partition(dataset=DECISIONS.name, day=days[-1], name=campaign))
    for day in days[:-1]:
        path = engine.lake.path(Partition(dataset=DECISIONS.name, day=day, name=campaign))
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(written, path)


def _publish_large_plan(engine: Engine, year: Year) -> None:
    campaign, day = year.large
    everybody = f"range({year.customers}) as t(n)"
    _publish(engine, DECISIONS, day, _decisions(campaign, day, everybody), campaign)


def _decisions(campaign: str, day: date, members: str) -> str:
    occasion = _OCCASIONS.get(campaign, "'o' || n")
    templates = _TEMPLATES.get(campaign, [campaign])
    return f"""
        select '{campaign}' as campaign, {_CUSTOMER} as customer_id, {_PERSON} as person_id, {occasion} as occasion,
            1 + n % {len(templates)} as step, {templates}[1 + n % {len(templates)}] as template,
            case when n % 5 = 0 then 'skip' when n % 13 = 1 then 'hold_out' when n % 17 = 2 then 'defer' else 'send' end
                as outcome,
            case when n % 5 = 0 then if(n % 2 = 0, 'no_consent', 'capped') when n % 13 = 1 then null
                when n % 17 = 2 then 'lower_priority' end as reason,
            md5('{campaign}{day}' || n) as message_key, if(n % 7 = 0, 'sms', 'email') as channel,
            'c' || n || '@people.example' as address, md5('e' || n) as address_key,
            ['en', 'es', 'ru'][1 + n // 3 % 3] as locale, 'America/New_York' as zone, 'profile' as zone_source,
            date '{day}' as local_day, timestamptz '{day} 15:30:00+00' as send_at,
            timestamptz '{day} 23:30:00+00' as expires_at,
            if(outcome = 'send', {_values()}, null)::varchar as "values",
            if(n % 7 = 0, 1, 0) as segments, if(n % 7 = 0, 0.0079, 0.0008) as cost, n % 2 as shard,
            '{{"recency_days":40}}' as why
        from {members}"""


def _values() -> str:
    """Everything that any words need, most of it as in the examples of the merge fields."""
    names = {
        "first_name": f"if(n % 11 = 0, null, if(n % 1000 = 7, '{_LONG_NAME}', 'Ann'))",
        "points_balance": "n * 37 % 5000",
        "points_value": "printf('%.2f', n * 37 % 5000 / 100)",
        "offer": "if(step = 1 and campaign = 'win_back', null, {'kind': 'percent', 'value': '10'})",
    }
    examples = {f.name: f.example for f in MERGE_FIELDS.values() if f.origin is Origin.PLAN}
    parts = [f"'{name}', {names.get(name) or _json(value)}" for name, value in examples.items()]
    return f"json_object({', '.join(parts)})"


def _json(value: object) -> str:
    text = json.dumps(value).replace("'", "''")
    return f"'{text}'::json"


def _nights(engine: Engine, year: Year) -> None:
    """The features and audiences of the last night, which the nights before share."""
    _publish(engine, CUSTOMER_FEATURES, year.last, _features(year))
    _publish(
        engine, PREFERENCES, year.last, f"select {_CUSTOMER} as customer_id from range(0) as t(n)"
    )
    usual = " union all by name ".join(
        f"""select '{campaign}' as campaign, {_CUSTOMER} as customer_id, {_PERSON} as person_id,
            {_OCCASIONS.get(campaign, "'o' || n")} as occasion, '{{}}' as why
            from (select i * 50 + {number} as n from range({year.audience}) as t(i))"""
        for number, campaign in enumerate(CAMPAIGNS)
    )
    _publish(engine, MEMBERSHIPS, year.last, usual)
    for dataset in (CUSTOMER_FEATURES, MEMBERSHIPS):
        written = engine.lake.path(Partition(dataset=dataset.name, day=year.last))
        for number in range(DAYS - 1):
            path = engine.lake.path(
                Partition(dataset=dataset.name, day=year.first + timedelta(days=number))
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(written, path)


def _features(year: Year) -> str:
    day = year.last
    return f"""
        select {_CUSTOMER} as customer_id, {_PERSON} as person_id, ['en', 'es-MX', 'ru'][1 + n % 3] as "language",
            'US' as country, 'NY' as region, 'America/New_York' as zone, 'profile' as zone_source,
            'email' as preferred_channel, date '1950-01-01' + (hash(n) % 20000)::integer as birth_date,
            20 + n % 60 as age_years, date '2024-01-01' + (n % 600)::integer as signed_up_on, n % 600 as customer_for_days,
            (hash(n, 1) % 40)::integer as orders, (hash(n, 2) % 100000) / 100 as revenue, 20 + n % 7 as average_order_value,
            date '{day}' - 400 as first_order_on, date '{day}' - (hash(n, 3) % 300)::integer as last_order_on,
            'o' || n as last_order_id, (hash(n, 3) % 300)::integer as recency_days, 4 as order_gaps,
            10 + hash(n, 4) % 50 as usual_gap_days, (hash(n, 5) % 500) / 100 as silence_ratio,
            n % 3 as orders_30d, n % 5 as orders_90d, n % 20 as orders_365d, 10 as revenue_30d, 30 as revenue_90d,
            100 as revenue_365d, 0 as refunds, 0.0 as refund_rate, 0.1 as discount_share, 'Coffee' as favourite_category,
            'p' || n % 5000 as favourite_product_id, 'Coffee of farm ' || n % 5000 as favourite_product,
            'o' || n as last_delivered_order_id, date '{day}' - 5 as last_delivered_on, n % 24 as usual_order_hour,
            (n * 37) % 5000 as points_balance, if(n % 9 = 0, 600, 0) as points_expiring,
            if(n % 9 = 0, date '{day}' + 20, null) as points_expire_on, 0 as reward_points, 'active' as stage,
            1 + n % 5 as recency_score, 1 + n % 5 as frequency_score, 1 + n % 5 as monetary_score, 'loyal' as rfm_cell
        from range({year.customers}) as t(n)"""


def _publish(engine: Engine, dataset: Dataset, day: date, query: str, name: str = "data") -> None:
    folder = f"verified/{dataset.name}" if dataset.name in SHOP_DATASETS else dataset.name
    engine.execute(f"create or replace temp view made_up as {query}")
    found = {row["column_name"] for row in engine.rows("describe made_up")}
    columns = ", ".join(
        f'"{c.name}"::{c.type} as "{c.name}"'
        if c.name in found
        else f'null::{c.type} as "{c.name}"'
        for c in dataset.columns
    )
    order = (
        "send_at nulls last, message_key, customer_id, occasion"
        if dataset is DECISIONS
        else ", ".join(dataset.key)
    )
    engine.publish(
        Partition(dataset=folder, day=day, name=name),
        f"select {columns} from made_up",
        order_by=order,
    )
