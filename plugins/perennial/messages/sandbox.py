"""The two Jinja environments: what a template may touch when the shop's words go in, and when the customer's do.

Square brackets are filled in once per shop and language, curly braces once per customer. Both run in a sandbox. The
first may use loops, macros and parts, within a budget of work; the second sees values and filters and nothing else.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from perennial.messages.gap_code import GapCode
from perennial.messages.values import Offer, Product

_BRACES = re.compile(r"\{(?=[{%#])")
_WIDE = re.compile(r"%(?:\(\w+\))?[-#0 +]*(?:\d{3,}|\*|\d*\.(?:\d{3,}|\*))")
_CONSTRUCT = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_SHOP_FILTERS = (
    "abs",
    "capitalize",
    "d",
    "default",
    "first",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "string",
    "title",
    "trim",
    "upper",
)
_WORK: Final = 20_000
_OUTPUT: Final = 2_000_000
_LARGE: Final = 10**12


class Phrase(str):
    """Words of the authors: their curly braces are meant, and filled in for every customer."""

    __slots__ = ()


class TooMuchWork(TemplateError):
    """The template does too much work; loops and texts are bounded."""


class Budget:
    """How much a template may still do while it is filled in for the shop."""

    def __init__(self) -> None:
        self.refill()

    def refill(self) -> None:
        self._steps, self._characters = _WORK, _OUTPUT

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            message = f"The template takes more than {_WORK} steps."
            raise TooMuchWork(message)

    def write(self, value: object) -> None:
        if isinstance(value, str):
            self._characters -= len(value)
        if self._characters < 0:
            message = f"The template makes more than {_OUTPUT} characters of text."
            raise TooMuchWork(message)

    def items(self, items: Iterable[object]) -> Iterator[object]:
        for item in items:
            self.step()
            yield item

    def range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        if len(numbers) > _WORK:
            message = f"range() of more than {_WORK} numbers."
            raise TooMuchWork(message)
        return numbers


class ShopEnvironment(ImmutableSandboxedEnvironment):
    """Fills in the square brackets, once per shop and language."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, files: Mapping[str, tuple[str, str]], *, markup: bool) -> None:
        """Read nothing but `files`: source and path by name."""
        super().__init__(
            block_start_string="[%",
            block_end_string="%]",
            variable_start_string="[[",
            variable_end_string="]]",
            comment_start_string="[#",
            comment_end_string="#]",
            # On for text, too, so that what macros and blocks return is told from what people wrote.
            autoescape=True,
            undefined=StrictUndefined,
            loader=FunctionLoader(lambda name: (*files[name], _always) if name in files else None),
            finalize=self._finalize,
            cache_size=-1,
        )
        self.files = frozenset(files)
        self._markup = markup
        self.budget = Budget()
        self.globals = {"range": self.budget.range}
        self.tests = {}
        self.filters = {name: self._counted(FILTERS[name]) for name in _SHOP_FILTERS} | {
            "format": self._counted(fill_in),
            "budgeted": self.budget.items,
            "joined": self._counted(join_words),
        }

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ANN401 - Jinja's signature
        return super().is_safe_attribute(obj, attr, value) and not isinstance(obj, str | bytes)

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401 - Jinja's signature
        self.budget.step()
        return isinstance(obj, Macro | BlockReference) or obj == self.budget.range

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja's signature
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self.filters["joined"]((left, right))
        if operator == "**" or not (_is_small(left) and _is_small(right)):
            message = f"`{operator}` is for numbers only, and small ones."
            raise SecurityError(message)
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return _Budgeted().visit(tree)  # type: ignore[no-any-return]

    def _counted(self, filter_: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(filter_)
        def counted(*arguments: object, **options: object) -> object:
            self.budget.step()
            result = filter_(*arguments, **options)
            self.budget.write(result)
            return result

        return counted

    # Given the context, so that Jinja does not finalize constants on its own, and escaped at that.
    @pass_context
    def _finalize(self, _context: Context, value: object) -> Markup:
        self.budget.step()
        phrase = as_phrase(value)
        self.budget.write(phrase)
        if isinstance(phrase, Markup):
            return phrase
        return Markup(escape_words(phrase) if self._markup else phrase)  # noqa: S704 - just escaped, or no markup


class _Budgeted(NodeTransformer):
    """Makes loops and joined texts count."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        node.iter = _filter(cast("nodes.Expr", node.iter), "budgeted")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "joined")


class CustomerEnvironment(ImmutableSandboxedEnvironment):
    """Fills in the curly braces, once per customer: values and filters, no calls, no other names."""

    code_generator_class = GapCode

    def __init__(self, filters: Mapping[str, Callable[..., Any]], *, markup: bool) -> None:
        super().__init__(
            autoescape=markup,
            undefined=StrictUndefined,
            finalize=_present,
            cache_size=0,
        )
        self.globals = {}
        self.tests = {}
        self.filters = dict(filters)
        self.printed = _markup_of if markup else _text_of

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - Jinja's signature
        # The same rule as below, asked first: what may be read is read without a detour.
        if attribute in _ATTRIBUTES.get(type(obj), ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ANN401, ARG002 - Jinja's signature
        return attr in _ATTRIBUTES.get(type(obj), ())

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401, ARG002 - Jinja's signature
        return False


PRODUCT_ATTRIBUTES = frozenset(("name", "category", "price", "url"))
OFFER_ATTRIBUTES = frozenset(("kind", "value"))
LOOP_ATTRIBUTES = frozenset(("index", "index0", "first", "last", "length"))
_ATTRIBUTES: dict[type, frozenset[str]] = {
    Product: PRODUCT_ATTRIBUTES,
    Offer: OFFER_ATTRIBUTES,
    LoopContext: LOOP_ATTRIBUTES,
}


def as_phrase(value: object) -> str:
    """The value as words; whatever the authors did not write loses the power of its curly braces."""
    if isinstance(value, Phrase | Markup):
        return value
    if value is None:
        message = "A value of the shop is missing."
        raise UndefinedError(message)
    return Phrase(_BRACES.sub("{{ '{' }}", str(value)))


def escape_words(phrase: str) -> str:
    """The phrase with its text escaped for HTML, and what stands in curly braces left alone."""
    pieces = _CONSTRUCT.split(phrase)
    pieces[::2] = [_escape_text(piece) for piece in pieces[::2]]
    return "".join(pieces)


def fill_in(pattern: str, *values: object, **named: object) -> Phrase:
    """Python's `%` formatting that keeps the curly braces of the authors, and of nobody else.

    Raises:
        SecurityError: a width would make a text of any length.
    """
    if _WIDE.search(pattern):
        message = "`format` takes widths of two digits at most."
        raise SecurityError(message)
    if named:
        return Phrase(pattern % {name: _argument(value) for name, value in named.items()})
    return Phrase(pattern % tuple(map(_argument, values)))


def join_words(parts: Iterable[object]) -> str:
    """Several texts as one."""
    phrases = [as_phrase(part) for part in parts]
    if any(isinstance(phrase, Markup) for phrase in phrases):
        return Markup("").join(phrases)
    return Phrase("".join(phrases))


def _argument(value: object) -> object:
    return as_phrase(value) if isinstance(value, str) else value


def _escape_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _always() -> bool:
    """Whether a template is still the one that was read: it is, files are read once."""
    return True


def _is_small(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and -_LARGE < value < _LARGE


def _filter(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _markup_of(value: object) -> str:
    if type(value) is str:
        return _escaped(value)
    return str(value if type(value) is Markup else escape(_present(value)))


def _escaped(text: str) -> str:
    """What `escape` makes of a text, in a third of the time."""
    return (
        text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace('"', "&#34;")
    )


def _text_of(value: object) -> str:
    return value if type(value) is str else str(_present(value))


def _present(value: object) -> object:
    if value is None:
        message = "A value is missing where the template prints it."
        raise UndefinedError(message)
    return value
