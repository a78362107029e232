from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage as Parsed
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.delivery.mail_format import ascii_address, mail_bytes
from perennial.errors import RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage

Make = Callable[..., EmailMessage]
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)


def read(data: bytes) -> Parsed:
    parsed = message_from_bytes(data, policy=default)
    assert isinstance(parsed, Parsed)
    return parsed


def part(mail: Parsed, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_every_header_reads_back(make_email: Make, now: datetime) -> None:
    mail = read(mail_bytes(make_email(reply_to="care@juniperandrye.example"), at=now))
    assert mail["Subject"] == "Анна, с днём рождения!"
    assert mail["From"] == "Juniper & Rye <hello@juniperandrye.example>"
    assert mail["To"] == "anna@customers.example"
    assert mail["Reply-To"] == "care@juniperandrye.example"
    assert mail["Date"].datetime == now
    assert mail["Message-ID"] == "<0123456789abcdef0123456789abcdef@juniperandrye.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.defects == []


def test_both_parts_read_back_plain_first(make_email: Make, now: datetime) -> None:
    mail = read(mail_bytes(make_email(), at=now))
    assert mail.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in mail.iter_parts()] == ["text/plain", "text/html"]
    assert part(mail, "plain") == "Привет, Анна\n"
    assert part(mail, "html") == "<p>Привет, <b>Анна</b></p>"


def test_a_long_unsubscribe_link_travels_in_one_piece(make_email: Make, now: datetime) -> None:
    message = make_email()
    data = mail_bytes(message, at=now)
    assert f"List-Unsubscribe: {message.headers['List-Unsubscribe']}\r\n".encode() in data


def test_no_line_is_longer_than_a_server_must_take(make_email: Make, now: datetime) -> None:
    message = make_email(html=f"<p>{'x' * 5_000}</p>", text="длинно " * 900, subject="Скидка " * 80)
    lines = mail_bytes(message, at=now).split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_a_long_name_of_the_shop_reads_back(make_email: Make, now: datetime) -> None:
    name = "Чайная лавка «Можжевельник и рожь», " * 4 + "Москва"
    raw = message_from_bytes(mail_bytes(make_email(from_name=name), at=now))["From"]
    assert str(make_header(decode_header(raw))) == f"{name} <hello@juniperandrye.example>"


@pytest.mark.parametrize(
    "name", ['Juniper "the shop" Rye', "Rye, Juniper; Co", "a <b@c.d>", "=?x?"]
)
def test_a_name_with_special_characters_stays_a_name(
    make_email: Make, now: datetime, name: str
) -> None:
    sender = read(mail_bytes(make_email(from_name=name), at=now))["From"].addresses
    assert [(a.display_name, a.addr_spec) for a in sender] == [
        (name, "hello@juniperandrye.example")
    ]


@pytest.mark.parametrize("evil", ["\r\nBcc: x@y.example", "\nX: y", "\x00", "\u2028X", "\x85"])
@pytest.mark.parametrize("where", ["subject", "from_name", "to", "from_address", "reply_to"])
def test_no_value_can_break_out_of_its_header(
    make_email: Make, now: datetime, where: str, evil: str
) -> None:
    whole = f"anna@customers.example{evil}"
    with pytest.raises(RenderError):
        mail_bytes(make_email(**{where: whole}), at=now)


@pytest.mark.parametrize(
    "headers",
    [{"X-Note": "a\r\nBcc: b@c.example"}, {"X Note": "a"}, {"X-Note": "ё"}, {"X-Note": "x" * 999}],
)
def test_a_further_header_is_plain_or_refused(
    make_email: Make, now: datetime, headers: dict[str, str]
) -> None:
    with pytest.raises(RenderError):
        mail_bytes(make_email(headers=headers), at=now)


def test_a_refusal_quotes_no_address(make_email: Make, now: datetime) -> None:
    with pytest.raises(RenderError) as refused:
        mail_bytes(make_email(to="anna\n@customers.example"), at=now)
    assert "anna" not in str(refused.value)


def test_a_domain_travels_in_its_ascii_form() -> None:
    assert ascii_address("anna@пример.рф") == "anna@xn--e1afmkfd.xn--p1ai"


def test_an_address_that_has_no_ascii_form_is_refused() -> None:
    with pytest.raises(RenderError):
        ascii_address("анна@customers.example")


def test_the_same_message_gives_the_same_bytes(make_email: Make, now: datetime) -> None:
    assert mail_bytes(make_email(), at=now) == mail_bytes(make_email(), at=now)


@given(subject=WORDS.map(str.strip), text=WORDS, name=WORDS)
def test_whatever_the_words_are_they_read_back(subject: str, text: str, name: str) -> None:
    message = EmailMessage(
        key=MessageKey("0" * 32),
        campaign="birthday",
        locale="en",
        to="anna@customers.example",
        subject=subject,
        html=f"<p>{text}</p>",
        text=text,
        from_name=name,
        from_address="hello@juniperandrye.example",
    )
    mail = message_from_bytes(mail_bytes(message, at=datetime.fromisoformat("2026-11-21T10:30Z")))
    plain, html = mail.get_payload()  # type: ignore[misc]
    assert plain.get_payload(decode=True).decode() == text  # type: ignore[union-attr]
    assert html.get_payload(decode=True).decode() == f"<p>{text}</p>"  # type: ignore[union-attr]
    assert mail.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    ]
