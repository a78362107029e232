"""Who asks a shop's API."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What proves to an API who asks: a key and its secret, or a secret alone, as the kind of shop has it."""

    key: SecretStr | None = None
    secret: SecretStr | None = None
