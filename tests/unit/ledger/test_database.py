"""Tables and migrations are one, and a ledger that cannot be written says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, null, select, text

from ledger_builder import NOON, Rows, a_message, claiming
from perennial.errors import LedgerError
from perennial.ledger import migrations
from perennial.ledger.database import Database
from perennial.ledger.store import Ledger
from perennial.ledger.tables import METADATA, audit_log, identity, message_changes, messages
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.words import Reason
from services import PostgresServer, free_port

COUPON = Coupon(code="A", kind="percent", value=Decimal(15), expires_on=date(2026, 12, 1))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes URLs of databases that nobody has written to."""
    if request.param == "postgresql":
        create: Callable[[], str] = request.getfixturevalue("postgres_url")
        return create
    names = iter(range(9))
    return lambda: f"sqlite:///{tmp_path / 'new' / f'{next(names)}.db'}"


def test_the_migrations_build_exactly_the_tables(empty_url: Callable[[], str]) -> None:
    migrated, declared = empty_url(), empty_url()
    prepare(migrated)
    engine = create_engine(declared)
    METADATA.create_all(engine)
    assert described(create_engine(migrated)) == described(engine)


def test_every_table_and_column_says_what_it_is_for() -> None:
    for table in METADATA.sorted_tables:
        assert table.comment, table.name
        assert [c.name for c in table.columns if not c.comment] == [], table.name


def test_no_table_has_room_for_an_address_a_name_or_a_text() -> None:
    # The subject of a deed is an id or a hash; that of an email is kept nowhere.
    tables = (table for table in METADATA.sorted_tables if table is not audit_log)
    columns = {column.name for table in tables for column in table.columns}
    assert columns.isdisjoint(
        {"address", "email", "phone", "name", "first_name", "subject", "text"}
    )


def test_migrating_again_changes_nothing(ledger: Ledger, rows: Rows) -> None:
    before = rows(identity)
    ledger.migrate()
    assert rows(identity) == before


def test_a_ledger_of_an_older_version_keeps_what_it_has_logged(
    empty_url: Callable[[], str],
) -> None:
    url, message = empty_url(), a_message()
    older = Database(url)
    upgrade(older, "0002")
    older.write(lambda connection: claim_as_before(connection, message))
    assert logged(older) == [("claimed", None)]
    ledger = Ledger(url)
    ledger.migrate()
    ledger.release([message.key], worker="worker-1")
    assert logged(older) == [("claimed", None), ("claimed", NOON)]
    ledger.close()
    older.close()


def test_a_ledger_of_an_older_version_keeps_its_coupons_and_gives_them_to_nobody_else(
    empty_url: Callable[[], str],
) -> None:
    url, owner, other = empty_url(), a_message("1"), a_message("2", coupon=COUPON)
    older = Database(url)
    upgrade(older, "0003")

    def claim_with_coupons(connection: Connection) -> None:
        claim_as_before(connection, owner)
        claim_as_before(connection, a_message("3"))
        connection.execute(
            text("insert into coupons values (:code, :key, :kind, 15, '2026-12-01')"),
            {"code": COUPON.code, "key": owner.key, "kind": COUPON.kind},
        )

    older.write(claim_with_coupons)
    ledger = Ledger(url)
    ledger.migrate()
    assert logged(older) == []
    with older.reading() as connection:
        terms = messages.c["coupon_code", "coupon_kind", "coupon_value", "coupon_expires_on"]
        found = select(*terms).order_by(messages.c.customer_id)
        assert connection.execute(found).all() == [
            (COUPON.code, COUPON.kind, COUPON.value, COUPON.expires_on),
            (None, None, None, None),
        ]
    assert claiming(ledger, [other]).blocked == {other.key: Reason.INCOMPLETE_DATA}
    ledger.release([owner.key], worker="worker-1")
    assert logged(older) == [("claimed", NOON)]
    ledger.close()
    older.close()


def test_several_may_migrate_at_once(empty_url: Callable[[], str]) -> None:
    url = empty_url()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare(url), range(4)))
    ledger = Ledger(url)
    ledger.check_writable()
    ledger.close()


def test_a_ledger_that_is_ready_is_writable(ledger: Ledger, rows: Rows) -> None:
    (before,) = rows(identity)
    ledger.check_writable()
    (after,) = rows(identity)
    assert after["checked_at"] >= before["checked_at"]
    assert (after["ledger_id"], after["epoch"]) == (before["ledger_id"], 1)


def test_a_ledger_that_was_never_prepared_says_how_to(empty_url: Callable[[], str]) -> None:
    url = empty_url()
    if "sqlite" in url:
        Path(url.removeprefix("sqlite:///")).parent.mkdir()
    ledger = Ledger(url)
    with pytest.raises(LedgerError, match=r"missing or older.*prepares the ledger by itself"):
        ledger.check_writable()
    with pytest.raises(LedgerError, match="Every start of Perennial prepares"):
        claiming(ledger, [a_message()])
    ledger.close()


def test_a_ledger_of_a_newer_version_is_left_alone(ledger: Ledger, ledger_url: str) -> None:
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        ours = connection.execute(text("select version_num from alembic_version")).scalar_one()
        connection.execute(text("update alembic_version set version_num = '9999'"))
    try:
        with pytest.raises(LedgerError, match=r"newer Perennial \(migration 9999\)"):
            ledger.check_writable()
        with pytest.raises(LedgerError, match="Upgrade this installation"):
            ledger.migrate()
    finally:
        with engine.begin() as connection:
            connection.execute(
                text("update alembic_version set version_num = :ours"), {"ours": ours}
            )
        engine.dispose()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"unable to open database file\. Make its folder"):
        Ledger(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.db'}").check_writable()


def test_a_disk_that_is_full_stops_everything(tmp_path: Path, migrated_sqlite: Path) -> None:
    """Case 14."""
    path = tmp_path / "full.db"
    shutil.copy(migrated_sqlite, path)
    with sqlite3.connect(path) as connection:
        pages = connection.execute("pragma page_count").fetchone()[0]
    ledger = Ledger(f"sqlite:///{path}")
    no_more_room(ledger, pages)
    many = [a_message(str(number)) for number in range(1000)]
    with pytest.raises(LedgerError, match=r"full.*Make room"):
        claiming(ledger, many)
    assert ledger.standing("win_back", many[0].day).total == 0
    ledger.close()


@pytest.mark.postgres
def test_a_read_only_database_is_refused_with_advice(postgres_url: Callable[[], str]) -> None:
    """Case 14."""
    url = postgres_url()
    prepare(url)
    ledger = Ledger(f"{url}?options=-c%20default_transaction_read_only%3Don")
    with pytest.raises(LedgerError, match=r"read-only transaction.*primary, not at a replica"):
        ledger.check_writable()
    ledger.close()


def test_a_file_that_may_not_be_written_is_refused_with_advice(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    path = tmp_path / "readonly.db"
    shutil.copy(migrated_sqlite, path)
    with pytest.raises(LedgerError, match=r"readonly database.*Give this user the right"):
        Ledger(f"sqlite:///file:{path}?mode=ro&uri=true").check_writable()


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    ledger = Ledger(f"postgresql+psycopg://ann:s3cret@127.0.0.1:{free_port()}/ledger")
    with pytest.raises(LedgerError, match="Start the database") as raised:
        ledger.check_writable()
    assert "s3cret" not in str(raised.value)
    assert "ann:***@127.0.0.1" in str(raised.value)


@pytest.mark.postgres
def test_work_goes_on_after_the_database_restarts(
    postgres: PostgresServer, postgres_url: Callable[[], str]
) -> None:
    """Case 13."""
    url = postgres_url()
    prepare(url)
    ledger = Ledger(url)
    first, second = a_message("1"), a_message("2")
    claiming(ledger, [first])
    postgres.restart()
    assert claiming(ledger, [first, second]).claimed == {second.key}
    ledger.close()


def test_a_password_is_never_shown() -> None:
    ledger = Ledger(SecretStr("postgresql+psycopg://ann:s3cret@db/ledger"))
    assert repr(ledger) == "Ledger('postgresql+psycopg://ann:***@db/ledger')"


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("mysql://db/ledger", "does not speak mysql: use sqlite"),
        ("postgresql+psycopg2://db/ledger", r"does not speak postgresql\+psycopg2"),
        ("sqlite://", "outlive the process"),
        ("sqlite:///:memory:", "outlive the process"),
        ("no url", "no SQLAlchemy URL"),
    ],
)
def test_a_database_that_cannot_keep_the_ledger_is_refused(url: str, advice: str) -> None:
    with pytest.raises(LedgerError, match=advice):
        Ledger(url)


def prepare(url: str) -> None:
    ledger = Ledger(url)
    ledger.migrate()
    ledger.close()


def upgrade(database: Database, revision: str) -> None:
    """As the migrations of an older version would have it."""
    if database.dialect == "sqlite":
        Path(str(database.url.database)).parent.mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    database.write(run)


def claim_as_before(connection: Connection, message: PlannedMessage) -> None:
    """Claims by the columns of the first version."""
    row = {
        **{name: getattr(message, name) for name in _FIRST_COLUMNS},
        "state": "claimed",
        "attempts": 0,
        "claimed_by": "worker-1",
        "lease_until": NOON + timedelta(days=9999),
        "claimed_at": NOON,
    }
    connection.execute(insert(messages).values(row))


_FIRST_COLUMNS = (
    *("key", "campaign", "step", "customer_id", "person_id", "occasion", "day", "channel"),
    *("pressure", "address_key", "send_at", "expires_at"),
)


def logged(database: Database) -> list[tuple[str, datetime | None]]:
    with database.reading() as connection:
        had = {column["name"] for column in inspect(connection).get_columns("message_changes")}
        times = message_changes.c.claimed_at if "claimed_at" in had else null()
        found = select(message_changes.c.state, times).order_by(message_changes.c.id)
        return [(state, at) for state, at in connection.execute(found)]


def described(engine: Engine) -> dict[str, Any]:
    """Everything that the database knows about its tables."""
    inspector = inspect(engine)
    tables = sorted(set(inspector.get_table_names()) - {"alembic_version"})
    about = {
        name: [
            [{**c, "type": str(c["type"])} for c in inspector.get_columns(name)],
            inspector.get_pk_constraint(name),
            inspector.get_foreign_keys(name),
            [indexed(i) for i in sorted(inspector.get_indexes(name), key=lambda i: str(i["name"]))],
            sorted(inspector.get_unique_constraints(name), key=lambda u: str(u["name"])),
            sorted(inspector.get_check_constraints(name), key=lambda c: str(c["name"])),
            comment(inspector, name),
            inspector.get_table_options(name),
        ]
        for name in tables
    }
    engine.dispose()
    return about


def indexed(index: Any) -> dict[str, Any]:
    options = index.get("dialect_options", {})
    return {**index, "dialect_options": {name: str(value) for name, value in options.items()}}


def comment(inspector: Any, table: str) -> object:
    return inspector.get_table_comment(table) if inspector.dialect.supports_comments else None


def no_more_room(ledger: Ledger, pages: int) -> None:
    """Stands in for a full disk: the file may not grow."""
    ledger.check_writable()
    with ledger._database._engine.connect() as connection:
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")
