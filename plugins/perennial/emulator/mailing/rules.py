"""What POST /v3/mail/send refuses: the limits of the API reference and of the error page, as one list of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from perennial.emulator.mailing.replies import Refusal
from perennial.emulator.mailing.shapes import REQUEST, misshapen

RECIPIENT_LISTS = ("to", "cc", "bcc")
MOST_RECIPIENTS = 1_000
MOST_BYTES = 10_000
MOST_HOURS_AHEAD = 72

_RESERVED_HEADERS = frozenset(
    (
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    )
)
# Printable ASCII without what only quoted local parts may hold: stricter than the RFC, as the service is.
_ADDRESS = re.compile(
    r"[^\s\x00-\x20\x7f-\U0010ffff@<>()\[\],;:\\\"]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}"
)
_NO_SENDER = "The from object must be provided for every email send. It is an object that requires the email parameter."
_NO_RECIPIENT = (
    "The to array is required for all personalization objects, and must have at least one email object with a valid"
    " email address."
)
_NO_CONTENT = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined"
    " content block."
)
_NO_SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a subject defined or if"
    " every personalization has a subject defined."
)


def refusals(mail: Any, *, now: float) -> Iterator[Refusal]:  # noqa: ANN401 - whatever the client wrote
    """Everything that is wrong with a request; nothing of it is sent when there is one."""
    places = [""] if mail is None else list(misshapen(mail, REQUEST))
    yield from (Refusal(message="Bad Request", field=place or None) for place in places)
    if places:
        return
    yield from _sender(mail)
    yield from _personalizations(mail, now)
    yield from _subject(mail)
    yield from _content(mail)
    yield from _settings(mail, now)


def is_address(text: object) -> bool:
    """Whether SendGrid takes this for an address."""
    return isinstance(text, str) and len(text) <= 320 and _ADDRESS.fullmatch(text) is not None


def _sender(mail: Mapping[str, Any]) -> Iterator[Refusal]:
    sender = mail.get("from") or {}
    if not sender.get("email"):
        yield Refusal(message=_NO_SENDER, field="from.email")
    elif not is_address(sender["email"]):
        yield Refusal(message="The from email is not a valid address.", field="from.email")
    reply_to = mail.get("reply_to")
    if reply_to is not None and mail.get("reply_to_list") is not None:
        message = "You can use either reply_to or reply_to_list but not both."
        yield Refusal(message=message, field="reply_to")
    if reply_to is not None and not is_address(reply_to.get("email")):
        yield Refusal(message="The reply_to email is not a valid address.", field="reply_to.email")


def _personalizations(mail: Mapping[str, Any], now: float) -> Iterator[Refusal]:
    people = mail.get("personalizations")
    if not people or len(people) > MOST_RECIPIENTS:
        message = "The personalizations field is required and must have 1 to 1000 personalizations."
        yield Refusal(message=message, field="personalizations")
        return
    seen: set[str] = set()
    for number, person in enumerate(people):
        yield from _person(person, f"personalizations.{number}", mail, seen, now)
    if len(seen) > MOST_RECIPIENTS:
        message = "The total number of recipients in to, cc and bcc may not exceed 1000."
        yield Refusal(message=message, field="personalizations")


def _person(
    person: Mapping[str, Any], place: str, mail: Mapping[str, Any], seen: set[str], now: float
) -> Iterator[Refusal]:
    if not person.get("to"):
        yield Refusal(message=_NO_RECIPIENT, field=f"{place}.to")
    for name in RECIPIENT_LISTS:
        yield from _recipients(person.get(name) or (), f"{place}.{name}", seen)
    yield from _substitutions(person, place, mail)
    yield from _arguments(person.get("custom_args"), f"{place}.custom_args")
    yield from _headers(person.get("headers"), f"{place}.headers")
    yield from _moment(person.get("send_at"), f"{place}.send_at", now)
    sender = person.get("from")
    if sender is not None and not is_address(sender.get("email")):
        yield Refusal(message="Does not contain a valid address.", field=f"{place}.from.email")


def _recipients(
    recipients: Sequence[Mapping[str, Any]], place: str, seen: set[str]
) -> Iterator[Refusal]:
    for number, recipient in enumerate(recipients):
        address = recipient.get("email") or ""
        if not is_address(address):
            message = "Does not contain a valid address."
            yield Refusal(message=message, field=f"{place}.{number}.email")
            continue
        if address.lower() in seen:
            yield Refusal(message=_duplicate(address, place), field="personalizations")
        seen.add(address.lower())
        if set(recipient.get("name") or "") & set(";,"):
            message = "The name may not contain a semicolon or a comma."
            yield Refusal(message=message, field=f"{place}.{number}.name")


def _duplicate(address: str, place: str) -> str:
    # The service does name the address: whoever writes its errors into a log leaks it.
    return (
        "Each email address in the personalization block should be unique between to, cc, and bcc."
        f" We found the first duplicate instance of [{address}] in the {place} field."
    )


def _substitutions(
    person: Mapping[str, Any], place: str, mail: Mapping[str, Any]
) -> Iterator[Refusal]:
    values = person.get("substitutions")
    if values is None:
        return
    field = f"{place}.substitutions"
    if (mail.get("template_id") or "").startswith("d-"):
        message = "Substitutions may not be used with dynamic templating."
        yield Refusal(message=message, field=field)
    yield from _texts(values, field, most_bytes=MOST_BYTES)


def _arguments(values: Mapping[str, Any] | None, field: str) -> Iterator[Refusal]:
    yield from _texts(values or {}, field, most_bytes=MOST_BYTES)


def _texts(values: Mapping[str, Any], field: str, *, most_bytes: int) -> Iterator[Refusal]:
    if not all(isinstance(value, str) for value in values.values()):
        yield Refusal(message="All values must be strings.", field=field)
    elif sum(_size(name) + _size(value) for name, value in values.items()) > most_bytes:
        message = f"Names and values together may not exceed {most_bytes} bytes."
        yield Refusal(message=message, field=field)


def _headers(values: Mapping[str, Any] | None, field: str) -> Iterator[Refusal]:
    for name, value in (values or {}).items():
        if name.lower() in _RESERVED_HEADERS:
            yield Refusal(message=f"The header {name} is reserved and may not be set.", field=field)
        elif not _is_header_text(name) or ":" in name or not _is_header_text(value):
            yield Refusal(message="Headers must be printable ASCII on one line.", field=field)


def _subject(mail: Mapping[str, Any]) -> Iterator[Refusal]:
    people = mail.get("personalizations") or ()
    subjects = [person.get("subject") or mail.get("subject") or "" for person in people]
    if not mail.get("template_id") and not all(subjects):
        yield Refusal(message=_NO_SUBJECT, field="subject")
    if any(set(subject) & set("\r\n") for subject in subjects):
        yield Refusal(message="The subject may not contain a line break.", field="subject")


def _content(mail: Mapping[str, Any]) -> Iterator[Refusal]:
    blocks = mail.get("content") or ()
    if not blocks and not mail.get("template_id"):
        yield Refusal(message=_NO_CONTENT, field="content")
    for number, block in enumerate(blocks):
        for name in ("type", "value"):
            if not block.get(name):
                message = f"The content {name} must be a string at least one character in length."
                yield Refusal(message=message, field=f"content.{number}.{name}")
    if "text/plain" in [block.get("type") for block in blocks[1:]]:
        message = "If present, text/plain must be first, followed by text/html."
        yield Refusal(message=message, field="content")


def _settings(mail: Mapping[str, Any], now: float) -> Iterator[Refusal]:
    yield from _arguments(mail.get("custom_args"), "custom_args")
    yield from _headers(mail.get("headers"), "headers")
    yield from _moment(mail.get("send_at"), "send_at", now)
    yield from _categories(mail.get("categories") or ())
    yield from _groups(mail.get("asm"))


def _categories(values: Sequence[str]) -> Iterator[Refusal]:
    if len(values) > 10 or len(values) != len(set(values)):
        yield Refusal(message="There may be at most 10 different categories.", field="categories")
    if any(len(value) > 255 for value in values):
        yield Refusal(message="A category may not exceed 255 characters.", field="categories")


def _groups(asm: Mapping[str, Any] | None) -> Iterator[Refusal]:
    if asm is None:
        return
    if asm.get("group_id") is None:
        yield Refusal(message="The asm group_id is required.", field="asm.group_id")
    if len(asm.get("groups_to_display") or ()) > 25:
        message = "There may be at most 25 groups to display."
        yield Refusal(message=message, field="asm.groups_to_display")


def _moment(send_at: int | None, field: str, now: float) -> Iterator[Refusal]:
    if send_at is not None and send_at > now + MOST_HOURS_AHEAD * 3600:
        yield Refusal(message="Scheduling more than 72 hours in advance is forbidden.", field=field)


def _is_header_text(text: object) -> bool:
    return isinstance(text, str) and bool(text) and text.isascii() and text.isprintable()


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
