"""What POST /v3/mail/send refuses: the limits of the API reference and of the error page, as one list of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from perennial.emulator.mailing.replies import Refusal

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
    if not isinstance(mail, dict):
        yield Refusal(message="Bad Request")
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
    sender = mail.get("from")
    if not isinstance(sender, dict) or "email" not in sender:
        message = "The from object must be provided for every email send. It is an object that requires the email parameter."
        yield Refusal(message=message, field="from.email")
    elif not is_address(sender["email"]):
        yield Refusal(
            message="The from email does not contain a valid address.", field="from.email"
        )
    if "reply_to" in mail and "reply_to_list" in mail:
        yield Refusal(
            message="You can use either reply_to or reply_to_list but not both.", field="reply_to"
        )
    reply_to = mail.get("reply_to")
    if reply_to is not None and not (
        isinstance(reply_to, dict) and is_address(reply_to.get("email"))
    ):
        yield Refusal(
            message="The reply_to email does not contain a valid address.", field="reply_to.email"
        )


def _personalizations(mail: Mapping[str, Any], now: float) -> Iterator[Refusal]:
    people = mail.get("personalizations")
    if not isinstance(people, list) or not people:
        message = (
            "The personalizations field is required and must have at least one personalization."
        )
        yield Refusal(message=message, field="personalizations")
        return
    if len(people) > MOST_RECIPIENTS:
        message = "The personalizations field may not hold more than 1000 personalizations."
        yield Refusal(message=message, field="personalizations")
        return
    seen: set[str] = set()
    for number, person in enumerate(people):
        yield from _person(person, f"personalizations.{number}", mail, seen, now)
    if len(seen) > MOST_RECIPIENTS:
        message = "The total number of recipients in to, cc and bcc may not exceed 1000."
        yield Refusal(message=message, field="personalizations")


def _person(
    person: object, place: str, mail: Mapping[str, Any], seen: set[str], now: float
) -> Iterator[Refusal]:
    if not isinstance(person, dict) or not isinstance(person.get("to"), list) or not person["to"]:
        yield Refusal(message=_NO_RECIPIENT, field=f"{place}.to")
        return
    for name in RECIPIENT_LISTS:
        if name in person:
            yield from _recipients(person[name], f"{place}.{name}", seen)
    yield from _substitutions(person, place, mail)
    yield from _arguments(person.get("custom_args"), f"{place}.custom_args")
    yield from _headers(person.get("headers"), f"{place}.headers")
    yield from _moment(person.get("send_at"), f"{place}.send_at", now)
    if "from" in person and not is_address((person["from"] or {}).get("email")):
        yield Refusal(message="Does not contain a valid address.", field=f"{place}.from.email")


def _recipients(recipients: object, place: str, seen: set[str]) -> Iterator[Refusal]:
    if not isinstance(recipients, list):
        yield Refusal(message="Bad Request", field=place)
        return
    for number, recipient in enumerate(recipients):
        address = recipient.get("email") if isinstance(recipient, dict) else None
        if not isinstance(address, str) or not is_address(address):
            message = "Does not contain a valid address."
            yield Refusal(message=message, field=f"{place}.{number}.email")
            continue
        if address.lower() in seen:
            yield Refusal(message=_duplicate(address, place), field="personalizations")
        seen.add(address.lower())
        if set(str(recipient.get("name") or "")) & set(";,"):
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
    if str(mail.get("template_id") or "").startswith("d-"):
        message = "Substitutions may not be used with dynamic templating."
        yield Refusal(message=message, field=field)
    if not _is_text_map(values):
        yield Refusal(message="The substitutions must be an object of strings.", field=field)
    elif _size(values) > MOST_BYTES:
        message = (
            "The total size of the substitutions may not exceed 10000 bytes per personalization."
        )
        yield Refusal(message=message, field=field)


def _arguments(values: object, field: str) -> Iterator[Refusal]:
    if values is None:
        return
    if not _is_text_map(values):
        yield Refusal(message="The custom_args must be an object of strings.", field=field)
    elif _size(values) > MOST_BYTES:
        yield Refusal(message="The custom_args may not exceed 10000 bytes.", field=field)


def _headers(values: object, field: str) -> Iterator[Refusal]:
    if values is None:
        return
    if not _is_text_map(values):
        yield Refusal(message="The headers must be an object of strings.", field=field)
        return
    for name, value in values.items():
        if name.lower() in _RESERVED_HEADERS:
            yield Refusal(message=f"The header {name} is reserved and may not be set.", field=field)
        elif not _is_header_text(name) or ":" in name or not _is_header_text(value):
            yield Refusal(message="Headers must be printable ASCII on one line.", field=field)


def _subject(mail: Mapping[str, Any]) -> Iterator[Refusal]:
    people = [p for p in mail.get("personalizations") or () if isinstance(p, dict)]
    subjects = [p.get("subject") or mail.get("subject") for p in people]
    if not mail.get("template_id") and not all(subjects):
        yield Refusal(message=_NO_SUBJECT, field="subject")
    if any(set(str(subject)) & set("\r\n") for subject in subjects):
        yield Refusal(message="The subject may not contain a line break.", field="subject")


def _content(mail: Mapping[str, Any]) -> Iterator[Refusal]:
    blocks = mail.get("content")
    if not blocks and not mail.get("template_id"):
        yield Refusal(message=_NO_CONTENT, field="content")
    if not blocks:
        return
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield Refusal(message="The content must be an array of objects.", field="content")
        return
    for number, block in enumerate(blocks):
        if not isinstance(block.get("value"), str) or not block["value"]:
            message = "The content value must be a string at least one character in length."
            yield Refusal(message=message, field=f"content.{number}.value")
    kinds = [block.get("type") for block in blocks]
    if "text/plain" in kinds[1:]:
        message = "If present, text/plain must be first, followed by text/html."
        yield Refusal(message=message, field="content")


def _settings(mail: Mapping[str, Any], now: float) -> Iterator[Refusal]:
    yield from _arguments(mail.get("custom_args"), "custom_args")
    yield from _headers(mail.get("headers"), "headers")
    yield from _moment(mail.get("send_at"), "send_at", now)
    yield from _categories(mail.get("categories"))
    yield from _groups(mail.get("asm"))
    sandbox = _at(mail, "mail_settings", "sandbox_mode", "enable")
    if sandbox is not None and not isinstance(sandbox, bool):
        message = "The enable parameter of sandbox_mode must be a boolean."
        yield Refusal(message=message, field="mail_settings.sandbox_mode.enable")


def _categories(values: object) -> Iterator[Refusal]:
    if values is None:
        return
    if (
        not isinstance(values, list)
        or len(values) > 10
        or len(values) != len(set(map(str, values)))
    ):
        yield Refusal(message="There may be at most 10 different categories.", field="categories")
    elif not all(isinstance(value, str) and len(value) <= 255 for value in values):
        yield Refusal(message="A category may not exceed 255 characters.", field="categories")


def _groups(asm: object) -> Iterator[Refusal]:
    if asm is None:
        return
    if not isinstance(asm, dict) or not isinstance(asm.get("group_id"), int):
        yield Refusal(
            message="The asm group_id is required and must be an integer.", field="asm.group_id"
        )
    elif len(asm.get("groups_to_display") or ()) > 25:
        yield Refusal(
            message="There may be at most 25 groups to display.", field="asm.groups_to_display"
        )


def _moment(send_at: object, field: str, now: float) -> Iterator[Refusal]:
    if send_at is None:
        return
    if not isinstance(send_at, int) or isinstance(send_at, bool):
        yield Refusal(message="The send_at must be an integer of Unix seconds.", field=field)
    elif send_at > now + MOST_HOURS_AHEAD * 3600:
        yield Refusal(message="Scheduling more than 72 hours in advance is forbidden.", field=field)


def _is_text_map(values: object) -> TypeGuard[Mapping[str, str]]:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _is_header_text(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _size(values: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in values.items())


def _at(data: Any, *names: str) -> Any:  # noqa: ANN401 - whatever the client wrote
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data
