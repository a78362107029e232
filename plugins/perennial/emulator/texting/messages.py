"""One text message at Twilio: what it is, and what becomes of it as time goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from perennial.emulator.texting.catalogue import MESSAGES


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One status, from a moment on."""

    at: float
    status: str
    error_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class TextMessage:
    """One message as Twilio keeps it; `turns` begins with the status of the answer."""

    sid: str
    account: str
    key: str
    to: str = field(repr=False)
    sender: str | None = None
    service: str | None = None
    body: str = field(repr=False)
    segments: int
    callback: str | None = None
    direction: str = "outbound-api"
    obfuscated: bool = False
    turns: Sequence[Turn]

    def turn(self, now: float) -> Turn:
        """The status it is in."""
        return [turn for turn in self.turns if turn.at <= now][-1]

    def sent_at(self, now: float) -> float | None:
        """When it left the queue, if it has."""
        left = [turn.at for turn in self.turns if turn.status in {"sent", "received"}]
        return left[0] if left and left[0] <= now else None

    @property
    def shown_to(self) -> str:
        """The recipient as the account's owner sees it later."""
        return f"{self.to[:-4]}XXXX" if self.obfuscated else self.to

    def as_json(self, now: float) -> Mapping[str, Any]:
        """The resource as the API shows it."""
        turn = self.turn(now)
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        waiting = self.service is not None and turn.status in {"accepted", "scheduled"}
        return {
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": _rfc_2822(self.turns[0].at),
            "date_sent": _rfc_2822(self.sent_at(now)),
            "date_updated": _rfc_2822(turn.at),
            "direction": self.direction,
            "error_code": turn.error_code,
            "error_message": MESSAGES.get(turn.error_code) if turn.error_code else None,
            "from": None if waiting else self.sender,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "0" if waiting else str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": turn.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.shown_to,
            "uri": f"{uri}.json",
        }


def _rfc_2822(at: float | None) -> str | None:
    return None if at is None else format_datetime(datetime.fromtimestamp(at, UTC))
