"""A small shop of a few rows a night, as its database would say them, and the night's checks over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import SHOP_DATASETS
from perennial.model.shop import Shop
from perennial.pipeline.verifying import validate_night
from perennial.settings import PROJECT
from perennial.validation.verdicts import Verdict

DAY = date(2026, 11, 21)
SUITES = PROJECT / "expectations"
SHOP = Shop(
    name="Juniper & Rye",
    zone=ZoneInfo("America/New_York"),
    currency="USD",
    country="US",
    default_locale="en",
    postal_address="214 Orchard Street",
    website="https://juniperandrye.example",
    from_address="hello@juniperandrye.example",
    sms_name="Juniper & Rye",
)

GOOD: Mapping[str, Mapping[str, str | None]] = {
    "customers": {
        "customer_id": "007",
        "first_name": "Ann",
        "last_name": "Reed",
        "email": "ann@juniperandrye.example",
        "phone": "+1 513 555 0134",
        "birth_date": "1984-02-29",
        "language": "en-US",
        "timezone": "America/New_York",
        "country": "US",
        "region": "OH",
        "postal_code": "45202",
        "preferred_channel": "email",
        "signed_up_at": "2024-05-01T09:30:00Z",
        "updated_at": "2026-11-20T09:30:00Z",
    },
    "products": {
        "product_id": "p1",
        "name": "Dark roast",
        "category": "Coffee",
        "department": "Grocery",
        "price": "8.99",
        "url": "https://juniperandrye.example/p/1",
        "updated_at": "2026-11-20T09:30:00Z",
    },
    "orders": {
        "order_id": "o1",
        "customer_id": "007",
        "ordered_at": "2026-11-20T10:00:00Z",
        "status": "delivered",
        "delivered_at": "2026-11-20T18:00:00Z",
        "return_state": None,
        "currency": "USD",
        "discount": "0.00",
        "total": "8.99",
        "updated_at": "2026-11-20T18:00:00Z",
    },
    "order_lines": {
        "order_id": "o1",
        "line_no": "1",
        "product_id": "p1",
        "quantity": "1",
        "amount": "8.99",
        "updated_at": "2026-11-20T10:00:00Z",
    },
    "points_entries": {
        "entry_id": "e1",
        "customer_id": "007",
        "kind": "earned",
        "points": "89",
        "happened_at": "2026-11-20T10:00:00Z",
        "expires_on": "2027-11-20",
        "order_id": "o1",
        "updated_at": "2026-11-20T10:00:00Z",
    },
    "consents": {
        "consent_id": "k1",
        "customer_id": "007",
        "channel": "email",
        "topic": "offers",
        "state": "granted",
        "happened_at": "2026-11-20T09:30:00Z",
        "source": "signup",
        "updated_at": "2026-11-20T09:30:00Z",
    },
}


def row(dataset: str, **changes: str | None) -> dict[str, str | None]:
    """A good row of a dataset with some values changed."""
    unknown = changes.keys() - set(SHOP_DATASETS[dataset].column_names)
    assert not unknown, unknown
    return {**GOOD[dataset], **changes}


_HAPPENED = {
    "customers": "signed_up_at",
    "orders": "ordered_at",
    "points_entries": "happened_at",
    "consents": "happened_at",
}


def another(dataset: str, number: int, **changes: str | None) -> dict[str, str | None]:
    """A good row that happened so many seconds after ten o'clock, so that no other says the same."""
    at = datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(seconds=number)
    moment = {_HAPPENED[dataset]: at.isoformat()} if dataset in _HAPPENED else {}
    return row(dataset, **(moment | changes))


@dataclass
class ShopNights:
    """Nights of a small shop in a lake. Datasets that a night does not mention deliver their one good row."""

    engine: Engine
    shop: Shop = SHOP
    suites: Path = SUITES
    extracts: int = field(default=0)

    def extract(self, day: date = DAY, **rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes what the shop says about a night into the lake."""
        self.extracts += 1
        for name, dataset in SHOP_DATASETS.items():
            given = [dict(r) for r in rows.get(name, [GOOD[name]])]
            schema = pa.schema([(column, pa.string()) for column in dataset.column_names])
            partition = Partition(
                dataset=f"raw/{name}", day=day, name=f"extract-{self.extracts:04d}"
            )
            with self.engine.lake.publishing(partition) as draft:
                pq.write_table(pa.Table.from_pylist(given, schema=schema), draft)

    def validate(self, day: date = DAY, **rows: Sequence[Mapping[str, Any]]) -> dict[str, Verdict]:
        """Extracts and checks a night."""
        self.extract(day, **rows)
        return self.verdicts(day)

    def verdicts(self, day: date = DAY) -> dict[str, Verdict]:
        """Checks what has been extracted."""
        return {v.dataset: v for v in validate_night(self.engine, day, self.shop, self.suites)}

    def read(self, folder: str, day: date = DAY) -> list[dict[str, Any]]:
        """The rows of a partition, in its order."""
        path = self.engine.lake.path(Partition(dataset=folder, day=day))
        return pq.read_table(path).to_pylist()

    def reasons(self, dataset: str, day: date = DAY) -> list[str]:
        """Why rows were put aside."""
        return [r["reason"] for r in self.read(f"quarantine/{dataset}", day)]
