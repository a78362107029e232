"""A compiled part of a message (a subject, a body) that is filled in once per customer, ten thousand times a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError as JinjaError
from jinja2.runtime import Context

from perennial.errors import RenderError
from perennial.messages.sandbox import CustomerEnvironment
from perennial.messages.splitting import split
from perennial.messages.tidying import Tidying
from perennial.model.message import interleave


class Part:
    """One part of a message in one language: literals, and gaps that are different for everybody."""

    def __init__(
        self, environment: CustomerEnvironment, source: str, tidying: Tidying | None = None
    ) -> None:
        cut = split(environment, source, tidying)
        self.literals = cut.literals
        self._environment = environment
        self._blocks = cut.gaps.blocks
        self._generate = cut.gaps.root_render_func
        self._tidying = tidying
        self._open_start, self._open_end = cut.open_start, cut.open_end

    def gaps(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of the gaps, in their order.

        Raises:
            RenderError: a value is missing or not fit for its filter. No value is part of the message.
        """
        if len(self.literals) == 1:
            return ()
        # What Template.new_context does, by a shorter way.
        context = Context(self._environment, values, None, self._blocks)  # type: ignore[arg-type]
        try:
            texts = [*self._generate(context)]
        except JinjaError as error:
            raise RenderError(str(error)) from None
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            message = f"A filter was given a value that it cannot take ({type(error).__name__})."
            raise RenderError(message) from None
        if self._tidying:
            texts = [self._tidying.shorten(text) for text in texts]
            if self._open_start:
                texts[0] = texts[0].lstrip()
            if self._open_end:
                texts[-1] = texts[-1].rstrip()
        return tuple(texts)

    def fill(self, values: Mapping[str, Any]) -> str:
        """The part with the values in their places.

        Raises:
            RenderError: see `gaps`.
        """
        if len(self.literals) == 1:
            return self.literals[0]
        return interleave(self.literals, self.gaps(values))
