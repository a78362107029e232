from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api_shop import KEYS, OpenShop, Shop
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import ApiShop, Kind, built_in_queries
from perennial.sources.http.api_source import ApiSource
from perennial.sources.http.client import Patience
from perennial.sources.http.connecting import connect
from perennial.sources.source_map import RECENT_BUYERS, SourceMap
from shop_api_server import Play, shop_server


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[OpenShop]:
    """Starts servers that play shops, opens sources on them, and ends both."""
    with ExitStack() as stack:

        def make(
            kind: Kind,
            play: Play,
            *,
            key: ApiKey | None = None,
            patience: Patience | None = None,
            **own: str,
        ) -> Shop:
            server = stack.enter_context(shop_server(play))
            waits: list[float] = []
            queries = built_in_queries(kind) | own
            shop = ApiShop(kind=kind, url=server.url, store="1003")
            api = connect(shop, key or KEYS[kind], patience=patience, pause=waits.append)
            source_map = SourceMap(recent_buyers=queries.pop(RECENT_BUYERS), queries=queries)
            source = ApiSource(source_map, api, scratch=tmp_path)
            stack.callback(source.close)
            return Shop(server, source, waits)

        yield make
