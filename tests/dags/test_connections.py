"""The shop's database may be named by an Airflow connection, as Airflow users do."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(
    ("kind", "driver"),
    [("postgres", "postgresql+psycopg"), ("mysql", "mysql+pymysql"), ("mssql", "mssql")],
)
def test_an_airflow_connection_becomes_a_url_that_sqlalchemy_reads(kind: str, driver: str) -> None:
    from airflow.sdk import Connection

    from perennial.orchestration import _source_url

    connection = Connection(
        conn_id="shop",
        conn_type=kind,
        host="db.example",
        login="reader",
        password="p@ss/word",
        schema="shop",
        port=5432,
    )
    url = make_url(_source_url(connection))

    assert url.drivername == driver
    assert (url.host, url.port, url.database) == ("db.example", 5432, "shop")
    assert (url.username, url.password) == ("reader", "p@ss/word")
