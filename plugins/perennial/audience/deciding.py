"""Who is written to today, in which words, when, and why not: the plan of one campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from perennial.audience.confirming import unconfirmed_grant
from perennial.audience.sending_hours import sending_hours
from perennial.audience.soft_opt_in import find_soft_opt_ins
from perennial.campaigns.definition import Campaign, Step
from perennial.campaigns.timing import plan_instant
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.model.policy import Place, Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel

if TYPE_CHECKING:
    from perennial.lake.duck import Engine

_SQL = Path(__file__).parent
_NOWHERE = ""
_ANY_NUMBER = 1_000_000
_PLACE = "concat_ws('|', c.zone, coalesce(c.other_zones, ''), c.country, coalesce(c.region, ''))"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a template needs from the plan, on one channel."""

    template: str
    channel: Channel
    fields: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class LedgerFacts:
    """What the ledger knows that matters to a plan; see the methods of Ledger of these names for the columns.

    `pending` matters to a policy with a soft opt-in alone.
    """

    history: pa.Table = field(repr=False)
    suppressed: pa.Table = field(repr=False)
    engaged: pa.Table = field(repr=False)
    permissions: pa.Table = field(repr=False)
    preferences: pa.Table = field(repr=False)
    pending: pa.Table | None = field(default=None, repr=False)

    @property
    def words(self) -> pa.Table:
        """Every word about a channel: `customer_id` and `channel`."""
        heard = [self.permissions] if self.pending is None else [self.permissions, self.pending]
        return pa.concat_tables([words.select(["customer_id", "channel"]) for words in heard])


def decide(
    engine: Engine,
    *,
    campaign: Campaign,
    rivals: Sequence[Campaign],
    day: date,
    shop: Shop,
    policy: Policy,
    facts: LedgerFacts,
    wordings: Collection[Wording],
    shards: int,
    salt: str,
) -> None:
    """Leaves the table `verdicts` in the engine: the plan, without the personal values.

    The engine must have the day open, and the views `memberships` and `customer_features`. `rivals` are all
    campaigns, the planned one included.
    """
    engine.register("history", facts.history)
    engine.register("suppressed", facts.suppressed)
    engine.register("permissions", facts.permissions)
    engine.register("preferences_told", facts.preferences)
    engine.register("rules", _rules(rivals))
    engine.register("steps", _steps(rivals))
    engine.register("engaged", facts.engaged)
    engine.register("windows", _windows(engine, rivals, day, shop, policy))
    night = _night(campaign, day, shop, policy, wordings) | {"shards": shards, "salt": salt}
    engine.register("night", pa.Table.from_pylist([night]))
    find_soft_opt_ins(engine, policy, day, told=facts.words)
    sql = (_SQL / "decisions.sql").read_text(encoding="utf-8")
    unconfirmed = unconfirmed_grant(policy.double_opt_in, shop.zone)
    engine.execute(sql.replace("{place}", _PLACE).replace("{unconfirmed}", unconfirmed))


def gather_values(engine: Engine) -> None:
    """Leaves the table `facts`: the personal values of everybody whom `verdicts` says to write to."""
    engine.execute((_SQL / "values.sql").read_text(encoding="utf-8"))


def values_expression(wordings: Collection[Wording]) -> str:
    """SQL that packs the personal values of a row of `facts` into the JSON of the decisions."""
    wanted = {name for wording in wordings for name in wording.fields if _planned(name)}
    if not wanted:
        return "'{}'"
    pairs = ", ".join(f"'{name}': facts.{name}" for name in sorted(wanted))
    return f"to_json({{{pairs}}})::varchar"


def incomplete_expression(wordings: Collection[Wording]) -> str:
    """SQL that names the first field that a row's words need and that is missing, or null."""
    branches = [
        f"when verdicts.template = '{w.template}' and verdicts.channel = '{w.channel}'"
        f" and facts.{name} is null then '{name}'"
        for w in sorted(wordings, key=lambda w: (w.template, w.channel))
        for name in sorted(w.required)
        if _planned(name)
    ]
    # Words that tell either why they may be sent, need one of the two.
    branches += [
        f"when verdicts.template = '{w.template}' and verdicts.channel = '{w.channel}'"
        " and facts.consented_on is null and facts.soft_opt_in_on is null then 'consented_on'"
        for w in sorted(wordings, key=lambda w: (w.template, w.channel))
        if {"consented_on", "soft_opt_in_on"} <= w.fields
    ]
    return f"case {' '.join(branches)} end" if branches else "null::varchar"


def _planned(name: str) -> bool:
    return MERGE_FIELDS[name].origin is Origin.PLAN


def _rules(campaigns: Sequence[Campaign]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "campaign": c.name,
                "topic": str(c.topic),
                "asks_to_confirm": c.asks_to_confirm,
                "pressure": str(c.pressure),
                "priority": c.priority,
                "channels": [str(channel) for channel in c.channels],
                "holdout": float(c.holdout),
                "cool_down_days": c.cool_down.days if c.cool_down else 0,
                "paused": c.paused,
                "step_count": len(c.steps),
            }
            for c in campaigns
        ]
    )


def _steps(campaigns: Sequence[Campaign]) -> pa.Table:
    schema = pa.schema(
        [
            ("campaign", pa.string()),
            ("step", pa.int32()),
            ("template", pa.string()),
            ("after_days", pa.int32()),
            ("offer_kind", pa.string()),
            ("offer_value", pa.string()),
            ("offer_days", pa.int32()),
        ]
    )
    rows = [_step(c, n, step) for c in campaigns for n, step in enumerate(c.steps, start=1)]
    return pa.Table.from_pylist(rows, schema=schema)


def _step(campaign: Campaign, number: int, step: Step) -> dict[str, object]:
    offer = step.offer
    return {
        "campaign": campaign.name,
        "step": number,
        "template": step.template,
        "after_days": step.after_days,
        "offer_kind": str(offer.kind) if offer else None,
        "offer_value": f"{offer.value:f}" if offer else None,
        "offer_days": offer.valid_days if offer else None,
    }


def _windows(
    engine: Engine, campaigns: Sequence[Campaign], day: date, shop: Shop, policy: Policy
) -> pa.Table:
    """When the messages of each campaign may leave, by channel and place."""
    places = _places(engine, shop)
    return pa.Table.from_pylist(
        [
            {"campaign": campaign.name, "channel": str(channel), **window}
            for campaign in campaigns
            for channel in campaign.channels
            for window in _windows_of(campaign, channel, places, day, shop, policy)
        ],
        schema=pa.schema(
            [
                ("campaign", pa.string()),
                ("channel", pa.string()),
                ("place", pa.string()),
                ("local_day", pa.date32()),
                ("send_at", pa.timestamp("us", tz="UTC")),
                ("expires_at", pa.timestamp("us", tz="UTC")),
                ("quiet", pa.bool_()),
            ]
        ),
    )


def _windows_of(  # noqa: PLR0917 - what a window depends on
    campaign: Campaign,
    channel: Channel,
    places: dict[str, Place],
    day: date,
    shop: Shop,
    policy: Policy,
) -> Iterator[dict[str, object]]:
    plan_at = plan_instant(campaign, day, shop.zone)
    for name, place in places.items():
        hours = sending_hours(
            place,
            channel,
            day,
            send_at=campaign.send_at,
            expires_after=campaign.expires_after,
            quiet_hours=policy.quiet_hours,
            plan_at=plan_at,
        )
        yield {
            "place": name,
            "local_day": hours.local_day,
            "send_at": hours.send_at,
            "expires_at": hours.expires_at,
            "quiet": hours.quiet,
        }


def _places(engine: Engine, shop: Shop) -> dict[str, Place]:
    """Every place that a customer may be in, by its name in the plan's SQL; nowhere is the shop's country."""
    found = engine.rows(f"""
        select distinct {_PLACE} as place, zone, other_zones, country, region from contacts as c order by place
    """)
    known = {
        row["place"]: Place(
            (row["zone"], *(row["other_zones"] or "").split()), row["country"], row["region"]
        )
        for row in found
    }
    return known | {_NOWHERE: Place((shop.zone.key,), shop.country)}


def _night(
    campaign: Campaign, day: date, shop: Shop, policy: Policy, wordings: Collection[Wording]
) -> dict[str, object]:
    known_at = datetime.combine(day, datetime.min.time(), shop.zone)
    fields = {name for wording in wordings for name in wording.fields}
    mix = policy.caps.content_mix
    return {
        "planned": campaign.name,
        "day": day,
        "shop_zone": shop.zone.key,
        "known_at": known_at,
        "year_ago": known_at - timedelta(days=365),
        "locales": list(shop.locales),
        "default_locale": shop.default_locale,
        "global_holdout": float(policy.global_holdout),
        "promotional_per_day": policy.caps.promotional_per_day,
        "promotional_per_week": policy.caps.promotional_per_week,
        "days_between_surveys": policy.caps.days_between_surveys,
        "discounts_per_30_days": _or_any(policy.caps.discounts_per_30_days),
        "mix_messages": mix.messages if mix else 0,
        "mix_discounts": mix.discounts if mix else _ANY_NUMBER,
        "mix_days": mix.within.days if mix else 0,
        "sunset_days": policy.sunset_after.days if policy.sunset_after else 0,
        "needs_signs": bool(policy.sunset_after or policy.warm_up),
        "point_value": shop.points.value,
        "discreet_departments": list(shop.discreet_departments) or [""],
        "needs_liked": "liked" in fields,
        "needs_order_products": "order_products" in fields,
    }


def _or_any(most: int | None) -> int:
    return _ANY_NUMBER if most is None else most
