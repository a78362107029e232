"""docker-compose.yml as Compose reads it: variables filled in, merged, with what the image brings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")


@dataclass(frozen=True, kw_only=True)
class Service:
    """What the file declares about a service."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    check: tuple[str, ...]
    depends_on: Mapping[str, str]
    # From a path inside to a path of the project, or to the name of a volume.
    mounts: Mapping[str, str]
    ports: tuple[int, ...]
    published: tuple[str, ...]
    profiles: frozenset[str]
    replicas: int

    @property
    def ours(self) -> bool:
        """It runs in the image that the project's Dockerfile makes."""
        return self.image.startswith("perennial:")


class MissingVariable(Exception):
    """A variable without which Compose starts nothing."""


def read_services(variables: Mapping[str, str]) -> dict[str, Service]:
    """Every service, by name, with these lines in `.env`.

    Raises:
        MissingVariable: one that must be set is not; names it.
    """
    raw: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return {
        name: _service(name, _filled(found, variables), variables)
        for name, found in raw["services"].items()
    }


def read_variables(path: Path) -> dict[str, str]:
    """The lines of an env file that set something."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def image_environment() -> dict[str, str]:
    """What the Dockerfile's ENV sets."""
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.removeprefix("ENV ") for line in text.splitlines() if line.startswith("ENV ")]
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def _service(name: str, raw: dict[str, Any], variables: Mapping[str, str]) -> Service:
    mounts = [str(mount).split(":")[:2] for mount in raw.get("volumes", ())]
    given = variables if raw.get("env_file") == ".env" else {}
    environment = {key: str(value) for key, value in (raw.get("environment") or {}).items()}
    return Service(
        name=name,
        image=raw["image"],
        command=_words(raw.get("command") or ()),
        environment=dict(given) | environment,
        check=_check(raw.get("healthcheck", {}).get("test", ())),
        depends_on={key: value["condition"] for key, value in raw.get("depends_on", {}).items()},
        mounts={inside: outside for outside, inside in mounts},
        ports=tuple(int(port) for port in raw.get("expose", ())),
        published=tuple(str(port) for port in raw.get("ports", ())),
        profiles=frozenset(raw.get("profiles", ())),
        replicas=int(raw.get("deploy", {}).get("replicas", 1)),
    )


def _words(command: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shlex.split(command) if isinstance(command, str) else map(str, command))


def _check(test: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    match list(test):
        case ["CMD", *words]:
            return tuple(map(str, words))
        case ["CMD-SHELL", line]:
            return ("/bin/sh", "-c", str(line))
        case _:
            return ()


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    return _VARIABLE.sub(lambda m: _value(m, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    dollar, name, kind, rest = match.groups()
    if dollar:
        return "$"
    found = variables.get(name, "")
    if found or not kind:
        return found
    if kind == "?":
        raise MissingVariable(name)
    return str(rest)
