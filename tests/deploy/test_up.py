"""`make up` brings everything up in containers where an engine answers, and else says what does without."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from perennial.settings import PROJECT

# Plays the engine: writes down what it is told, and keeps in mind whether the shop is there.
_DOCKER = """#!/bin/sh
echo "$*" >>{told}
case "$*" in
*"test -e"*) test -e {shop} ;;
*"run --rm --no-TTY cli bash -s"*) touch {shop} ;;
esac
"""
NEEDED = ("POSTGRES_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "PERENNIAL_SECRET")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for folder in ("scripts", "campaigns"):
        shutil.copytree(PROJECT / folder, project / folder)
    for name in ("docker-compose.yml", ".env.example"):
        shutil.copy(PROJECT / name, project)
    return project


def up(project: Path, docker: str) -> subprocess.CompletedProcess[str]:
    """Starts it where `docker` is this script."""
    program = project.parent / "bin" / "docker"
    program.parent.mkdir(exist_ok=True)
    program.write_text(docker)
    program.chmod(0o755)
    return subprocess.run(
        [project / "scripts" / "up.sh", "start"],
        env=os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def engine(project: Path) -> str:
    return _DOCKER.format(told=project.parent / "told", shop=project.parent / "shop")


def told(project: Path) -> list[str]:
    """What the engine was told since one looked last."""
    file = project.parent / "told"
    lines = [line for line in file.read_text().splitlines() if line.startswith("compose ")]
    file.unlink()
    return lines


def written(project: Path) -> dict[str, str]:
    lines = (project / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_without_an_engine_it_names_what_does_without_and_writes_nothing(project: Path) -> None:
    started = up(project, "#!/bin/sh\nexit 1\n")

    assert started.returncode == 1
    assert started.stderr.count("\n") == 1
    assert "make up-local" in started.stderr
    assert not (project / ".env").exists()


def test_the_first_start_makes_secrets_loads_the_shop_and_tells_the_address(project: Path) -> None:
    started = up(project, engine(project))

    assert started.returncode == 0, started.stderr
    assert "http://localhost:8080/plugin/studio" in started.stdout
    commands = [" ".join(line.split()[1:3]) for line in told(project)]
    assert commands == ["version", "up --detach", "run --rm", "run --rm", "exec --no-TTY"]
    assert (project / ".env").stat().st_mode & 0o077 == 0


def test_every_secret_that_the_services_need_is_made_and_no_two_are_the_same(project: Path) -> None:
    up(project, engine(project))

    made = [written(project)[name] for name in NEEDED]
    assert len(set(made)) == len(NEEDED)
    assert min(map(len, made)) >= 44
    assert written(project)["PERENNIAL_APPROVE_ABOVE"] == "0"


def test_a_second_start_keeps_the_secrets_and_the_shop(project: Path) -> None:
    up(project, engine(project))
    first = (project / ".env").read_text()
    told(project)
    started = up(project, engine(project))

    assert started.returncode == 0, started.stderr
    assert (project / ".env").read_text() == first
    assert not [line for line in told(project) if "bash -s" in line or " exec " in line]


def test_what_somebody_has_written_stays(project: Path) -> None:
    text = (project / ".env.example").read_text()
    mine = text.replace("PERENNIAL_SECRET=\n", f"PERENNIAL_SECRET={'m' * 64}\n")
    (project / ".env").write_text(mine.replace("AIRFLOW_PORT=8080", "AIRFLOW_PORT=8099"))
    started = up(project, engine(project))

    assert "http://localhost:8099" in started.stdout
    assert written(project)["PERENNIAL_SECRET"] == "m" * 64
    assert written(project)["POSTGRES_PASSWORD"]
    assert "PERENNIAL_APPROVE_ABOVE" not in written(project)
