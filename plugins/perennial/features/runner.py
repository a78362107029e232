"""Where each customer stands on a day: the SQL of this folder, run in the order of the story.

Every file is one query. Its result is kept as a temporary table of the file's name, which later files read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from perennial.errors import LakeError
from perennial.features.carrying import (
    Figures,
    earlier_figures,
    figures_of_now,
    finish_figures,
    ids_of,
    remove_figures,
    write_part,
)
from perennial.features.night import Night, query_of
from perennial.features.slices import (
    Part,
    Slice,
    is_large,
    parts_of,
    ranges_for,
    ranges_of_ids,
    slices_of,
    spot_check,
)
from perennial.features.stirring import find_stirred
from perennial.lake.duck import Published
from perennial.lake.engines import LakeEngine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.shop import Shop

_log = logging.getLogger(__name__)
_POINTS = ("points_known", "points_lapsed", "points_used", "points", "rewards_reached")
_OF_ORDERS = ("dated", "money", "last_orders", "gaps", "rhythm", "order_hours")
_STANDING = ("standing", "rfm")
_SAMPLED = 10_000
_ONE_IN = 1000
"""Of so many customers, one is worked out each day although nothing has stirred."""
_WORTH_CARRYING = 0.25
"""The share of customers who may be stirred before it is no dearer to work out everybody."""


class _Astray(Exception):
    """Figures that were carried are not those that are worked out."""


def build_features(
    engine: LakeEngine, day: date, shop: Shop, *, carrying: bool = True
) -> Published:
    """Writes `customer_features` of a day from the views that `open_day` made.

    Orders and lines are read once and spread over slices of the customers; all that is about one customer is worked out
    slice by slice. A slice fits memory, and most of it the processor's cache, whatever the size of the shop.

    A shop of several slices carries what it found out about orders: the next night works out only whose orders have
    changed, or have grown too old for a figure. A thousandth of the others is worked out all the same and compared; if
    one of them differs, or what was carried cannot be read, so is everybody. Nothing is carried from or for a day that is
    not `carrying`.
    """
    if carrying and (earlier := earlier_figures(engine.lake, day, shop)):
        try:
            return _build(Night(engine=engine, day=day, shop=shop), earlier, carrying=True)
        except (_Astray, LakeError) as error:
            _log.warning("The figures of %s are not carried on: %s", earlier.day, error)
    return _build(Night(engine=engine, day=day, shop=shop), None, carrying=carrying)


def _build(night: Night, earlier: Figures | None, *, carrying: bool) -> Published:
    with night.tidied():
        customers = night.count("customers")
        # Or as many as there were when they were last counted: it only decides on slices.
        orders = earlier.orders if earlier else night.count("orders")
        figures = None
        if carrying and is_large(customers, orders):
            # Sealed before any row is read: what comes or changes from here on breaks the seal.
            figures = replace(
                figures_of_now(night.engine.lake, night.day, night.shop), orders=orders
            )
            remove_figures(night.engine.lake, night.day)
        night.keep("assortment")
        earlier = _find_accounts(night, earlier, customers)
        night.keep("clocks", *_POINTS)
        anew = night.count("accounts where anew")
        slices = slices_of(customers, worked_out=anew, orders=orders * anew // max(customers, 1))
        parts = parts_of(slices)
        _spread(night, slices)
        for part in parts:
            _work_out(night, part.slices, apart=len(slices) > 1)
            if earlier:
                _carry(night, part, earlier)
            night.add("gap_counts", "gap_counts")
            night.add("figures", "figures", **part.facts)
            if figures:
                write_part(night, figures, part)
            night.drop("order_figures")
        if figures:
            finish_figures(night, figures, parts)
        night.drop_all_but("figures", "gap_counts")
        return _publish(night)


def _find_accounts(night: Night, earlier: Figures | None, customers: int) -> Figures | None:
    """Makes `accounts` and who the people behind them are; gives the figures that others than the stirred are carried from."""
    if earlier:
        find_stirred(night, earlier)
        stirred = night.engine.scalar("select count(distinct customer_id) from stirred")
        earlier = earlier if stirred <= customers * _WORTH_CARRYING else None
    else:
        night.keep("stirred")
    night.keep("signup_days")
    checked = spot_check(night.day, customers, one_in=_ONE_IN)
    night.keep("accounts", everybody=earlier is None, **checked)
    night.drop("stirred", "signup_days")
    night.keep("shared_keys", "people")
    _find_people(night)
    night.keep("persons", "told")
    night.drop("shared_keys", "people")
    return earlier


def _find_people(night: Night) -> None:
    """Repeats the round until nobody's number shrinks any more."""
    numbers = "select coalesce(sum(person_no), 0) from people"
    before = None
    while before != (now := night.engine.scalar(numbers)):
        before = now
        night.replace("people", "people_round")


def _spread(night: Night, slices: Sequence[Slice]) -> None:
    """Reads orders and lines once. Lines find their orders range by range: the lake keeps both in the order of ids."""
    apart, width = len(slices) > 1, slices[0].upto
    night.spread("purchases", apart=apart, width=width)
    night.keep("clock_days", "recent_orders")
    for ids in _ranges(night):
        night.spread("bought_lines", apart=apart, width=width, **ids)
    night.drop("recent_orders")


def _ranges(night: Night) -> list[dict[str, str]]:
    """Ranges of the ids of recent orders, about equally full, by the orders of a few customers."""
    orders = night.count("recent_orders")
    ranges = ranges_for(orders)
    if ranges == 1:
        return ranges_of_ids([], ranges)
    one_in = max(orders // _SAMPLED, 1)
    few = f"select order_id from recent_orders where customer_no % {one_in} = 0 order by order_id"
    return ranges_of_ids([row["order_id"] for row in night.engine.rows(few)], ranges)


def _work_out(night: Night, slices: Sequence[Slice], *, apart: bool) -> None:
    """The figures of the orders of some slices' customers who are worked out anew."""
    for piece in slices:
        if apart:
            night.engine.show_slice("purchases", piece.number)
            night.engine.show_slice("bought_lines", piece.number)
        night.keep(*_OF_ORDERS, **piece.facts)
        for lines in piece.parts_by_lines(night.count("bought_lines")):
            night.add("favourites", "favourites", **lines.facts)
        night.add("order_figures", "order_figures")
        night.drop("favourites")


def _carry(night: Night, part: Part, earlier: Figures) -> None:
    """Adds the figures of a part's customers whom nothing has stirred.

    Raises:
        _Astray: some of them were worked out all the same, and came out otherwise.
    """
    files = earlier.parts_between(*ids_of(night, part))
    if night.count(f"accounts where anew and not stirred and {part.condition}"):
        _check(night, part, files)
    for file in files:
        night.engine.view("earlier", file)
        night.add("order_figures", "carried", **part.facts)


def _check(night: Night, part: Part, files: Sequence[Partition]) -> None:
    astray = 0
    for file in files:
        night.engine.view("earlier", file)
        (found,) = night.found("spot_check", **part.facts)
        astray += found["astray"]
    if astray:
        msg = f"{astray} customers whom nothing had stirred come out otherwise"
        raise _Astray(msg)


def _publish(night: Night) -> Published:
    """Figures come in the order of the customers; what is left to do looks at one row at a time, and keeps that order."""
    query = ", ".join(f"{name} as (\n{query_of(name)}\n)" for name in _STANDING)
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in CUSTOMER_FEATURES.columns)
    query = f"with {query} select {typed} from (\n{query_of('customer_features')}\n)"
    (quintiles,), (rhythm,) = night.found("quintiles"), night.found("shop_rhythm")
    whole_shop = {
        **{name: cuts or [] for name, cuts in quintiles.items()},
        **rhythm,
        "cells": [row["rfm_cell"] for row in night.found("rfm_cells")],
    }
    return night.engine.publish(
        Partition(dataset=CUSTOMER_FEATURES.name, day=night.day),
        query,
        order_by="customer_id",
        in_order=True,
        parameters=night.facts(query, **whole_shop),
    )
