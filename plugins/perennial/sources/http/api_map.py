"""`sources.api` of shop.yaml: which shop API the data comes from, and the built-in queries that map it.

Keys and tokens have no place in this file; they come from the environment or from an Airflow connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from ruamel.yaml.comments import CommentedMap

from perennial.sources.located_yaml import LocatedYaml, Mistake, Reader, nearest
from perennial.sources.shop_values import text, whole

MAPPINGS = Path(__file__).parent / "mappings"
_ECWID = "https://app.ecwid.com"
_SHOPIFY_VERSION = "2026-10"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Kind(StrEnum):
    """Which API a shop has."""

    ECWID = "ecwid"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"


@dataclass(frozen=True, kw_only=True)
class ApiShop:
    """Where a shop's API is."""

    kind: Kind
    url: str
    store: str | None = None
    version: str = _SHOPIFY_VERSION


def built_in_queries(kind: Kind) -> dict[str, str]:
    """The queries that map an API's tables to the contracts, by dataset."""
    folder = MAPPINGS / kind
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def api_reader(file: LocatedYaml) -> Reader:
    """Reads the mapping under `api:`."""
    readers: Mapping[str, Reader] = {
        "kind": _kind,
        "url": _address,
        "store": lambda raw: str(whole(1)(raw)),
        "version": _version,
    }

    def read(raw: object) -> ApiShop:
        if not isinstance(raw, CommentedMap):
            msg = "is not a mapping."
            raise Mistake(msg, "Write `kind:` under it, indented, and what that kind needs.")
        before = dict(raw)
        values = file.fields(raw, readers, of="sources.api", required=("kind",))
        if "kind" not in values or len(values) < len(before):
            # What is wrong has been noted; this only stands in for it.
            return ApiShop(kind=Kind.ECWID, url=_ECWID)
        _refuse_what_does_not_belong(values["kind"], set(values))
        return ApiShop(**{"url": _ECWID, **values})

    return read


_NEEDED = {Kind.ECWID: "store", Kind.WOOCOMMERCE: "url", Kind.SHOPIFY: "url"}
_FOREIGN = {
    Kind.ECWID: ("version",),
    Kind.WOOCOMMERCE: ("store", "version"),
    Kind.SHOPIFY: ("store",),
}
_EXAMPLES = {
    "store": "Write the number of the store, as in `store: 1003`.",
    "url": "Write the shop's address, as in `url: https://shop.example`.",
}


def _refuse_what_does_not_belong(kind: Kind, given: set[str]) -> None:
    needed = _NEEDED[kind]
    if needed not in given:
        msg = f"has no `{needed}:`, which {kind} needs."
        raise Mistake(msg, _EXAMPLES[needed])
    for name in _FOREIGN[kind]:
        if name in given:
            msg = f"has `{name}:`, which means nothing to {kind}."
            raise Mistake(msg, f"Leave `{name}:` out.")


def _kind(raw: object) -> Kind:
    word = text(raw)
    try:
        return Kind(word)
    except ValueError:
        msg = f"knows no shop API `{word}`."
        raise Mistake(msg, nearest(word, Kind) or f"Write one of {', '.join(Kind)}.") from None


def _address(raw: object) -> str:
    """An address over TLS, without a key in it; plain http is for this machine."""
    url = text(raw).rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    scheme_fits = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not scheme_fits or not host or port == 0:
        msg = "is not an https address."
        raise Mistake(msg, "Write it in full, such as https://shop.example.")
    if parts.username or parts.password or parts.query or parts.fragment:
        msg = "holds more than an address."
        raise Mistake(
            msg, "Keys belong into PERENNIAL_SOURCE_API_KEY and PERENNIAL_SOURCE_API_SECRET."
        )
    return url


def _version(raw: object) -> str:
    said = text(raw)
    if not re.fullmatch(r"\d{4}-\d{2}", said):
        msg = "is no version of Shopify's API."
        raise Mistake(msg, 'Write year and month in quotes, such as "2026-10".')
    return said
