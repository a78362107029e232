"""How long the plan of a large audience takes: consent, suppression, caps, priority, hours, hold-out, values.

    python benchmarks/planning.py --members 1000000

Everybody is made up by SQL, in eight states and four zones, one in twenty between several clocks. A rival campaign
competes for a quarter of the people, a quarter has a history, and one address in a hundred is suppressed. The rules are
those of policy.yaml, with a sunset. What is timed is everything from the audiences to the drafted decisions, except
rendering, which benchmarks/rendering.py measures.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from perennial.audience.deciding import LedgerFacts, decide
from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.reading import load_campaigns
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.permitting import PERMISSIONS
from perennial.ledger.preferring import PREFERENCES
from perennial.messages.templates import load_templates
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES, MEMBERSHIPS, SHOP_DATASETS
from perennial.pipeline.planning import draft, wordings_of
from perennial.settings import PROJECT, Settings
from perennial.sources.shop_file import read_shop

DAY = date(2026, 6, 10)
NOON = "timestamptz '2026-06-10 12:00:00+00'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--memory", default=Settings.model_fields["memory_limit"].default)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), arguments.members, arguments.memory), indent=2))


def measure(root: Path, members: int, memory: str) -> dict[str, object]:
    shop = read_shop(PROJECT / "shop.yaml")
    templates = load_templates(PROJECT / "templates", shop)
    campaigns = load_campaigns(PROJECT / "campaigns")
    planned = next(c for c in campaigns if c.name == "win_back")
    with Engine(Lake(root), memory_limit=memory) as engine:
        make_town(engine, members)
        facts = LedgerFacts(
            history=engine.table(history_of(members)),
            suppressed=engine.table(suppressed_of(members)),
            engaged=engine.table(engaged_of(members)),
            permissions=PERMISSIONS.empty_table(),
            preferences=PREFERENCES.empty_table(),
        )
        started, spent = time.perf_counter(), time.process_time()
        decide(
            engine,
            campaign=planned,
            rivals=campaigns,
            day=DAY,
            shop=shop,
            policy=replace(read_policy(PROJECT / "policy.yaml"), sunset_after=timedelta(days=365)),
            facts=facts,
            wordings=wordings_of(planned, templates),
            shards=2,
            salt="benchmark",
        )
        decided = time.perf_counter() - started
        draft(engine, wordings_of(planned, templates))
        drafted = time.perf_counter() - started
        outcomes = engine.rows(
            "select outcome, reason, count(*)::integer as n from draft group by all order by all"
        )
    assert sum(row["n"] for row in outcomes) == members
    return {
        "members": members,
        "decide_seconds": round(decided, 1),
        "plan_seconds": round(drafted, 1),
        "processor_seconds": round(time.process_time() - spent, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "outcomes": {
            f"{row['outcome']} {row['reason'] or ''}".strip(): row["n"] for row in outcomes
        },
    }


def make_town(engine: Engine, members: int) -> None:
    for dataset in (*SHOP_DATASETS.values(), CONTACTS, CUSTOMER_FEATURES, MEMBERSHIPS):
        columns = ", ".join(f'"{c.name}" {c.type}' for c in dataset.columns)
        engine.execute(f"create table {dataset.name} ({columns})")
    for name, query in town(members).items():
        engine.execute(f"insert into {name} by name {query}")


def town(members: int) -> dict[str, str]:
    people = f"from range({members}) as t(n)"
    customer = "printf('%08d', n) as customer_id"
    return {
        "customer_features": f"""
            select {customer}, printf('%08d', n - (n % 50 = 1)::integer) as person_id,
                ['en', 'es-MX', 'ru', 'de'][1 + n % 4] as "language", 'email' as preferred_channel,
                5 as orders, 100 as revenue, 20 + n % 7 as average_order_value, 4 as order_gaps,
                40 as recency_days, 'Coffee' as favourite_category, date '2026-05-01' as last_order_on {people}""",
        "contacts": f"""
            select {customer}, 'Ann' as first_name, 'c' || n || '@people.example' as email, md5('e' || n) as email_key,
                null::varchar as email_problem, '+1212555' || printf('%04d', n % 10000) as phone,
                md5('p' || n) as phone_key, null::varchar as phone_problem,
                ['America/New_York', 'America/Chicago', 'Europe/Madrid', 'Pacific/Kiritimati'][1 + n % 4] as zone,
                'profile' as zone_source, if(n % 20 = 0, 'America/Denver America/Los_Angeles', null) as other_zones,
                'US' as country, 'address' as country_source,
                [null, 'FL', 'TX', 'OH', 'RI', 'CA', 'NY', 'WA'][1 + n % 8] as region {people}""",
        "consents": f"""
            select c || n as consent_id, {customer}, c as channel, 'offers' as topic,
                if(n % 11 = 0, 'withdrawn', 'granted') as state, {NOON} - interval 90 days as happened_at
            {people}, unnest(['email', 'sms']) as u(c) where n % 5 > 0 or c = 'sms'""",
        "memberships": f"""
            select 'win_back' as campaign, {customer}, printf('%08d', n - (n % 50 = 1)::integer) as person_id,
                'o' || n as occasion, '{{"recency_days":40}}' as why {people}
            union all by name
            select 'birthday' as campaign, {customer}, printf('%08d', n - (n % 50 = 1)::integer) as person_id,
                '2026' as occasion, '{{}}' as why {people} where n % 4 = 0""",
    }


def history_of(members: int) -> str:
    return f"""
        select 'k' || n as key, 'win_back' as campaign, 1::integer as step, printf('%08d', n * 4) as customer_id,
            printf('%08d', n * 4) as person_id, 'o' || n * 4 as occasion, date '{DAY}' - (1 + n % 60)::integer as day,
            'email' as channel, 'promotional' as pressure, 'accepted' as state,
            {NOON} - to_days((1 + n % 60)::integer) as at
        from range({members // 4}) as t(n)
    """


def engaged_of(members: int) -> str:
    return f"""
        select printf('%08d', n * 2) as person_id, {NOON} - to_days((1 + n % 700)::integer) as at
        from range({members // 2}) as t(n)
    """


def suppressed_of(members: int) -> str:
    return f"""
        select md5('e' || n * 100) as address_key, 'email' as channel, 'unsubscribed' as reason, {NOON} as since
        from range({members // 100}) as t(n)
    """


if __name__ == "__main__":
    main()
