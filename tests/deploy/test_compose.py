"""The files that put Perennial on a server agree with each other and with the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.compose_file import (
    COMPOSE,
    MissingVariable,
    Service,
    image_environment,
    read_services,
    read_variables,
)
from deploy.native_services import PROGRAMS
from perennial.settings import PROJECT, Settings

_VARIABLE = re.compile(r"\$\{(\w+)(:[-?][^}]*)?\}")
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
SECRETS = {
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "AIRFLOW_FERNET_KEY",
    "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_JWT_SECRET",
    "PERENNIAL_SECRET",
}
SETTINGS = {f"PERENNIAL_{name.upper()}" for name in Settings.model_fields}


def _example() -> dict[str, str]:
    return read_variables(PROJECT / ".env.example")


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return read_services(_example() | {name: f"a-{name}" for name in SECRETS})


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


def test_every_service_that_stays_is_watched(services: dict[str, Service]) -> None:
    watched = {name for name, service in services.items() if service.check}

    assert watched == {"postgres", "redis", "edge", "mail", *AIRFLOW}
    assert set(services) - watched == {"init", "cli"}


def test_every_image_is_pinned(services: dict[str, Service]) -> None:
    of_others = {service.image for service in services.values() if not service.ours}
    base = re.findall(r"(?m)^FROM (\S+)$", (PROJECT / "Dockerfile").read_text(encoding="utf-8"))

    for image in {*of_others, *base}:
        assert re.search(r":\d+\.\d+[\w.-]*$", image), image


def test_nothing_starts_before_the_databases_are_ready(services: dict[str, Service]) -> None:
    for name in (*AIRFLOW, "edge", "cli"):
        assert services[name].depends_on["init"] == "service_completed_successfully"
    assert services["init"].depends_on == {"postgres": "service_healthy"}
    assert services["scheduler"].depends_on["redis"] == "service_healthy"
    assert services["worker"].depends_on["redis"] == "service_healthy"


def test_only_airflow_and_the_edge_are_reached_and_from_this_machine_alone(
    services: dict[str, Service],
) -> None:
    published = {name: service.published for name, service in services.items() if service.published}

    assert published == {"api-server": ("127.0.0.1:8080:8080",), "edge": ("127.0.0.1:8090:8090",)}


def test_the_service_that_the_world_reaches_knows_no_key_of_airflow(
    services: dict[str, Service],
) -> None:
    told = services["edge"].environment
    keys = {told[name] for name in SECRETS if name.startswith(("AIRFLOW", "REDIS"))}

    assert keys == {""}
    for name in SECRETS:
        if name.startswith(("AIRFLOW", "REDIS")):
            assert not any(f"a-{name}" in value for value in told.values())
    assert "/opt/airflow" not in services["edge"].mounts


def test_what_a_container_writes_is_in_a_volume_that_is_named(
    services: dict[str, Service],
) -> None:
    declared = set(YAML(typ="safe").load(COMPOSE)["volumes"])
    mounted = {
        outside
        for service in services.values()
        for outside in service.mounts.values()
        if not outside.startswith("./")
    }

    assert mounted == declared
    image = image_environment()
    assert {image["AIRFLOW_HOME"], image["PERENNIAL_HOME"]} <= set(services["worker"].mounts)


def test_what_is_mounted_from_the_project_is_there(services: dict[str, Service]) -> None:
    for service in services.values():
        for outside in service.mounts.values():
            assert not outside.startswith("./") or (PROJECT / outside).exists(), outside


def test_every_variable_is_explained_in_the_example() -> None:
    used = {name for name, _ in _VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))}

    assert used <= set(_example())
    assert set(_example()) - used <= SETTINGS


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_nothing_starts_without_a_secret_and_none_has_a_value_from_us(name: str) -> None:
    given = _example() | dict.fromkeys(SECRETS - {name}, "given")

    assert _example()[name] == ""
    with pytest.raises(MissingVariable, match=name):
        read_services(given)


def test_only_settings_that_exist_are_set(services: dict[str, Service]) -> None:
    for service in services.values():
        given = {name for name in service.environment if name.startswith("PERENNIAL_")}

        assert given <= SETTINGS
    assert {n for n in image_environment() if n.startswith("PERENNIAL_")} <= SETTINGS


def test_only_options_of_airflow_that_exist_are_set(services: dict[str, Service]) -> None:
    from airflow.configuration import conf

    given = {
        name for service in services.values() for name in service.environment
    } | image_environment().keys()
    named = sorted(name for name in given if name.startswith("AIRFLOW__"))
    found = {
        f"AIRFLOW__{section}__{option}".upper()
        for section, described in conf.configuration_description.items()
        for option in described["options"]
    }

    assert [name for name in named if name not in found] == []


def test_every_command_and_every_check_is_a_program_of_the_image(
    services: dict[str, Service],
) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    programs = {
        word
        for service in services.values()
        for words in (service.command, service.check)
        for word in _programs(words)
    }

    assert [name for name in sorted(programs - PROGRAMS) if not shutil.which(name, path=path)] == []


def _programs(words: tuple[str, ...]) -> list[str]:
    """The first word; of a line for a shell, the first word of each of its commands."""
    if not words:
        return []
    if words[0] not in {"bash", "/bin/sh"}:
        return [words[0]]
    return [words[0], *(part.split()[0] for part in words[-1].removeprefix("exec ").split("&&"))]


def test_every_command_knows_its_options(services: dict[str, Service]) -> None:
    """Airflow's and ours are read by the parsers that would read them."""
    from airflow.cli.cli_parser import get_parser
    from typer.main import get_command

    from perennial.cli.commands import app

    parser, ours = get_parser(), get_command(app)
    for service in services.values():
        for words in (service.command, service.check):
            line = " ".join(words[2:] if words[:1] == ("bash",) else words)
            for part in line.removeprefix("exec ").split("&&"):
                program, *rest = part.split() or [""]
                if program == "airflow":
                    parser.parse_args(rest)
                elif program == "perennial" and rest != ["--help"]:
                    command = ours.commands[rest[0]]
                    command.make_context(rest[0], rest[1:])


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
    "script",
    [
        "scripts/set_up.sh",
        "scripts/test_services.sh",
        "scripts/up.sh",
        "scripts/up_local.sh",
        "scripts/sample_shop.sh",
        ".ci/run",
    ],
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
