"""shop.yaml, the second part: the query that reads each dataset from the shop's own database, files or API.

A query selects the columns of the dataset's contract by name. It may use `:since` and `:until`: the rows wanted
are those written at or after `:since` (empty: from the beginning) and before `:until`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlglot
from ruamel.yaml.comments import CommentedMap
from sqlglot.errors import SqlglotError

from perennial.errors import ShopError
from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.files.file_table import FileTable, files_reader
from perennial.sources.http.api_map import ApiShop, api_reader, built_in_queries
from perennial.sources.located_yaml import LocatedYaml, Mistake, Reader, key_place, nearest
from perennial.sources.shop_file import refuse_other_sections
from perennial.sources.shop_values import text, zone

RECENT_BUYERS = "recent_buyers"
CLOSED_DAYS = "closed_days"
_PARAMETERS = ("since", "until")
_ONE_OF_THEM = "Write the one that the data comes from."
_NAME = "An API has no table of them; name the days in shop.closed_days."
_REQUIRED = ("customers", "orders", RECENT_BUYERS)
# As SQLAlchemy reads them: `::text` is a cast, `\:x` and the colon inside 09:30 are no parameters.
PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


@dataclass(frozen=True, kw_only=True)
class SourceMap:
    """Where the shop's data lies: one query a dataset, and the query for who has ordered since.

    The queries read the tables of its database or, where there are `files` or an `api`, the tables made of those.
    `closed_days` is the query for the days on which the shop is closed, where it keeps them in a table.
    """

    queries: Mapping[str, str]
    recent_buyers: str
    closed_days: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    files: Mapping[str, FileTable] = field(default_factory=dict)
    api: ApiShop | None = None


def read_source_map(path: Path) -> SourceMap:
    """The queries that a file maps the shop's database with.

    Only customers, orders and recent_buyers must be there; a dataset without a query stays empty. An API brings queries
    of its own, which those of the file replace one by one.

    Raises:
        ShopError: names every mistake with its line and column.
    """
    file = LocatedYaml(path, ShopError)
    refuse_other_sections(file)
    part = file.section("sources", hint="It maps your tables; see docs/reference/shop.md.")
    required = _REQUIRED if part and "api" not in part else ()
    values = file.fields(part, _readers(file), of="sources", required=required)
    if "api" in part and "files" in part:
        file.fault("sources has both `api` and `files`.", key_place(part, "files"), _ONE_OF_THEM)
    if "api" in part and CLOSED_DAYS in part:
        file.fault("sources has both `api` and `closed_days`.", key_place(part, CLOSED_DAYS), _NAME)
    file.refuse_if_wrong()
    source_zone = values.pop("timezone", ZoneInfo("UTC"))
    files, api = values.pop("files", {}), values.pop("api", None)
    queries = built_in_queries(api.kind) if api else {}
    queries |= {name: value["sql"] for name, value in values.items()}
    recent_buyers = queries.pop(RECENT_BUYERS)
    return SourceMap(
        recent_buyers=recent_buyers,
        closed_days=queries.pop(CLOSED_DAYS, None),
        queries=queries,
        zone=source_zone,
        files=files,
        api=api,
    )


def parameters_of(sql: str) -> tuple[str, ...]:
    """The bind parameters that a query uses, each once."""
    return tuple(dict.fromkeys(PARAMETER.findall(sql)))


def wrong_columns(dataset: str, columns: Sequence[str]) -> Mistake | None:
    """What keeps these columns from being a dataset's, if anything does."""
    contract = SHOP_DATASETS[dataset]
    for column in columns:
        if column not in contract.column_names:
            hint = nearest(column, contract.column_names)
            known = f"Known columns: {', '.join(contract.column_names)}."
            return Mistake(f"selects `{column}`, which {dataset} does not have.", hint or known)
    if twice := sorted({c for c in columns if columns.count(c) > 1}):
        return Mistake(f"selects `{twice[0]}` twice.")
    if missing := [c.name for c in contract.columns if c.required and c.name not in columns]:
        return Mistake(f"does not select {', '.join(missing)}, which {dataset} must have.")
    return None


def _readers(file: LocatedYaml) -> dict[str, Reader]:
    names = (*SHOP_DATASETS, RECENT_BUYERS, CLOSED_DAYS)
    return {"timezone": zone, "files": files_reader(file), "api": api_reader(file)} | {
        name: _query_reader(file, name) for name in names
    }


def _query_reader(file: LocatedYaml, name: str) -> Reader:
    def read(raw: object) -> dict[str, str]:
        if not isinstance(raw, CommentedMap):
            msg = "is not a mapping."
            raise Mistake(msg, "Write `sql: |` under it, and the query below that, indented.")
        values = file.fields(raw, {"sql": _sql_reader(name)}, of=f"sources.{name}")
        if "sql" not in raw:
            msg = "has no `sql:`."
            raise Mistake(msg, "Write `sql: |`, and the query below it, indented.")
        return values

    return read


def _sql_reader(name: str) -> Reader:
    def read(raw: object) -> str:
        sql = text(raw)
        for parameter in parameters_of(sql):
            if parameter not in _PARAMETERS:
                msg = f"uses :{parameter}, which no night gives a value."
                raise Mistake(msg, nearest(parameter, _PARAMETERS) or "Use :since and :until.")
        columns = _named_columns(sql)
        mistake = wrong_columns(name, columns) if columns and name in SHOP_DATASETS else None
        if mistake:
            raise mistake
        return sql

    return read


@lru_cache(maxsize=256)
def _named_columns(sql: str) -> tuple[str, ...]:
    """The columns of a query as far as they can be told without its database; empty when they cannot."""
    try:
        statement = sqlglot.parse_one(sql)
    except SqlglotError:
        return ()  # a dialect of its own; the database says what is wrong with it
    columns = statement.named_selects if isinstance(statement, sqlglot.exp.Query) else []
    return () if "*" in columns or "" in columns else tuple(columns)
