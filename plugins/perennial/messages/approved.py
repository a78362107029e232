"""Approved templates of WhatsApp: compiled once, then filled in for every customer, value by value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perennial.errors import RenderError
from perennial.messages.cleaning import one_line
from perennial.messages.parts import Part
from perennial.messages.rendered import RenderedWhatsApp
from perennial.messages.values import demand

LONGEST_TEXT = 1_024
"""What WhatsApp takes, with all values in their places."""

_PLACEHOLDER = re.compile(r"\{\{(\d+)\}\}")


@dataclass(frozen=True, kw_only=True)
class CompiledWhatsApp:
    """An approved template in one language, ready to be filled in."""

    path: Path
    content_sid: str
    body: str
    variables: Mapping[str, Part]
    fields: frozenset[str]
    required: frozenset[str]


def fill_whatsapp(compiled: CompiledWhatsApp, values: Mapping[str, Any]) -> RenderedWhatsApp:
    """One customer's message: the values by number, and the text that WhatsApp makes of them.

    Raises:
        RenderError: a value is missing or unfit, or comes out empty, or the text would be too long.
    """
    demand(values, compiled.required)
    # WhatsApp takes no line breaks, no tabs and no runs of spaces in a value, and no empty one.
    filled = {name: one_line(part.fill(values)) for name, part in compiled.variables.items()}
    for name, value in filled.items():
        if not value:
            message = f"Variable {name} comes out empty, which WhatsApp does not take."
            raise RenderError(message)
    text = _PLACEHOLDER.sub(lambda found: filled[found[1]], compiled.body)
    if len(text) > LONGEST_TEXT:
        message = f"The WhatsApp message has {len(text)} characters; {LONGEST_TEXT} is the most."
        raise RenderError(message)
    return RenderedWhatsApp(content_sid=compiled.content_sid, variables=filled, text=text)
