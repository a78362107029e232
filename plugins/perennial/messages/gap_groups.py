"""The gaps of a template in groups: those that speak of one value are put into words together, and remembered.

Most of what a person reads is said to many: a name, a day, an offer, a product. What is said of such a value is looked
up; only what is a person's own, such as a code or a link, is put into words anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from jinja2 import UndefinedError, nodes
from jinja2.runtime import Context

from perennial.messages.gap_code import Gap, compiled
from perennial.messages.plain_words import plain_names
from perennial.messages.remembering import Remembered
from perennial.messages.sandbox import CustomerEnvironment
from perennial.model.fields import MERGE_FIELDS, FieldType, Origin

Values = Mapping[str, Any]
Texts = tuple[str, ...]
Tidy = Callable[[int, str], str]
"""Makes the text of a gap tidy; takes its place, too."""

# What people have in common with others; hardly two have a list of products in common.
_SHARED = frozenset(
    field.name
    for field in MERGE_FIELDS.values()
    if field.origin is Origin.PLAN and field.type is not FieldType.PRODUCTS
)


def filler(
    environment: CustomerEnvironment, gaps: Sequence[Gap], tidy: Tidy | None = None
) -> Callable[[Values], Texts]:
    """A function that says the texts of all gaps, in their order, as the code of the whole template does."""
    groups = _groups(gaps)
    says = [_say(environment, gaps, places, name, tidy) for name, places in groups.items()]
    order = [place for places in groups.values() for place in places]
    in_order = _in_order([order.index(place) for place in range(len(gaps))])

    def fill(values: Values) -> Texts:
        said: list[str] = []
        for say in says:
            said += say(values)
        return in_order(said)

    return fill


def _groups(gaps: Sequence[Gap]) -> dict[str | None, list[int]]:
    """The places of the gaps by the one value that they speak of; under None those that cannot be told apart so."""
    names = [plain_names(gap) for gap in gaps]
    if None in names:
        # What one gap leaves behind, the next ones find.
        return {None: [*range(len(gaps))]}
    groups: defaultdict[str | None, list[int]] = defaultdict(list)
    for place, (gap, named) in enumerate(zip(gaps, names, strict=True)):
        name = next(iter(named)) if named and len(named) == 1 else None
        groups[name if name in _SHARED or _prints_only(gap) else None].append(place)
    return groups


def _prints_only(gap: Gap) -> bool:
    """Whether the gap is a value, printed as it is."""
    match gap:
        case [nodes.Output(nodes=[nodes.Name()])]:
            return True
    return False


def _say(
    environment: CustomerEnvironment,
    gaps: Sequence[Gap],
    places: Sequence[int],
    name: str | None,
    tidy: Tidy | None,
) -> Callable[[Values], Iterable[str]]:
    """What says the gaps in these places."""
    template = compiled(environment, [gaps[place] for place in places])

    def write(values: Values) -> Iterable[str]:
        # What Template.new_context does, by a shorter way.
        context = Context(environment, values, None, template.blocks)  # type: ignore[arg-type]
        texts = template.root_render_func(context)
        return texts if tidy is None else map(tidy, places, texts)

    if name is None:
        return write
    if name not in _SHARED:
        return _printing(environment, name, places, tidy)
    remembered = Remembered(lambda value: (*write({name: value}),), size=_OwnSize())

    def say(values: Values) -> Iterable[str]:
        return remembered(values[name]) if name in values else write(values)

    return say


def _printing(
    environment: CustomerEnvironment, name: str, places: Sequence[int], tidy: Tidy | None
) -> Callable[[Values], Iterable[str]]:
    """Prints a value as it is, in each of these places."""
    printed = environment.printed

    def say(values: Values) -> Iterable[str]:
        try:
            text = printed(values[name])
        except KeyError:
            message = f"'{name}' is undefined"
            raise UndefinedError(message) from None
        return (text,) * len(places) if tidy is None else (tidy(place, text) for place in places)

    return say


class _OwnSize:
    """Counts the characters of texts; those that are the very same as last time are the template's, and count once."""

    def __init__(self) -> None:
        self._last: Texts = ()

    def __call__(self, texts: Texts) -> int:
        last, self._last = self._last or ("",) * len(texts), texts
        return sum(
            len(text) for text, before in zip(texts, last, strict=True) if text is not before
        )


def _in_order(places: Sequence[int]) -> Callable[[list[str]], Texts]:
    """Puts texts in order. For a single one `itemgetter` would make no tuple."""
    return itemgetter(*places) if len(places) > 1 else tuple
