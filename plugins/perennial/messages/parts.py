"""A compiled part of a message (a subject, a body) that is filled in once per customer, ten thousand times a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError as JinjaError

from perennial.errors import RenderError
from perennial.messages.gap_groups import Tidy, filler
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.splitting import Split, split
from perennial.messages.tidying import Tidying
from perennial.model.message import interleave


class Part:
    """One part of a message in one language: literals, and gaps that are different for everybody."""

    def __init__(
        self, environment: CustomerEnvironment, source: str, tidying: Tidying | None = None
    ) -> None:
        cut = split(environment, source, tidying)
        self.literals = cut.literals
        self._filled = filler(environment, cut.gaps, _tidy(cut, tidying) if tidying else None)

    def gaps(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of the gaps, in their order.

        Raises:
            RenderError: a value is missing or not fit for its filter. No value is part of the message.
        """
        if len(self.literals) == 1:
            return ()
        try:
            return self._filled(values)
        except JinjaError as error:
            raise RenderError(str(error)) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            message = f"A filter was given a value that it cannot take ({type(error).__name__})."
            raise RenderError(message) from None

    def fill(self, values: Mapping[str, Any]) -> str:
        """The part with the values in their places.

        Raises:
            RenderError: see `gaps`.
        """
        if len(self.literals) == 1:
            return self.literals[0]
        return interleave(self.literals, self.gaps(values))


def _tidy(cut: Split, tidying: Tidying) -> Tidy:
    """Makes a gap's text tidy; where no words stand before or after it, from that end, too."""
    last = len(cut.gaps) - 1

    def tidy(place: int, text: str) -> str:
        text = tidying.shorten(text)
        if cut.open_start and place == 0:
            text = text.lstrip()
        return text.rstrip() if cut.open_end and place == last else text

    return tidy
