"""The real message for a real customer, before anything is planned or sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from perennial.audience.deciding import decide
from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import plan_instant
from perennial.errors import PlanError
from perennial.lake.duck import Engine
from perennial.ledger.store import Ledger
from perennial.messages.templates import Templates
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.model.message import Message, PlannedMessage
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel
from perennial.pipeline.plan_reading import COLUMNS, PlanReader
from perennial.pipeline.planning import draft, ledger_facts, open_plan_day, wordings_of

_NO_EMAIL, _NO_NUMBER = "nobody@example.invalid", "+10000000000"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A message as it would look, what the plan says about the customer, and which values are made up.

    `examples` names the fields that this customer lacks and that were filled with an example.
    """

    message: Message = field(repr=False)
    outcome: str
    reason: str | None
    detail: str | None
    step: int
    examples: tuple[str, ...]


def preview_message(
    engine: Engine,
    ledger: Ledger,
    templates: Templates,
    *,
    campaign: Campaign,
    rivals: Sequence[Campaign],
    customer_id: str,
    day: date,
    shop: Shop,
    policy: Policy,
    secret: str,
    compose: Callable[[PlannedMessage], Message],
    channel: Channel | None = None,
    locale: str | None = None,
    step: int | None = None,
) -> Preview:
    """Renders a campaign's message for one customer as of a day, whether or not it would be sent.

    Raises:
        PlanError: there is no such customer on that day.
        MissingPartition: the night has not been that far.
    """
    wordings = wordings_of(campaign, templates)
    open_plan_day(engine, day)
    _only_member(engine, campaign, customer_id, day)
    decide(
        engine,
        campaign=campaign,
        rivals=rivals,
        day=day,
        shop=shop,
        policy=policy,
        facts=ledger_facts(ledger, plan_instant(campaign, day, shop.zone), policy),
        wordings=wordings,
        shards=1,
        salt=secret,
    )
    verdict = engine.rows("select outcome, reason, detail, step from verdicts")[0]
    _force(engine, campaign, channel, locale, step)
    draft(engine, wordings)
    row = engine.rows(f"select {COLUMNS} from draft")[0]
    planned = PlanReader(campaign=campaign, day=day, secret=secret).message(row)
    values, examples = _completed(
        json.loads(row["values"]), templates.required(planned.template, planned.channel)
    )
    message = compose(replace(planned, values=values))
    return Preview(
        message=message,
        outcome=verdict["outcome"],
        reason=verdict["reason"],
        detail=verdict["detail"],
        step=row["step"],
        examples=examples,
    )


def _only_member(engine: Engine, campaign: Campaign, customer_id: str, day: date) -> None:
    """Leaves one membership: the customer's own, or one that looks like it."""
    given = {"campaign": campaign.name, "customer": customer_id}
    occasion = _OCCASIONS.get(
        campaign.audience.occasion, f'"{campaign.audience.occasion}"::varchar'
    )
    engine.execute(
        f"""
        create or replace table only_member as
        with own as (
            select * from memberships where campaign = $campaign and customer_id = $customer limit 1
        ), like_own as (
            select $campaign as campaign, customer_id, person_id,
                coalesce({occasion.format(year=day.year)}, '{day.year}') as occasion,
                null::date as open_until, '{{}}' as why
            from customer_features
            where customer_id = $customer and not exists (select 1 from own)
        )
        select * from own union all select * from like_own
        """,
        given,
    )
    if not engine.scalar("select count(*) from only_member"):
        msg = f"There is no customer {customer_id!r} on {day}. Ids are text: zeros in front count."
        raise PlanError(msg)
    engine.execute("create or replace view memberships as select * from only_member")


_OCCASIONS = {
    "birthday": "'{year}'",
    "points_expiry": "points_expire_on::varchar",
    "delivered_order": "coalesce(last_delivered_order_id, last_order_id)",
}


def _force(
    engine: Engine,
    campaign: Campaign,
    channel: Channel | None,
    locale: str | None,
    step: int | None,
) -> None:
    chosen = channel or campaign.channels[0]
    fallback = ", ".join(
        (
            "outcome = 'send'",
            f"channel = '{chosen}'" if channel else f"channel = coalesce(channel, '{chosen}')",
            "address_key = coalesce(address_key, '')",
        )
    )
    engine.execute(f"update verdicts set {fallback}")
    engine.execute(
        "update verdicts set address = coalesce(address,"
        f" case channel when 'email' then '{_NO_EMAIL}' else '{_NO_NUMBER}' end)"
    )
    if locale:
        engine.execute("update verdicts set locale = $locale", {"locale": locale})
    if step:
        template = campaign.steps[step - 1].template
        engine.execute(
            "update verdicts set step = $step, template = $template",
            {"step": step, "template": template},
        )


def _completed(
    values: Mapping[str, Any], required: frozenset[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    missing = tuple(
        name
        for name in sorted(required)
        if MERGE_FIELDS[name].origin is Origin.PLAN and values.get(name) is None
    )
    return dict(values) | {name: MERGE_FIELDS[name].example for name in missing}, missing
