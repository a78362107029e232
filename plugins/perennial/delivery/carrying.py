"""From what a provider says of each message to the receipts of a batch."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from perennial.delivery.outcomes import Verdict
from perennial.delivery.provider import ProviderStopped
from perennial.model.message import Message, Receipt
from perennial.model.words import MessageState

UNWRITABLE = Verdict(state=MessageState.REFUSED, code="cannot_be_written_down")
"""Of a message that the provider has no form for; it was not asked."""


async def carry_all(
    messages: Sequence[Message],
    hand_over: Callable[[Message], Awaitable[Verdict]],
    *,
    provider: str,
    now: datetime,
) -> list[Receipt]:
    """Hands every message over once, all at once, each in a request of its own.

    Raises:
        ProviderStopped: one of the answers means that no message can go.
    """
    verdicts = await asyncio.gather(*(hand_over(message) for message in messages))
    return receipts_of(messages, verdicts, provider=provider, now=now)


def receipts_of(
    messages: Sequence[Message], verdicts: Sequence[Verdict], *, provider: str, now: datetime
) -> list[Receipt]:
    """The verdicts, written down for their messages.

    Raises:
        ProviderStopped: one of them means that no message can go.
    """
    receipts = [
        receipt_of(message, verdict, provider=provider, now=now)
        for message, verdict in zip(messages, verdicts, strict=True)
    ]
    for verdict in verdicts:
        if verdict.stops:
            sentence = (
                f"{provider} says no to every message ({verdict.code}). {verdict.stops} "
                "Nothing more was sent; run it again afterwards."
            )
            raise ProviderStopped(sentence, receipts)
    return receipts


def receipt_of(message: Message, verdict: Verdict, *, provider: str, now: datetime) -> Receipt:
    """The verdict, written down for one message."""
    return Receipt(
        key=message.key,
        state=verdict.state,
        provider=provider,
        provider_id=verdict.provider_id,
        code=verdict.code,
        not_before=now + _spread(verdict.wait, message.key) if verdict.wait else None,
        suppress=verdict.suppress,
    )


def _spread(wait: timedelta, key: str) -> timedelta:
    """Up to a quarter longer, by the key: who was sent away together does not come back together."""
    return wait * (1 + zlib.crc32(key.encode()) / 2**34)
