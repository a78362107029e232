"""Every email of the shop, sent to many in one request to SendGrid, is the email that each would get alone."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from framed_emails import framed, link_of
from message_readers import READERS, values_of
from perennial.delivery.sendgrid.mail_requests import MailRequest, requests_of
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.messages.templates import Templates
from perennial.model.message import EmailMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel

OPTIONS = MailOptions()


def audience(templates: Templates, name: str, locale: str) -> list[EmailMessage]:
    """Two of each kind of reader."""
    messages = []
    for number, reader in enumerate((*READERS, *READERS)):
        link = link_of(number)
        values = values_of(reader, unsubscribe_url=link, coupon_code=f"~{number}0-{number}")
        parts = templates.email(name, locale, values).parts
        words = (parts.subject, parts.html, parts.text)
        messages.append(framed(number, parts.frame, words))
    return messages


def read(requests: Sequence[MailRequest]) -> dict[str, tuple[str, ...]]:
    found = {}
    for request in requests:
        body = json.loads(request.body)
        for person in body["personalizations"]:
            texts = [body["subject"], *(block["value"] for block in body["content"])]
            for token, value in person.get("substitutions", {}).items():
                texts = [text.replace(token, value) for text in texts]
            found[person["custom_args"]["perennial_key"]] = tuple(texts)
    return found


@pytest.mark.parametrize("locale", ["en", "es", "ru"])
def test_many_get_byte_for_byte_what_each_gets_alone(
    templates: Templates, shop: Shop, locale: str
) -> None:
    assert locale in shop.locales
    for name in templates.names(Channel.EMAIL):
        messages = audience(templates, name, locale)
        together, _ = requests_of(messages, OPTIONS, most=200)
        alone, _ = requests_of(messages, OPTIONS, most=1)
        assert [len(request.messages) for request in together] == [len(messages)]
        assert len(alone) == len(messages)
        assert read(together) == read(alone)
        marks = [text.count("clicktracking=off href=") for *_, text in read(together).values()]
        assert marks == [1] * len(messages)
