"""Cutting the customers of a shop into slices, each of which fits memory with its orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

CUSTOMERS_A_SLICE = 125_000
ORDERS_A_SLICE = 1_500_000
CUSTOMERS_A_PART = 500_000
LINES_A_SLICE = 400_000
ORDERS_A_RANGE = 10_000_000
_MOST_SLICES = 96
_STRIDE = 617
_LAST = "\U0010ffff"
"""Beyond every id."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Customers whose numbers lie above one and up to another."""

    number: int
    above: int
    upto: int

    @property
    def facts(self) -> dict[str, int]:
        """As the SQL asks for them."""
        return {"above": self.above, "upto": self.upto}

    @property
    def condition(self) -> str:
        """The same, said by numbers."""
        return f"customer_no > {self.above} and customer_no <= {self.upto}"

    def parts(self, parts: int) -> list[Slice]:
        """About equally many customers each."""
        bounds = [self.above + (self.upto - self.above) * n // parts for n in range(parts + 1)]
        return [replace(self, above=above, upto=upto) for above, upto in pairwise(bounds)]

    def parts_by_lines(self, lines: int) -> list[Slice]:
        """Parts of so few lines that their groups fit the processor's cache."""
        return self.parts(lines // LINES_A_SLICE + 1)


@dataclass(frozen=True, kw_only=True)
class Part(Slice):
    """Neighbouring slices whose customers' figures fit memory together."""

    slices: tuple[Slice, ...]


def slices_of(customers: int, *, worked_out: int, orders: int) -> list[Slice]:
    """Slices of all customers, one at least; so many of them are worked out, and have so many orders."""
    wanted = 1 + max(
        worked_out // CUSTOMERS_A_SLICE, orders // ORDERS_A_SLICE, customers // CUSTOMERS_A_PART
    )
    width = 1 + customers // min(wanted, _MOST_SLICES)
    return [
        Slice(number=n, above=n * width, upto=(n + 1) * width)
        for n in range(max(-(-customers // width), 1))
    ]


def is_large(customers: int, orders: int) -> bool:
    """Whether a shop takes several slices when everybody is worked out."""
    return len(slices_of(customers, worked_out=customers, orders=orders)) > 1


def parts_of(slices: Sequence[Slice]) -> list[Part]:
    """Slices put together again, as many as go into one part."""
    size = max(CUSTOMERS_A_PART // slices[0].upto, 1)
    groups = [tuple(slices[n : n + size]) for n in range(0, len(slices), size)]
    return [
        Part(number=n, above=group[0].above, upto=group[-1].upto, slices=group)
        for n, group in enumerate(groups)
    ]


def ranges_for(orders: int) -> int:
    """How many ranges of ids so many orders are read in."""
    return orders // ORDERS_A_RANGE + 1


def ranges_of_ids(ids: Sequence[str], ranges: int) -> list[dict[str, str]]:
    """Ranges that together hold every id, cut where some known ids, in their order, lie."""
    inner = [ids[len(ids) * number // ranges] for number in range(1, ranges)] if ids else []
    return [{"first": first, "next": upto} for first, upto in pairwise(["", *inner, _LAST])]


def spot_check(day: date, customers: int, *, one_in: int) -> dict[str, int]:
    """The numbers of one in so many customers, others every day, far from those of the day before."""
    turn = day.toordinal() * _STRIDE % one_in
    return {
        "checked_above": customers * turn // one_in,
        "checked_upto": customers * (turn + 1) // one_in,
    }
