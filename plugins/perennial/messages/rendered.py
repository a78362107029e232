"""A message in its final words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from perennial.messages.sms_segments import Encoding
from perennial.model.message import EmailParts, interleave, record


@record
class RenderedEmail:
    """An email in its final words; `reason` is why the person receives it, as text and as HTML."""

    parts: EmailParts = field(repr=False)
    reason: str = field(repr=False)
    reason_html: str = field(repr=False)

    @property
    def subject(self) -> str:
        return interleave(self.parts.frame.subject, self.parts.subject)

    @property
    def html(self) -> str:
        return interleave(self.parts.frame.html, self.parts.html)

    @property
    def text(self) -> str:
        return interleave(self.parts.frame.text, self.parts.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedSms:
    """A text message in its final words, and what it is sent in; `characters` are counted as carriers do."""

    text: str = field(repr=False)
    encoding: Encoding
    characters: int
    segments: int
    stop_word: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedWhatsApp:
    """An approved template with one person's values, by number, and what the person reads."""

    content_sid: str
    variables: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
