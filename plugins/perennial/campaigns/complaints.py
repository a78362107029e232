"""What pydantic complains about in a file, said to the person who wrote it: in its place, with the right word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic_core import ErrorDetails

from perennial.campaigns.document import Document, Way
from perennial.campaigns.document_faults import Place
from perennial.campaigns.spellings import nearest
from perennial.errors import Fault

if TYPE_CHECKING:
    from perennial.campaigns.condition_text import Problem

Fields = Callable[[Way], Sequence[str]]


def complaint(document: Document, way: Way, error: ErrorDetails, fields: Fields) -> list[Fault]:
    """The faults of one complaint about the value at a way; `fields` names what may stand at a way."""
    field = next((name for name in reversed(way) if isinstance(name, str)), document.path.stem)
    context = error.get("ctx", {})
    hint = context.get("hint", "")
    match error["type"]:
        case "extra_forbidden":
            return [unknown(document, way, nearest(str(way[-1]), fields(way[:-1])))]
        case "missing" if way in document.keys:
            return []
        case "missing":
            message = f"'{field}' is missing."
        case "condition":
            return _condition_faults(document, way, context["problems"])
        case "must":
            message = f"'{field}' must {context['sentence']}"
        case "says":
            message = context["sentence"]
        case "model_type" | "model_attributes_type" | "dict_type":
            message = f"'{field}' must hold names and values."
            names = fields(way)
            hint = f"Its fields are: {', '.join(names)}." if names else ""
        case _:
            message = f"'{field}': {error['msg']}."
    return [_fault(document, document.value_place(way), message, hint)]


def unknown(document: Document, way: Way, hint: str) -> Fault:
    """A name that means nothing where it stands."""
    return _fault(document, document.key_place(way), f"unknown field '{way[-1]}'.", hint)


def _condition_faults(document: Document, way: Way, problems: Sequence[Problem]) -> list[Fault]:
    return [
        _fault(document, document.place_within(way, p.offset), p.message, p.hint or "")
        for p in problems
    ]


def _fault(document: Document, place: Place, message: str, hint: str) -> Fault:
    line, column = place
    return Fault(path=document.path, line=line, column=column, message=message, hint=hint or None)
