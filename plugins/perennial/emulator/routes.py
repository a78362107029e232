"""Which request goes to whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perennial.emulator.accounts import AccountDesk
from perennial.emulator.answers import Answer, Call
from perennial.emulator.faults import Operation, Provider
from perennial.emulator.mailing.activity import ActivityDesk
from perennial.emulator.mailing.lists import SuppressionDesk
from perennial.emulator.mailing.sending import MailDesk
from perennial.emulator.texting.listing import TextArchive
from perennial.emulator.texting.sending import TextDesk

_MESSAGES = "/2010-04-01/Accounts/{account}/Messages"


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


def mailing_routes(mail: MailDesk, activity: ActivityDesk) -> Sequence[Route]:
    """Sending email, and asking what became of it."""
    send = Route(
        operation=Operation.MAIL_SEND,
        method="POST",
        path="/v3/mail/send",
        answer=mail.send,
        keys=mail.keys,
    )
    batch = Operation.MAIL_BATCH
    return [
        send,
        _route(batch, "POST", "/v3/mail/batch", mail.open_batch),
        _route(batch, "GET", "/v3/mail/batch/{batch_id}", mail.look_up_batch),
        _route(Operation.ACTIVITY, "GET", "/v3/messages", activity.search),
    ]


def suppression_routes(desk: SuppressionDesk) -> Sequence[Route]:
    """The suppression lists; those with fixed names come before those whose name is a part of the path."""
    group = "/v3/asm/groups/{group}/suppressions"
    every, one = "/v3/suppression/{list}", "/v3/suppression/{list}/{email}"
    overall = "/v3/asm/suppressions/global"
    table: Sequence[tuple[str, str, Callable[[Call], Answer]]] = (
        ("POST", overall, desk.add_global),
        ("GET", f"{overall}/{{email}}", desk.read_global),
        ("DELETE", f"{overall}/{{email}}", desk.remove_global),
        ("GET", "/v3/asm/suppressions", desk.read_all_groups),
        ("POST", "/v3/asm/groups", desk.open_group),
        ("GET", "/v3/asm/groups", desk.read_groups),
        ("GET", group, desk.read_group),
        ("POST", group, desk.add_to_group),
        ("DELETE", f"{group}/{{email}}", desk.remove_from_group),
        ("GET", every, desk.read),
        ("DELETE", every, desk.remove),
        ("GET", one, desk.read_one),
        ("DELETE", one, desk.remove_one),
    )
    guarded = [(method, path, desk.guarded(act)) for method, path, act in table]
    return [_route(Operation.SUPPRESSIONS, *row) for row in guarded]


def texting_routes(texts: TextDesk, archive: TextArchive) -> Sequence[Route]:
    """Sending text messages, and asking what became of them."""
    every, one = f"{_MESSAGES}.json", f"{_MESSAGES}/{{sid}}.json"
    send = Route(
        operation=Operation.TEXT_SEND,
        method="POST",
        path=every,
        answer=texts.send,
        keys=texts.keys,
    )
    return [
        send,
        _route(Operation.TEXT_LIST, "GET", every, archive.read),
        _route(Operation.TEXT_FETCH, "GET", one, archive.fetch),
        _route(Operation.TEXT_CHANGE, "POST", one, archive.change),
        _route(Operation.TEXT_CHANGE, "DELETE", one, archive.delete),
    ]


def account_routes(desk: AccountDesk) -> Sequence[Route]:
    """What keys may do, and how the accounts stand."""
    account = "/2010-04-01/Accounts/{account}.json"
    return [
        _route(Operation.SCOPES, "GET", "/v3/scopes", desk.scopes),
        _route(Operation.TEXT_ACCOUNT, "GET", account, desk.account),
    ]


def _route(operation: Operation, method: str, path: str, answer: Callable[[Call], Answer]) -> Route:
    return Route(operation=operation, method=method, path=path, answer=answer)
