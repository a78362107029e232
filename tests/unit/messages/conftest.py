from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from message_templates import FILES
from perennial.errors import Fault, TemplateError
from perennial.messages.templates import Templates, load_templates
from perennial.model.keys import message_key
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel, Pressure, Topic


@pytest.fixture
def shop() -> Shop:
    return Shop(
        name="Juniper & Rye",
        zone=ZoneInfo("America/New_York"),
        currency="USD",
        country="US",
        default_locale="en",
        postal_address="Juniper & Rye Grocers, 214 Orchard Street, Cincinnati, OH 45202",
        website="https://juniperandrye.example",
        from_address="hello@juniperandrye.example",
        reply_to="care@juniperandrye.example",
        sms_name="Juniper & Rye",
        locales=("en",),
        colours={"brand": "#1f5c4d"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small folder of templates; a change replaces a file, or takes it away with None."""

    def write(changes: Mapping[str, str | None] | None = None) -> Path:
        for name, text in {**FILES, **(changes or {})}.items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
        return tmp_path / "templates"

    return write


@pytest.fixture
def load(folder: Callable[..., Path], shop: Shop) -> Callable[..., Templates]:
    return lambda changes=None: load_templates(folder(changes), shop)


@pytest.fixture
def templates(load: Callable[..., Templates]) -> Templates:
    return load()


@pytest.fixture
def faults_of(load: Callable[..., Templates]) -> Callable[[Mapping[str, str | None]], list[Fault]]:
    """The faults that a change to the folder brings."""

    def faults(changes: Mapping[str, str | None]) -> list[Fault]:
        with pytest.raises(TemplateError) as caught:
            load(changes)
        return list(caught.value.faults)

    return faults


PLAN_VALUES: dict[str, Any] = {
    "first_name": "Ann",
    "consented_on": "2025-03-14",
    "offer": {"kind": "percent", "value": "10"},
    "coupon_expires_on": "2026-12-05",
    "product": {
        "name": "Dark roast coffee",
        "category": "Coffee",
        "price": "8.99",
        "url": "https://juniperandrye.example/p/1029743",
    },
}


@pytest.fixture
def plan() -> Callable[..., PlannedMessage]:
    def planned(
        channel: Channel = Channel.EMAIL,
        *,
        address: str = "ann@mail.example",
        coupon: bool = True,
        **values: object,
    ) -> PlannedMessage:
        return PlannedMessage(
            key=message_key("birthday", 0, "c-1", "2026"),
            campaign="birthday",
            day=date(2026, 11, 21),
            step=0,
            template="birthday",
            customer_id="c-1",
            person_id="p-1",
            occasion="2026",
            pressure=Pressure.PROMOTIONAL,
            topic=Topic.OFFERS,
            channel=channel,
            address=address,
            address_key="0" * 32,
            locale="en",
            send_at=datetime(2026, 11, 21, 15, tzinfo=UTC),
            expires_at=datetime(2026, 11, 22, 3, tzinfo=UTC),
            values={**PLAN_VALUES, **values},
            coupon=Coupon(
                code="BDAY-K7TWQ-4MZXP",
                kind="percent",
                value=Decimal(10),
                expires_on=date(2026, 12, 5),
            )
            if coupon
            else None,
        )

    return planned
