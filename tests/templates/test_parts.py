"""Every email of the shop, cut into what is the same for everybody and what is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from message_readers import READERS, values_of
from perennial.messages import compiling
from perennial.messages.parts import Part, interleave
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.templates import Templates, load_templates
from perennial.messages.tidying import ONE_LINE, PLAIN_TEXT, SHORT_TEXT, Tidying
from perennial.model.shop import Shop
from perennial.model.words import Channel

PROJECT = Path(__file__).resolve().parents[2]
TIDY: dict[Tidying | None, Callable[[str], str]] = {
    None: lambda text: text,
    ONE_LINE: lambda text: " ".join(text.split()),
    SHORT_TEXT: lambda text: re.sub(r"\n{3,}", "\n\n", text).strip(),
    PLAIN_TEXT: lambda text: re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
}


class Kept(Part):
    """A part that remembers what it was made from."""

    made: ClassVar[list[Kept]] = []

    def __init__(
        self, environment: CustomerEnvironment, source: str, tidying: Tidying | None = None
    ) -> None:
        super().__init__(environment, source, tidying)
        self.whole = (environment, source, tidying)
        self.made.append(self)


def render_whole(part: Kept, values: Mapping[str, Any]) -> str:
    """The same by Jinja as it comes."""
    ours, source, tidying = part.whole
    jinja = ImmutableSandboxedEnvironment(autoescape=ours.autoescape, undefined=StrictUndefined)
    jinja.filters = dict(ours.filters)
    return TIDY[tidying](jinja.from_string(source).render(values))


@pytest.mark.parametrize("reader", READERS)
def test_every_part_of_every_template_is_byte_for_byte_the_whole(
    shop: Shop, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "Part", Kept)
    monkeypatch.setattr(Kept, "made", [])
    templates = load_templates(PROJECT / "templates", shop)
    values = values_of(reader)

    # Six parts an email and one a text message.
    names = {channel: templates.names(channel) for channel in (Channel.EMAIL, Channel.SMS)}
    assert len(Kept.made) == len(shop.locales) * (
        6 * len(names[Channel.EMAIL]) + len(names[Channel.SMS])
    )
    for part in Kept.made:
        assert part.fill(values) == render_whole(part, values)


@pytest.mark.parametrize("reader", READERS)
def test_what_differs_between_people_is_little(
    templates: Templates, shop: Shop, reader: str
) -> None:
    """SendGrid takes 10,000 bytes of it for each person."""
    for name in templates.names(Channel.EMAIL):
        for locale in shop.locales:
            email = templates.email(name, locale, values_of(reader))
            frame, parts = email.parts.frame, email.parts
            gaps = (*parts.subject, *parts.html, *parts.text)

            assert interleave(frame.subject, parts.subject) == email.subject
            assert interleave(frame.html, parts.html) == email.html
            assert interleave(frame.text, parts.text) == email.text
            assert len(gaps) < 40
            assert sum(len(gap.encode()) for gap in gaps) < 8_000
