"""A whole Airflow for tests, as `make up` starts it but with named users: api-server, scheduler, processor, triggerer."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from services import free_port

PROJECT = Path(__file__).parents[1]
USERS = {"ann": "admin", "mark": "user", "olga": "user", "vera": "viewer"}
_PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")
_PATIENCE = 900


@dataclass(frozen=True, kw_only=True)
class AirflowServer:
    """An Airflow that answers; each user's password is their name and `-pw`."""

    url: str
    environment: Mapping[str, str] = field(repr=False)
    log: Path

    def token(self, user: str) -> str:
        """What a user's program signs in with."""
        return str(self._ask("POST", "/auth/token", sign_in(user))["access_token"])

    def ask(
        self, user: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Airflow's own API, in a user's name."""
        return self._ask(method, f"/api/v2{path}", body, self.token(user))

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str | None = None
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self.url + path, data=data, headers=headers, method=method)  # noqa: S310 - loopback
        with urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - loopback
            return dict(json.loads(answer.read() or b"{}"))


def sign_in(user: str) -> dict[str, str]:
    """What a user types."""
    return {"username": user, "password": f"{user}-pw"}


@contextlib.contextmanager
def running_airflow(
    home: Path, *, database_url: str, settings: Mapping[str, str], port: int | None = None
) -> Iterator[AirflowServer]:
    """An Airflow with our DAGs and the Studio; `settings` are environment variables of Perennial."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    environment = os.environ | _environment(home, port, database_url) | settings
    server = AirflowServer(
        url=f"http://127.0.0.1:{port}", environment=environment, log=home / "airflow.log"
    )
    with server.log.open("ab") as log:
        for command in (["db", "migrate"], ["pools", "import", str(PROJECT / "deploy/pools.json")]):
            subprocess.run(
                [sys.executable, "-m", "airflow", *command],
                env=environment,
                stdout=log,
                stderr=log,
                check=True,
            )
        standalone = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(server, standalone)
        yield server
    finally:
        _end_session(standalone)


def _environment(home: Path, port: int, database_url: str) -> dict[str, str]:
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({user: sign_in(user)["password"] for user in USERS}))
    return {
        # `standalone` starts its parts by the name of the program.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url,
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        # On a loaded machine, what is only slow is not given up.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "1800",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "3600",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
    }


def _wait_until_healthy(server: AirflowServer, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if _healthy(server):
            return
        time.sleep(0.5)
    msg = f"Airflow does not start: {server.log.read_text(errors='replace')[-3000:]}"
    raise RuntimeError(msg)


def _healthy(server: AirflowServer) -> bool:
    try:
        with urlopen(server.url + "/api/v2/monitor/health", timeout=10) as answer:  # noqa: S310 - loopback
            parts = json.load(answer)
    except (HTTPError, URLError, OSError, ValueError):
        return False
    return all((parts.get(part) or {}).get("status") == "healthy" for part in _PARTS)


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """A signal to the parent alone would leave its children behind."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + 15
        while time.monotonic() < until and (process.poll() is None or _session(process.pid)):
            time.sleep(0.1)


def _session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
    return found
