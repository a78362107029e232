"""The port that every way of delivering messages fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import Message, Receipt
from perennial.model.words import Channel


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
        """How many calls of `send` may be on their way at once."""

    async def send(self, messages: Sequence[Message]) -> Sequence[Receipt]:
        """Hand the messages over, each once, and return one receipt for each.

        A receipt says retryable only when the message was surely not processed; whatever may have been
        processed is in doubt. A rate limit is retryable with `not_before`.

        Raises:
            DeliveryError: nothing of this batch was processed, and nothing of the next would be, whoever
                it is for: bad credentials, a sender that is not allowed.
            ProviderStopped: the same for the next batch, when of this one something may have been processed.
        """

    async def find(self, keys: Collection[MessageKey]) -> Mapping[MessageKey, Receipt]:
        """What the provider can prove about messages in doubt; a key is missing where it cannot tell."""

    async def close(self) -> None:
        """Let go of connections; a later `send` opens new ones."""
