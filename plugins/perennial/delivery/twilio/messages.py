"""Text and WhatsApp messages by Twilio's API: one a request, many requests at once."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import SecretStr

from perennial.delivery.carrying import UNWRITABLE, carry_all, receipt_of
from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.delivery.outcomes import Carrier, Verdict, judge
from perennial.delivery.provider import Pace, Question
from perennial.delivery.twilio.listing import (
    LONGEST_PAGE,
    Page,
    list_query,
    reaches_back,
    read_page,
    verdict_of,
)
from perennial.delivery.twilio.payload import (
    Texting,
    TextOptions,
    read_answer,
    text_request,
    time_in_queue,
)
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt, SmsMessage, WhatsAppMessage
from perennial.model.words import Channel, MessageState

_FORM = "application/x-www-form-urlencoded"
_TOO_LATE = Verdict(state=MessageState.RETRYABLE, code="no_time_left")
_NAMES = {Channel.SMS: "twilio", Channel.WHATSAPP: "twilio_whatsapp"}
_KINDS = {Channel.SMS: SmsMessage, Channel.WHATSAPP: WhatsAppMessage}

# A batch is on the wire all at once: what was not begun is not in doubt.
_LARGEST_BATCH = 50
# With a rate, no more is begun than gets its turn within so many seconds, well within a lease.
_SECONDS_AHEAD = 5
_QUESTIONS = 50
_QUESTIONS_AT_ONCE = 10
_PAGES = 3


@dataclass(frozen=True, kw_only=True)
class TwilioAccount:
    """Where and as whom to send. `host` is Twilio or an emulator.

    concurrency: requests at once over all workers; 20429 says that they are too many. rate: segments a second over
    all workers, of WhatsApp messages; nothing for as many as Twilio takes, which it queues.
    """

    sid: str
    auth_token: SecretStr
    options: TextOptions
    host: str = "https://api.twilio.com"
    patience: Patience = field(default_factory=Patience)
    concurrency: int = 100
    rate: float | None = None


class TwilioMessages:
    """Hands messages of one channel to Twilio, which queues them: its yes means taken on, not delivered."""

    def __init__(
        self,
        account: TwilioAccount,
        channel: Channel = Channel.SMS,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.name = _NAMES[channel]
        self.channel = channel
        self.rate = account.rate
        self.batch_size, self.concurrency = _batches(account.concurrency, account.rate)
        self._host = account.host.rstrip("/")
        self._path = f"/2010-04-01/Accounts/{quote(account.sid, safe='')}/Messages.json"
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
        """Parts of text messages, as carriers count them; a WhatsApp message is one."""
        return sum(_units(message) for message in messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        async def in_turn(message: Message) -> Verdict:
            await pace(_units(message))
            return await self._hand_over(message)

        return await carry_all(messages, in_turn, provider=self.name, now=self._clock())

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        """Looks for the messages among those to their numbers: some of the questions each time, a few at once."""
        gate = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        answerable = [q for q in questions if isinstance(q.message, _KINDS[self.channel])]
        # By lot, so that those that cannot be settled do not keep the others waiting for ever.
        asked = random.sample(answerable, min(_QUESTIONS, len(answerable)))

        async def settle(question: Question) -> Receipt | None:
            async with gate:
                return await self._look_for(question)

        found = await asyncio.gather(*(settle(question) for question in asked))
        return {receipt.key: receipt for receipt in found if receipt is not None}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def _hand_over(self, message: Message) -> Verdict:
        if not isinstance(message, SmsMessage | WhatsAppMessage) or message.channel != self.channel:
            msg = f"{self.name} carries {self.channel} messages only."
            raise TypeError(msg)
        lasts = time_in_queue(message, now=self._clock(), wire=self._longest_request)
        if lasts is not None and lasts < timedelta(seconds=1):
            return _TOO_LATE
        try:
            body = text_request(message, self._options, lasts=lasts)
        except RenderError:
            return UNWRITABLE
        happened = await self._wire.post(self._host + self._path, body, _FORM)
        if isinstance(happened, Reply):
            return judge(read_answer(happened), Carrier.TWILIO)
        return judge(happened, Carrier.TWILIO)

    async def _look_for(self, question: Question) -> Receipt | None:
        message = question.message
        if not isinstance(message, SmsMessage | WhatsAppMessage):
            return None
        pages = await self._pages(message, question.begun_at)
        if not pages:
            return None
        kept = not self._options.redact
        verdict = verdict_of(pages, message, question.begun_at, kept=kept)
        if verdict is None:
            return None
        return receipt_of(message, verdict, provider=self.name, now=self._clock())

    async def _pages(self, message: Texting, begun_at: datetime) -> list[Page]:
        """The list back to when the message was begun, as far as a few pages go; empty when it cannot be read."""
        pages: list[Page] = []
        path: str | None = f"{self._path}?{list_query(message)}"
        while path is not None and len(pages) < _PAGES:
            happened = await self._wire.get(self._host + path, longest_body=LONGEST_PAGE)
            page = read_page(happened) if isinstance(happened, Reply) else None
            if page is None:
                return []
            pages.append(page)
            path = None if reaches_back(pages, begun_at) else page.further
        return pages


def _units(message: Message) -> int:
    return message.segments if isinstance(message, SmsMessage) else 1


def _batches(at_once: int, rate: float | None) -> tuple[int, int]:
    """How many messages a batch has, and how many batches there are at once: never more requests than `at_once`."""
    size = min(_LARGEST_BATCH, at_once)
    if rate is not None:
        size = min(size, max(1, int(rate)))
        at_once = min(at_once, max(1, int(rate * _SECONDS_AHEAD)))
    return size, max(1, at_once // size)
