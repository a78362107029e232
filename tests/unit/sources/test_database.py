from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from perennial.errors import SourceError
from perennial.model.datasets import CONSENTS, SHOP_DATASETS
from perennial.sources.database import DatabaseSource
from perennial.sources.source_map import SourceMap

TABLE = """
    create table consents (consent_id text, customer_id integer, channel text, topic text,
                           state text, happened_at text, updated_at text)
"""
ROWS = """
    insert into consents values
        ('c1', 7, 'email', 'offers', 'granted', '2026-11-19 23:59:59', '2026-11-19 23:59:59'),
        ('c2', 7, 'email', 'offers', 'withdrawn', '2026-11-20 00:00:00', '2026-11-20 00:00:00'),
        ('c3', 8, 'sms', 'loyalty', 'granted', '2026-11-20 23:59:59', '2026-11-20 23:59:59'),
        ('c4', 9, 'sms', 'loyalty', null, '2026-11-21 00:00:00', '2026-11-21 00:00:00')
"""
SINCE, UNTIL = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)


def rows(
    source: DatabaseSource, *, since: datetime | None = SINCE, chunk_rows: int = 50_000
) -> list[dict[str, Any]]:
    batches = source.extract(CONSENTS, since=since, until=UNTIL, chunk_rows=chunk_rows)
    found = [row for batch in batches for row in batch.to_pylist()]
    return sorted(found, key=lambda row: str(row["consent_id"]))


def refusal(source: DatabaseSource) -> str:
    with pytest.raises(SourceError) as caught:
        rows(source)
    return str(caught.value)


def test_a_night_has_the_rows_of_its_interval_and_no_others(
    open_source: Any, sqlite_url: str
) -> None:
    source = open_source(sqlite_url, TABLE, ROWS)
    assert [row["consent_id"] for row in rows(source)] == ["c2", "c3"]


def test_without_a_beginning_everything_before_the_end_comes(
    open_source: Any, sqlite_url: str
) -> None:
    source = open_source(sqlite_url, TABLE, ROWS)
    assert [row["consent_id"] for row in rows(source, since=None)] == ["c1", "c2", "c3"]


def test_every_column_of_the_contract_comes_as_text_in_its_order(
    open_source: Any, sqlite_url: str
) -> None:
    source = open_source(sqlite_url, TABLE, ROWS)
    (batch,) = source.extract(CONSENTS, since=SINCE, until=UNTIL)
    assert batch.schema.names == list(CONSENTS.column_names)
    assert {str(field.type) for field in batch.schema} == {"string"}
    assert rows(source)[0] == {
        "consent_id": "c2",
        "customer_id": "7",
        "channel": "email",
        "topic": "offers",
        "state": "withdrawn",
        "happened_at": "2026-11-20T00:00:00Z",
        "source": None,
        "updated_at": "2026-11-20T00:00:00Z",
    }


def test_a_large_night_comes_piece_by_piece(open_source: Any, sqlite_url: str) -> None:
    source = open_source(sqlite_url, TABLE, ROWS)
    batches = list(source.extract(CONSENTS, since=None, until=UNTIL, chunk_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 1]


def test_the_interval_is_told_on_the_clock_of_the_source(open_source: Any, sqlite_url: str) -> None:
    source = open_source(sqlite_url, TABLE, ROWS, zone="America/New_York")
    # 2026-11-20 00:00 UTC is 19:00 of the day before in New York.
    assert [row["consent_id"] for row in rows(source)] == ["c1", "c2"]
    assert rows(source)[1]["updated_at"] == "2026-11-20T05:00:00Z"


def test_a_dataset_without_a_query_has_no_rows(open_source: Any, sqlite_url: str) -> None:
    source = open_source(sqlite_url, TABLE)
    assert list(source.extract(SHOP_DATASETS["products"], since=None, until=UNTIL)) == []


def test_a_missing_table_is_named_with_the_dataset_and_the_place_to_look(
    open_source: Any, sqlite_url: str
) -> None:
    assert refusal(open_source(sqlite_url, "create table other (a text)")) == (
        "consents: the shop's database said: no such table: consents."
        " Check sources.consents.sql in shop.yaml against the shop's tables."
    )


def test_a_column_outside_the_contract_is_named_with_the_nearest(
    open_source: Any, sqlite_url: str
) -> None:
    query = "select *, updated_at as update_at from consents"
    message = refusal(open_source(sqlite_url, TABLE, ROWS, consents=query))
    assert message == (
        "consents: sources.consents.sql selects `update_at`, which consents does not have."
        " Did you mean `updated_at`?"
    )


def test_a_missing_database_file_is_named_and_not_made(tmp_path: Path) -> None:
    url = SecretStr(f"sqlite:///{tmp_path / 'nowhere.db'}")
    source = DatabaseSource(url, a_map(consents="select 1"))
    with source:
        assert "no file nowhere.db" in refusal(source)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_server_is_told_without_its_password() -> None:
    url = SecretStr("postgresql+psycopg://ann:hunter2@127.0.0.1:1/shop")
    with DatabaseSource(url, a_map(consents="select 1")) as source:
        message = refusal(source)
    assert message.startswith("consents: the shop's database said:")
    assert "See that the server runs." in message
    assert "hunter2" not in message


def test_an_address_that_is_none_is_refused_without_being_repeated() -> None:
    with pytest.raises(SourceError) as caught:
        DatabaseSource(SecretStr("postgres//ann:hunter2@db"), a_map())
    assert "hunter2" not in str(caught.value)
    assert "PERENNIAL_SOURCE_URL" in str(caught.value)


def test_the_shop_cannot_be_written_to(open_source: Any, sqlite_url: str) -> None:
    query = "delete from consents where updated_at < :until returning *"
    message = refusal(open_source(sqlite_url, TABLE, ROWS, consents=query))
    assert "readonly" in message
    assert "Grant select" in message


def test_recent_buyers_are_those_of_the_interval(open_source: Any, sqlite_url: str) -> None:
    source = open_source(
        sqlite_url,
        "create table orders (customer_id text, ordered_at text)",
        "insert into orders values ('07', '2026-11-20 08:00:00'), ('07', '2026-11-20 09:00:00'),"
        " ('08', '2026-11-19 23:59:59'), ('09', '2026-11-21 00:00:00'), (null, '2026-11-20 10:00:00')",
    )
    assert source.recent_buyers(SINCE, until=UNTIL) == {"07"}
    assert source.recent_buyers(SINCE) == {"07", "09"}


CALENDAR = (
    "create table calendar (day text)",
    "insert into calendar values ('2026-12-25'), ('12-25'), (null), ('12-25'), (' 2026-11-26 ')",
)


def test_closed_days_are_those_of_the_shops_own_table(open_source: Any, sqlite_url: str) -> None:
    source = open_source(sqlite_url, *CALENDAR, closed="select day from calendar")
    assert source.closed_days() == ("12-25", "2026-11-26", "2026-12-25")


def test_without_a_query_for_them_no_day_is_closed(open_source: Any, sqlite_url: str) -> None:
    assert open_source(sqlite_url, *CALENDAR).closed_days() == ()


def test_a_closed_day_that_is_none_is_refused_with_the_place_to_mend(
    open_source: Any, sqlite_url: str
) -> None:
    source = open_source(sqlite_url, closed="select '25.12.' as day")
    with pytest.raises(SourceError, match=r"names no date: `25\.12\.`.*sources\.closed_days\.sql"):
        source.closed_days()


def a_map(**queries: str) -> SourceMap:
    return SourceMap(queries=queries, recent_buyers="select 1", zone=ZoneInfo("UTC"))


PG_TABLE = """
    create table consents (consent_id text, customer_id bigint, channel text, topic text, state text,
                           happened_at timestamp, updated_at timestamptz)
"""
PG_ROWS = """
    insert into consents values
        ('c1', 7, 'email', 'offers', 'granted', '2026-11-19 18:59:59', '2026-11-19 23:59:59Z'),
        ('c2', 7, 'email', 'offers', 'withdrawn', '2026-11-19 19:00:00', '2026-11-20 00:00:00.5Z')
"""


@pytest.mark.postgres
def test_postgresql_compares_instants_whatever_the_zone(
    open_source: Any, postgres_url: Any
) -> None:
    source = open_source(postgres_url(), PG_TABLE, PG_ROWS, zone="America/New_York")
    assert [(row["consent_id"], row["happened_at"], row["updated_at"]) for row in rows(source)] == [
        ("c2", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00.500000Z")
    ]
    assert len(rows(source, since=None)) == 2


@pytest.mark.postgres
def test_postgresql_compares_naive_columns_on_the_clock_of_the_source(
    open_source: Any, postgres_url: Any
) -> None:
    query = "select * from consents where happened_at >= :since and happened_at < :until"
    source = open_source(postgres_url(), PG_TABLE, PG_ROWS, zone="America/New_York", consents=query)
    assert [row["consent_id"] for row in rows(source)] == ["c2"]


@pytest.mark.postgres
def test_postgresql_streams_and_keeps_decimals(open_source: Any, postgres_url: Any) -> None:
    query = """
        select n::text as consent_id, (n * 0.10)::numeric(12, 2) as customer_id, 'email' as channel,
               true as topic, 1.5::float8 as state, now() as happened_at, now() as updated_at
        from generate_series(1, 5) as n
    """
    source = open_source(postgres_url(), consents=query)
    batches = list(source.extract(CONSENTS, since=None, until=UNTIL, chunk_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    first = batches[0].to_pylist()[0]
    assert (first["customer_id"], first["topic"], first["state"]) == ("0.10", "true", "1.5")


@pytest.mark.postgres
def test_postgresql_names_what_is_missing_and_withholds_values(
    open_source: Any, postgres_url: Any
) -> None:
    url = postgres_url()
    assert 'relation "consents" does not exist' in refusal(open_source(url))
    message = refusal(open_source(url, consents="select 'Ann'::integer as consent_id"))
    assert "Ann" not in message


@pytest.mark.postgres
def test_postgresql_cannot_be_written_to(open_source: Any, postgres_url: Any) -> None:
    query = """
        select nextval('numbers') as consent_id, '7' as customer_id, 'email' as channel, 'offers' as topic,
               'granted' as state, now() as happened_at, now() as updated_at
    """
    message = refusal(open_source(postgres_url(), "create sequence numbers", consents=query))
    assert "read-only transaction" in message
