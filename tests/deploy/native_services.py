"""The services of docker-compose.yml as processes of this machine, where there is no container engine.

Each runs the command, the environment and the health check that the file declares. What a container would bring is
played: a volume is a folder, a port is a free one of this machine, another service's name is this machine's address.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deploy.compose_file import PROJECT, Service, image_environment, read_services
from services import free_port

# Of PostgreSQL's and Redis's images.
PROGRAMS = frozenset({"postgres", "pg_isready", "redis-server", "redis-cli"})
_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_WORKDIR, _VENV = "/opt/perennial", "/opt/venv"
_DATA, _SCRIPTS = "/var/lib/postgresql/data", "/docker-entrypoint-initdb.d/"
_PATIENCE = 1200


def missing_programs() -> list[str]:
    """What the system lacks for it."""
    return [
        name
        for name, there in (
            ("postgresql", _POSTGRES),
            ("redis-server", shutil.which("redis-server")),
        )
        if not there
    ]


@dataclass
class Running:
    """One container, as it were."""

    name: str
    service: Service
    process: psutil.Popen
    environment: Mapping[str, str]
    check: tuple[str, ...]

    def owns(self, pid: int) -> bool:
        """A process of this container."""
        return any(process.pid == pid for process in _tree(self.process))

    def kill(self) -> None:
        """With -9, and every process at once, as when a machine loses its power."""
        while found := [p for p in _tree(self.process) if p.status() != psutil.STATUS_ZOMBIE]:
            _kill(found)
            self.process.poll()


class NativeServices:
    """Starts, watches and ends what the compose file declares."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="perennial-deploy-"))
        self.home.chmod(0o755)  # PostgreSQL's user goes through it
        self.variables = dict(variables)
        self.running: dict[str, Running] = {}
        self._ports: dict[tuple[str, int], int] = {}

    def up(self, *, profiles: Iterable[str] = ()) -> None:
        """As `docker compose up -d --wait` does: in order, each when what it stands on is ready."""
        wanted = [
            service
            for service in self.services().values()
            if not service.profiles or service.profiles & set(profiles)
        ]
        for service in wanted:
            self._start_with_needs(service)
        self.wait_until_healthy(*self.running)

    def wait_until_healthy(self, *names: str) -> None:
        """As long as a slow machine needs."""
        for name in names:
            self._wait_until_healthy(self.running[name])

    def run(self, service: str, *command: str, given: Mapping[str, str] | None = None) -> str:
        """As `docker compose run --rm -e …` does; returns what it printed."""
        declared = self.services()[service]
        words = self._told(declared, service, command)
        with self._log(service).open("ab") as log:
            done = subprocess.run(
                words,
                env=self._environment(declared, service) | dict(given or {}),
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
            )
        assert done.returncode == 0, f"{service} {command}: {self.end_of_log(service)}"
        return done.stdout

    def start(self, name: str) -> Running:
        """One more container, such as `worker-1`."""
        service = self.services()[re.sub(r"-\d+$", "", name)]
        environment = self._environment(service, name)
        as_user = {}
        if service.image.startswith("postgres:"):
            as_user = self._prepare_postgres(service, environment)
        with self._log(name).open("ab") as log:
            process = psutil.Popen(
                self._told(service, name, service.command),
                env=environment,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **as_user,
            )
        running = Running(
            name, service, process, environment, self._told(service, name, service.check)
        )
        self.running[name] = running
        return running

    def healthy(self, running: Running) -> bool:
        """What its own health check says."""
        with self._log(f"{running.name}.check").open("wb") as log:
            done = subprocess.run(
                running.check,
                env=running.environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                check=False,
            )
        return done.returncode == 0

    def services(self) -> dict[str, Service]:
        """What the file declares."""
        return read_services(self.variables)

    def port(self, name: str, declared: int) -> int:
        """Which port of this machine plays a service's."""
        return self._ports.setdefault((name, declared), free_port())

    def volume(self, name: str) -> Path:
        """The folder that plays a volume."""
        folder = self.home / "volumes" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def end_of_log(self, name: str) -> str:
        """The last lines of what a service wrote."""
        return self._log(name).read_text(errors="replace")[-4000:]

    def down(self) -> None:
        """Asks each to end, the last one first, and leaves no process behind."""
        trees = {name: _tree(running.process) for name, running in self.running.items()}
        for name, running in reversed(self.running.items()):
            with contextlib.suppress(psutil.NoSuchProcess):
                running.process.send_signal(
                    signal.SIGINT
                    if running.service.image.startswith("postgres:")
                    else signal.SIGTERM
                )
            psutil.wait_procs([running.process], timeout=60)
            _kill([*trees[name], *_tree(running.process)])
        shutil.rmtree(self.home, ignore_errors=True)

    def _start_with_needs(self, service: Service) -> None:
        names = _containers(service)
        if service.name in self.running or names[0] in self.running:
            return
        for needed, condition in service.depends_on.items():
            other = self.services()[needed]
            self._start_with_needs(other)
            for name in _containers(other):
                if condition == "service_healthy":
                    self._wait_until_healthy(self.running[name])
                else:
                    self._wait_until_done(self.running[name])
        for name in names:
            self.start(name)

    def _wait_until_healthy(self, running: Running) -> None:
        if not running.check:
            return
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and running.process.poll() is None:
            if self.healthy(running):
                return
            time.sleep(1)
        msg = f"{running.name} does not become healthy: {self.end_of_log(running.name)}"
        raise AssertionError(msg)

    def _wait_until_done(self, running: Running) -> None:
        code = running.process.wait(timeout=_PATIENCE)
        assert code == 0, f"{running.name} ended with {code}: {self.end_of_log(running.name)}"

    def _log(self, name: str) -> Path:
        folder = self.home / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def _environment(self, service: Service, name: str) -> dict[str, str]:
        """Nothing of the shell that runs the test goes in."""
        image = image_environment() if service.ours else {}
        given = {
            key: self._told(service, name, [value])[0]
            for key, value in {**image, **service.environment}.items()
        }
        paths = [str(Path(sys.executable).parent), *map(str, _POSTGRES[-1:])]
        return given | {
            "PATH": os.pathsep.join((*paths, "/usr/local/bin:/usr/bin:/bin:/usr/sbin")),
            "HOME": str(self.volume("home")),
            "HOSTNAME": name,
            "LANG": "C.UTF-8",
        }

    def _told(self, service: Service, name: str, words: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._native(service, name, word) for word in words)

    def _native(self, service: Service, name: str, word: str) -> str:
        for other in self.services().values():
            for port in other.ports:
                there = f"127.0.0.1:{self.port(_containers(other)[0], port)}"
                word = re.sub(rf"(?<![\w.-]){re.escape(other.name)}:{port}(?!\d)", there, word)
        for port in service.ports:
            # A port stands alone, after an address, or after a comma in a line of Python.
            here = rf"(^|0\.0\.0\.0:|127\.0\.0\.1:|127\.0\.0\.1', |=){port}(?!\w)"
            word = re.sub(here, rf"\g<1>{self.port(name, port)}", word)
        for inside, outside in self._folders(service):
            word = re.sub(rf"(?<![\w/]){re.escape(inside)}(?![\w-])", outside, word)
        return word.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - to be replaced

    def _folders(self, service: Service) -> list[tuple[str, str]]:
        mounts = {
            inside: str(PROJECT / outside if outside.startswith(".") else self.volume(outside))
            for inside, outside in service.mounts.items()
        }
        known = {_WORKDIR: str(PROJECT), _VENV: sys.prefix} | mounts
        return sorted(known.items(), key=lambda pair: -len(pair[0]))

    def _prepare_postgres(self, service: Service, environment: dict[str, str]) -> dict[str, Any]:
        """What the image does before its command: makes the databases on the first start."""
        data = self.volume(service.mounts[_DATA])
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(data, owner.pw_uid, owner.pw_gid)
            as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        environment["PGDATA"] = str(data)
        if (data / "PG_VERSION").exists():
            return as_user
        for step, read in self._steps_to_databases(service, environment, data):
            with self._log("postgres").open("ab") as log:
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", step],  # noqa: S607
                    env=environment,
                    cwd="/",
                    input=read.encode(),
                    stdout=log,
                    stderr=log,
                    check=False,
                    **as_user,
                )
            assert done.returncode == 0, f"{step}: {self.end_of_log('postgres')}"
        return as_user

    def _steps_to_databases(
        self, service: Service, told: Mapping[str, str], data: Path
    ) -> Iterator[tuple[str, str]]:
        """Lines for a shell, and what each reads."""
        database, as_owner = (
            told["POSTGRES_DB"],
            f"--host={data} --username={told['POSTGRES_USER']}",
        )
        where = f"listen_addresses='127.0.0.1'\nunix_socket_directories='{data}'\nfsync=off\n"
        form = "--auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync"
        password = '<(printf %s "$POSTGRES_PASSWORD")'
        yield f"initdb --username={told['POSTGRES_USER']} {form} --pwfile={password}", ""
        yield f"cat >>{data}/postgresql.conf", where
        yield "pg_ctl -w -s -o \"-c listen_addresses=''\" start", ""
        yield f"createdb {as_owner} {database}", ""
        for inside, outside in sorted(service.mounts.items()):
            if inside.startswith(_SCRIPTS):
                sql = (PROJECT / outside).read_text(encoding="utf-8")
                yield f"psql -v ON_ERROR_STOP=1 -q {as_owner} --dbname={database} --file=-", sql
        yield "pg_ctl -w -s -m fast stop", ""


@contextlib.contextmanager
def native_services(variables: Mapping[str, str]) -> Iterator[NativeServices]:
    """Ends everything when the block ends."""
    found = NativeServices(variables)
    try:
        yield found
    finally:
        found.down()


def _containers(service: Service) -> list[str]:
    if service.replicas == 1:
        return [service.name]
    return [f"{service.name}-{number}" for number in range(1, service.replicas + 1)]


def _tree(process: psutil.Process) -> list[psutil.Process]:
    """A process, what it started, and what of its session lost its parent."""
    found: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        found = {p.pid: p for p in [process, *process.children(recursive=True)]}
    for other in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(other.pid) == process.pid:
                found[other.pid] = other
                found |= {p.pid: p for p in other.children(recursive=True)}
    return list(found.values())


def _kill(processes: Iterable[psutil.Process]) -> None:
    """Stopped first, so that none starts another while the rest is killed."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
