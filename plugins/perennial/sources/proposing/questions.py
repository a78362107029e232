"""What a shop's data cannot tell, so that a person has to: its clock, what is missing, and who agreed to what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from perennial.sources.proposing.matching import TableMatch
from perennial.sources.proposing.names import likeness, permission_names
from perennial.sources.proposing.shapes import Kind

_OFFSET = re.compile(r"(Z|UTC|[+-]\d\d:?\d\d)$")
_CONSEQUENCE = {
    "customers": "no night runs",
    "orders": "no night runs",
    "consents": "nobody is written to",
}


def open_questions(matches: Mapping[str, TableMatch], timezone: str) -> Iterator[str]:
    """The questions about a shop as a whole, each a sentence or two."""
    yield from _clock(matches, timezone)
    yield from _permission(matches)
    for name, consequence in _CONSEQUENCE.items():
        if name not in matches:
            yield f"Nothing here looks like {name}, without which {consequence}. Is there a query for them?"


def _clock(matches: Mapping[str, TableMatch], timezone: str) -> Iterator[str]:
    """Whether some moment is written without its offset."""
    for match in matches.values():
        for column in match.columns.values():
            values = match.profile.values(column.source)
            if column.shape.kind is Kind.MOMENT and not all(map(_OFFSET.search, values)):
                yield (
                    f"Which clock wrote times such as those of `{column.source}`?"
                    f" {timezone} is the shop's own."
                )
                return


def _permission(matches: Mapping[str, TableMatch]) -> Iterator[str]:
    """Columns of customers that may say who agreed. What they agreed to, no data can tell."""
    match = matches.get("customers")
    if match is None or "consents" in matches:
        return
    taken = {column.source for column in match.columns.values()}
    for column, shape in match.profile.shapes.items():
        few = 0 < len(shape.words) <= 3
        if column not in taken and few and likeness(column, permission_names()):
            yield (
                f"`{column}` of {match.profile.table.name} may say who agreed. To what, by which channel, and since when?"
                " Write the query of consents from it once you know."
            )
