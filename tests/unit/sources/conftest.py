from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from perennial.sources.database import DatabaseSource
from perennial.sources.source_map import SourceMap

OpenSource = Callable[..., DatabaseSource]

CONSENTS = """
    select consent_id, customer_id, channel, topic, state, happened_at, updated_at from consents
    where (:since is null or updated_at >= :since) and updated_at < :until
"""
BUYERS = "select customer_id from orders where ordered_at >= :since and ordered_at < :until"


@pytest.fixture
def open_source() -> Iterator[OpenSource]:
    """Opens sources on a database that is first filled by statements, and closes them."""
    with ExitStack() as stack:

        def make(
            url: str,
            *statements: str,
            consents: str = CONSENTS,
            buyers: str = BUYERS,
            closed: str | None = None,
            zone: str = "UTC",
        ) -> DatabaseSource:
            engine = create_engine(url)
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(text(statement))
            engine.dispose()
            source_map = SourceMap(
                queries={"consents": consents},
                recent_buyers=buyers,
                closed_days=closed,
                zone=ZoneInfo(zone),
            )
            return stack.enter_context(DatabaseSource(SecretStr(url), source_map))

        yield make


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}"
