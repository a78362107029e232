"""The port that every way of delivering messages fits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt
from perennial.model.words import Channel

Pace = Callable[[int], Awaitable[None]]
"""What an adapter waits for right before each request, with the units that the request takes of the rate."""


async def unhurried(units: int) -> None:
    """The pace of whoever has no rate to keep."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A message in doubt: what became of it?

    begun_at: when its request began. message: as it was sent; missing where it cannot be told any more.
    """

    key: MessageKey
    begun_at: datetime
    message: Message | None = field(default=None, repr=False)


class ProviderStopped(DeliveryError):
    """The provider stopped taking messages in the middle of a batch; what it said of each goes along."""

    def __init__(self, message: str, receipts: Sequence[Receipt]) -> None:
        super().__init__(message)
        self.receipts = tuple(receipts)


class Provider(Protocol):
    """Carries the messages of one channel.

    An adapter decides nothing about repeating: it tries each message once and says what is known about it.
    One request of the provider may carry a single message or a thousand; `batch_size` is how many `send` is
    given at once, and so how many a crash can leave in doubt.
    """

    @property
    def name(self) -> str:
        """What the ledger calls it; the same as long as the same place is written to."""

    @property
    def channel(self) -> Channel:
        """What it carries."""

    @property
    def batch_size(self) -> int:
        """How many messages `send` takes at once. A batch must be over well within the lease."""

    @property
    def concurrency(self) -> int:
        """How many calls of `send` may be on their way at once, in all processes together."""

    @property
    def rate(self) -> float | None:
        """How many units may begin in a second, in all processes together; nothing where it does not matter."""

    def units(self, messages: Sequence[Message]) -> int:
        """What `send` will take of the rate for these messages: requests, or parts of text messages."""

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:
        """Hand the messages over, each once, each request after its `pace`, and return one receipt for each.

        A receipt says retryable only when the message was surely not processed; whatever may have been
        processed is in doubt. A rate limit is retryable with `not_before`.

        Raises:
            DeliveryError: nothing of this batch was processed, and nothing of the next would be, whoever
                it is for: bad credentials, a sender that is not allowed.
            ProviderStopped: the same for the next batch, when of this one something may have been processed.
        """

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        """What the provider can prove about messages in doubt; a key is missing where it cannot tell."""

    async def close(self) -> None:
        """Let go of connections; a later `send` opens new ones."""
