"""The files that put Perennial on a server agree with each other and with the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from perennial.settings import PROJECT, Settings

COMPOSE = PROJECT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return dict(loaded["services"])


def _example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_compose_file_follows_the_specification() -> None:
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            COMPOSE,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def test_every_part_of_airflow_runs_and_is_watched(services: dict[str, Any]) -> None:
    watched = {name for name, service in services.items() if "healthcheck" in service}

    airflow = {"api-server", "scheduler", "dag-processor", "triggerer"}
    assert watched == {"postgres", "edge", *airflow}
    assert set(services) - watched == {"init", "cli"}


def test_nothing_starts_before_the_databases_are_ready(services: dict[str, Any]) -> None:
    for name in ("api-server", "scheduler", "dag-processor", "triggerer", "edge", "cli"):
        condition = services[name]["depends_on"]["init"]["condition"]

        assert condition == "service_completed_successfully"
    assert services["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_every_variable_is_explained_in_the_example() -> None:
    used = {name for name, _ in _VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))}

    assert used == set(_example())


def test_no_secret_has_a_value_before_somebody_gives_it_one() -> None:
    secrets = {"POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_API_SECRET_KEY"}
    transports = {
        "PERENNIAL_SMTP_PASSWORD",
        "PERENNIAL_SENDGRID_API_KEY",
        "PERENNIAL_TWILIO_AUTH_TOKEN",
    }
    secrets |= {"AIRFLOW_JWT_SECRET", "PERENNIAL_SECRET"} | transports
    needed = {
        name
        for name, default in _VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))
        if default.startswith(":?")
    }

    assert needed == secrets - transports
    assert {name: _example()[name] for name in secrets} == dict.fromkeys(secrets, "")


def test_only_settings_that_exist_are_set(services: dict[str, Any]) -> None:
    given = {n for n in services["scheduler"]["environment"] if n.startswith("PERENNIAL_")}
    known = {f"PERENNIAL_{name.upper()}" for name in Settings.model_fields}

    assert given <= known


def test_secrets_never_travel_into_the_image_or_the_repository() -> None:
    allowed = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert "*" in allowed
    assert not any(".env" in line for line in allowed)
    assert ".env" in (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_everything_that_the_image_is_made_from_is_there() -> None:
    kept = [
        line[1:].rstrip("/")
        for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]

    assert [name for name in kept if not (PROJECT / name).exists()] == []


def test_the_pools_that_the_dags_use_are_made() -> None:
    pools = json.loads((PROJECT / "deploy" / "pools.json").read_text(encoding="utf-8"))
    files = (PROJECT / "plugins/perennial/orchestration").glob("*.py")
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)

    assert set(pools) == set(re.findall(r'^\w+_POOL = "(\w+)"', code, re.MULTILINE))


@pytest.mark.parametrize(
    "script", ["scripts/set_up.sh", "scripts/test_services.sh", "scripts/up.sh", ".ci/run"]
)
def test_a_script_can_be_run(script: str) -> None:
    path = PROJECT / script
    read = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)  # noqa: S607

    assert read.returncode == 0, read.stderr
    assert path.stat().st_mode & 0o111


def test_make_alone_lists_what_one_can_do() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    for target in ("demo", "test", "check", "bench", "up"):
        assert re.search(rf"\b{target}\b", listed)


def test_the_licence_is_the_one_that_is_declared() -> None:
    licence = (PROJECT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert 'license = "Apache-2.0"' in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")


def test_hooks_run_the_tools_of_the_project_and_no_others() -> None:
    config: dict[str, Any] = YAML(typ="safe").load(PROJECT / ".pre-commit-config.yaml")

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    entries = [Path(hook["entry"].split()[0]) for hook in config["repos"][0]["hooks"]]
    assert {entry.parent for entry in entries} == {Path(".venv/bin")}
