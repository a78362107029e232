"""What every message must carry, checked on the message itself: without it, the message is not sent."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from perennial.messages.cleaning import one_line
from perennial.messages.rendered import RenderedEmail, RenderedSms
from perennial.messages.sandbox import escape_words
from perennial.messages.visible import read_page
from perennial.model.message import EmailFrame
from perennial.model.shop import Shop

# Gmail cuts off what is longer than 102 kB, and with it the way to unsubscribe.
HTML_LIMIT = 100_000
TEXT_LIMIT = 100_000
SMS_LIMIT = 1_600
# As many are remembered as a shop may have, each with its address and with the reasons that differ by date.
_FRAMES = 4_096


def missing_in_email(email: RenderedEmail, shop: Shop, unsubscribe_url: str) -> Iterator[str]:
    """What an email lacks; quick enough to be asked for each one.

    What the frame says to everybody is not looked for again in each email.
    """
    frame = email.parts.frame
    if not (_links_to(email, unsubscribe_url) and _names(email, unsubscribe_url)):
        yield "the link to unsubscribe"
    address = _escaped(shop.postal_address)
    if not _says(frame, address, shop.postal_address) and not (
        _holds(email.html, address) and shop.postal_address in email.text
    ):
        yield "the postal address"
    if not _says(frame, email.reason_html, email.reason) and not (
        _holds(email.html, email.reason_html) and email.reason in email.text
    ):
        yield "the reason why the person receives it"


def _links_to(email: RenderedEmail, url: str) -> bool:
    """Whether the HTML has a link to the address: one of the gaps that are links, or else anywhere."""
    gaps = email.parts.html
    return any(gaps[place] == url for place in _link_gaps(email.parts.frame)) or _holds(
        email.html, f'href="{url}"'
    )


def _names(email: RenderedEmail, url: str) -> bool:
    """Whether the text has the address: most often it stands in one of the gaps."""
    return any(url in gap for gap in email.parts.text) or url in email.text


@lru_cache(_FRAMES)
def _link_gaps(frame: EmailFrame) -> tuple[int, ...]:
    """The gaps of the HTML that are the whole address of a link."""
    pairs = zip(frame.html, frame.html[1:], strict=False)
    return tuple(
        place
        for place, (before, after) in enumerate(pairs)
        if before.endswith('href="') and after.startswith('"')
    )


@lru_cache(_FRAMES)
def _says(frame: EmailFrame, html: str, text: str) -> bool:
    """Whether all emails of a frame say these words, in both of their forms."""
    return any(html in words for words in frame.html) and any(text in words for words in frame.text)


_escaped = lru_cache(_FRAMES)(escape_words)


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
