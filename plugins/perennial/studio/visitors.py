"""Who asks, and what they may do: the Studio believes Airflow's login and knows three rights."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr
from starlette.requests import Request


class Right(StrEnum):
    """What a visitor may do. Each is granted by Airflow's own permissions; see docs/how-to/studio.md."""

    LOOK = "look"
    """See every page; Airflow: read DAGs."""
    OPERATE = "operate"
    """Test, trigger, pause, edit and answer what waits for an answer; Airflow: run DAGs."""
    STEWARD = "steward"
    """Settle doubts, release nights, unsubscribe and erase people; Airflow: change pools."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody whom Airflow knows; `token` is what Airflow's own API knows them by."""

    name: str
    rights: frozenset[Right]
    token: SecretStr = field(repr=False)

    def may(self, right: Right) -> bool:
        return right in self.rights

    def form_key(self, secret: str) -> str:
        """What each form of theirs carries, so that no other site can send it off in their name."""
        message = f"studio-form:{self.name}:{self.token.get_secret_value()}"
        return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


class NotSignedIn(Exception):
    """Airflow does not know who asks."""


class Login(Protocol):
    """Airflow's login, as the Studio needs it."""

    async def visitor(self, request: Request) -> Visitor:
        """Who asks.

        Raises:
            NotSignedIn: nobody whom Airflow knows.
        """
        ...
