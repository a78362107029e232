"""The rows of each table of the sample shop, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perennial.sample.awkward import make_awkward
from perennial.sample.baskets import SHOP_ZONE, Baskets, TillProduct
from perennial.sample.columns import PRODUCT_WIDTH, ids, stamp, stamps
from perennial.sample.history import NEVER, OrderHistory, Seconds, status_changes, to_local
from perennial.sample.people import Places, make_people
from perennial.sample.permissions import consents
from perennial.sample.points import MEMBERS_SHARE, REDEEMS_SHARE, PointsAccount, PointsEvent
from perennial.sample.product_names import SERVICES, shelf_words
from perennial.sample.shop_copy import CopyPlan, Orders

CURRENCY = "USD"
PRODUCT_PAGE = "https://juniperandrye.example/p/"
POINTS_LAST_MONTHS = 6
_HOUR, _DAY = 3600, 86400
Rows = Iterator[tuple[Any, ...]]


def product_rows(till: list[TillProduct], lines: pd.DataFrame, updated_at: str) -> Rows:
    """Every product with the words that customers read and the median price paid for one."""
    unit_prices = lines["amount"] / lines["quantity"]
    prices = unit_prices.groupby(lines["product_id"]).median().round().astype("int64").to_dict()
    product_ids = ids(np.array([row.product_id for row in till], dtype=np.int64), PRODUCT_WIDTH)
    for product_id, row in zip(product_ids, till, strict=True):
        words = shelf_words(
            row.department,
            row.product_category,
            row.product_type,
            row.package_size,
            own_brand=row.brand == "Private",
        )
        price = prices.get(row.product_id) or None
        if words.department == SERVICES:
            price = None
        page = f"{PRODUCT_PAGE}{product_id}"
        yield (product_id, words.name, words.category, words.department, price, page, updated_at)


def customer_rows(
    orders: Orders, age_bands: dict[int, str], places: Places, plan: CopyPlan
) -> Rows:
    """The people of a copy, some of them awkward, who signed up shortly before they first ordered."""
    bands = [age_bands.get(int(household)) for household in orders.households]
    people = make_people(orders.customer_ids, bands, places, plan.rng("people"))
    signed_up = stamps(signed_up_at(orders, plan))
    for person, moment in zip(make_awkward(people, plan.rng("awkward")), signed_up, strict=True):
        yield (*person, moment, moment)


def signed_up_at(orders: Orders, plan: CopyPlan) -> Seconds:
    """When each customer made the account: half of them for the first order, the others days before."""
    count = len(orders.customer_ids)
    first = np.full(count, NEVER)
    np.minimum.at(first, orders.customer_of, orders.history.placed)
    rng = plan.rng("sign-up")
    soon = rng.random(count) < 0.55
    earlier: Seconds = np.where(
        soon, rng.integers(60, 2 * _HOUR, count), rng.integers(_DAY, 30 * _DAY, count)
    )
    return first - earlier


def order_rows(orders: Orders) -> Rows:
    """Each order as it stands at the end of the data."""
    latest = status_changes(orders.history).drop_duplicates("order", keep="last")
    updated = stamps(latest["changed_at"].to_numpy())
    yield from zip(
        orders.order_ids,
        (orders.customer_ids[i] for i in orders.customer_of),
        stamps(orders.history.placed),
        latest["status"],
        stamps(orders.history.delivered),
        _or_none(latest["return_state"]),
        (CURRENCY for _ in orders.order_ids),
        orders.discount.tolist(),
        orders.total.tolist(),
        updated,
        strict=True,
    )


def status_change_rows(orders: Orders) -> Rows:
    """Every change of every order."""
    changes = status_changes(orders.history)
    moments = stamps(changes["changed_at"].to_numpy())
    yield from zip(
        (orders.order_ids[i] for i in changes["order"]),
        moments,
        changes["status"],
        _or_none(changes["return_state"]),
        moments,
        strict=True,
    )


def order_line_rows(source: Baskets, orders: Orders) -> Rows:
    """What was in each order, written when it was placed."""
    lines = source.lines
    if not orders.kept.all():
        lines = lines[orders.kept[lines["basket"]]]
    order = (np.cumsum(orders.kept) - 1)[lines["basket"]]
    placed = stamps(orders.history.placed)
    yield from zip(
        (orders.order_ids[i] for i in order),
        lines["line_no"].tolist(),
        ids(lines["product_id"].to_numpy(), PRODUCT_WIDTH),
        lines["quantity"].tolist(),
        lines["amount"].tolist(),
        (placed[i] for i in order),
        strict=True,
    )


def points_rows(orders: Orders, plan: CopyPlan) -> Rows:
    """The accounts of the members of the points club."""
    rng = plan.rng("points")
    members = rng.random(len(orders.customer_ids)) < MEMBERS_SHARE
    events = _points_events(orders, rng.random(len(orders.order_ids)) < REDEEMS_SHARE)
    for number, customer_id in enumerate(orders.customer_ids):
        if not members[number]:
            continue
        entries = PointsAccount().entries(events[number], plan.end)
        for n, entry in enumerate(entries, start=1):
            moment = stamp(entry.when)
            expires_on = entry.expires_on.isoformat() if entry.expires_on else None
            yield (
                *(f"{customer_id}-{n:04d}", customer_id, entry.kind, entry.points),
                *(moment, expires_on, entry.order_id, moment),
            )


def consent_rows(orders: Orders, plan: CopyPlan) -> Rows:
    """What the people of a copy agreed to and took back."""
    rng = plan.rng("consents")
    signed_up = signed_up_at(orders, plan).tolist()
    for customer_id, moment in zip(orders.customer_ids, signed_up, strict=True):
        for n, entry in enumerate(consents(moment, plan.end, rng), start=1):
            when = stamp(entry.when)
            yield (
                *(f"{customer_id}-{n:03d}", customer_id, entry.channel, entry.topic),
                *(entry.state, when, entry.source, when),
            )


def _points_events(orders: Orders, redeems: npt.NDArray[np.bool_]) -> dict[int, list[PointsEvent]]:
    """What moves each customer's account, by the customer's number."""
    events: dict[int, list[PointsEvent]] = {n: [] for n in range(len(orders.customer_ids))}
    history, expiries = orders.history, _expiries(orders.history)
    facts = zip(
        orders.customer_of.tolist(),
        orders.order_ids,
        (orders.total // 100).tolist(),
        history.placed.tolist(),
        history.delivered.tolist(),
        history.refunded.tolist(),
        (redeems & (history.cancelled == NEVER)).tolist(),
        expiries,
        strict=True,
    )
    for customer, order_id, points, placed, delivered, refunded, redeemed, expiry in facts:
        mine = events[customer]
        if redeemed:
            mine.append(PointsEvent(when=placed, kind="redeemed", order_id=order_id))
        if expiry is None or not points:
            continue
        last_day, posted = expiry
        mine.append(
            PointsEvent(
                when=delivered,
                kind="earned",
                order_id=order_id,
                points=points,
                expires_on=last_day,
                expiry_posted=posted,
            )
        )
        if refunded != NEVER:
            mine.append(
                PointsEvent(when=refunded, kind="adjusted", order_id=order_id, points=points)
            )
    return events


def _expiries(history: OrderHistory) -> list[tuple[date, int] | None]:
    """For each order, the last day of its points and the moment their expiry is posted; nothing if not delivered."""
    arrived = history.delivered != NEVER
    months = to_local(np.where(arrived, history.delivered, 0)).astype("datetime64[M]")
    last_days = (months + POINTS_LAST_MONTHS + 1).astype("datetime64[D]") - 1
    posted = {day: (day.item(), _posted(day.item())) for day in np.unique(last_days)}
    return [posted[day] if there else None for day, there in zip(last_days, arrived, strict=True)]


def _posted(last_day: date) -> int:
    """Three in the morning after the last day, on the shop's clock."""
    moment = datetime.combine(last_day + timedelta(days=1), time(3), tzinfo=SHOP_ZONE)
    return int(moment.timestamp())


def _or_none(words: pd.Series) -> list[str | None]:
    return [word if isinstance(word, str) else None for word in words]
