"""The values of one message: from JSON to what the templates work with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from perennial.campaigns.choices import OfferKind
from perennial.errors import RenderError
from perennial.messages.cleaning import given_name, safe_url, short_text
from perennial.model.fields import MERGE_FIELDS, FieldType, MergeField, Origin
from perennial.model.surveys import SCORES
from perennial.model.words import SurveyScale

_REMEMBERED = 16_384
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product as templates see it; all but its name may be missing."""

    name: str
    category: str | None = None
    price: Decimal | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What a step offers: so many per cent, so much money, or so many points."""

    kind: OfferKind
    value: Decimal


def read_values(
    given: str | Mapping[str, Any], *, required: Collection[str] = ()
) -> dict[str, Any]:
    """The values by name, typed and clean; merge fields without a value are None.

    Of values that come as JSON, the same JSON gives the very same object, as long as it is remembered.

    Raises:
        RenderError: a value is not of its field's type, or one of `required` is missing.
    """
    values: dict[str, Any] = dict(_NO_VALUES)
    if isinstance(given, str):
        _read_json(given, values)
    else:
        for name, value in given.items():
            if value is not None and (read := _READERS.get(name)):
                values[name] = _read(name, read, value)
    demand(values, required)
    return values


def demand(values: Mapping[str, Any], required: Collection[str]) -> None:
    """Refuse values that lack one of `required`."""
    for name in required:
        if values.get(name) is None:
            message = f"{name}: the message needs this value, and the plan has none."
            raise RenderError(message)


def example_values(
    *, sparse: bool = False, scale: SurveyScale = SurveyScale.CSAT
) -> dict[str, Any]:
    """The example of every merge field; sparse: without what may be missing, and with empty lists.

    `scale` is that of the shop's surveys: there is one link for each of its scores.
    """
    given = {
        field.name: [] if sparse and field.type is FieldType.PRODUCTS else field.example
        for field in MERGE_FIELDS.values()
        if not (sparse and field.optional)
    }
    survey = MERGE_FIELDS["survey_url"].example
    return read_values(given | {"score_urls": [f"{survey}?score={n}" for n in SCORES[scale]]})


def required_of_plan(names: Collection[str]) -> frozenset[str]:
    """Those names that the plan has to supply."""
    return frozenset(name for name in names if MERGE_FIELDS[name].origin is Origin.PLAN)


def _read_json(text: str, values: dict[str, Any]) -> None:
    """Reads each value by itself: most have been read before, in the same JSON, for somebody else."""
    try:
        fields = _decode_fields(text)
    except msgspec.ValidationError:
        message = "The values of the message are not a JSON object."
        raise RenderError(message) from None
    except ValueError:
        raise RenderError(_NOT_JSON) from None
    for name, raw in fields.items():
        if read := _READERS_OF_JSON.get(name):
            values[name] = _read(name, read, bytes(raw))


def _read(name: str, read: Callable[[Any], object], value: object) -> object:
    try:
        return read(value)
    except msgspec.DecodeError:
        raise RenderError(_NOT_JSON) from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        # The value itself stays out of the message: it may be personal.
        message = f"{name}: the value is not {_ARTICLES[MERGE_FIELDS[name].type]}."
        raise RenderError(message) from None


_NOT_JSON = "The values of the message are not JSON."
_ARTICLES = {
    FieldType.TEXT: "a text",
    FieldType.INTEGER: "a whole number",
    FieldType.MONEY: "an amount of money",
    FieldType.DATE: "a date such as 2026-12-05",
    FieldType.MOMENT: "a moment with its offset from UTC",
    FieldType.PRODUCT: "a product",
    FieldType.PRODUCTS: "a list of products",
    FieldType.OFFER: f"an offer of kind {', '.join(OfferKind)}",
    FieldType.URL: "a link that starts with http:// or https://",
    FieldType.URLS: "a list of links that start with http:// or https://",
}


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        raise TypeError
    return short_text(value)


def _given_name(value: object) -> str | None:
    if not isinstance(value, str):
        raise TypeError
    return given_name(value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise TypeError
    number = int(value)
    if isinstance(value, Decimal) and number != value:
        raise ValueError
    return number


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise TypeError
    try:
        amount = Decimal(str(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError from None
    if not amount.is_finite():
        raise ValueError
    return amount


def _date(value: object) -> date:
    if isinstance(value, datetime):
        raise TypeError
    return value if isinstance(value, date) else date.fromisoformat(_string(value))


def _moment(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(_string(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _product(value: Mapping[str, Any] | Product) -> Product | None:
    if isinstance(value, Product):
        return value
    return _known_product(
        value["name"], value.get("category"), value.get("price"), value.get("url")
    )


def _new_product(name: object, category: object, price: object, url: object) -> Product | None:
    short_name = _text(name)
    if short_name is None:
        return None
    return Product(
        name=short_name,
        category=None if category is None else _text(category),
        price=None if price is None else _decimal(price),
        url=None if url is None else safe_url(_string(url).strip()),
    )


# A shop has far fewer products than messages. By type, too: 1 and True are the same key otherwise.
_known_product = lru_cache(_REMEMBERED, typed=True)(_new_product)


def _products(value: list[Mapping[str, Any] | Product]) -> tuple[Product, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(product for item in value if (product := _product(item)) is not None)


def _offer(value: Mapping[str, Any] | Offer) -> Offer:
    if isinstance(value, Offer):
        return value
    return _known_offer(value["kind"], value["value"])


def _new_offer(kind: str, amount: object) -> Offer:
    return Offer(kind=OfferKind(kind), value=_decimal(amount))


_known_offer = lru_cache(_REMEMBERED, typed=True)(_new_offer)


def _url(value: object) -> str:
    url = safe_url(_string(value).strip())
    if url is None:
        raise ValueError
    return url


def _urls(value: list[object]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(_url(item) for item in value)


_READERS_BY_TYPE: dict[FieldType, Callable[[Any], object]] = {
    FieldType.TEXT: _text,
    FieldType.INTEGER: _integer,
    FieldType.MONEY: _decimal,
    FieldType.DATE: _date,
    FieldType.MOMENT: _moment,
    FieldType.PRODUCT: _product,
    FieldType.PRODUCTS: _products,
    FieldType.OFFER: _offer,
    FieldType.URL: _url,
    FieldType.URLS: _urls,
}


def _remembering(read: Callable[[Any], object]) -> Callable[[bytes], object]:
    """Reads JSON, and remembers what it says."""

    def read_json(written: bytes) -> object:
        value = _decode(written)
        return None if value is None else read(value)

    return lru_cache(_REMEMBERED)(read_json)


_product_in_json = _remembering(_product)


def _products_in_json(written: bytes) -> tuple[object, ...] | None:
    """Each product by itself: many people share one, few share a list."""
    if written == b"null":
        return None
    try:
        items = _decode_items(written)
    except msgspec.ValidationError:
        raise TypeError from None
    found = map(_product_in_json, map(bytes, items))
    return tuple(product for product in found if product is not None)


def _reader_of_json(field: MergeField) -> Callable[[bytes], object]:
    if field.type is FieldType.PRODUCTS:
        return _products_in_json
    if field.type is FieldType.PRODUCT:
        return _product_in_json
    return _remembering(_reader(field))


def _reader(field: MergeField) -> Callable[[Any], object]:
    return _given_name if field.name == "first_name" else _READERS_BY_TYPE[field.type]


_READERS = {field.name: _reader(field) for field in MERGE_FIELDS.values()}
_READERS_OF_JSON = {field.name: _reader_of_json(field) for field in MERGE_FIELDS.values()}
_NO_VALUES: dict[str, Any] = dict.fromkeys(MERGE_FIELDS)
