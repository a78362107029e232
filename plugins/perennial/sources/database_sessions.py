"""How a session with the shop's database is set up: it reads only, on the source's clock, and does not wait for ever."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import SQLAlchemyError

from perennial.errors import SourceError

# Seconds. A server that has gone away without a word is noticed; a query that takes long is not cut.
_PATIENCE: dict[str, dict[str, int]] = {
    "psycopg": {
        "connect_timeout": 30,
        "keepalives_idle": 60,
        "keepalives_interval": 15,
        "keepalives_count": 4,
    },
    "psycopg2": {"connect_timeout": 30, "keepalives_idle": 60, "keepalives_count": 4},
    "pymysql": {"connect_timeout": 30, "read_timeout": 900},
}


def patience(address: URL) -> dict[str, Any]:
    """How long a driver waits, but for what the address says itself."""
    return {
        name: seconds
        for name, seconds in _PATIENCE.get(address.get_dialect().driver, {}).items()
        if name not in address.query
    }


def prepare(connection: Connection, zone: ZoneInfo) -> None:
    """Makes a new connection's transaction one that reads, with the source's clock.

    Raises:
        SourceError: the database does not know that clock.
    """
    match connection.dialect.name:
        case "postgresql":
            connection.execution_options(postgresql_readonly=True)
            # For this transaction only, so that a connection pooler never hands it on.
            connection.execute(
                text(
                    "select set_config('TimeZone', :zone, true), set_config('DateStyle', 'ISO', true)"
                ),
                {"zone": zone.key},
            )
        case "sqlite":
            connection.exec_driver_sql("pragma query_only = on")
        case "mysql" | "mariadb":
            _prepare_mysql(connection, zone)


def _prepare_mysql(connection: Connection, zone: ZoneInfo) -> None:
    named = "+00:00" if zone.key == "UTC" else zone.key
    try:
        connection.execute(text("set session time_zone = :zone"), {"zone": named})
    except SQLAlchemyError as error:
        if "1298" not in str(error):
            raise
        msg = (
            f"The shop's database knows no time zone {zone.key}. Load its zones once:"
            " mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql (mysql_tzinfo_to_sql for MySQL);"
            " or say `timezone: UTC` in sources of shop.yaml, if its times are in UTC."
        )
        raise SourceError(msg) from None
    connection.execute(text("set session transaction read only"))
    connection.commit()  # it counts from the next transaction on
