"""What every message must carry, checked on the message itself: without it, the message is not sent."""

from __future__ import annotations

from collections.abc import Iterator

from perennial.messages.cleaning import one_line
from perennial.messages.rendered import RenderedEmail, RenderedSms
from perennial.messages.sandbox import escape_words
from perennial.messages.visible import read_page
from perennial.model.shop import Shop

# Gmail cuts off what is longer than 102 kB, and with it the way to unsubscribe.
HTML_LIMIT = 100_000
TEXT_LIMIT = 100_000
SMS_LIMIT = 1_600


def missing_in_email(email: RenderedEmail, shop: Shop, unsubscribe_url: str) -> Iterator[str]:
    """What an email lacks; quick enough to be asked for each one."""
    if not (_holds(email.html, f'href="{unsubscribe_url}"') and unsubscribe_url in email.text):
        yield "the link to unsubscribe"
    address = escape_words(shop.postal_address)
    if not (_holds(email.html, address) and shop.postal_address in email.text):
        yield "the postal address"
    if not (_holds(email.html, email.reason_html) and email.reason in email.text):
        yield "the reason why the person receives it"


def _holds(html: str, words: str) -> bool:
    """Whether the words are there; looked for from the end, since such words stand in the footer."""
    return html.rfind(words) >= 0


def unseen_in_email(email: RenderedEmail, shop: Shop, unsubscribe_url: str) -> Iterator[str]:
    """What a reader of the email would not see; slow, and asked once per template."""
    page = read_page(email.html)
    if not page.links.get(unsubscribe_url):
        yield "a visible link to unsubscribe"
    if one_line(shop.postal_address) not in page.text:
        yield "the visible postal address"
    if one_line(email.reason) not in page.text:
        yield "the visible reason why the person receives it"


def missing_in_sms(sms: RenderedSms, shop: Shop) -> Iterator[str]:
    """What a text message lacks."""
    if shop.sms_name not in sms.text:
        yield "the shop's name"
    if sms.stop_word not in sms.text:
        yield f"the word that stops messages, {sms.stop_word}"
