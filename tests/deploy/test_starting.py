"""The services that need no Airflow, started as the compose file declares them; the whole of it is `make test-deploy`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from deploy.compose_file import PROJECT, read_variables
from deploy.native_services import NativeServices, missing_programs, native_services

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}"),
]
PASSWORDS = {"POSTGRES_PASSWORD": "hers", "REDIS_PASSWORD": "his"}


@pytest.fixture(scope="module")
def services() -> Iterator[NativeServices]:
    others = dict.fromkeys(
        ("AIRFLOW_FERNET_KEY", "AIRFLOW_API_SECRET_KEY", "AIRFLOW_JWT_SECRET"), "given"
    )
    filled = read_variables(PROJECT / ".env.example") | others | PASSWORDS
    with native_services(filled | {"PERENNIAL_SECRET": "given"}) as found:
        for name in ("postgres", "redis", "mail"):
            found.start(name)
        found.wait_until_healthy("postgres", "redis", "mail")
        yield found


def test_postgres_has_both_databases_for_who_has_the_password(services: NativeServices) -> None:
    where = f"host=127.0.0.1 port={services.port('postgres', 5432)} user=perennial"

    for database in ("airflow", "ledger"):
        with psycopg.connect(f"{where} dbname={database} password=hers") as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"{where} dbname={database} password=wrong")


def test_redis_answers_who_has_the_password(services: NativeServices) -> None:
    redis = services.running["redis"]

    assert services.healthy(redis)
    stranger = {**redis.environment, "REDISCLI_AUTH": ""}
    asked = subprocess.run(redis.check, env=stranger, capture_output=True, check=False)
    assert asked.returncode != 0


def test_a_service_that_was_killed_is_not_healthy_and_starts_again(
    services: NativeServices,
) -> None:
    services.running["mail"].kill()
    assert not services.healthy(services.running["mail"])

    services.start("mail")
    services.wait_until_healthy("mail")
