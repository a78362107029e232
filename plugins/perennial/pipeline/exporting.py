"""Handing out what is held about one person: a file for machines, and a page for the person."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from perennial.errors import LakeError
from perennial.model.shop import Shop
from perennial.pipeline.persons import PersonRecord
from perennial.report.person_page import PersonPage, render_person

FORMAT = "perennial-person/1"
SECTIONS: Mapping[str, str] = {
    "accounts": "What the shop knows of each account: name, addresses as typed, birth date, language.",
    "contacts": "Where and when each account can be reached: addresses in normal form, their keyed hashes, the clock.",
    "consents": "Each yes and no to a channel and topic, the oldest first: who was told (`said_by`), `how`, and its proof.",
    "preferences": "What stands of the choices made on our pages.",
    "preference_changes": "Each of those choices.",
    "suppressions": "Addresses that must not be written to, and since when.",
    "messages": "Each message: campaign, channel, state, instants, and the events that were reported about it.",
    "hold_outs": "Messages that were not sent on purpose, to measure what a campaign changes.",
    "answers": "Scores and comments.",
    "cases": "Cases that were opened for somebody of the shop.",
    "orders": "Orders with their present status.",
    "order_lines": "What was in them.",
    "points": "Entries of the points account.",
    "features": "The figures of the last night, by account.",
    "decisions": "What every plan decided about them, with the reason and the personal values of the message.",
    "put_aside": "Rows of the shop about them that did not pass a check.",
    "exports": "Earlier exports: when, and by whom.",
}
"""The keys of person.json that hold rows (preferences: one row), and what each holds."""

_HOUSEKEEPING = frozenset({"lease_until", "claimed_by", "id", "shard"})


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Where an export lies, and how many rows of each kind it holds."""

    data: Path
    page: Path
    rows: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {"data": str(self.data), "page": str(self.page), "rows": dict(self.rows)}


def export_person(record: PersonRecord, folder: Path, *, shop: Shop, at: datetime) -> Exported:
    """Writes person.json and person.html; only the user who runs this may read them.

    Raises:
        LakeError: the folder cannot be written to.
    """
    data, page = folder / "person.json", folder / "person.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(data, json.dumps(as_json(record, at), ensure_ascii=False, indent=2) + "\n")
        _write(page, render_person(_page(record, shop)))
    except OSError as error:
        msg = f"The export cannot be written to {folder}: {error.strerror}."
        raise LakeError(msg) from error
    return Exported(data=data, page=page, rows=_counts(record))


def as_json(record: PersonRecord, at: datetime) -> dict[str, Any]:
    """The export: ISO dates, instants in UTC, money as text; see SECTIONS."""
    head = {
        "format": FORMAT,
        "made_at": at,
        "known_on": record.day,
        "customer_ids": list(record.customer_ids),
        "person_id": record.person_id,
        "language": record.language,
    }
    plain = asdict(record)
    return {name: _plain(value) for name, value in (head | {n: plain[n] for n in SECTIONS}).items()}


def _counts(record: PersonRecord) -> dict[str, int]:
    return {
        name: len(rows) for name in SECTIONS if isinstance(rows := getattr(record, name), tuple)
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    match value:
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items() if k not in _HOUSEKEEPING}
        case list() | tuple():
            return [_plain(each) for each in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return value


def _page(record: PersonRecord, shop: Shop) -> PersonPage:
    zone = next((row["zone"] for row in record.contacts), shop.zone.key)
    sections: dict[str, Sequence[Mapping[str, Any]]] = {
        name: rows for name in SECTIONS if isinstance(rows := getattr(record, name), tuple)
    }
    sections["orders"] = _with_products(record)
    sections["features"] = [
        {"name": name, "figure": value}
        for row in record.features
        for name, value in row.items()
        if value is not None
    ]
    return PersonPage(
        shop=shop,
        zone=ZoneInfo(zone),
        day=record.day,
        language=record.language,
        sections=sections,
    )


def _with_products(record: PersonRecord) -> list[Mapping[str, Any]]:
    products: defaultdict[str, list[str]] = defaultdict(list)
    for line in record.order_lines:
        products[line["order_id"]].append(
            f"{line['quantity']} × {line['product'] or line['product_id']}"
        )
    return [
        {**order, "products": ", ".join(products[order["order_id"]])} for order in record.orders
    ]


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
