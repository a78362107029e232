"""The figures of customer_features, worked out a second time: one customer at a time, in plain Python.

It is written from the contract, slowly and without a thought for speed, so that it and the SQL can hardly share a
mistake.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from perennial.model.shop import Shop

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]

CELLS = {
    "champions": ["55", "54"],
    "loyal": ["45", "44", "35", "34"],
    "potential_loyal": ["53", "52", "43", "42"],
    "new": ["51"],
    "promising": ["41"],
    "needs_attention": ["33"],
    "about_to_sleep": ["32", "31"],
    "cannot_lose": ["25", "15"],
    "at_risk": ["24", "23", "14", "13"],
    "hibernating": ["22", "21", "12"],
    "lost": ["11"],
}


def quantile(values: Sequence[int], share: Fraction) -> Fraction:
    """Linear interpolation between the two nearest ranks."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def expected(rows: Rows, day: date, shop: Shop) -> dict[str, dict[str, Any]]:
    start = datetime.combine(day, time(), shop.zone)
    people = person_ids(rows["contacts"], [c["customer_id"] for c in rows["customers"]])
    known = [o for o in rows["orders"] if o["ordered_at"] < start]
    all_gaps = [g for c in rows["customers"] for g in gaps(days_of(counting(known, c), shop))]
    shop_gap = quantile(all_gaps, Fraction(1, 2)) if all_gaps else Fraction(30)
    result = {}
    for customer in rows["customers"]:
        name = customer["customer_id"]
        figures = who(customer, rows["contacts"], day, shop) | {"person_id": people[name]}
        figures |= ordering(known, customer, day, shop, shop_gap)
        figures |= usual_hour(counting(known, customer), figures["zone"])
        figures |= favourites(rows, counting(known, customer), day, shop)
        figures |= delivery(known, customer, start, shop)
        figures |= loyalty(rows["points_entries"], name, day, shop)
        result[name] = figures
    for name, scores in rfm(result).items():
        result[name] |= scores
    return result


def counting(known: Iterable[Row], customer: Row) -> list[Row]:
    mine = [o for o in known if o["customer_id"] == customer["customer_id"]]
    counted = [o for o in mine if o["status"] not in ("cancelled", "refunded")]
    return sorted(counted, key=lambda o: (o["ordered_at"], o["order_id"]))


def on(moment: datetime, shop: Shop) -> date:
    return moment.astimezone(shop.zone).date()


def days_of(orders: Iterable[Row], shop: Shop) -> list[date]:
    return sorted({on(o["ordered_at"], shop) for o in orders})


def gaps(days: Sequence[date]) -> list[int]:
    return [(b - a).days for a, b in pairwise(days)]


def who(customer: Row, contacts: Iterable[Row], day: date, shop: Shop) -> dict[str, Any]:
    contact = next((c for c in contacts if c["customer_id"] == customer["customer_id"]), {})
    born = customer.get("birth_date")
    age = None
    if born and born.year >= 1901 and born <= day:
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if age is not None and age > 110:
        age = None
    bands = [(65, "65+"), (55, "55-64"), (45, "45-54"), (35, "35-44"), (25, "25-34"), (18, "18-24")]
    signed_up = on(customer["signed_up_at"], shop)
    preferred = (customer.get("preferred_channel") or "").lower()
    return {
        "customer_id": customer["customer_id"],
        "language": customer.get("language"),
        "country": customer.get("country"),
        "region": customer.get("region"),
        "zone": contact.get("zone", shop.zone.key),
        "zone_source": contact.get("zone_source", "shop"),
        "preferred_channel": preferred if preferred in ("email", "sms") else None,
        "birth_date": born if age is not None else None,
        "age_years": age,
        "age_band": next((b for least, b in bands if age is not None and age >= least), None),
        "signed_up_on": signed_up,
        "customer_for_days": (day - signed_up).days,
    }


def person_ids(contacts: Iterable[Row], names: Iterable[str]) -> dict[str, str]:
    groups = {name: {name} for name in names}
    holders: dict[tuple[str, str], str] = {}
    for contact in contacts:
        for kind in ("email_key", "phone_key"):
            if not (key := contact.get(kind)):
                continue
            mine, other = (
                contact["customer_id"],
                holders.setdefault((kind, key), contact["customer_id"]),
            )
            joined = groups[mine] | groups[other]
            for member in joined:
                groups[member] = joined
    return {name: min(group) for name, group in groups.items()}


def ordering(
    known: Sequence[Row], customer: Row, day: date, shop: Shop, shop_gap: Fraction
) -> dict[str, Any]:
    orders = counting(known, customer)
    refunds = sum(
        o["status"] == "refunded" and o["customer_id"] == customer["customer_id"] for o in known
    )
    priced = [o for o in orders if o["currency"] == shop.currency]
    revenue = sum((o["total"] for o in priced), Decimal(0))
    discount = sum((o["discount"] for o in priced), Decimal(0))
    figures: dict[str, Any] = {
        "orders": len(orders),
        "revenue": revenue,
        "average_order_value": cents(revenue / len(priced)) if priced else None,
        "refunds": refunds,
        "refund_rate": six(Fraction(refunds, len(orders) + refunds)) if orders or refunds else None,
        "discount_share": six(Fraction(discount) / Fraction(revenue + discount))
        if revenue + discount
        else None,
    }
    for span in (30, 90, 365):
        recent = [o for o in orders if on(o["ordered_at"], shop) >= day - timedelta(days=span)]
        figures[f"orders_{span}d"] = len(recent)
        figures[f"revenue_{span}d"] = sum(
            (o["total"] for o in recent if o["currency"] == shop.currency), Decimal(0)
        )
    return figures | rhythm(orders, day, shop, shop_gap)


def rhythm(orders: Sequence[Row], day: date, shop: Shop, shop_gap: Fraction) -> dict[str, Any]:
    days = days_of(orders, shop)
    between = gaps(days)
    usual = quantile(between, Fraction(1, 2)) if len(between) >= 2 else None
    spread = None
    if usual is not None:
        spread = quantile(between, Fraction(3, 4)) - quantile(between, Fraction(1, 4))
    recency = (day - days[-1]).days if days else None
    lapses_after = threshold(between, shop_gap)
    silence = None if recency is None else recency * Fraction("2.3") / lapses_after
    return {
        "first_order_on": days[0] if days else None,
        "last_order_on": days[-1] if days else None,
        "last_order_id": orders[-1]["order_id"] if orders else None,
        "recency_days": recency,
        "order_gaps": len(between),
        "usual_gap_days": None if usual is None else float(usual),
        "gap_spread_days": None if spread is None else float(spread),
        "silence_ratio": None if silence is None else six(silence),
        "lapsed_on": days[-1] + timedelta(days=math.ceil(lapses_after)) if days else None,
        "stage": stage(days, day, silence, shop_gap, len(orders)),
    }


def threshold(between: Sequence[int], shop_gap: Fraction) -> Fraction:
    """Days of silence after which a customer with these gaps has lapsed."""
    if len(between) >= 2:
        return quantile(between, Fraction(1, 2)) * Fraction("2.3")
    return shop_gap * 3


def stage(
    days: Sequence[date], day: date, silence: Fraction | None, shop_gap: Fraction, orders: int
) -> str:
    if silence is None:
        return "prospect"
    recency = (day - days[-1]).days
    lately = day - timedelta(days=30)
    earlier_gaps = gaps([d for d in days if d < lately])
    returns = [b - a for a, b in pairwise(days) if b >= lately]
    came_back = any(gap.days >= threshold(earlier_gaps, shop_gap) for gap in returns)
    rules = [
        (recency >= 730, "lost"),
        (silence >= Fraction("2.3"), "lapsed"),
        (came_back, "won_back"),
        (orders == 1 and recency <= 30, "new"),
        (silence >= Fraction("1.5"), "at_risk"),
    ]
    return next((name for holds, name in rules if holds), "active")


def usual_hour(orders: Sequence[Row], zone: str) -> dict[str, Any]:
    hours = Counter(o["ordered_at"].astimezone(ZoneInfo(zone)).hour for o in orders)
    usual = min(hours, key=lambda hour: (-hours[hour], hour)) if hours else None
    return {"usual_order_hour": usual}


def favourites(rows: Rows, orders: Sequence[Row], day: date, shop: Shop) -> dict[str, Any]:
    recent = {
        o["order_id"] for o in orders if on(o["ordered_at"], shop) >= day - timedelta(days=365)
    }
    products = {p["product_id"]: p for p in rows["products"]}
    bought = [line["product_id"] for line in rows["order_lines"] if line["order_id"] in recent]
    lines = Counter(bought)
    categories = Counter(products[p]["category"] for p in bought if products[p]["category"])
    best = min(lines, key=lambda p: (-lines[p], p)) if lines else None
    return {
        "favourite_category": min(categories, key=lambda c: (-categories[c], c))
        if categories
        else None,
        "favourite_product_id": best,
        "favourite_product": products[best]["name"] if best else None,
    }


def delivery(known: Iterable[Row], customer: Row, start: datetime, shop: Shop) -> dict[str, Any]:
    arrived = [
        (o["delivered_at"], o["order_id"])
        for o in known
        if o["customer_id"] == customer["customer_id"]
        and o["status"] == "delivered"
        and o["delivered_at"]
        and o["delivered_at"] < start
    ]
    last = max(arrived, default=None)
    return {
        "last_delivered_order_id": last[1] if last else None,
        "last_delivered_on": on(last[0], shop) if last else None,
    }


def loyalty(entries: Iterable[Row], name: str, day: date, shop: Shop) -> dict[str, Any]:
    """Day by day: use up what expires first, lose what expires, then look at what is left."""
    start = datetime.combine(day, time(), shop.zone)
    mine = sorted(
        (e for e in entries if e["customer_id"] == name and e["happened_at"] < start),
        key=lambda e: (e["happened_at"], e["entry_id"]),
    )
    lots = sorted([e["expires_on"] or date.max, e["points"]] for e in mine if e["points"] > 0)
    lost = 0
    moments = sorted(
        {on(e["happened_at"], shop) for e in mine} | {lot[0] for lot in lots if lot[0] < day}
    )
    for moment in moments:
        taken = -sum(
            e["points"]
            for e in mine
            if on(e["happened_at"], shop) == moment and e["points"] < 0 and e["kind"] != "expired"
        )
        for lot in lots:
            used = min(lot[1], taken) if lot[0] >= moment else 0
            lot[1], taken = lot[1] - used, taken - used
        for lot in lots:
            if lot[0] <= moment < day:
                lost, lot[1] = lost + lot[1], 0
    booked = -sum(e["points"] for e in mine if e["points"] < 0 and e["kind"] == "expired")
    more = max(booked - lost, 0)
    for lot in lots:
        used = min(lot[1], more)
        lot[1], more = lot[1] - used, more - used
    balance = sum(points for _, points in lots)
    soon = [(last, p) for last, p in lots if p and last <= day + timedelta(days=30)]
    reward = max((step for step in shop.points.rewards if step <= balance), default=0)
    return {
        "points_balance": balance,
        "points_expiring": sum(points for _, points in soon),
        "points_expire_on": min((last for last, _ in soon), default=None),
        "reward_points": reward,
        "reward_reached_on": reached(mine, reward, shop) if reward else None,
    }


def reached(entries: Iterable[Row], reward: int, shop: Shop) -> date | None:
    balance, day = 0, None
    for entry in entries:
        before, balance = balance, balance + entry["points"]
        if before < reward <= balance:
            day = on(entry["happened_at"], shop)
    return day


def rfm(figures: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    buyers = {name: f for name, f in figures.items() if f["orders"]}
    cuts = {
        column: [cut([f[column] for f in buyers.values()], fifth) for fifth in range(1, 5)]
        for column in ("recency_days", "orders_365d", "revenue_365d")
        if buyers
    }
    scores: dict[str, dict[str, Any]] = {}
    for name, f in figures.items():
        if name not in buyers:
            scores[name] = dict.fromkeys(
                ("recency_score", "frequency_score", "monetary_score", "rfm_cell")
            )
            continue
        above = {column: sum(f[column] > c for c in cuts[column]) for column in cuts}
        r, fr, m = 5 - above["recency_days"], 1 + above["orders_365d"], 1 + above["revenue_365d"]
        mean = math.floor(Fraction(fr + m, 2) + Fraction(1, 2))
        cell = next(c for c, places in CELLS.items() if f"{r}{mean}" in places)
        scores[name] = {
            "recency_score": r,
            "frequency_score": fr,
            "monetary_score": m,
            "rfm_cell": cell,
        }
    return scores


def cut(values: Sequence[Any], fifth: int) -> Any:
    """The smallest value that at least so many fifths of all values do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(Fraction(len(ordered) * fifth, 5)) - 1]


def six(value: Fraction) -> float:
    """Rounded to six digits, halves up."""
    return math.floor(value * 10**6 + Fraction(1, 2)) / 10**6


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
