"""A small shop, laid into a lake as a night would have left it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from perennial.features.runner import build_features
from perennial.lake.duck import Engine, Published
from perennial.lake.partitions import Partition
from perennial.model.datasets import CONTACTS, SHOP_DATASETS, Dataset
from perennial.model.shop import Shop

DAY = date(2026, 11, 21)
NEW_YORK = ZoneInfo("America/New_York")
_EARLY = datetime(2000, 1, 1, tzinfo=UTC)


def a_shop(**changes: Any) -> Shop:
    return Shop(
        **{
            "name": "Juniper & Rye",
            "zone": NEW_YORK,
            "currency": "USD",
            "country": "US",
            "default_locale": "en",
            "postal_address": "214 Orchard Street",
            "website": "https://juniperandrye.example",
            "from_address": "hello@juniperandrye.example",
            "sms_name": "Juniper & Rye",
        }
        | changes
    )


def noon(days_ago: float) -> datetime:
    """Noon in New York, so many days before the day."""
    return datetime.combine(DAY, time(12), NEW_YORK) - timedelta(days=days_ago)


def lay(
    engine: Engine,
    dataset: Dataset,
    day: date,
    rows: Iterable[Mapping[str, Any]],
    *,
    folder: str = "",
) -> Published:
    """Writes rows as a partition, typed by the contract; what a row leaves out is empty."""
    texts = [{c: _text(row.get(c)) for c in dataset.column_names} for row in rows]
    schema = pa.schema([(name, pa.string()) for name in dataset.column_names])
    engine.register("laid", pa.Table.from_pylist(texts, schema=schema))
    typed = ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in dataset.columns)
    return engine.publish(
        Partition(dataset=f"{folder}{dataset.name}", day=day),
        f"select {typed} from laid",
        order_by=", ".join(dataset.key),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@dataclass(kw_only=True)
class TinyShop:
    """Rows to be laid; every method fills in what its test does not speak of."""

    shop: Shop = field(default_factory=a_shop)
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in (*SHOP_DATASETS, CONTACTS.name)}
    )

    def customer(
        self,
        customer_id: str = "ann",
        *,
        zone: str | None = None,
        email_key: str | None = None,
        phone_key: str | None = None,
        contact: bool = True,
        **more: Any,
    ) -> None:
        row = {"customer_id": customer_id, "signed_up_at": _EARLY, "updated_at": _EARLY}
        self.rows["customers"].append(row | more)
        if contact:
            self.rows["contacts"].append(
                {
                    "customer_id": customer_id,
                    "zone": zone or self.shop.zone.key,
                    "zone_source": "profile" if zone else "shop",
                    "country": self.shop.country,
                    "country_source": "shop",
                    "email_key": email_key,
                    "phone_key": phone_key,
                    "updated_at": _EARLY,
                }
            )

    def order(
        self,
        days_ago: float = 10,
        *,
        customer: str = "ann",
        lines: Iterable[str] = (),
        **more: Any,
    ) -> str:
        """An order, delivered two days later, and a line for each product."""
        number = len(self.rows["orders"]) + 1
        at = more.get("ordered_at", noon(days_ago))
        row = {
            "order_id": f"o{number:04}",
            "customer_id": customer,
            "ordered_at": at,
            "status": "delivered",
            "delivered_at": at + timedelta(days=2),
            "currency": "USD",
            "discount": Decimal(0),
            "total": Decimal(10),
            "updated_at": at,
        } | more
        self.rows["orders"].append(row)
        for line_no, product in enumerate(lines, start=1):
            line = {"order_id": row["order_id"], "line_no": line_no, "product_id": product}
            self.rows["order_lines"].append(
                line | {"quantity": 1, "amount": Decimal(1), "updated_at": at}
            )
        return str(row["order_id"])

    def product(
        self,
        product_id: str,
        category: str | None = None,
        name: str = "",
        department: str | None = None,
    ) -> None:
        self.rows["products"].append(
            {
                "product_id": product_id,
                "name": name or product_id.title(),
                "category": category,
                "department": department,
                "updated_at": _EARLY,
            }
        )

    def points(
        self,
        points: int,
        days_ago: float = 10,
        *,
        customer: str = "ann",
        kind: str | None = None,
        expires_in: int | None = None,
        **more: Any,
    ) -> None:
        """An entry; `expires_in` counts days from the day."""
        at = noon(days_ago)
        row = {
            "entry_id": f"p{len(self.rows['points_entries']) + 1:04}",
            "customer_id": customer,
            "kind": kind or ("earned" if points > 0 else "redeemed"),
            "points": points,
            "happened_at": at,
            "expires_on": None if expires_in is None else DAY + timedelta(days=expires_in),
            "updated_at": at,
        }
        self.rows["points_entries"].append(row | more)

    def lay(self, engine: Engine, day: date = DAY) -> None:
        for dataset in SHOP_DATASETS.values():
            lay(engine, dataset, day, self.rows[dataset.name], folder="verified/")
        lay(engine, CONTACTS, day, self.rows[CONTACTS.name])

    def features(self, engine: Engine, day: date = DAY) -> dict[str, dict[str, Any]]:
        """Builds the day's features; rows by customer."""
        self.lay(engine)
        engine.open_day(day)
        published = build_features(engine, day, self.shop)
        rows = engine.rows(
            f"select * exclude (day) from read_parquet('{published.location}') order by customer_id"
        )
        return {row["customer_id"]: row for row in rows}
