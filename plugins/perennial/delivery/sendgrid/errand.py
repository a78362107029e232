"""A batch on its way to SendGrid: its requests side by side, and of a refused one the parts, one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from perennial.delivery.carrying import UNWRITABLE
from perennial.delivery.outcomes import Verdict
from perennial.delivery.provider import Pace
from perennial.delivery.sendgrid.mail_requests import MailRequest
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage
from perennial.model.words import MessageState

REQUESTS_AT_ONCE = 50
# Long enough for some hundred answers, and well within a lease.
_SECONDS_TO_SEARCH = 30.0
_NOT_ASKED = Verdict(state=MessageState.RETRYABLE, code="not_asked")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one request. `culprits`: whom in it a no names, by their place."""

    verdict: Verdict
    culprits: Sequence[int] = ()


Ask = Callable[[MailRequest], Awaitable[Outcome]]
Sort = Callable[[Sequence[EmailMessage]], tuple[Sequence[MailRequest], Sequence[EmailMessage]]]


class Errand:
    """One call of `send`.

    A request that is refused was surely not processed, so those in it may be asked about again, in smaller requests,
    down to the one who is at fault. Nobody is in two requests without a no between them. What a provider says to all
    (a limit, a stop, no connection) is said to whoever was not asked about yet as well.
    """

    def __init__(self, ask: Ask, sort: Sort, pace: Pace) -> None:
        self._ask = ask
        self._sort = sort
        self._pace = pace
        self._at_once = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._all_told: Verdict | None = None
        self._verdicts: dict[MessageKey, Verdict] = {}
        self.fault: Exception | None = None

    async def run(self, messages: Sequence[EmailMessage]) -> Mapping[MessageKey, Verdict]:
        """What is known of every message. Sets `fault` when something else than an answer ended it."""
        await asyncio.gather(*(self._carry(request) for request in self._sorted(messages)))
        return self._verdicts

    def _sorted(self, messages: Sequence[EmailMessage]) -> Sequence[MailRequest]:
        requests, unwritable = self._sort(messages)
        self._write_down(unwritable, UNWRITABLE)
        return requests

    async def _carry(self, request: MailRequest) -> None:
        waiting = [request]
        clock = asyncio.get_running_loop().time
        until: float | None = None
        while waiting:
            part = waiting.pop()
            if until is not None and clock() > until:
                self._write_down(part.messages, _NOT_ASKED)
                continue
            outcome = await self._asked(part)
            if outcome.verdict.state is MessageState.REFUSED and len(part.messages) > 1:
                until = until or clock() + _SECONDS_TO_SEARCH
                for messages in divided(part.messages, outcome.culprits):
                    waiting.extend(self._sorted(messages))
            else:
                self._write_down(part.messages, outcome.verdict)

    def _write_down(self, messages: Iterable[EmailMessage], verdict: Verdict) -> None:
        self._verdicts.update((message.key, verdict) for message in messages)

    async def _asked(self, part: MailRequest) -> Outcome:
        async with self._at_once:
            if not await self._may_begin():
                return Outcome(verdict=self._all_told or _NOT_ASKED)
            try:
                outcome = await self._ask(part)
            except Exception as fault:  # noqa: BLE001 - raised by the adapter when everything is written down
                self._end(fault)
                doubt = Verdict(state=MessageState.IN_DOUBT, code=type(fault).__name__)
                return Outcome(verdict=doubt)
        if outcome.verdict.state is MessageState.RETRYABLE:
            self._all_told = self._all_told or outcome.verdict
        return outcome

    async def _may_begin(self) -> bool:
        """Waits for its turn; false when meanwhile everybody was told no, or there are no turns."""
        if self._all_told is None:
            try:
                await self._pace(1)
            except Exception as fault:  # noqa: BLE001 - raised by the adapter when everything is written down
                self._end(fault)
        return self._all_told is None

    def _end(self, fault: Exception) -> None:
        self.fault = self.fault or fault
        self._all_told = self._all_told or _NOT_ASKED


def divided(
    messages: Sequence[EmailMessage], culprits: Sequence[int]
) -> Iterable[Sequence[EmailMessage]]:
    """A refused request in parts: those whom the no names each by themselves, or else two halves."""
    named = {number for number in culprits if number < len(messages)}
    if named:
        yield from ([messages[number]] for number in named)
        if rest := [m for number, m in enumerate(messages) if number not in named]:
            yield rest
    else:
        yield messages[: len(messages) // 2]
        yield messages[len(messages) // 2 :]
