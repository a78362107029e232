"""The shop's database as it fails in life: each fault one clear error, nothing half-written, and the night may be run again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from perennial.errors import SourceError
from perennial.lake.partitions import Lake
from perennial.model.datasets import CONSENTS
from perennial.pipeline.extracting import extract_night
from perennial.sources.database import DatabaseSource
from perennial.sources.source_map import SourceMap
from services import MariadbServer, PostgresServer, free_port

DAY = date(2026, 11, 21)
COLUMNS = "consent_id, customer_id, channel, topic, state, happened_at, updated_at"
QUERY = f"select {COLUMNS} from consents where updated_at < :until and (:since is null or updated_at >= :since)"
TABLE = """
    create table consents (consent_id varchar(20), customer_id bigint, channel varchar(20), topic varchar(20),
                           state varchar(20), happened_at {moment}, updated_at {moment})
"""
ROW = """
    insert into consents values
        ('007', 7, 'email', 'offers', 'granted', '2026-11-20 09:00:00', '2026-11-20 09:00:00')
"""
MANY = """
    select 'c' as consent_id, 7 as customer_id, 'email' as channel, 'offers' as topic, 'granted' as state,
           '2026-11-20 09:00:00' as happened_at, '2026-11-20 09:00:00' as updated_at
    from {numbers}
"""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A database with one consent, and how to do to it what happens to servers."""

    url: str
    execute: Callable[[str], None]
    numbers: str
    cut_off: str
    reader: str


@pytest.fixture
def postgres_shop(postgres: PostgresServer) -> Iterator[Shop]:
    name = postgres.create_database()
    url = postgres.url(name)
    execute = _executing(url)
    execute(TABLE.format(moment="timestamp"))
    execute(ROW)
    yield Shop(
        url=url,
        execute=execute,
        numbers="generate_series(1, 3000000)",
        cut_off="select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid()",
        reader="create role reader login",
    )
    postgres.drop_database(name)
    _executing(postgres.url("postgres"))("drop role if exists reader")


@pytest.fixture
def mariadb_shop(mariadb: MariadbServer) -> Iterator[Shop]:
    name = mariadb.create_database()
    url = mariadb.url(name)
    execute = _executing(url)
    execute(TABLE.format(moment="datetime"))
    execute(ROW)
    yield Shop(
        url=url,
        execute=execute,
        numbers="seq_1_to_3000000",
        cut_off="kill user root",
        reader=f"create user reader; grant usage on {name}.* to reader",
    )
    mariadb.execute(f"drop database {name}", "drop user if exists reader")


@pytest.fixture(
    params=[
        pytest.param("postgres_shop", marks=pytest.mark.postgres),
        pytest.param("mariadb_shop", marks=pytest.mark.mariadb),
    ]
)
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(request.param)
    return found


@contextmanager
def opened(url: str, query: str = QUERY, zone: str = "UTC") -> Iterator[DatabaseSource]:
    source_map = SourceMap(
        queries={"consents": query}, recent_buyers="select 1", zone=ZoneInfo(zone)
    )
    with DatabaseSource(SecretStr(url), source_map) as source:
        yield source


def fault(url: str, query: str, lake: Lake) -> str:
    """What a night says that fails; it must leave nothing."""
    with opened(url, query) as source, pytest.raises(SourceError) as caught:
        extract_night(source, lake, CONSENTS, DAY, ZoneInfo("UTC"))
    assert lake.partitions("raw/consents") == []
    assert [path for path in lake.root.rglob("*") if path.is_file()] == []
    return str(caught.value)


def night(shop: Shop, lake: Lake, query: str = QUERY) -> int:
    with opened(shop.url, query) as source:
        return extract_night(source, lake, CONSENTS, DAY, ZoneInfo("UTC")).rows


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_a_night_reads_its_rows_as_text(shop: Shop) -> None:
    with opened(shop.url) as source:
        since = datetime(2026, 11, 20, tzinfo=UTC)
        (batch,) = source.extract(CONSENTS, since=since, until=datetime(2026, 11, 21, tzinfo=UTC))
        before = source.extract(CONSENTS, since=None, until=since)
        assert sum(earlier.num_rows for earlier in before) == 0
    assert batch.to_pylist() == [
        {
            "consent_id": "007",
            "customer_id": "7",
            "channel": "email",
            "topic": "offers",
            "state": "granted",
            "happened_at": "2026-11-20T09:00:00Z",
            "source": None,
            "updated_at": "2026-11-20T09:00:00Z",
        }
    ]


def test_a_server_that_is_down_is_told(shop: Shop, lake: Lake) -> None:
    url = make_url(shop.url).set(port=free_port()).render_as_string(hide_password=False)
    assert "See that the server runs." in fault(url, QUERY, lake)
    assert night(shop, lake) == 1


def test_a_server_that_does_not_answer_is_not_waited_for(shop: Shop, lake: Lake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = make_url(shop.url).set(port=silent.getsockname()[1])
        limit = "connect_timeout" if "postgres" in shop.url else "read_timeout"
        patient = url.update_query_dict({limit: "2"})
        said = fault(patient.render_as_string(hide_password=False), QUERY, lake)
    assert "See that the server runs." in said


def test_a_server_that_goes_in_the_middle_leaves_nothing(shop: Shop, lake: Lake) -> None:
    query = MANY.format(numbers=shop.numbers)
    with opened(shop.url, query) as source:
        cutting = _Cutting(source, shop)
        with pytest.raises(SourceError) as caught:
            extract_night(cutting, lake, CONSENTS, DAY, ZoneInfo("UTC"))
    assert cutting.seen >= 1
    assert "run the night again" in str(caught.value)
    assert [path for path in lake.root.rglob("*") if path.is_file()] == []
    assert night(shop, lake) == 1


def test_a_query_that_takes_too_long_is_told(shop: Shop, lake: Lake) -> None:
    slow, limit = (
        ("pg_sleep(30) is null", {"options": "-c statement_timeout=300"})
        if "postgres" in shop.url
        else ("sleep(30) = 0", {"read_timeout": "1"})
    )
    url = make_url(shop.url).update_query_dict(limit).render_as_string(hide_password=False)
    assert "See that the server runs." in fault(url, f"{QUERY} and {slow}", lake)


def test_a_wrong_password_is_told_without_it(mariadb_shop: Shop, lake: Lake) -> None:
    mariadb_shop.execute("create user reader identified by 'right-one'")
    url = make_url(mariadb_shop.url).set(username="reader", password="hunter2")
    said = fault(url.render_as_string(hide_password=False), QUERY, lake)
    assert "See that the user and the password are right." in said
    assert "hunter2" not in said


@pytest.mark.postgres
def test_a_user_whom_postgresql_does_not_know_is_told(postgres_shop: Shop, lake: Lake) -> None:
    url = make_url(postgres_shop.url).set(username="nobody", password="hunter2")
    said = fault(url.render_as_string(hide_password=False), QUERY, lake)
    assert 'role "nobody" does not exist' in said
    assert "hunter2" not in said


def test_a_column_that_is_gone_is_named(shop: Shop, lake: Lake) -> None:
    shop.execute("alter table consents drop column topic")
    said = fault(shop.url, QUERY, lake)
    assert "topic" in said
    assert "Check sources.consents.sql in shop.yaml against the shop's tables." in said


def test_a_table_that_may_not_be_read_is_told(shop: Shop, lake: Lake) -> None:
    for statement in shop.reader.split("; "):
        shop.execute(statement)
    url = make_url(shop.url).set(username="reader").render_as_string(hide_password=False)
    said = fault(url, QUERY, lake)
    assert "denied" in said
    assert "PERENNIAL_SOURCE_URL" in said


def test_the_shop_cannot_be_written_to(shop: Shop, lake: Lake) -> None:
    write = f"delete from consents where updated_at < :until returning {COLUMNS}"
    with opened(shop.url, write) as source, pytest.raises(SourceError):
        list(source.extract(CONSENTS, since=None, until=datetime(2026, 11, 21, tzinfo=UTC)))
    assert night(shop, lake) == 1


@pytest.mark.mariadb
def test_mariadb_streams_and_keeps_decimals_dates_and_truth(mariadb_shop: Shop) -> None:
    query = """
        select cast(seq as char) as consent_id, cast(seq / 10 as decimal(12, 2)) as customer_id, 'email' as channel,
               true as topic, date '2026-02-28' as state, timestamp '2026-11-20 00:00:00.25' as happened_at,
               '0000-00-00' as updated_at
        from seq_1_to_2500
    """
    with opened(mariadb_shop.url, query) as source:
        batches = list(source.extract(CONSENTS, since=None, until=_NOON, chunk_rows=1000))
    assert [batch.num_rows for batch in batches] == [1000, 1000, 500]
    assert list(batches[0].to_pylist()[0].values()) == [
        "1", "0.10", "email", "1", "2026-02-28", "2026-11-20T00:00:00.250000Z", None, "0000-00-00",
    ]  # fmt: skip


@pytest.mark.mariadb
def test_mariadb_must_know_the_clock_of_the_source(mariadb_shop: Shop, lake: Lake) -> None:
    with (
        opened(mariadb_shop.url, zone="Europe/Madrid") as source,
        pytest.raises(SourceError) as caught,
    ):
        extract_night(source, lake, CONSENTS, DAY, ZoneInfo("UTC"))
    assert "knows no time zone Europe/Madrid" in str(caught.value)
    assert "tzinfo" in str(caught.value)


_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class _Cutting:
    """A source whose server ends every connection after the first rows have come."""

    def __init__(self, source: DatabaseSource, shop: Shop) -> None:
        self._source = source
        self._shop = shop
        self.seen = 0

    def extract(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        for batch in self._source.extract(*arguments, **options):
            self.seen += 1
            if self.seen == 1:
                self._cut()
            yield batch

    def _cut(self) -> None:
        def cut() -> None:
            try:
                self._shop.execute(self._shop.cut_off)
            except Exception:  # noqa: BLE001 - its own connection is cut off, too
                return

        cutter = threading.Thread(target=cut)
        cutter.start()
        cutter.join()


def _executing(url: str) -> Callable[[str], None]:
    def execute(statement: str) -> None:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()

    return execute
