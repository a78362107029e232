"""What Airflow's connections hold: the shop's database or the key of its API, the providers' keys and hosts."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from perennial.errors import SettingsError
from perennial.settings import Settings

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
# What the provider passes to spark-submit by a name of its own.
_SPARK_EXTRAS = {"queue": "spark.yarn.queue", "namespace": "spark.kubernetes.namespace"}


def connected(settings: Settings) -> dict[str, object]:
    """The settings that Airflow's connections hold: the shop's database or API, the providers' keys and hosts.

    The names of the connections are taken out, so that what is put together is checked as if nobody had named any.

    Raises:
        SettingsError: Airflow does not know a connection that the settings name, or its key is missing.
    """
    found: dict[str, object] = {}
    if settings.source_connection:
        found |= _source(_connection(settings.source_connection))
    if name := settings.sendgrid_connection:
        connection = _connection(name)
        found |= {"sendgrid_connection": None} | _host("sendgrid_host", connection)
        found["sendgrid_api_key"] = _part(name, connection, "password", "SendGrid's API key")
    if name := settings.twilio_connection:
        connection = _connection(name)
        found |= {"twilio_connection": None} | _host("twilio_host", connection)
        found["twilio_account_sid"] = _part(name, connection, "login", "Twilio's account, AC…")
        found["twilio_auth_token"] = _part(name, connection, "password", "Twilio's auth token")
    if name := settings.spark_connection:
        found |= {"spark_connection": None} | _spark(name, _connection(name))
    return found


def _connection(name: str) -> Any:  # noqa: ANN401 - Airflow's connection
    variable = f"AIRFLOW_CONN_{name.upper()}"
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        msg = f"Airflow has no connection {name!r}. Set {variable}; for tasks alone, Admin, Connections will do, too."
        if variable in os.environ:
            msg = f"{variable} cannot be read: write JSON, or an address as Airflow spells connections."
        raise SettingsError(msg) from None


def _part(name: str, connection: Any, part: str, what: str) -> object:  # noqa: ANN401 - Airflow's connection
    value: object = getattr(connection, part)
    if not value:
        msg = f"Airflow's connection {name!r} has no {part}: {what} belongs there."
        raise SettingsError(msg)
    return value


def _host(setting: str, connection: Any) -> dict[str, object]:  # noqa: ANN401 - Airflow's connection
    """Where a connection names a host, the provider is asked there: the EU's, or an emulator."""
    host = connection.host
    if not host:
        return {}
    if "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    return {setting: f"{host}:{connection.port}" if connection.port else host}


def _source(connection: Any) -> dict[str, object]:  # noqa: ANN401 - Airflow's connection
    """The address of the shop's database; or, from a connection of type http, the key of its API."""
    if connection.conn_type == "http":
        return {"source_api_key": connection.login, "source_api_secret": connection.password}
    return {"source_url": _source_url(connection)}


def _source_url(connection: Any) -> str:  # noqa: ANN401 - Airflow's connection
    """An Airflow connection as SQLAlchemy spells it; schemes of databases that we do not know stay as they are."""
    if connection.conn_type == "sqlite":  # Airflow writes the file as the host, or as the schema
        return f"sqlite:///{connection.host or connection.schema}"
    scheme, rest = str(connection.get_uri()).split("://", 1)
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


def _spark(name: str, connection: Any) -> dict[str, object]:  # noqa: ANN401 - Airflow's connection
    """Spark's master and options, as Airflow's Spark provider reads them from a connection.

    A task is the driver itself, so that there is nothing to hand over to the cluster in its place.
    """
    host = _part(
        name, connection, "host", "Spark's master, such as spark://spark.shop.example or yarn,"
    )
    extra = dict(connection.extra_dejson)
    if extra.get("deploy-mode", "client") != "client":
        msg = (
            f"Airflow's connection {name!r} has deploy-mode {extra['deploy-mode']}: a night is Spark's driver, so"
            " that only client will do. Take it out."
        )
        raise SettingsError(msg)
    options = {option: str(value) for option, value in extra.items() if option.startswith("spark.")}
    for key, option in _SPARK_EXTRAS.items():
        if extra.get(key):
            options[option] = str(extra[key])
    master = f"{host}:{connection.port}" if connection.port else str(host)
    # An address such as spark://spark.shop.example:7077 loses its scheme on the way into a connection.
    alone = "://" in master or master.startswith(("local", "yarn"))
    return {
        "spark_master": master if alone else f"spark://{master}",
        "spark_options": options,
    }
