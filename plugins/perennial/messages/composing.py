"""From a planned message to one that can be sent: links, coupon, words, headers, and the last look before it goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from perennial.errors import RenderError
from perennial.messages.checks import missing_in_email, missing_in_sms
from perennial.messages.cleaning import has_breaks
from perennial.messages.click_links import through_us
from perennial.messages.templates import Templates
from perennial.messages.values import read_values
from perennial.model.keys import link_token
from perennial.model.message import (
    EmailMessage,
    Message,
    PlannedMessage,
    SmsMessage,
    WhatsAppMessage,
)
from perennial.model.shop import Shop
from perennial.model.surveys import PURPOSES, SCORES
from perennial.model.words import Channel


def compose(
    planned: PlannedMessage,
    templates: Templates,
    shop: Shop,
    *,
    edge_url: str,
    secret: str,
    click_links: bool = False,
) -> Message:
    """The message that a row of the plan stands for; the same row gives the same bytes for ever.

    Args:
        planned: the row.
        templates: the shop's.
        shop: whose name, address and rules the message carries.
        edge_url: public address of the web app behind the links; HTTPS, as mail programs demand.
        secret: signs the links.
        click_links: links to products in emails lead by way of the web app, which notes who followed them.

    Raises:
        RenderError: a value is missing, or the message lacks what it must carry by law or by custom.
    """
    fields = templates.fields(planned.template, planned.channel)
    values = read_values(planned.values)
    values["coupon_code"] = planned.coupon.code if planned.coupon else None
    links = _links(planned, shop, edge_url, secret, fields)
    if planned.channel is Channel.SMS:
        return _compose_sms(planned, templates, shop, values | links)
    if planned.channel is Channel.WHATSAPP:
        return _compose_whatsapp(planned, templates, values | links)
    if click_links:
        values = through_us(values, planned, edge_url=edge_url, secret=secret)
    return _compose_email(planned, templates, shop, values | links)


def _compose_email(
    planned: PlannedMessage, templates: Templates, shop: Shop, values: dict[str, Any]
) -> EmailMessage:
    email = templates.email(planned.template, planned.locale, values)
    unsubscribe_url = values["unsubscribe_url"]
    _refuse_without(planned, missing_in_email(email, shop, unsubscribe_url))
    headers = {
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "X-Perennial-Key": planned.key,
    }
    subject = email.subject
    for text in (
        subject,
        shop.name,
        "".join((planned.address, shop.from_address, *headers.values())),
    ):
        _refuse_breaks(text)
    return EmailMessage(
        key=planned.key,
        campaign=planned.campaign,
        locale=planned.locale,
        to=planned.address,
        subject=subject,
        from_name=shop.name,
        from_address=shop.from_address,
        reply_to=shop.reply_to,
        headers=headers,
        parts=email.parts,
    )


def _compose_sms(
    planned: PlannedMessage, templates: Templates, shop: Shop, values: dict[str, Any]
) -> SmsMessage:
    sms = templates.sms(planned.template, planned.locale, values)
    _refuse_without(planned, missing_in_sms(sms, shop))
    _refuse_breaks(planned.address)
    return SmsMessage(
        key=planned.key,
        campaign=planned.campaign,
        locale=planned.locale,
        to=planned.address,
        text=sms.text,
        segments=sms.segments,
        expires_at=planned.expires_at,
    )


def _compose_whatsapp(
    planned: PlannedMessage, templates: Templates, values: dict[str, Any]
) -> WhatsAppMessage:
    approved = templates.whatsapp(planned.template, planned.locale, values)
    _refuse_breaks(planned.address)
    return WhatsAppMessage(
        key=planned.key,
        campaign=planned.campaign,
        locale=planned.locale,
        to=planned.address,
        content_sid=approved.content_sid,
        variables=approved.variables,
        text=approved.text,
        expires_at=planned.expires_at,
    )


def _links(
    planned: PlannedMessage, shop: Shop, edge_url: str, secret: str, fields: frozenset[str]
) -> dict[str, str | tuple[str, ...]]:
    """The links of the message; only the ones that it uses are signed, and the one of its headers."""
    if not edge_url.startswith("https://"):
        message = (
            "PERENNIAL_EDGE_URL must start with https://: mail programs unsubscribe nowhere else."
        )
        raise RenderError(message)
    base, key, locale = edge_url.rstrip("/"), planned.key, planned.locale
    links: dict[str, str | tuple[str, ...]] = {
        "unsubscribe_url": f"{base}/u/{link_token('unsubscribe', key, locale, secret)}"
    }
    if "preferences_url" in fields:
        links["preferences_url"] = f"{base}/p/{link_token('preferences', key, locale, secret)}"
    if "confirm_url" in fields:
        links["confirm_url"] = f"{base}/o/{link_token('confirm', key, locale, secret)}"
    if not fields.isdisjoint(("survey_url", "score_urls")):
        survey = f"{base}/s/{link_token(PURPOSES[shop.survey_scale], key, locale, secret)}"
        links["survey_url"] = survey
        links["score_urls"] = tuple(
            f"{survey}?score={score}" for score in SCORES[shop.survey_scale]
        )
    return links


def _refuse_without(planned: PlannedMessage, lacks: Iterable[str]) -> None:
    if missing := ", ".join(lacks):
        message = f"{planned.template}: the message lacks {missing}. It is not sent."
        raise RenderError(message)


def _refuse_breaks(text: str) -> None:
    if has_breaks(text):
        message = "A header of the message would hold a line break or a control character."
        raise RenderError(message)
