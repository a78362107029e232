"""How many birthday emails a second one core renders: compiled once, against everything anew for each message.

Run: python benchmarks/rendering.py [seconds for each figure]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mjml import mjml2html

from perennial.messages.composing import compose
from perennial.messages.files import read_folder
from perennial.messages.parts import Part
from perennial.messages.phrasing import Phrasing
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.staging import Stage
from perennial.messages.templates import load_templates
from perennial.messages.values import example_values
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.model.keys import message_key
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel, Pressure

FOLDER = Path(__file__).resolve().parents[1] / "templates"
CUSTOMERS = 2_000
SHOP = Shop(
    name="Juniper & Rye",
    zone=ZoneInfo("America/New_York"),
    currency="USD",
    country="US",
    default_locale="en",
    postal_address="Juniper & Rye Grocers, 214 Orchard Street, Cincinnati, OH 45202",
    website="https://juniperandrye.example",
    from_address="hello@juniperandrye.example",
    sms_name="Juniper & Rye",
    colours={"brand": "#1f5c4d", "accent": "#c8553d", "paper": "#f6f3ec", "ink": "#22302b"},
)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    templates = load_templates(FOLDER, SHOP)
    customers = [{**example_values(), "first_name": f"Ann {n}"} for n in range(CUSTOMERS)]
    planned = [_planned(n) for n in range(CUSTOMERS)]
    rates = {
        "email, compiled once": _rate(
            lambda n: templates.email("birthday", "en", customers[n]), seconds
        ),
        "email with links, headers and the last look": _rate(
            lambda n: compose(
                planned[n], templates, SHOP, edge_url="https://edge.example", secret="s" * 32
            ),
            seconds,
        ),
        "text message": _rate(lambda n: templates.sms("birthday", "en", customers[n]), seconds),
        "email, everything compiled anew": _rate(_naive(customers), seconds),
    }
    for what, rate in rates.items():
        print(f"{rate:>10,.0f} a second   {what}")
    ratio = rates["email, compiled once"] / rates["email, everything compiled anew"]
    print(f"{ratio:>10,.0f} times the speed of compiling each message anew")


def _rate(render: Callable[[int], object], seconds: float) -> float:
    """Messages for each second of processor time."""
    done, begin = 0, time.process_time()
    while time.process_time() - begin < seconds:
        for _ in range(20):
            render(done % CUSTOMERS)
            done += 1
    return done / (time.process_time() - begin)


def _naive(customers: list[dict[str, Any]]) -> Callable[[int], object]:
    """What most mailers do: parse the template, fill it in and turn MJML into HTML for each message."""
    drafts = read_folder(FOLDER, SHOP.locales, [])
    stage = Stage(drafts, SHOP, [])
    mjml, _ = drafts.emails["birthday", "en"]
    looks = stage.fill_in("mjml", "birthday/en.mjml", mjml, "en")
    subject = stage.front(mjml, "en")["subject"]
    assert looks is not None
    filters = Phrasing("en", SHOP).filters()
    markup = CustomerEnvironment(filters, markup=True)
    plain = CustomerEnvironment(filters, markup=False)

    def render(number: int) -> tuple[str, str]:
        page = Part(markup, looks.text).fill(customers[number])
        html = mjml2html(page, disable_comments=True, fonts={})
        return Part(plain, subject.text).fill(customers[number]), html

    return render


def _planned(number: int) -> PlannedMessage:
    values = {
        name: field.example
        for name, field in MERGE_FIELDS.items()
        if field.origin is Origin.PLAN and name in {"offer", "product", "consented_on"}
    }
    moment = datetime(2026, 11, 21, 15, tzinfo=UTC)
    return PlannedMessage(
        key=message_key("birthday", 0, str(number), "2026"),
        campaign="birthday",
        day=moment.date(),
        step=0,
        template="birthday",
        customer_id=str(number),
        person_id=str(number),
        occasion="2026",
        pressure=Pressure.PROMOTIONAL,
        channel=Channel.EMAIL,
        address="ann@mail.example",
        address_key="0" * 32,
        locale="en",
        send_at=moment,
        expires_at=moment,
        values={**values, "coupon_expires_on": "2026-12-05", "first_name": f"Ann {number}"},
        coupon=Coupon(
            code="BDAY-K7TWQ4MZ",
            kind="percent",
            value=Decimal(10),
            expires_on=date(2026, 12, 5),
        ),
    )


if __name__ == "__main__":
    main()
