from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from perennial.errors import ShopError, SourceError
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import ApiShop, Kind
from perennial.sources.http.connecting import connect
from perennial.sources.source_map import SourceMap, read_source_map

SECRET = SecretStr("planted-canary")


def read(folder: Path, text: str) -> SourceMap:
    path = folder / "shop.yaml"
    path.write_text(f"sources:\n{text}", encoding="utf-8")
    return read_source_map(path)


@pytest.mark.parametrize(
    ("text", "shop"),
    [
        (
            "{kind: ecwid, store: 1003}",
            ApiShop(kind=Kind.ECWID, url="https://app.ecwid.com", store="1003"),
        ),
        (
            "{kind: woocommerce, url: https://shop.example/}",
            ApiShop(kind=Kind.WOOCOMMERCE, url="https://shop.example"),
        ),
        (
            '{kind: shopify, url: https://made-up.myshopify.com, version: "2026-07"}',
            ApiShop(kind=Kind.SHOPIFY, url="https://made-up.myshopify.com", version="2026-07"),
        ),
        (
            "{kind: woocommerce, url: http://127.0.0.1:8080/shop}",
            ApiShop(kind=Kind.WOOCOMMERCE, url="http://127.0.0.1:8080/shop"),
        ),
    ],
)
def test_an_api_is_all_that_a_shop_has_to_say(tmp_path: Path, text: str, shop: ApiShop) -> None:
    source_map = read(tmp_path, f"  api: {text}\n")

    assert source_map.api == shop
    assert {"customers", "orders", "order_lines", "products"} <= set(source_map.queries)
    assert source_map.recent_buyers


def test_queries_of_the_file_replace_those_that_come_with_the_api(tmp_path: Path) -> None:
    text = """
  api: {kind: ecwid, store: 1003}
  products:
    sql: select id as product_id, name, updated as updated_at from products
"""
    source_map = read(tmp_path, text)

    assert source_map.queries["products"].startswith("select id as product_id")
    assert "customers" in source_map.queries


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  api: ecwid\n", ":2:8: sources.api is not a mapping. Write `kind:` under it"),
        ("  api: {store: 1}\n", ":2:8: sources.api.kind is missing. Add `kind:`"),
        (
            "  api: {kind: shopfy}\n",
            ":2:15: sources.api.kind knows no shop API `shopfy`. Did you mean",
        ),
        (
            "  api: {kind: ecwid, store: 1}\n  closed_days: {sql: select 1}\n",
            ":3:3: sources has both `api` and `closed_days`. An API has no table of them",
        ),
        ("  api: {kind: magento}\n", "Write one of ecwid, woocommerce, shopify."),
        (
            "  api: {kind: ecwid}\n",
            ":2:8: sources.api has no `store:`, which ecwid needs. Write the",
        ),
        ("  api: {kind: ecwid, store: abc}\n", "sources.api.store is not a whole number."),
        ("  api: {kind: woocommerce}\n", "sources.api has no `url:`, which woocommerce needs."),
        ("  api: {kind: shopify, url: shop.example}\n", "sources.api.url is not an https address."),
        ("  api: {kind: shopify, url: 'http://shop.example'}\n", "is not an https address."),
        ("  api: {kind: shopify, url: 'https://a:70000'}\n", "is not an https address."),
        (
            "  api: {kind: woocommerce, url: 'https://ck:cs@a.example'}\n",
            "holds more than an address.",
        ),
        (
            "  api: {kind: woocommerce, url: 'https://a.example?consumer_secret=cs'}\n",
            "Keys belong into PERENNIAL_SOURCE_API_KEY",
        ),
        (
            "  api: {kind: woocommerce, url: 'https://a.example', store: 3}\n",
            "sources.api has `store:`, which means nothing to woocommerce.",
        ),
        (
            "  api: {kind: shopify, url: 'https://a.example', version: v3}\n",
            "is no version of Shopify",
        ),
        ("  api: {kind: ecwid, store: 1, token: secret_x}\n", "`sources.api` knows no `token`."),
        (
            "  api: {kind: ecwid, store: 1}\n  files: {a: {path: a.csv}}\n",
            ":3:3: sources has both `api` and `files`. Write the one",
        ),
    ],
)
def test_a_mistake_is_shown_in_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ShopError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
    assert len(refused.value.faults) == 1


@pytest.mark.parametrize(
    ("kind", "key", "said"),
    [
        (Kind.ECWID, ApiKey(), "PERENNIAL_SOURCE_API_SECRET is not set: Ecwid's secret token"),
        (Kind.ECWID, ApiKey(secret=SecretStr("")), "PERENNIAL_SOURCE_API_SECRET is not set"),
        (Kind.WOOCOMMERCE, ApiKey(secret=SECRET), "PERENNIAL_SOURCE_API_KEY is not set: WooC"),
        (Kind.WOOCOMMERCE, ApiKey(key=SECRET), "PERENNIAL_SOURCE_API_SECRET is not set: WooC"),
        (Kind.SHOPIFY, ApiKey(key=SECRET), "PERENNIAL_SOURCE_API_SECRET is not set: Shopify's"),
    ],
)
def test_a_key_that_is_not_there_is_asked_for_by_its_variable(
    kind: Kind, key: ApiKey, said: str
) -> None:
    shop = ApiShop(kind=kind, url="http://127.0.0.1:9", store="1")

    with pytest.raises(SourceError, match=said) as refused:
        connect(shop, key)
    assert "planted-canary" not in str(refused.value)


def test_keys_are_masked() -> None:
    """Case 47."""
    assert "planted-canary" not in repr(ApiKey(key=SECRET, secret=SECRET))
