"""What others say of us when they are asked: the providers about keys, the public address about the web app.

Nothing is sent, nothing is changed; each question waits a few seconds at most.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from perennial.delivery.http_wire import HttpWire, Patience, Reply
from perennial.events import sendgrid_events, twilio_events
from perennial.model.words import Channel
from perennial.operations.findings import Finding, fail, warn, well
from perennial.operations.sender_checks import EXAMPLES
from perennial.operations.storage_checks import clock_finding
from perennial.profiles import Profile
from perennial.settings import Settings, Transport
from perennial.steps.services import Perennial

_PATIENCE = Patience(connect=3, total=6)
_OK, _ACCEPTED, _REFUSED, _NO_METHOD = 200, 204, frozenset({401, 403}), 405
_TEST_CREDENTIALS = 20008
_FORM = "application/x-www-form-urlencoded"
_MAKES_KEYS = "api_keys.create"
_LISTS = ("bounces", "spam_reports", "invalid_emails", "unsubscribes")
_GROUPS = ("asm.groups.suppressions.read", "asm.groups.suppressions.create")
PAGES = ("u", "p", "o", "s", "c")
"""Where links in messages lead: to unsubscribe, to prefer, to confirm, to answer, to click."""

_KEEP_NOTHING = "noarchive"
_ACTIVITY = frozenset({"email_activity.read", "messages.read"})

_Questions = AsyncIterator[Finding]


def provider_checks(perennial: Perennial) -> Iterator[Finding]:
    """Everything that is asked over HTTP or SMTP."""
    yield from asyncio.run(_all(perennial))


async def _all(perennial: Perennial) -> list[Finding]:
    settings = perennial.settings
    carried_by = {settings.transport_of(channel) for channel in Channel}
    asked: list[Callable[[Perennial], _Questions]] = []
    if Transport.SENDGRID in carried_by:
        asked.append(_sendgrid)
    if Transport.SMTP in carried_by:
        asked.append(_smtp)
    if Transport.TWILIO in carried_by:
        asked.append(_twilio)
    asked.append(_edge)
    answers = await asyncio.gather(*(_gathered(each(perennial)) for each in asked))
    return [finding for findings in answers for finding in findings]


async def _gathered(findings: _Questions) -> list[Finding]:
    return [finding async for finding in findings]


async def _sendgrid(perennial: Perennial) -> _Questions:
    settings = perennial.settings
    key = settings.sendgrid_api_key or SecretStr("")
    reply = await _get(
        f"{settings.sendgrid_host.rstrip('/')}/v3/scopes", f"Bearer {key.get_secret_value()}"
    )
    if not isinstance(reply, Reply):
        yield fail("sendgrid.key", f"SendGrid does not answer ({reply}).")
    elif reply.status in _REFUSED:
        yield fail("sendgrid.key", f"SendGrid refuses the key ({reply.status}).")
    elif (scopes := _scopes(reply)) is None:
        yield warn(
            "sendgrid.key", f"SendGrid's answer about the key cannot be read ({reply.status})."
        )
    else:
        yield well("sendgrid.key")
        yield _rights(settings, scopes)
        yield _clock(reply, "SendGrid")
    yield _webhook(settings)


def _scopes(reply: Reply) -> frozenset[str] | None:
    said = reply.json()
    listed = said.get("scopes") if isinstance(said, dict) else None
    readable = reply.status == _OK and isinstance(listed, list)
    return frozenset(map(str, listed or ())) if readable else None


def _rights(settings: Settings, scopes: frozenset[str]) -> Finding:
    missing = [] if "mail.send" in scopes else ["mail.send"]
    if "suppression.read" not in scopes:
        wanted = [f"suppression.{name}.read" for name in _LISTS]
        missing += [scope for scope in wanted if scope not in scopes]
    if settings.sendgrid_asm_group is not None:
        missing += [scope for scope in _GROUPS if scope not in scopes]
    if settings.sendgrid_email_activity and not scopes & _ACTIVITY:
        missing.append("email_activity.read")
    if missing:
        return fail("sendgrid.scopes", f"The key lacks {', '.join(missing)}.")
    if _MAKES_KEYS in scopes:
        return warn("sendgrid.scopes", f"The key may do more than it needs, such as {_MAKES_KEYS}.")
    return well("sendgrid.scopes")


def _webhook(settings: Settings) -> Finding:
    if settings.sendgrid_webhook_key:
        return well("sendgrid.webhook")
    says = "No verification key of SendGrid's Event Webhook is set: its reports are refused."
    production = settings.profile is Profile.PRODUCTION
    return (fail if production else warn)("sendgrid.webhook", says)


async def _smtp(perennial: Perennial) -> _Questions:
    from perennial.delivery.smtp import greet

    server = perennial.smtp_server
    fault = await greet(
        replace(server, connect_timeout=_PATIENCE.connect, total_timeout=_PATIENCE.total)
    )
    yield (
        fail("smtp.server", f"The SMTP server cannot be used: {fault}.")
        if fault
        else well("smtp.server")
    )


async def _twilio(perennial: Perennial) -> _Questions:
    settings = perennial.settings
    sid, token = settings.twilio_account_sid or "", settings.twilio_auth_token or SecretStr("")
    pair = base64.b64encode(f"{sid}:{token.get_secret_value()}".encode()).decode()
    url = f"{settings.twilio_host.rstrip('/')}/2010-04-01/Accounts/{sid}.json"
    reply = await _get(url, f"Basic {pair}")
    yield _account(reply)
    if isinstance(reply, Reply):
        yield _clock(reply, "Twilio")


def _account(reply: object) -> Finding:
    check = "twilio.account"
    if not isinstance(reply, Reply):
        return fail(check, f"Twilio does not answer ({reply}).")
    said = reply.json()
    told = said if isinstance(said, dict) else {}
    if told.get("code") == _TEST_CREDENTIALS:
        return well(check, "These are Twilio's test credentials: nothing reaches anybody.")
    if reply.status != _OK:
        return fail(check, f"Twilio refuses account or token ({reply.status}).")
    if told.get("status") != "active":
        state = told.get("status")
        known = state if state in {"suspended", "closed"} else "in no state that we know"
        return fail(check, f"The account is {known}.")
    return warn(check, "This is a trial account.") if told.get("type") == "Trial" else well(check)


def _clock(reply: Reply, whose: str) -> Finding:
    with suppress(KeyError, ValueError, TypeError):
        told = parsedate_to_datetime(reply.headers["Date"])
        return clock_finding("clock.provider", whose, told, datetime.now(UTC))
    return warn("clock.provider", f"{whose} does not say what time it is.")


async def _edge(perennial: Perennial) -> _Questions:
    address = urlsplit(perennial.settings.edge_url)
    if (address.hostname or "").endswith(EXAMPLES):
        says = "PERENNIAL_EDGE_URL is an example: links in messages lead nowhere."
        production = perennial.settings.profile is Profile.PRODUCTION
        yield (fail if production else warn)("edge.reached", says)
        return
    # The hook is known to the web app alone, and answers to no reader: so is it told from a proxy's own page.
    reply = await _get(perennial.public_url(sendgrid_events.PATH))
    if not isinstance(reply, Reply):
        yield fail("edge.reached", f"The public address does not answer ({reply}).")
        return
    if reply.status != _NO_METHOD or "POST" not in reply.headers.get("Allow", ""):
        yield fail("edge.reached", f"Something else than the web app answers ({reply.status}).")
        return
    yield well("edge.reached")
    yield await _pages(perennial)
    token = perennial.settings.twilio_auth_token
    if token and token.get_secret_value():
        yield await _signed(perennial, token)


async def _pages(perennial: Perennial) -> Finding:
    """Whether each kind of link in messages leads to the web app, which answers a link that is none of ours as no proxy does."""
    replies = await asyncio.gather(
        *(_get(perennial.public_url(f"/{page}/doctor")) for page in PAGES)
    )
    lost = [f"/{page}" for page, reply in zip(PAGES, replies, strict=True) if not _is_ours(reply)]
    if lost:
        return fail("edge.pages", f"Something else than the web app answers at {', '.join(lost)}.")
    return well("edge.pages")


def _is_ours(reply: object) -> bool:
    return isinstance(reply, Reply) and _KEEP_NOTHING in reply.headers.get("X-Robots-Tag", "")


async def _signed(perennial: Perennial, token: SecretStr) -> Finding:
    """A callback about no message, signed as Twilio signs: it is believed, counted and forgotten."""
    url = perennial.public_url(twilio_events.STATUS_PATH) + "?doctor=1"
    form = {"MessageStatus": "doctor"}
    signature = RequestValidator(token.get_secret_value()).compute_signature(url, form)
    wire = HttpWire(
        headers={twilio_events.SIGNATURE_HEADER: signature}, connections=1, patience=_PATIENCE
    )
    reply = await _closing(wire, wire.post(url, urlencode(form).encode(), _FORM))
    if isinstance(reply, Reply) and reply.status == _ACCEPTED:
        return well("edge.signed")
    said = reply.status if isinstance(reply, Reply) else reply
    return fail("edge.signed", f"A signed post was not believed at the public address ({said}).")


async def _get(url: str, authorization: str | None = None) -> object:
    """A reply, or why there is none."""
    headers = {"Authorization": authorization} if authorization else {}
    wire = HttpWire(headers=headers, connections=1, patience=_PATIENCE)
    return await _closing(wire, wire.get(url))


async def _closing(wire: HttpWire, asked: Awaitable[object]) -> object:
    try:
        return await asked
    finally:
        await wire.close()
