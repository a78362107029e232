"""Who is in which campaign's audience on a day, on which occasion, and because of which facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from perennial.audience.confirming import PENDING
from perennial.audience.sending_hours import turn
from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import plan_instant
from perennial.errors import PlanError
from perennial.lake.partitions import Partition
from perennial.model.clock import local_instant
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.policy import Policy
from perennial.model.shop import Shop

if TYPE_CHECKING:
    from perennial.lake.duck import Published
    from perennial.lake.engines import LakeEngine

_OCCASIONS = Path(__file__).parent / "occasions"
_PERSONAL = frozenset(
    {"customer_id", "person_id", "birth_date", "age_years", "age_band", "country", "region"}
)


def build_memberships(  # noqa: PLR0917 - a day has no less
    engine: LakeEngine,
    day: date,
    shop: Shop,
    policy: Policy,
    campaigns: Sequence[Campaign],
    rules: Mapping[str, str],
    pending: pa.Table | None = None,
) -> Published:
    """Writes `memberships` of a day.

    The engine must have the day open, and the view `customer_features`. `rules` holds the SQL of each campaign's
    `where` by the campaign's name; a campaign without one admits everybody who has the occasion. `pending` says who
    has yet to confirm a consent (confirming.PENDING); without it, nobody.
    """
    engine.register("pending", PENDING.empty_table() if pending is None else pending)
    columns = ", ".join(f'null::{c.type} as "{c.name}"' for c in MEMBERSHIPS.columns)
    engine.execute(f"create or replace temp table membership_rows as select {columns} where false")
    try:
        for campaign in campaigns:
            _add_members(engine, day, shop, policy, campaign, rules.get(campaign.name, "true"))
        return engine.publish(
            Partition(dataset=MEMBERSHIPS.name, day=day),
            "select * from membership_rows",
            order_by=", ".join(MEMBERSHIPS.key),
        )
    finally:
        engine.execute("drop table if exists temp.membership_rows")
        engine.unregister("zone_days")


def _add_members(  # noqa: PLR0917 - a row of `memberships` knows all of them
    engine: LakeEngine, day: date, shop: Shop, policy: Policy, campaign: Campaign, rule: str
) -> None:
    occasion = campaign.audience.occasion
    if occasion == Occasion.BIRTHDAY:
        engine.register("zone_days", _zone_days(engine, day, shop, policy, campaign))
    found = _occasion_sql(occasion, rule)
    engine.execute(
        f"""
        insert into membership_rows
        with members as (select * from customer_features where {rule}),
        occasions as ({found})
        select $campaign, customer_id, members.person_id, occasions.occasion, occasions.open_until, occasions.why
        from occasions
        join members using (customer_id)""",
        _facts(found, day, shop, policy, campaign),
    )


def count_members(  # noqa: PLR0917 - a day has no less
    engine: LakeEngine, day: date, shop: Shop, policy: Policy, campaign: Campaign, rule: str
) -> int:
    """How many customers a campaign's audience would hold on a day; nothing is written.

    The engine must have the view `customer_features`, and the day open where the occasion looks at more than that; see
    `needs_day`.
    """
    occasion = campaign.audience.occasion
    if occasion == Occasion.BIRTHDAY:
        engine.register("zone_days", _zone_days(engine, day, shop, policy, campaign))
    found = _occasion_sql(occasion, rule)
    facts = _facts(found, day, shop, policy, campaign)
    del facts["campaign"]
    try:
        counted = engine.scalar(
            f"with members as (select * from customer_features where {rule}), occasions as ({found})"
            " select count(*) from occasions join members using (customer_id)",
            facts,
        )
    finally:
        if occasion == Occasion.BIRTHDAY:
            engine.unregister("zone_days")
    return int(counted)


def needs_day(occasion: str) -> bool:
    """Whether an occasion is found in orders too, not in customers' features alone."""
    return occasion == Occasion.DELIVERED_ORDER


def _occasion_sql(occasion: str, rule: str) -> str:
    """The query that finds an occasion among `members`.

    Raises:
        PlanError: there is neither such an occasion nor such a column.
    """
    if occasion in list(Occasion):
        return _read(occasion)
    if occasion not in CUSTOMER_FEATURES.column_names:
        msg = f"There is no occasion {occasion!r}. It is one of {', '.join(Occasion)}, or a column of customer_features."
        raise PlanError(msg)
    return _read("column").replace("{column}", occasion).replace("{facts}", _told_facts(rule))


def _told_facts(rule: str) -> str:
    """Arguments of json_object: the columns that a rule looks at, by name, without what is personal."""
    columns = {column.name for column in sqlglot.parse_one(rule, "duckdb").find_all(exp.Column)}
    return ", ".join(f"'{name}', \"{name}\"" for name in sorted(columns - _PERSONAL))


def _zone_days(
    engine: LakeEngine, day: date, shop: Shop, policy: Policy, campaign: Campaign
) -> pa.Table:
    """Which local date each zone has its turn on: the date on which the plan of the day sends there."""
    zones = [
        row["zone"]
        for row in engine.rows("select distinct zone from customer_features order by zone")
    ]
    days = [
        turn(
            zone,
            day,
            send_at=campaign.send_at,
            expires_after=campaign.expires_after,
            quiet_hours=policy.quiet_hours,
            plan_at=plan_instant(campaign, day, shop.zone),
        )
        for zone in zones
    ]
    return pa.table(
        {"zone": pa.array(zones, pa.string()), "local_day": pa.array(days, pa.date32())}
    )


def _facts(query: str, day: date, shop: Shop, policy: Policy, campaign: Campaign) -> dict[str, Any]:
    """The campaign's name, and the facts that an occasion's query names; DuckDB refuses more than that."""
    rule = policy.double_opt_in
    known = {
        "day": day,
        "confirm_days": rule.expires_after.days if rule else 0,
        "starts_at": local_instant(day, time(), shop.zone),
        "zone": shop.zone.key,
        "open_for": campaign.audience.open_for,
        "redemption_minimum": shop.points.redemption_minimum,
        "leap_day_on_1_march": shop.leap_day_on_1_march,
    }
    named = {name: known[name] for name in re.findall(r"\$(\w+)", query)}
    return {"campaign": campaign.name} | named


def _read(occasion: str) -> str:
    return (_OCCASIONS / f"{occasion}.sql").read_text(encoding="utf-8")
