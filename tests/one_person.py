"""A little shop with one person in it whose every word is found nowhere else, and ways to look for those words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import MetaData, create_engine, select

import perennial.sample
from perennial.settings import Clock, Settings

DAY = date(2026, 6, 10)
NEXT = DAY + timedelta(days=1)

QUIRINA = "Q77431"
HER_OTHER_ACCOUNT = "Q99164"
CANARIES = (
    *(QUIRINA, HER_OTHER_ACCOUNT),
    *("Quirina", "Zapfelhuber", "quirina.zapf@mail.example"),
    *("5135550147", "1974-06-10", "45219-9163"),
    *("ord-zq-1", "ord-zq-2", "pts-zq-1", "cns-zq-1", "pts-zq-gift"),
)
"""Everything by which she could be told; no other row of the shop has any of it."""

_LATER = "ord-zq-3"
_SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_OTHERS = 8


def home_of(home: Path, clock: Clock = Clock.SIMULATED, **more: Any) -> Settings:
    return Settings(home=home, clock=clock, **more)


def a_shop_with_quirina(path: Path) -> None:
    """Customers c1 to c8, who all have their birthday on the day, and her; all agreed to everything."""
    sql = (Path(perennial.sample.__file__).parent / "tables.sql").read_text(encoding="utf-8")
    with sqlite3.connect(path) as shop:
        shop.executescript(sql)
        for number in range(1, _OTHERS + 1):
            _customer(shop, f"c{number}", f"Ann{number}", f"ann{number}@people.example")
        her = {"last_name": "Zapfelhuber", "postal_code": "45219-9163"}
        _customer(
            shop,
            QUIRINA,
            "Quirina",
            "Quirina.Zapf@mail.example",
            phone="513 555 0147",
            birth_date="1974-06-10",
            language="es",
            **her,
        )
        _customer(shop, HER_OTHER_ACCOUNT, "Quirina", "quirina.zapf@mail.example", **her)
        _row(shop, "products", product_id="p1", name="Oats", category="Cereal", department="Grocery",
             price_cents=300, url="https://juniperandrye.example/p1", updated_at=_text(_SEEN))  # fmt: skip
        for number in range(1, _OTHERS + 1):
            _order(shop, f"o{number}", f"c{number}", days_ago=30 + number)
        _order(shop, "ord-zq-1", QUIRINA, days_ago=40)
        _order(shop, "ord-zq-2", HER_OTHER_ACCOUNT, days_ago=5)
        _points(shop, "pts-zq-1", QUIRINA, "ord-zq-1")
        _points(shop, "pts-zq-gift", QUIRINA, "ord-zq-1", kind="gift")
        _points(shop, "pts-1", "c1", "o1")


def told_again(path: Path, at: datetime) -> None:
    """The shop tells of her once more: her account was touched, and she has ordered again."""
    with sqlite3.connect(path) as shop:
        shop.execute(
            "update customers set updated_at = ? where customer_id like 'Q%'", (_text(at),)
        )
        shop.execute("update consents set updated_at = ? where customer_id like 'Q%'", (_text(at),))
        _order(shop, _LATER, QUIRINA, days_ago=0, at=at)


def everything_under(home: Path) -> Iterator[tuple[str, str]]:
    """Every file that Perennial keeps, as text, with what Parquet files and the ledger hold; the shop's is its own."""
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.name.startswith("shop.db"):
            continue
        if path.suffix == ".parquet":
            yield str(path), str(pq.read_table(path).to_pylist())
        yield str(path), path.read_bytes().decode("utf-8", "replace")


def ledger_rows(url: str) -> Iterator[tuple[str, str]]:
    """Every table of a ledger, as text."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for name, table in tables.tables.items():
            yield name, str(connection.execute(select(table)).mappings().all())
    engine.dispose()


def canaries_in(texts: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Which places still tell of her, and by which word."""
    found = {}
    for place, text in texts:
        words = [word for word in (*CANARIES, _LATER) if word.lower() in text.lower()]
        if words:
            found[place] = words
    return found


def _customer(
    shop: sqlite3.Connection, customer_id: str, name: str, email: str, **more: str
) -> None:
    given = {
        "last_name": "Reed",
        "birth_date": "1990-06-10",
        "language": "en",
        "timezone": "America/New_York",
        "country": "US",
        "region": "OH",
        "postal_code": "45202",
    } | more
    seen = _text(_SEEN)
    _row(shop, "customers", customer_id=customer_id, first_name=name, email=email,
         signed_up_at=seen, updated_at=seen, **given)  # fmt: skip
    for channel in ("email", "sms"):
        for topic in ("offers", "loyalty", "feedback"):
            name = "cns-zq-1" if customer_id == QUIRINA else f"k-{customer_id[-2:]}"
            _row(shop, "consents", consent_id=f"{name}-{channel}-{topic}", customer_id=customer_id,
                 channel=channel, topic=topic, state="granted", happened_at=seen, source="signup",
                 updated_at=seen)  # fmt: skip


def _order(
    shop: sqlite3.Connection,
    order_id: str,
    customer_id: str,
    *,
    days_ago: int,
    at: datetime | None = None,
) -> None:
    moment = at or datetime(2026, 6, 10, 12, tzinfo=UTC) - timedelta(days=days_ago)
    _row(shop, "orders", order_id=order_id, customer_id=customer_id, ordered_at=_text(moment),
         status="delivered", delivered_at=_text(moment), currency="USD", discount_cents=0,
         total_cents=900, updated_at=_text(moment))  # fmt: skip
    _row(shop, "order_status_changes", order_id=order_id, changed_at=_text(moment), status="delivered",
         updated_at=_text(moment))  # fmt: skip
    _row(shop, "order_lines", order_id=order_id, line_no=1, product_id="p1", quantity=3,
         amount_cents=900, updated_at=_text(moment))  # fmt: skip


def _points(
    shop: sqlite3.Connection, entry_id: str, customer_id: str, order_id: str, kind: str = "earned"
) -> None:
    seen = _text(_SEEN)
    _row(shop, "points_entries", entry_id=entry_id, customer_id=customer_id, kind=kind, points=90,
         happened_at=seen, expires_on="2027-06-01", order_id=order_id, updated_at=seen)  # fmt: skip


def _row(shop: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" for _ in values)
    shop.execute(
        f"insert into {table} ({', '.join(values)}) values ({marks})", tuple(values.values())
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
