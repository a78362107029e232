"""Email by SendGrid's API: many people a request where their emails share a frame, each of the others alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pydantic import SecretStr

from perennial.delivery.carrying import receipts_of
from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.delivery.outcomes import Carrier, judge
from perennial.delivery.provider import Pace, ProviderStopped, Question
from perennial.delivery.sendgrid.activity import EmailActivity
from perennial.delivery.sendgrid.errand import REQUESTS_AT_ONCE, Errand, Outcome
from perennial.delivery.sendgrid.mail_requests import MailRequest, requests_needed, requests_of
from perennial.delivery.sendgrid.payload import MailOptions, culprits, read_answer
from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, Receipt
from perennial.model.words import Channel

_TYPE = "application/json"
_BATCHES_AT_ONCE = 8
# With every email alone a batch is on the wire all at once: what was not begun is not in doubt.
_ALONE_AT_ONCE = REQUESTS_AT_ONCE
_ALONE_BATCHES_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class SendGridAccount:
    """Where, as whom and how fast to send. `host` is SendGrid, SendGrid in the EU, or an emulator.

    batch: people in a request, 1 to 1,000; 1 sends every email alone. rate: requests a second, of all workers
    together. concurrency: batches at once, of all workers together. email_activity: the account has paid for it.
    """

    api_key: SecretStr
    host: str = "https://api.sendgrid.com"
    options: MailOptions = field(default_factory=MailOptions)
    patience: Patience = field(default_factory=Patience)
    batch: int = 200
    rate: float | None = None
    concurrency: int | None = None
    email_activity: bool = False


class SendGridEmail:
    """Hands emails to SendGrid, which queues them: its yes means taken on, not delivered."""

    name = Carrier.SENDGRID.value
    channel = Channel.EMAIL

    def __init__(self, account: SendGridAccount, *, clock: Callable[[], datetime]) -> None:
        alone = account.batch == 1
        self.batch_size = _ALONE_AT_ONCE if alone else account.batch
        at_once = _ALONE_BATCHES_AT_ONCE if alone else _BATCHES_AT_ONCE
        self.concurrency = account.concurrency or at_once
        self.rate = account.rate
        host = account.host.rstrip("/")
        self._url = f"{host}/v3/mail/send"
        self._most = account.batch
        self._options = account.options
        self._clock = clock
        self._wire = HttpWire(
            headers={"Authorization": f"Bearer {account.api_key.get_secret_value()}"},
            connections=REQUESTS_AT_ONCE * self.concurrency,
            patience=account.patience,
        )
        self._activity = (
            EmailActivity(self._wire, host, clock=clock) if account.email_activity else None
        )

    def units(self, messages: Sequence[Message]) -> int:
        """The requests, as far as nobody has to be taken out of one."""
        return requests_needed(_emails(messages), most=self._most)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        emails = _emails(messages)
        sort = partial(requests_of, options=self._options, most=self._most)
        errand = Errand(self._ask, sort, pace)
        known = await errand.run(emails)
        verdicts = [known[message.key] for message in emails]
        receipts = receipts_of(emails, verdicts, provider=self.name, now=self._clock())
        if errand.fault is not None:
            sentence = f"Sending by {self.name} ended with {type(errand.fault).__name__}; run it again afterwards."
            raise ProviderStopped(sentence, receipts) from errand.fault
        return receipts

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        """Whom Email Activity shows was taken on; without it nobody can be asked by our key."""
        return await self._activity.find(questions) if self._activity else {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _ask(self, request: MailRequest) -> Outcome:
        happened = await self._wire.post(self._url, request.body, _TYPE)
        if not isinstance(happened, Reply):
            return Outcome(verdict=judge(happened, Carrier.SENDGRID))
        verdict = judge(read_answer(happened, self._options), Carrier.SENDGRID)
        return Outcome(verdict=verdict, culprits=culprits(happened))


def _emails(messages: Sequence[Message]) -> list[EmailMessage]:
    emails = [message for message in messages if isinstance(message, EmailMessage)]
    if len(emails) != len(messages):
        msg = "SendGrid carries emails only; nothing of the batch was sent. This is a mistake in Perennial."
        raise DeliveryError(msg)
    return emails
