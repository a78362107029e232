"""Email by SendGrid's API: one email a request, many requests at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from perennial.delivery.carrying import UNWRITABLE, carry_all
from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.delivery.outcomes import Carrier, Verdict, judge
from perennial.delivery.provider import Pace, Question
from perennial.delivery.sendgrid_payload import MailOptions, mail_request, read_answer
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, Receipt
from perennial.model.words import Channel

_TYPE = "application/json"


@dataclass(frozen=True, kw_only=True)
class SendGridAccount:
    """Where and as whom to send. `host` is SendGrid, SendGrid in the EU, or an emulator."""

    api_key: SecretStr
    host: str = "https://api.sendgrid.com"
    options: MailOptions = field(default_factory=MailOptions)
    patience: Patience = field(default_factory=Patience)


class SendGridEmail:
    """Hands emails to SendGrid, which queues them: its yes means taken on, not delivered."""

    name = Carrier.SENDGRID.value
    channel = Channel.EMAIL
    # A batch is on the wire all at once, so that whoever is told to end leaves in doubt only what was begun.
    batch_size = 50
    concurrency = 2
    rate = None

    def __init__(self, account: SendGridAccount, *, clock: Callable[[], datetime]) -> None:
        self._url = f"{account.host.rstrip('/')}/v3/mail/send"
        self._options = account.options
        self._clock = clock
        self._wire = HttpWire(
            headers={"Authorization": f"Bearer {account.api_key.get_secret_value()}"},
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
        """Only SendGrid's events tell by our key what became of an email, and they are not read yet."""
        return {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _hand_over(self, message: Message) -> Verdict:
        if not isinstance(message, EmailMessage):
            msg = "SendGrid carries emails only."
            raise TypeError(msg)
        try:
            body = mail_request(message, self._options)
        except RenderError:
            return UNWRITABLE
        happened = await self._wire.post(self._url, body, _TYPE)
        if isinstance(happened, Reply):
            return judge(read_answer(happened, self._options), Carrier.SENDGRID)
        return judge(happened, Carrier.SENDGRID)
