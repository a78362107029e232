"""Opens the shop's data: its database, its files, or its API, as shop.yaml says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pydantic import SecretStr

from perennial.model.datasets import Dataset
from perennial.sources.http.api_key import ApiKey
from perennial.sources.source_map import SourceMap


class ShopSource(Protocol):
    """A shop whose data can be read."""

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """The rows written in [since, until), every column of the contract as text."""
        ...

    def recent_buyers(self, since: datetime, *, until: datetime | None = None) -> set[str]:
        """Customers with an order in [since, until); without an end, up to now."""
        ...

    def closed_days(self) -> tuple[str, ...]:
        """Days on which the shop is closed, as its own table has them: 12-25 of every year, or 2026-11-26."""
        ...

    def close(self) -> None:
        """Ends every connection."""
        ...


def open_source(
    source_map: SourceMap, url: SecretStr, *, folder: Path, scratch: Path, key: ApiKey | None = None
) -> ShopSource:
    """What reads the shop's data: its API or its files where the map names them, else its database.

    `url` is the address of the database; paths of files are relative to `folder`; what must lie on disk while it is
    read lies below `scratch`; an API is asked with `key`.

    Raises:
        SourceError: the address or the key cannot be used.
    """
    if source_map.api:
        from perennial.sources.http.api_source import ApiSource
        from perennial.sources.http.connecting import connect

        api = connect(source_map.api, key or ApiKey())
        return ApiSource(source_map, api, scratch=scratch)
    if source_map.files:
        from perennial.sources.files.file_source import FileSource

        return FileSource(source_map, folder=folder, scratch=scratch)
    from perennial.sources.database import DatabaseSource

    return DatabaseSource(url, source_map)
