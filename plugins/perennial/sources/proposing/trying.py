"""Tries a proposal before anybody trusts it: runs each query, and shows the first rows as a night would read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from perennial.errors import SourceError
from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.files.file_table import FileTable
from perennial.sources.looking import SourceTable
from perennial.sources.opening import ShopSource, open_source
from perennial.sources.proposing.proposal import Proposal
from perennial.sources.source_map import SourceMap

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """The first rows of a query, unmasked, or what the shop said to it."""

    rows: tuple[Mapping[str, str | None], ...] = field(default=(), repr=False)
    fault: str | None = None


def try_out(
    proposal: Proposal, tables: Sequence[SourceTable], url: SecretStr, *, rows: int, now: datetime
) -> dict[str, Tried]:
    """The first rows of each proposed dataset: of files from what was looked at, of a database from itself."""
    with TemporaryDirectory(prefix="perennial-connect-") as name:
        folder = Path(name)
        files = {t.name: _copied(t, folder) for t in tables if t.name in proposal.files}
        source_map = SourceMap(
            queries={name: dataset.sql for name, dataset in proposal.datasets.items()},
            recent_buyers=proposal.recent_buyers or "select ''",
            zone=ZoneInfo(proposal.timezone),
            files=files,
        )
        source = open_source(source_map, url, folder=folder, scratch=folder / "scratch")
        try:
            return {name: _first(source, name, rows, now) for name in proposal.datasets}
        finally:
            source.close()


def _first(source: ShopSource, name: str, rows: int, now: datetime) -> Tried:
    until = now.astimezone(UTC)
    batches = source.extract(SHOP_DATASETS[name], since=None, until=until, chunk_rows=rows)
    try:
        for batch in batches:
            if batch.num_rows:
                return Tried(rows=tuple(batch.slice(0, rows).to_pylist()))
    except SourceError as error:
        return Tried(fault=str(error))
    return Tried()


def _copied(table: SourceTable, folder: Path) -> FileTable:
    """The rows that were looked at as a file of their own, on a day of its own where files have days."""
    files = table.files or FileTable(path=f"{table.name}.jsonl")
    place = "-{day}" if files.place else ""
    name = f"{table.name}{place.replace('{day}', _ANY_DAY.isoformat())}.jsonl"
    lines = (json.dumps(dict(row), ensure_ascii=False) for row in table.rows)
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    path = f"{table.name}{place}.jsonl"
    return replace(files, path=path, encoding=None, delimiter=None)
