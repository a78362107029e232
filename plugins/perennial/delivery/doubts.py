"""Messages that may have been processed are settled by evidence, never by sending again."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from perennial.delivery.provider import Provider, Question
from perennial.ledger.store import Ledger
from perennial.model.words import Channel, MessageState

_ASKED_AT_ONCE = 1_000


async def settle_doubts(
    ledger: Ledger, providers: Mapping[Channel, Provider], *, now: datetime, within: timedelta
) -> Mapping[MessageState, int]:
    """Ask the providers about every message in doubt and write down what they can prove; says how many went where.

    What no provider can tell about stays in doubt. Answers are taken for the length of a lease: until then another
    worker cannot have settled the same doubt, sent the message and come to doubt again.
    """
    settled: Counter[MessageState] = Counter()
    with suppress(TimeoutError):
        async with asyncio.timeout(within.total_seconds()):
            for provider, questions in await _questions(ledger, providers):
                for start in range(0, len(questions), _ASKED_AT_ONCE):
                    found = await provider.find(questions[start : start + _ASKED_AT_ONCE])
                    await asyncio.to_thread(ledger.settle_doubts, list(found.values()), now=now)
                    settled.update(receipt.state for receipt in found.values())
    return settled


async def _questions(
    ledger: Ledger, providers: Mapping[Channel, Provider]
) -> list[tuple[Provider, list[Question]]]:
    questions: defaultdict[Channel, list[Question]] = defaultdict(list)
    for doubt in await asyncio.to_thread(ledger.doubts):
        provider = providers.get(doubt.channel)
        # Only who carried a message can say that it was not sent; after a change of provider nobody can.
        if provider is not None and doubt.provider == provider.name:
            questions[doubt.channel].append(Question(key=doubt.key, begun_at=doubt.since))
    return [(providers[channel], waiting) for channel, waiting in questions.items()]
