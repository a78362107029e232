"""How many birthday emails a second one core renders: compiled once, against everything anew for each message.

Then, for a birthday email with four products, where the time of a message goes from a row of the plan to what is handed
over, in microseconds of processor time.

Run: python benchmarks/rendering.py [seconds for each figure]
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from mjml import mjml2html

from perennial.campaigns.reading import load_campaigns
from perennial.messages.checks import missing_in_email
from perennial.messages.composing import compose
from perennial.messages.files import read_folder
from perennial.messages.phrasing import Phrasing
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.staging import Stage
from perennial.messages.templates import load_templates
from perennial.messages.values import example_values, read_values
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.model.keys import link_token, message_key
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel, Pressure, Topic
from perennial.pipeline.plan_reading import PlanReader

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / "templates"
CUSTOMERS = 2_000
CHUNK = 500
PRODUCTS = 3_000
SECRET = "s" * 32
EDGE = "https://edge.example"
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
            lambda n: compose(planned[n], templates, SHOP, edge_url=EDGE, secret=SECRET),
            seconds,
        ),
        "text message": _rate(lambda n: templates.sms("birthday", "en", customers[n]), seconds),
        "email, everything compiled anew": _rate(_naive(customers), seconds),
    }
    for what, rate in rates.items():
        print(f"{rate:>10,.0f} a second   {what}")
    ratio = rates["email, compiled once"] / rates["email, everything compiled anew"]
    print(f"{ratio:>10,.0f} times the speed of compiling each message anew")
    print("\nmicroseconds a message, birthday email with four products")
    for what, rate in _profile(seconds).items():
        print(f"{1e6 / rate:>10.1f}   {what}")


def _profile(seconds: float) -> dict[str, float]:
    """The steps of a message, each on its own, and all of them in a row."""
    with tempfile.TemporaryDirectory() as folder:
        templates = load_templates(_with_products(Path(folder) / "templates"), SHOP)
    campaign = next(c for c in load_campaigns(PROJECT / "campaigns") if c.name == "birthday")
    reader = PlanReader(campaign=campaign, day=date(2026, 11, 21), secret=SECRET)
    batches = [_batch(start) for start in range(0, CUSTOMERS, CHUNK)]
    planned = [message for batch in batches for message in reader.read(batch)]
    links = {
        "unsubscribe_url": f"{EDGE}/u/{link_token('unsubscribe', planned[0].key, 'en', SECRET)}",
        "preferences_url": f"{EDGE}/p/{link_token('preferences', planned[0].key, 'en', SECRET)}",
    }
    values = [read_values(message.values) | {"coupon_code": "BDAY"} | links for message in planned]
    emails = [templates.email("birthday", "en", given) for given in values]

    def whole(start: int) -> None:
        for message in reader.read(batches[start]):
            compose(message, templates, SHOP, edge_url=EDGE, secret=SECRET)

    def links_of(number: int) -> tuple[str, ...]:
        key = planned[number].key
        return tuple(
            link_token(purpose, key, "en", SECRET) for purpose in ("unsubscribe", "preferences")
        )

    return {
        "read from the plan, with its coupon": CHUNK
        * _each(lambda n: reader.read(batches[n]), len(batches), seconds),
        "values": _each(lambda n: read_values(planned[n].values), CUSTOMERS, seconds),
        "links": _each(links_of, CUSTOMERS, seconds),
        "words": _each(lambda n: templates.email("birthday", "en", values[n]), CUSTOMERS, seconds),
        "last look": _each(
            lambda n: [*missing_in_email(emails[n], SHOP, links["unsubscribe_url"])],
            CUSTOMERS,
            seconds,
        ),
        "composed: values, links, words, last look, headers": _each(
            lambda n: compose(planned[n], templates, SHOP, edge_url=EDGE, secret=SECRET),
            CUSTOMERS,
            seconds,
        ),
        "read and composed": CHUNK * _each(whole, len(batches), seconds),
    }


def _rate(render: Callable[[int], object], seconds: float) -> float:
    """Messages for each second of processor time."""
    return _each(render, CUSTOMERS, seconds)


def _each(work: Callable[[int], object], numbers: int, seconds: float) -> float:
    """How often for each second of processor time; the best of ten, as other work only adds to it."""
    best = 0.0
    for _ in range(10):
        done, begin = 0, time.process_time()
        while (spent := time.process_time() - begin) < seconds / 10:
            for _ in range(20):
                work(done % numbers)
                done += 1
        best = max(best, done / spent)
    return best


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
        page = markup.from_string(looks.text).render(customers[number])
        html = mjml2html(page, disable_comments=True, fonts={})
        return plain.from_string(subject.text).render(customers[number]), html

    return render


def _with_products(folder: Path) -> Path:
    """The templates, but with a list of products in the birthday email in place of one idea."""
    shutil.copytree(FOLDER, folder)
    for ending, before, after in (
        ("mjml", "<mj-section><mj-column>", "</mj-column></mj-section>"),
        ("txt", "", ""),
    ):
        path = folder / "email" / "birthday" / f"en.{ending}"
        one = f'[% include "parts/idea.{ending}" %]'
        many = f'[% set products = "liked" %][% include "parts/products.{ending}" %]'
        path.write_text(path.read_text().replace(one, f"{before}{many}{after}"))
    return folder


def _batch(start: int) -> pa.RecordBatch:
    """Rows of a plan as DuckDB gives them."""
    return pa.RecordBatch.from_pylist([_row(start + number) for number in range(CHUNK)])


def _row(number: int) -> dict[str, Any]:
    planned = _planned(number)
    liked = [
        {
            "name": f"Dark roast coffee {product}",
            "category": "Coffee",
            "price": f"{product % 60}.99",
            "url": f"https://juniperandrye.example/p/{product}",
        }
        for product in range(number * 4 % PRODUCTS, number * 4 % PRODUCTS + 4)
    ]
    return {
        "message_key": planned.key,
        "step": 1,
        **{name: getattr(planned, name) for name in _COPIED},
        "channel": "email",
        "local_day": planned.day,
        "segments": 0,
        "cost": Decimal(0),
        "values": json.dumps({**planned.values, "product": None, "liked": liked}),
    }


_COPIED = (
    *("template", "customer_id", "person_id", "occasion", "address", "address_key", "locale"),
    *("send_at", "expires_at"),
)


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
        topic=Topic.OFFERS,
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
