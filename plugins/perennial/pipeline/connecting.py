"""Connects a shop: looks at its tables, proposes the mapping, tries it, and says what campaigns would lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from perennial.model.masking import masked_value
from perennial.pipeline.campaign_needs import CampaignNeeds, campaign_needs
from perennial.sources.looking import SourceTable, look, with_words
from perennial.sources.proposing.expressions import Speech
from perennial.sources.proposing.matching import word_columns
from perennial.sources.proposing.proposal import Proposal, ProposedDataset, propose
from perennial.sources.proposing.shop_part import sources_part
from perennial.sources.proposing.trying import Tried, try_out
from perennial.sources.shop_file import read_shop

_LOOKED_AT, _SHOWN = 500, 10
_SPEECHES = {
    "sqlite": Speech.SQLITE,
    "postgresql": Speech.POSTGRESQL,
    "mysql": Speech.MYSQL,
    "mariadb": Speech.MYSQL,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a shop's data are: a database's address, or a folder whose files `pattern` chooses."""

    where: SecretStr | Path
    pattern: str = "**/*"


@dataclass(frozen=True, kw_only=True)
class Connecting:
    """A proposal, what came of trying it, and what campaigns lack with it."""

    proposal: Proposal
    tried: Mapping[str, Tried]
    campaigns: tuple[CampaignNeeds, ...]

    @property
    def part(self) -> str:
        """The `sources:` part of shop.yaml."""
        return sources_part(self.proposal)

    def as_json(self) -> dict[str, Any]:
        """For machines and for the command line: rows are masked."""
        return {
            "timezone": self.proposal.timezone,
            "decide": list(self.proposal.decide),
            "datasets": [self._dataset(dataset) for dataset in self.proposal.datasets.values()],
            "unused": [{"table": t.name, "columns": list(t.columns)} for t in self.proposal.unused],
            "campaigns": [campaign.as_json() for campaign in self.campaigns],
            "sources": self.part,
        }

    def _dataset(self, dataset: ProposedDataset) -> dict[str, Any]:
        tried = self.tried[dataset.name]
        return {
            "dataset": dataset.name,
            "table": dataset.table,
            "columns": [
                {"column": c.name, "from": c.source, "sql": c.sql, "why": c.why}
                for c in dataset.columns
            ],
            "missing": list(dataset.missing),
            "decide": list(dataset.decide),
            "rows": [_masked(dataset, row) for row in tried.rows],
            "fault": tried.fault,
        }


def connect(place: Place, project: Path, *, now: datetime) -> Connecting:
    """Looks at a shop, and proposes how its tables become the datasets. Changes nothing.

    Raises:
        SourceError: the shop cannot be read.
        ShopError: the head of shop.yaml is wrong; the proposal takes its clock and currency from there.
    """
    shop = read_shop(project / "shop.yaml")
    tables = look(place.where, rows=_LOOKED_AT, pattern=place.pattern)
    tables = with_words(place.where, tables, word_columns(tables))
    if isinstance(place.where, Path):
        tables = [_as_from(project, place.where, table) for table in tables]
    speech = _speech(place.where)
    proposal = propose(tables, speech, currency=shop.currency, timezone=shop.zone.key)
    url = place.where if isinstance(place.where, SecretStr) else SecretStr("")
    return Connecting(
        proposal=proposal,
        tried=try_out(proposal, tables, url, rows=_SHOWN, now=now),
        campaigns=tuple(campaign_needs(project, proposal.missing)),
    )


def _masked(dataset: ProposedDataset, row: Mapping[str, str | None]) -> dict[str, str | None]:
    proposed = [column.name for column in dataset.columns]
    return {name: None if row[name] is None else masked_value(name, row[name]) for name in proposed}


def _as_from(project: Path, folder: Path, table: SourceTable) -> SourceTable:
    """The table's files as shop.yaml names them: from the project's folder, or from the root."""
    if table.files is None:
        return table
    whole, root = folder.resolve(), project.resolve()
    below = whole.relative_to(root) if whole.is_relative_to(root) else whole
    path = (below / table.files.path).as_posix()
    return replace(table, files=replace(table.files, path=path))


def _speech(where: SecretStr | Path) -> Speech:
    if isinstance(where, Path):
        return Speech.FILES
    try:
        backend = make_url(where.get_secret_value()).get_backend_name()
    except SQLAlchemyError:
        return Speech.OTHER
    return _SPEECHES.get(backend, Speech.OTHER)
