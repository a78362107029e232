"""Commands run in this process, as people and as machines read what they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from perennial.cli.commands import app
from perennial.errors import PerennialError


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command printed, and what it refused."""

    shown: str
    fault: str | None

    @property
    def data(self) -> Any:
        return json.loads(self.shown)


Run = Callable[..., Said]


def running(*words: str) -> Said:
    """Runs a command by the settings of the environment; a mistake in its words counts as refused, too."""
    result = CliRunner().invoke(app, words)
    if isinstance(result.exception, PerennialError):
        return Said(shown=result.stdout, fault=str(result.exception))
    assert result.exit_code in {0, 2}, result.exception
    return Said(shown=result.stdout, fault=result.stderr if result.exit_code else None)
