"""Which request goes to whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perennial.emulator.answers import Answer, Call
from perennial.emulator.faults import Operation, Provider
from perennial.emulator.mailing.sending import MailDesk
from perennial.emulator.texting.sending import TextDesk

_ACCOUNT = "/2010-04-01/Accounts/{account}"


def _no_keys(_: Call) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of a provider: where it is reached, and what answers."""

    operation: Operation
    method: str
    path: str
    answer: Callable[[Call], Answer]
    keys: Callable[[Call], Sequence[str]] = _no_keys

    @property
    def provider(self) -> Provider:
        return self.operation.provider


def provider_routes(mail: MailDesk, texts: TextDesk) -> Sequence[Route]:
    """Everything that the providers answer."""
    return [*_mailing(mail), *_texting(texts)]


def _mailing(mail: MailDesk) -> Sequence[Route]:
    batch = Operation.MAIL_BATCH
    return [
        Route(
            operation=Operation.MAIL_SEND,
            method="POST",
            path="/v3/mail/send",
            answer=mail.send,
            keys=mail.keys,
        ),
        Route(operation=batch, method="POST", path="/v3/mail/batch", answer=mail.open_batch),
        Route(
            operation=batch,
            method="GET",
            path="/v3/mail/batch/{batch_id}",
            answer=mail.look_up_batch,
        ),
    ]


def _texting(texts: TextDesk) -> Sequence[Route]:
    return [
        Route(
            operation=Operation.TEXT_SEND,
            method="POST",
            path=f"{_ACCOUNT}/Messages.json",
            answer=texts.send,
            keys=texts.keys,
        ),
    ]
