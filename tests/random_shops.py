"""Shops made up at random: every awkward customer, order and point that features must cope with."""

from __future__ import annotations

import random
from datetime import UTC, date, timedelta
from decimal import Decimal

from shop_builder import DAY, TinyShop, noon

ZONES = ["America/New_York", "Europe/Madrid", "Asia/Kolkata", "Pacific/Kiritimati"]


def fill(tiny: TinyShop, chance: random.Random) -> None:
    for number in range(30):
        product = f"p{number:02}"
        tiny.product(product, chance.choice([None, "", "Tea", "Coffee", "Bread"]))
    for number in range(25):
        add_customer(tiny, f"c{number:02}", chance)


def add_customer(tiny: TinyShop, name: str, chance: random.Random) -> None:
    tiny.customer(
        name,
        zone=chance.choice([*ZONES, None]),
        contact=chance.random() < 0.9,
        email_key=chance.choice([None, f"mail {chance.randrange(40)}"]),
        phone_key=chance.choice([None, f"call {chance.randrange(40)}"]),
        signed_up_at=noon(chance.randrange(1, 3000)),
        birth_date=chance.choice(
            [None, date(1900, 1, 1), DAY + timedelta(days=3), date(1913, 5, 5), date(2004, 2, 29)]
            + [DAY - timedelta(days=chance.randrange(36_000)) for _ in range(4)]
        ),
        preferred_channel=chance.choice([None, "email", "SMS", "fax", ""]),
        language=chance.choice([None, "es-MX", "ru"]),
        country=chance.choice(["US", None]),
        region=chance.choice(["OH", None]),
    )
    add_orders(tiny, name, chance)
    add_points(tiny, name, chance)


def add_orders(tiny: TinyShop, name: str, chance: random.Random) -> None:
    rhythm = chance.choice([1, 3, 10, 40, 128, 300])
    ago = chance.random() * rhythm * chance.choice([0.5, 3])
    for _ in range(chance.choice([0, 1, 2, 3, 4, 9, 15])):
        at = (noon(0) - timedelta(days=ago)).astimezone(UTC).replace(microsecond=0)
        tiny.order(
            customer=name,
            ordered_at=at,
            status=chance.choice(["delivered"] * 6 + ["placed", "cancelled", "refunded"]),
            delivered_at=chance.choice([None, at + timedelta(hours=chance.randrange(200))]),
            currency=chance.choice(["USD"] * 5 + ["EUR"]),
            total=Decimal(chance.randrange(20_000)) / 100,
            discount=chance.choice([Decimal(0), Decimal(chance.randrange(900)) / 100]),
            lines=[f"p{chance.randrange(30):02}" for _ in range(chance.randrange(5))],
        )
        ago += chance.choice([0, 0.1, rhythm, rhythm * chance.random() * 3, rhythm * 9])


def add_points(tiny: TinyShop, name: str, chance: random.Random) -> None:
    for _ in range(chance.choice([0, 1, 3, 8])):
        ago = chance.randrange(0, 400)
        tiny.points(
            chance.choice([200, 500, 501, 1000, -100, -300, -500]),
            ago,
            customer=name,
            kind=chance.choice([None, None, None, "adjusted", "expired"]),
            expires_in=chance.choice([None, -200, -40, -1, 0, 1, 20, 30, 31, 200]),
        )
