"""The plan of one campaign for one day: decided, proved by rendering, published, hashed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from perennial.audience.deciding import (
    LedgerFacts,
    Wording,
    decide,
    gather_values,
    incomplete_expression,
    values_expression,
)
from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import plan_instant
from perennial.errors import RenderError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.engaging import ENGAGED
from perennial.ledger.store import Ledger
from perennial.ledger.values import PlanRecord
from perennial.messages.templates import Templates
from perennial.model.datasets import CUSTOMER_FEATURES, DECISIONS, MEMBERSHIPS
from perennial.model.message import PlannedMessage
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Outcome, Pressure, Reason
from perennial.pipeline.affording import Room, room
from perennial.pipeline.plan_reading import (
    COLUMNS,
    ORDER,
    PlanReader,
    plan_hash,
    plan_partition,
    seal_plan,
)
from perennial.pipeline.preferring import learn_agreements

# Renders one planned message as it will be sent; returns its SMS segments, 0 for an email.
Proof = Callable[[PlannedMessage], int]

_LONGEST_MEMORY = timedelta(days=400)
# How far back opens and clicks are looked at for a new sender, whose first emails go to those who read.
_LATELY = timedelta(days=90)
_PROOF_SCHEMA = pa.schema(
    [
        ("message_key", pa.string()),
        ("segments", pa.int32()),
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """A plan in figures; they add up: audience = send + defer + skip + hold_out."""

    campaign: str
    day: date
    audience: int
    send: int
    defer: int
    skip: Mapping[str, int]
    hold_out: int
    plan_hash: str
    deferred: Mapping[str, int] = field(default_factory=dict)
    emails: int = 0
    sms: int = 0
    sms_segments: int = 0
    most_segments: int = 0
    whatsapp: int = 0
    cost: Decimal = Decimal(0)
    currency: str = ""
    first_send_at: datetime | None = None
    last_expiry: datetime | None = None
    begun: bool = False

    def as_json(self) -> dict[str, Any]:
        """For machines: dates and instants as ISO text, money as text."""
        plain = asdict(self)
        for name in ("day", "first_send_at", "last_expiry"):
            plain[name] = plain[name].isoformat() if plain[name] else None
        return plain | {"cost": f"{self.cost:f}"}


def plan_campaign(
    engine: Engine,
    ledger: Ledger,
    templates: Templates,
    *,
    campaign: Campaign,
    rivals: Sequence[Campaign],
    day: date,
    shop: Shop,
    policy: Policy,
    shards: int,
    secret: str,
    proof: Proof,
) -> PlanSummary:
    """Decides about every member of a campaign's audience and publishes the decisions.

    Planning again gives the same plan. Once its dispatch has begun, a plan is never made anew: the one that
    is being carried out is returned.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    partition = plan_partition(campaign.name, day)
    if ledger.dispatch_begun(campaign.name, day) and engine.lake.exists(partition):
        return summarise(engine, campaign.name, day, shop, begun=True)
    wordings = wordings_of(campaign, templates)
    open_plan_day(engine, day)
    decide(
        engine,
        campaign=campaign,
        rivals=rivals,
        day=day,
        shop=shop,
        policy=policy,
        facts=ledger_facts(ledger, plan_instant(campaign, day, shop.zone), policy),
        wordings=wordings,
        shards=shards,
        salt=secret,
    )
    draft(engine, wordings)
    _prove(engine, PlanReader(campaign=campaign, day=day, secret=secret), proof)
    limits = policy.budget.limits(campaign.name)
    spent = ledger.spent_before(day, now=plan_instant(campaign, day, shop.zone)) if limits else {}
    emails = _emails(policy, campaign, day, shop)
    _publish(engine, partition, shop, room(limits, spent, emails=emails))
    seal_plan(engine, campaign.name, day)
    summary = summarise(engine, campaign.name, day, shop)
    learn_agreements(
        engine,
        ledger,
        recorded_at=plan_instant(campaign, day, shop.zone),
        shop=shop,
        policy=policy,
    )
    ledger.record_plan(_record(summary, plan_instant(campaign, day, shop.zone)))
    return summary


def _emails(policy: Policy, campaign: Campaign, day: date, shop: Shop) -> int | None:
    """How many emails a new sender has room for; what asks whether an address is theirs never waits for it."""
    if campaign.pressure is Pressure.SERVICE:
        return None
    return policy.emails_on(day, shop.from_address, shop.zone)


def wordings_of(campaign: Campaign, templates: Templates) -> tuple[Wording, ...]:
    """What each template of a campaign needs, by channel."""
    return tuple(
        Wording(
            template=template,
            channel=channel,
            fields=templates.fields(template, channel),
            required=templates.required(template, channel),
        )
        for template in dict.fromkeys(step.template for step in campaign.steps)
        for channel in campaign.channels
    )


def summarise(
    engine: Engine, campaign: str, day: date, shop: Shop, *, begun: bool = False
) -> PlanSummary:
    """The figures of a published plan.

    Raises:
        MissingPartition: there is no plan for that day.
    """
    partition = plan_partition(campaign, day)
    engine.view("plan", partition)
    outcomes = engine.rows(
        "select outcome, reason, count(*) as n from plan group by all order by outcome, reason"
    )
    total: Counter[str] = Counter()
    for row in outcomes:
        total[row["outcome"]] += row["n"]
    sending = engine.rows(_SENDING)[0]
    return PlanSummary(
        campaign=campaign,
        day=day,
        audience=total.total(),
        send=total[Outcome.SEND],
        defer=total[Outcome.DEFER],
        skip=_by_reason(outcomes, Outcome.SKIP),
        hold_out=total[Outcome.HOLD_OUT],
        plan_hash=plan_hash(engine, campaign, day),
        deferred=_by_reason(outcomes, Outcome.DEFER),
        currency=shop.currency,
        begun=begun,
        **sending,
    )


_SENDING = """
    select
        count(*) filter (where channel = 'email') as emails,
        count(*) filter (where channel = 'sms') as sms,
        coalesce(sum(segments), 0)::bigint as sms_segments,
        coalesce(max(segments), 0)::integer as most_segments,
        count(*) filter (where channel = 'whatsapp') as whatsapp,
        coalesce(sum(cost), 0)::decimal(18, 2) as cost,
        min(send_at) as first_send_at,
        max(expires_at) as last_expiry
    from plan
    where outcome = 'send'
"""


def _by_reason(outcomes: Sequence[Mapping[str, Any]], outcome: Outcome) -> dict[str, int]:
    return {row["reason"]: row["n"] for row in outcomes if row["outcome"] == outcome}


def open_plan_day(engine: Engine, day: date) -> None:
    """Makes readable what a plan is made from.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    engine.open_day(day)
    for dataset in (CUSTOMER_FEATURES, MEMBERSHIPS):
        engine.view(dataset.name, Partition(dataset=dataset.name, day=day))


def ledger_facts(
    ledger: Ledger,
    plan_at: datetime,
    policy: Policy,
    *,
    customers: Collection[str] | None = None,
    address_keys: Collection[str] | None = None,
) -> LedgerFacts:
    """What the ledger remembers that may matter to a plan made at an instant.

    Given all accounts of a person and the keys of their addresses, it is about that person alone.
    """
    persons = customers
    signs = policy.sunset_after or (_LATELY if policy.warm_up else None)
    return LedgerFacts(
        history=ledger.history(since=plan_at - _LONGEST_MEMORY, persons=persons),
        suppressed=ledger.suppressed(address_keys=address_keys),
        engaged=ledger.engaged(since=plan_at - signs, persons=persons)
        if signs
        else ENGAGED.empty_table(),
        permissions=ledger.permissions_table(customers=customers),
        preferences=ledger.preferences_table(customers=customers),
        pending=ledger.pending_table() if policy.soft_opt_in else None,
    )


def draft(engine: Engine, wordings: Sequence[Wording]) -> None:
    """Leaves the table `draft`: the verdicts with the personal values, and the field that is missing, if any."""
    gather_values(engine)
    engine.execute(
        f"""
        create or replace table draft as
        select verdicts.*,
            case when verdicts.outcome = 'send' then {values_expression(wordings)} end as "values",
            case when verdicts.outcome = 'send' then {incomplete_expression(wordings)} end as missing,
            0 as segments, 0::decimal(12, 4) as cost
        from verdicts
        left join facts using (message_key)
        """
    )


def _prove(engine: Engine, reader: PlanReader, proof: Proof) -> None:
    """Renders every message before the first one leaves; what cannot be rendered is not sent."""
    sql = f"select {COLUMNS} from draft where outcome = 'send' and missing is null"
    batches = [_proved(reader.read(batch), proof) for batch in engine.batches(sql, size=10_000)]
    engine.register("proved", pa.Table.from_batches(batches, schema=_PROOF_SCHEMA))


def _proved(messages: Sequence[PlannedMessage], proof: Proof) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [_proof_of(message, proof) for message in messages],
        schema=_PROOF_SCHEMA,
    )


def _proof_of(message: PlannedMessage, proof: Proof) -> dict[str, Any]:
    try:
        segments = proof(message)
    except RenderError as error:
        return {
            "message_key": message.key,
            "segments": 0,
            "reason": str(Reason.RENDER_FAILED),
            "detail": str(error),
        }
    return {"message_key": message.key, "segments": segments, "reason": None, "detail": None}


def _publish(engine: Engine, partition: Partition, shop: Shop, budget: Room) -> None:
    columns = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in DECISIONS.columns)
    judged = f"""
            select d.* exclude (outcome, reason, detail, address, "values", segments, cost),
                case when d.missing is not null or p.reason is not null then 'skip' else d.outcome end as outcome,
                case when d.missing is not null then 'incomplete_data' else coalesce(p.reason, d.reason) end as reason,
                coalesce(d.missing, p.detail, d.detail) as detail,
                d.address as known_address, d."values" as known_values, p.segments as parts,
                case
                    when d.channel = 'sms' then p.segments * {shop.prices.sms_segment:f}
                    when d.channel = 'whatsapp' then {shop.prices.whatsapp:f}
                    else {shop.prices.email:f}
                end as money
            from draft as d
            left join proved as p using (message_key)
    """
    query = f"""
        with final as (
            select * replace (
                    case when outcome = 'send' then shard end as shard,
                    case when channel is not null and reason in ('no_address', 'bad_address') then null else channel end
                        as channel
                ),
                case when outcome = 'send' then known_address end as address,
                case when outcome = 'send' then known_values end as "values",
                case when outcome = 'send' then parts end as segments,
                case when outcome = 'send' then money end as cost
            from ({budget.within(judged)})
        )
        select {columns} from final
    """
    engine.publish(partition, query, order_by=ORDER)


def _record(summary: PlanSummary, planned_at: datetime) -> PlanRecord:
    return PlanRecord(
        campaign=summary.campaign,
        day=summary.day,
        plan_hash=summary.plan_hash,
        counts={
            "audience": summary.audience,
            "send": summary.send,
            "defer": summary.defer,
            "skip": sum(summary.skip.values()),
            "hold_out": summary.hold_out,
        },
        planned_at=planned_at,
    )
