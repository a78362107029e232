"""Text messages by Twilio's API: one a request, some requests at once."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import SecretStr

from perennial.delivery.carrying import UNWRITABLE, carry_all
from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.delivery.outcomes import Carrier, Verdict, judge
from perennial.delivery.provider import Pace, Question
from perennial.delivery.twilio_payload import (
    TextOptions,
    read_answer,
    text_request,
    time_in_queue,
)
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt, SmsMessage
from perennial.model.words import Channel, MessageState

_FORM = "application/x-www-form-urlencoded"
_TOO_LATE = Verdict(state=MessageState.RETRYABLE, code="no_time_left")


@dataclass(frozen=True, kw_only=True)
class TwilioAccount:
    """Where and as whom to send. `host` is Twilio or an emulator."""

    sid: str
    auth_token: SecretStr
    options: TextOptions
    host: str = "https://api.twilio.com"
    patience: Patience = field(default_factory=Patience)


class TwilioSms:
    """Hands text messages to Twilio, which queues them: its yes means taken on, not delivered."""

    name = Carrier.TWILIO.value
    channel = Channel.SMS
    # Twilio counts requests at the same time. A batch is on the wire all at once: what was not begun is not in doubt.
    batch_size = 20
    concurrency = 2
    rate = None

    def __init__(self, account: TwilioAccount, *, clock: Callable[[], datetime]) -> None:
        self._url = f"{account.host.rstrip('/')}/2010-04-01/Accounts/{quote(account.sid, safe='')}/Messages.json"
        self._options = account.options
        self._longest_request = timedelta(seconds=account.patience.total)
        self._clock = clock
        login = f"{account.sid}:{account.auth_token.get_secret_value()}"
        self._wire = HttpWire(
            headers={"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"},
            connections=self.batch_size * self.concurrency,
            patience=account.patience,
        )

    def units(self, messages: Sequence[Message]) -> int:
        return len(messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        async def in_turn(message: Message) -> Verdict:
            await pace(1)
            return await self._hand_over(message)

        return await carry_all(messages, in_turn, provider=self.name, now=self._clock())

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:  # noqa: ARG002
        """Twilio can be asked by number and day, not by our key, and here no number is known: it cannot tell."""
        return {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _hand_over(self, message: Message) -> Verdict:
        if not isinstance(message, SmsMessage):
            msg = "Twilio carries text messages only."
            raise TypeError(msg)
        lasts = time_in_queue(message, now=self._clock(), wire=self._longest_request)
        if lasts is not None and lasts < timedelta(seconds=1):
            return _TOO_LATE
        try:
            body = text_request(message, self._options, lasts=lasts)
        except RenderError:
            return UNWRITABLE
        happened = await self._wire.post(self._url, body, _FORM)
        if isinstance(happened, Reply):
            return judge(read_answer(happened), Carrier.TWILIO)
        return judge(happened, Carrier.TWILIO)
