"""Sending a plan: claim a chunk, put it into words, say so in the ledger, hand it over, write down the answer.

What this loop rests on is the ledger: a message is sent only after its key was committed as `dispatching` by us, so
whatever crashes, a message is sent by one worker, once; a crash leaves claims, which end with their lease, or doubts,
which are settled by evidence. Nothing here repeats a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from perennial.delivery.accounts import DispatchSummary, Tally
from perennial.delivery.bell import Bell
from perennial.delivery.desk import Desk
from perennial.delivery.doubts import Recall, settle_doubts
from perennial.delivery.orders import Orders
from perennial.delivery.provider import Provider
from perennial.delivery.run import Run
from perennial.delivery.stopping import Stop, on_signals
from perennial.ledger.store import Ledger
from perennial.model.message import Message, PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel

# Less than what Airflow leaves between asking a task to end and killing it.
_SECONDS_TO_END = 8.0
# Asking after doubts does not hold up sending for longer.
_LONGEST_QUESTION = timedelta(seconds=10)


async def dispatch(
    messages: Iterable[Sequence[PlannedMessage]],
    *,
    campaign: str,
    ledger: Ledger,
    providers: Mapping[Channel, Provider],
    compose: Callable[[PlannedMessage], Message],
    rules: SendingRules,
    clock: Callable[[], datetime],
    worker: str,
    lease: timedelta,
    converted: Callable[[Collection[str]], Collection[str]] | None = None,
    recall: Recall | None = None,
    silent_for: Mapping[str, timedelta] | None = None,
    limit: int | None = None,
) -> DispatchSummary:
    """Send what may be sent, at most `limit` messages, and say what became of every one.

    `messages` is the campaign's plan in chunks of at most a thousand; a few of them are held in memory, never the
    plan. `converted` says who of these customers has done what the campaign asks for; they are not written to.
    `recall` and `silent_for` serve to settle doubts, see there.

    While the campaign is paused the run waits, some minutes; when it is stopped, what is due is blocked. When the
    pause is longer, or a provider wants to be left alone for longer than claims can wait, the run ends and the
    summary says when to go on.

    Safe to run at any time, any number of times, by any number of workers under different names. On SIGINT, SIGTERM
    or cancellation nothing new begins, what is on the wire is waited for a few seconds, and the rest is given back.

    Raises:
        DeliveryError: a provider cannot be used; nothing is lost, run it again.
        RunInterrupted: somebody asked the run to end.
        LedgerError: the ledger cannot be written, so nothing may be sent.
    """
    bell = Bell()
    desk = Desk(
        ledger=ledger,
        compose=compose,
        converted=converted,
        clock=clock,
        worker=worker,
        lease=lease,
        tally=Tally(),
        bell=bell,
        stop=Stop(bell),
        orders=Orders(ledger, campaign, bell),
    )

    async def ask() -> None:
        await settle_doubts(
            ledger,
            providers,
            now=clock(),
            within=min(lease, _LONGEST_QUESTION),
            recall=recall,
            silent_for=silent_for,
        )

    run = Run(desk, providers, rules=rules, limit=limit, settle_doubts=ask)
    try:
        await _orderly(run.carry_out(messages), desk.stop)
    finally:
        await run.close()
        await asyncio.gather(*(provider.close() for provider in providers.values()))
    if desk.stop.reason is not None:
        raise desk.stop.reason
    return desk.tally.summary(resume_at=run.resume_at(), next_day=run.next_day)


async def _orderly(work: Coroutine[None, None, None], stop: Stop) -> None:
    """Do the work; when it is asked to end, give it a little time to end well."""
    loop, task = asyncio.get_running_loop(), asyncio.create_task(work)

    def end_soon() -> None:
        stop.on_request()
        loop.call_later(_SECONDS_TO_END, task.cancel)

    with on_signals(end_soon):
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                return  # it took too long; what was on the wire is in doubt, and the reason is raised
            end_soon()
            await asyncio.wait({task})
            raise
