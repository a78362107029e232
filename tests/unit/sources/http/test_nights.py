"""Whole nights on what the APIs say: their words must be the contracts', or the checks must name them."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from perennial.settings import PROJECT, Settings
from perennial.sources.http.api_map import Kind
from perennial.steps.services import services
from shop_api_answers import (
    ECWID_TOKEN,
    SHOPIFY_TOKEN,
    WOOCOMMERCE_KEY,
    WOOCOMMERCE_SECRET,
    at,
    ecwid_lists,
    play_ecwid,
    play_shopify,
    play_woocommerce,
    shopify_lists,
    woocommerce_lists,
)
from shop_api_server import shop_server

DAY = date(2026, 11, 21)
SHOPS = {
    Kind.ECWID: (play_ecwid(ecwid_lists()), "EUR", {"source_api_secret": ECWID_TOKEN}),
    Kind.WOOCOMMERCE: (
        play_woocommerce(woocommerce_lists()),
        "USD",
        {"source_api_key": WOOCOMMERCE_KEY, "source_api_secret": WOOCOMMERCE_SECRET},
    ),
    Kind.SHOPIFY: (play_shopify(shopify_lists()), "CZK", {"source_api_secret": SHOPIFY_TOKEN}),
}
VERIFIED = {
    Kind.ECWID: {"delivered": 1, "placed": 1},
    Kind.WOOCOMMERCE: {"delivered": 1, "placed": 1, "cancelled": 1},
    Kind.SHOPIFY: {"delivered": 1, "shipped": 1, "placed": 1, "refunded": 1, "cancelled": 1},
}


def project(folder: Path, kind: Kind, url: str, currency: str) -> Path:
    """A project whose shop.yaml names an API and nothing else of where the data lies."""
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "policy.yaml", folder)
    head = (PROJECT / "shop.yaml").read_text(encoding="utf-8").partition("\nsources:")[0]
    head = head.replace("currency: USD", f"currency: {currency}")
    store = "store: 1003, " if kind is Kind.ECWID else ""
    api = f"\nsources:\n  api: {{kind: {kind}, {store}url: '{url}'}}\n"
    (folder / "shop.yaml").write_text(head + api, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", Kind)
def test_a_night_takes_what_it_knows_and_puts_aside_what_it_does_not(
    kind: Kind, tmp_path: Path
) -> None:
    play, currency, keys = SHOPS[kind]
    with shop_server(play) as server:
        folder = project(tmp_path / "project", kind, server.url, currency)
        settings = Settings(home=tmp_path / "home", project=folder, **keys)
        with services(settings) as perennial:
            night = perennial.night(DAY)
            perennial.engine.open_day(DAY)
            statuses = perennial.engine.rows("select status from orders")
            products = perennial.engine.scalar("select count(*) from products")
            aside = Counter(
                row["reason"]
                for row in perennial.engine.rows(
                    f"select reason from read_parquet('{settings.lake_path}/quarantine/orders/**/*.parquet')"
                )
            )
            buyers = perennial.source.recent_buyers(at("2026-11-12T00:00:00"))

    assert night.customers == 2
    assert Counter(row["status"] for row in statuses) == VERIFIED[kind]
    assert products == 2
    assert aside == {"status_known": 1}
    assert buyers
