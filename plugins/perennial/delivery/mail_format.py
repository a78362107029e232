"""An email as the bytes that travel: RFC 5322 headers, plain text and HTML as alternatives.

The library's `EmailMessage` is not used to write: it folds a long List-Unsubscribe into encoded words, which no
mailbox provider follows, and it takes milliseconds where this takes a tenth of one. The tests read the result back with it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from perennial.errors import RenderError
from perennial.model.message import EmailMessage

_CRLF = "\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_UNSAFE_IN_ADDRESS = re.compile(r"[\s<>\x00-\x1f\x7f]")
_LONGEST_LINE = 998


def mail_bytes(message: EmailMessage, *, at: datetime) -> bytes:
    """The email, ready for a wire or a file; the same message at the same time gives the same bytes.

    Raises:
        RenderError: a header or an address cannot be written down safely.
    """
    boundary = f"=_{message.key}"
    lines = [f"{name}: {value}" for name, value in _headers(message, at)]
    lines += [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
    ]
    for subtype, content in (("plain", message.text), ("html", message.html)):
        lines += [f"--{boundary}", *_part(subtype, content)]
    lines += [f"--{boundary}--", ""]
    return _CRLF.join(lines).encode("ascii")


def ascii_address(address: str) -> str:
    """The address with its domain in A-labels.

    Raises:
        RenderError: it has no such form, or it could break out of its line.
    """
    plain: str | None = address
    if not address.isascii():
        try:
            plain = validate_email(address, check_deliverability=False).ascii_email
        except EmailNotValidError:
            plain = None
    if plain is None or "@" not in plain or _UNSAFE_IN_ADDRESS.search(plain):
        msg = "An address has no ASCII form, and servers cannot be relied on to take another."
        raise RenderError(msg)
    return plain


def header_value(name: str, value: str) -> str:
    """A header's value that must travel in one piece, such as a link.

    Raises:
        RenderError: it cannot.
    """
    # Of ASCII, what cannot be printed are the control characters.
    clean = _is_header_name(name) and value.isascii() and value.isprintable()
    if not clean or len(name) + len(value) + 2 > _LONGEST_LINE:
        msg = f"The header {name!r} cannot be written down: it is too long or not plain ASCII."
        raise RenderError(msg)
    return value


@lru_cache(maxsize=64)
def _is_header_name(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None


def _headers(message: EmailMessage, at: datetime) -> Iterator[tuple[str, str]]:
    sender = ascii_address(message.from_address)
    yield "From", _mailbox(message.from_name, sender)
    yield "To", ascii_address(message.to)
    if message.reply_to:
        yield "Reply-To", ascii_address(message.reply_to)
    yield "Subject", _words("Subject", message.subject)
    yield "Date", format_datetime(at)
    yield "Message-ID", f"<{message.key}@{sender.rpartition('@')[2]}>"
    for name, value in message.headers.items():
        yield name, header_value(name, value)


def _mailbox(name: str, address: str) -> str:
    words = _words("From", name)
    return formataddr((name, address)) if name.isascii() else f"{words} <{address}>"


def _words(header: str, text: str) -> str:
    """Text in a header: as it is, or in encoded words, folded."""
    if _CONTROL.search(text):
        msg = f"There is a control character in what goes into the header {header}."
        raise RenderError(msg)
    charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, header_name=header).encode(linesep=_CRLF)


def _part(subtype: str, content: str) -> tuple[str, str, str, str]:
    data = _LINE_END.sub(_CRLF, content).encode()
    encoding, body = "quoted-printable", binascii.b2a_qp(data, istext=True)
    if len(body) > 4 * len(data) / 3:
        encoding, body = "base64", base64.encodebytes(data).rstrip(b"\n")
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"',
        f"Content-Transfer-Encoding: {encoding}",
        "",
        _LINE_END.sub(_CRLF, body.decode()),
    )
