"""The page of a day, gathered from the lake, the ledger and the mailbox."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from perennial.campaigns.definition import Campaign
from perennial.delivery.mailbox_folder import MailboxEntry
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.responding import DayResponses
from perennial.ledger.store import Ledger
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.shop import Shop
from perennial.model.words import Outcome
from perennial.pipeline.accounting import Account, account_for
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.verifying import read_verdicts
from perennial.report.day_figures import CampaignFigures, DataFigures, DayFigures, Person
from perennial.report.day_page import render_day

_MOST_PEOPLE = 20_000


def write_day_page(
    engine: Engine,
    ledger: Ledger,
    *,
    campaigns: Sequence[Campaign],
    day: date,
    shop: Shop,
    data: DataFigures,
    mailbox: Iterable[MailboxEntry],
    page: Path,
    told_at: datetime | None = None,
) -> Path:
    """Writes one self-contained page of what a day's campaigns did; emails are linked from the mailbox.

    `told_at` is now; nothing where the clock is simulated.

    Raises:
        MissingPartition: the night has not been that far.
    """
    engine.open_day(day)
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=day))
    planned = [c for c in campaigns if engine.lake.exists(plan_partition(c.name, day))]
    accounts = [account_for(engine, ledger, campaign=c.name, day=day, shop=shop) for c in planned]
    people = _people(engine, ledger, planned, day, _links(mailbox, page.parent))
    figures = DayFigures(
        shop=shop,
        day=day,
        customers=engine.scalar("select count(*) from customer_features"),
        stages=_stages(engine),
        rfm=_rfm(engine),
        orders_by_day=_orders_by_day(engine, day, shop),
        waves=_waves(engine, planned, day),
        data=data,
        campaigns=[
            _campaign(c, a, ledger.responses(c.name, day))
            for c, a in zip(planned, accounts, strict=True)
        ],
        people=people[:_MOST_PEOPLE],
        more_people=max(0, len(people) - _MOST_PEOPLE),
        told_at=told_at,
    )
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_day(figures), encoding="utf-8")
    return page


def data_figures(lake: Lake, day: date) -> DataFigures:
    """What the night read, and what its checks said."""
    verdicts = read_verdicts(lake, day)
    return DataFigures(
        rows={v.dataset: v.rows for v in verdicts},
        quarantined={v.dataset: v.quarantined for v in verdicts},
        findings=[str(f) for v in verdicts for f in v.findings],
    )


def _campaign(campaign: Campaign, account: Account, responses: DayResponses) -> CampaignFigures:
    plan = account.plan
    return CampaignFigures(
        name=campaign.name,
        title=campaign.title,
        audience=plan.audience,
        send=plan.send,
        hold_out=plan.hold_out,
        defer=plan.deferred,
        skip=plan.skip,
        accepted=account.accepted,
        refused=account.refused,
        retryable=account.retryable,
        in_doubt=account.in_doubt,
        not_yet_claimed=account.not_yet_claimed,
        blocked=account.blocked,
        emails=plan.emails,
        sms=plan.sms,
        sms_segments=plan.sms_segments,
        whatsapp=plan.whatsapp,
        cost=plan.cost,
        responses=responses,
    )


def _stages(engine: Engine) -> dict[str, int]:
    rows = engine.rows("select stage, count(*) as n from customer_features group by stage")
    return {row["stage"]: row["n"] for row in rows}


def _rfm(engine: Engine) -> dict[tuple[int, int], int]:
    rows = engine.rows(
        """
        select recency_score as r, round((frequency_score + monetary_score) / 2.0)::integer as v, count(*) as n
        from customer_features where recency_score is not null group by all
        """
    )
    return {(row["r"], row["v"]): row["n"] for row in rows}


def _orders_by_day(engine: Engine, day: date, shop: Shop) -> list[tuple[date, int]]:
    since = datetime.combine(day - timedelta(days=90), time(0), shop.zone)
    rows = engine.rows(
        """
        select timezone($zone, ordered_at)::date as day, count(*) as n
        from orders where ordered_at >= $since and status not in ('cancelled', 'refunded') group by 1 order by 1
        """,
        {"zone": shop.zone.key, "since": since},
    )
    return [(row["day"], row["n"]) for row in rows]


def _waves(
    engine: Engine, campaigns: Sequence[Campaign], day: date
) -> list[tuple[datetime, str, int]]:
    waves = []
    for campaign in campaigns:
        engine.view("plan", plan_partition(campaign.name, day))
        rows = engine.rows(
            "select send_at, channel, count(*) as n from plan where outcome = 'send' group by all order by all"
        )
        waves += [(row["send_at"], row["channel"], row["n"]) for row in rows]
    return waves


def _people(
    engine: Engine,
    ledger: Ledger,
    campaigns: Sequence[Campaign],
    day: date,
    links: Mapping[str, tuple[str | None, str | None]],
) -> list[Person]:
    people = []
    for campaign in campaigns:
        states = {e.key: e.state for e in ledger.standing(campaign.name, day).entries()}
        engine.view("plan", plan_partition(campaign.name, day))
        rows = engine.rows(
            """
            select p.*, c.first_name from plan as p left join contacts as c using (customer_id)
            order by (p.outcome <> 'send'), p.customer_id, p.occasion
            """
        )
        people += [_person(row, states.get(row["message_key"]), links) for row in rows]
    return sorted(people, key=lambda p: p.outcome != Outcome.SEND)


def _person(
    row: Mapping[str, Any],
    state: str | None,
    links: Mapping[str, tuple[str | None, str | None]],
) -> Person:
    html, text = links.get(row["message_key"], (None, None))
    return Person(
        campaign=row["campaign"],
        customer_id=row["customer_id"],
        first_name=row["first_name"],
        outcome=row["outcome"],
        reason=row["reason"],
        detail=row["detail"],
        channel=row["channel"],
        locale=row["locale"],
        send_at=row["send_at"] if row["outcome"] == Outcome.SEND else None,
        zone=row["zone"],
        segments=row["segments"],
        state=state,
        html=html,
        text=text,
    )


def _links(
    mailbox: Iterable[MailboxEntry], folder: Path
) -> dict[str, tuple[str | None, str | None]]:
    """By message key: the email's file as a link from the page, or the text of a message to a phone."""
    return {
        entry.key: (Path(os.path.relpath(entry.html, folder)).as_posix(), None)
        if entry.html
        else (None, entry.path.read_text(encoding="utf-8"))
        for entry in mailbox
    }
