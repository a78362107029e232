"""A compiled part of a message (a subject, a body) that is filled in once per customer, ten thousand times a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError as JinjaError

from perennial.errors import RenderError
from perennial.messages.sandbox import CustomerEnvironment

_TAG_LINES = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}[ \t]*)+)\n", re.MULTILINE)
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_GAPS = re.compile(r"\n{3,}")


class Part:
    """One part of a message in one language."""

    def __init__(self, environment: CustomerEnvironment, source: str) -> None:
        self._template = environment.from_string(source)
        self._generate = self._template.root_render_func

    def fill(self, values: Mapping[str, Any]) -> str:
        """The part with the values in their places.

        Raises:
            RenderError: a value is missing or not fit for its filter. No value is part of the message.
        """
        context = self._template.new_context(values, shared=True)  # type: ignore[arg-type]
        try:
            return "".join(self._generate(context))
        except JinjaError as error:
            raise RenderError(str(error)) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            message = f"A filter was given a value that it cannot take ({type(error).__name__})."
            raise RenderError(message) from None


def tidy_source(source: str) -> str:
    """The source of a plain text whose lines of tags alone leave no empty lines behind."""
    without_tag_lines = _TAG_LINES.sub(lambda found: found[1].rstrip(), source)
    return _GAPS.sub("\n\n", _TRAILING.sub("", without_tag_lines)).strip()


def tidy_text(text: str) -> str:
    """A plain text with at most one empty line in a row."""
    return (_GAPS.sub("\n\n", text) if "\n\n\n" in text else text).strip()
