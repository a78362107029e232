"""The shop's database and the providers' keys may lie in Airflow's connections, as Airflow users do."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy.engine import make_url

from one_night import DAY, HOUSEHOLDS
from perennial.emulator.options import Options
from perennial.emulator.serving import emulator_thread
from perennial.errors import SettingsError
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT, Settings, read_settings

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        ("postgres", "postgresql+psycopg"),
        ("mysql", "mysql+pymysql"),
        ("mariadb", "mariadb+pymysql"),
        ("mssql", "mssql"),
    ],
)
def test_an_airflow_connection_becomes_a_url_that_sqlalchemy_reads(kind: str, driver: str) -> None:
    from airflow.sdk import Connection

    from perennial.orchestration.connections import _source_url

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


@pytest.mark.parametrize(
    "written", ["sqlite:////data/a%20shop/shop.db", "sqlite://%2Fdata%2Fa%20shop%2Fshop.db"]
)
def test_an_airflow_connection_to_a_file_becomes_its_url(written: str) -> None:
    from airflow.sdk import Connection

    from perennial.orchestration.connections import _source_url

    url = make_url(_source_url(Connection(conn_id="shop", uri=written)))
    assert (url.drivername, url.database) == ("sqlite", "/data/a shop/shop.db")


def test_what_an_airflow_connection_adds_reaches_the_driver() -> None:
    from airflow.sdk import Connection

    from perennial.orchestration.connections import _source_url

    connection = Connection(conn_id="shop", uri="postgres://reader:p@db/shop?sslmode=require")
    assert make_url(_source_url(connection)).query == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("host", "port", "master"),
    [
        ("spark://spark.shop.example", 7077, "spark://spark.shop.example:7077"),
        ("spark.shop.example", 7077, "spark://spark.shop.example:7077"),
        ("k8s://https://cluster.example", 6443, "k8s://https://cluster.example:6443"),
        ("yarn", None, "yarn"),
        ("local[4]", None, "local[4]"),
    ],
)
def test_an_airflow_connection_says_where_spark_runs(
    host: str, port: int | None, master: str
) -> None:
    from airflow.sdk import Connection

    from perennial.orchestration.connections import _spark

    extra = {
        "queue": "nights",
        "spark.executor.memory": "8g",
        "spark.executor.instances": 10,
        "spark-binary": "spark-submit",
    }
    connection = Connection(
        conn_id="spark_default", conn_type="spark", host=host, port=port, extra=json.dumps(extra)
    )

    assert _spark("spark_default", connection) == {
        "spark_master": master,
        "spark_options": {
            "spark.yarn.queue": "nights",
            "spark.executor.memory": "8g",
            "spark.executor.instances": "10",
        },
    }


def test_a_night_is_not_handed_over_to_a_cluster_as_a_whole() -> None:
    from airflow.sdk import Connection

    from perennial.orchestration.connections import _spark

    connection = Connection(
        conn_id="spark_default", conn_type="spark", host="yarn", extra='{"deploy-mode": "cluster"}'
    )

    with pytest.raises(SettingsError, match="only client will do"):
        _spark("spark_default", connection)


CANARY = "planted-canary-of-a-key"


def settings_by(monkeypatch: pytest.MonkeyPatch, **connections: object) -> Settings:
    """The settings of a task, whose connections the environment holds."""
    from perennial.orchestration.connections import connected

    for name, value in connections.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)
    for transport in ("EMAIL_TRANSPORT=sendgrid", "SMS_TRANSPORT=twilio"):
        monkeypatch.setenv(f"PERENNIAL_{transport.split('=')[0]}", transport.split("=")[1])
    monkeypatch.setenv("PERENNIAL_SENDGRID_CONNECTION", "mail")
    monkeypatch.setenv("PERENNIAL_TWILIO_CONNECTION", "text")
    monkeypatch.setenv("PERENNIAL_TWILIO_MESSAGING_SERVICE", "MG0")
    return read_settings(**connected(read_settings()))


MAIL = {"conn_type": "http", "password": CANARY, "host": "http://127.0.0.1:8025"}
TEXT = {
    "conn_type": "http",
    "login": "AC0",
    "password": CANARY,
    "schema": "http",
    "host": "127.0.0.1",
    "port": 8026,
}


@pytest.mark.parametrize("login", ["ck_made_up", None])
def test_a_connection_of_type_http_holds_the_key_of_the_shops_api(
    monkeypatch: pytest.MonkeyPatch, login: str | None
) -> None:
    """Case 47."""
    monkeypatch.setenv("PERENNIAL_SOURCE_CONNECTION", "shop")
    shop = {"conn_type": "http", "login": login, "password": CANARY}
    settings = settings_by(monkeypatch, mail=MAIL, text=TEXT, shop=shop)

    assert settings.source_api_secret is not None
    assert settings.source_api_secret.get_secret_value() == CANARY
    assert (settings.source_api_key is not None) == bool(login)
    assert settings.source_url is None
    assert CANARY not in repr(settings)


def test_connections_bring_keys_and_hosts_and_show_neither(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Case 47."""
    settings = settings_by(monkeypatch, mail=MAIL, text=TEXT)
    assert settings.sendgrid_api_key is not None
    assert settings.sendgrid_api_key.get_secret_value() == CANARY
    assert settings.sendgrid_host == "http://127.0.0.1:8025"
    assert settings.twilio_account_sid == "AC0"
    assert settings.twilio_auth_token is not None
    assert settings.twilio_auth_token.get_secret_value() == CANARY
    assert settings.twilio_host == "http://127.0.0.1:8026"
    assert CANARY not in repr(settings)


@pytest.mark.parametrize(
    ("mail", "text", "said"),
    [
        ({**MAIL, "password": ""}, TEXT, r"'mail' has no password: SendGrid's API key"),
        (MAIL, {**TEXT, "login": ""}, r"'text' has no login: Twilio's account"),
        (MAIL, {**TEXT, "password": ""}, r"'text' has no password: Twilio's auth token"),
        ('{"conn_type":', TEXT, r"AIRFLOW_CONN_MAIL cannot be read"),
        ({**MAIL, "host": ""}, TEXT, r"^sendgrid_host: api.sendgrid.com is refused"),
        (MAIL, {**TEXT, "host": "api.twilio.com", "port": None}, r"give it as https|is refused"),
    ],
)
def test_what_is_wrong_with_a_connection_is_one_sentence_without_its_key(
    monkeypatch: pytest.MonkeyPatch, mail: object, text: object, said: str
) -> None:
    """Cases 46 and 47."""
    with pytest.raises(SettingsError, match=said) as refused:
        settings_by(monkeypatch, mail=mail, text=text)
    assert CANARY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_connection_that_airflow_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^Airflow has no connection 'text'\. Set AIRFLOW_"):
        settings_by(monkeypatch, mail=MAIL)


@pytest.fixture(scope="module")
def a_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night and a campaign by Airflow itself, by SendGrid as the emulator plays it; whoever is in the shop can be told.

    Not with Airflow's level DEBUG: then Airflow itself writes down what it is about to mask.
    """
    home = tmp_path_factory.mktemp("a-day") / "home"
    with emulator_thread(Options(sendgrid_key=CANARY)) as emulator:
        load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
        name_everybody(home / "shop.db")
        environment = os.environ | {
            "PERENNIAL_HOME": str(home),
            "PERENNIAL_CLOCK": "simulated",
            "PERENNIAL_EMAIL_TRANSPORT": "sendgrid",
            "PERENNIAL_SENDGRID_CONNECTION": "mail",
            "AIRFLOW_CONN_MAIL": json.dumps(MAIL | {"host": emulator.url}),
            "AIRFLOW_HOME": str(home / "airflow"),
        }
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=environment, check=True, capture_output=True)
        dags = [sys.executable, str(PROJECT / "tests" / "run_dags.py"), DAY.isoformat()]
        with (home / "dags.log").open("wb") as log:
            names = ("nightly", "campaign_birthday")
            command = [*dags, *names]
            subprocess.run(command, env=environment, check=True, stdout=log, stderr=log)
        assert emulator.accepted().total() > 5
        assert set(emulator.accepted().values()) == {1}
    return home


def test_the_tasks_of_a_campaign_send_with_a_key_that_nobody_else_gets_to_see(a_day: Path) -> None:
    """Case 47: its logs, fields and XComs, the lake and the ledger are searched for the key."""
    assert [path for path in files_under(a_day) if holds(path, CANARY)] == []


def test_airflow_keeps_nothing_by_which_a_customer_could_be_told(a_day: Path) -> None:
    """Case 47: neither names nor addresses nor coupons are in the logs, fields and XComs, so none is left by an erasure."""
    kept = [*files_under(a_day / "airflow"), a_day / "dags.log"]
    lake = [path for path in files_under(a_day / "lake") if path.suffix == ".parquet"]
    phones, coupons = phones_in(a_day / "shop.db"), coupons_in(a_day / "ledger.db")
    telling = [*PLANTED, *phones, *coupons]

    assert phones
    assert coupons
    assert {word for word in PLANTED for path in lake if word in str(pq.read_table(path))}
    # What a plan hands on is there, so this is where XComs and what was logged are.
    assert any(holds(path, "plan_hash") for path in kept)
    assert any(path.suffix == ".log" and path.stat().st_size for path in kept)
    assert [(path.name, word) for path in kept for word in telling if holds(path, word)] == []


PLANTED = ("Quirina", "Zapfelhuber", "zapf.")


def name_everybody(shop: Path) -> None:
    """Gives everybody names and addresses that are found nowhere else, and a third their birthday on the day."""
    with sqlite3.connect(shop) as connection:
        connection.execute(
            "update customers set birth_date = '1980-' || ? where cast(customer_id as integer) % 3 = 0",
            (DAY.strftime("%m-%d"),),
        )
        connection.execute(
            "update customers set first_name = 'Quirina', last_name = 'Zapfelhuber',"
            " email = 'zapf.' || customer_id || '@mail.example'"
        )


def phones_in(shop: Path) -> set[str]:
    """Every phone number, without blanks and without its country."""
    with sqlite3.connect(shop) as connection:
        said = connection.execute("select phone from customers where phone is not null")
        digits = {"".join(filter(str.isdigit, phone)) for (phone,) in said}
    return {number[-10:] for number in digits if len(number) >= 10}


def coupons_in(ledger: Path) -> set[str]:
    with sqlite3.connect(ledger) as connection:
        found = connection.execute(
            "select coupon_code from messages where coupon_code is not null"
        ).fetchall()
    return {code for (code,) in found}


def files_under(folder: Path) -> list[Path]:
    """Without the index that SQLite shares between processes: it holds page numbers, and goes with the last of them."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".db-shm"]


def holds(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()
