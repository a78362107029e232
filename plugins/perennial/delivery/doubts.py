"""Messages that may have been processed are settled by evidence, never by sending again."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from perennial.delivery.provider import Provider, Question
from perennial.ledger.store import Ledger
from perennial.ledger.values import Doubt
from perennial.model.keys import MessageKey
from perennial.model.message import Message
from perennial.model.words import Channel, MessageState

Recall = Callable[[Sequence[Doubt]], Mapping[MessageKey, Message]]
"""Puts messages in doubt into words once more; one is missing where it cannot be told any more."""

_ASKED_AT_ONCE = 200


async def settle_doubts(
    ledger: Ledger,
    providers: Mapping[Channel, Provider],
    *,
    now: datetime,
    within: timedelta,
    recall: Recall | None = None,
    silent_for: Mapping[str, timedelta] | None = None,
) -> Mapping[MessageState, int]:
    """Ask the providers about every message in doubt and write down what they can prove; says how many went where.

    What no provider can tell about stays in doubt, unless the provider reports on every message and has been silent
    about this one for as long as `silent_for` says, by its name, while it reported on others.

    Asking ends after `within`, which must not be longer than a lease: until then another worker cannot have settled
    the same doubt, sent the message and come to doubt again.
    """
    settled: Counter[MessageState] = Counter()
    with suppress(TimeoutError):
        async with asyncio.timeout(within.total_seconds()):
            for provider, doubts in await _doubts(ledger, providers):
                for start in range(0, len(doubts), _ASKED_AT_ONCE):
                    some = doubts[start : start + _ASKED_AT_ONCE]
                    found = await provider.find(await _questions(some, recall))
                    await asyncio.to_thread(ledger.settle_doubts, list(found.values()), now=now)
                    settled.update(receipt.state for receipt in found.values())
    for name, long_enough in (silent_for or {}).items():
        freed = await asyncio.to_thread(ledger.settle_silent, name, silent_for=long_enough, now=now)
        settled[MessageState.RETRYABLE] += freed
    return +settled


async def _doubts(
    ledger: Ledger, providers: Mapping[Channel, Provider]
) -> list[tuple[Provider, list[Doubt]]]:
    doubts: defaultdict[Channel, list[Doubt]] = defaultdict(list)
    for doubt in await asyncio.to_thread(ledger.doubts):
        provider = providers.get(doubt.channel)
        # Only who carried a message can say that it was not sent; after a change of provider nobody can.
        if provider is not None and doubt.provider == provider.name:
            doubts[doubt.channel].append(doubt)
    return [(providers[channel], waiting) for channel, waiting in doubts.items()]


async def _questions(doubts: Sequence[Doubt], recall: Recall | None) -> list[Question]:
    messages = await asyncio.to_thread(recall, doubts) if recall else {}
    return [
        Question(key=doubt.key, begun_at=doubt.since, message=messages.get(doubt.key))
        for doubt in doubts
    ]
