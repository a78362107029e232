"""The values of a campaign that have a field of their own, beside the file that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from perennial.campaigns.definition import Approval, Audience, Campaign, Offer, Step
from perennial.campaigns.document import Way
from perennial.campaigns.putting import put, values_in

_OF_CAMPAIGN = {
    "title": "Title",
    "schedule": "Planned",
    "send_at": "Leaves at",
    "expires_after": "Expires after",
    "catch_up": "After a late start",
    "priority": "Priority",
    "cool_down": "Left alone for",
    "holdout": "Held out",
}
_STEPS_AT_MOST = 12


@dataclass(frozen=True, kw_only=True)
class Field:
    """A value, where it stands in the file, and what is said about it."""

    name: str
    label: str
    way: Way
    help: str
    value: str


def fields_of(text: str) -> list[Field]:
    """The fields of a campaign's file, filled with what it says.

    Raises:
        CampaignError: the text is not YAML.
    """
    found = [
        _field(("audience", "where"), "Audience: condition", Audience),
        _field(("audience", "open_for"), "Audience: days to answer", Audience),
        *(_field((name,), label, Campaign) for name, label in _OF_CAMPAIGN.items()),
        _field(("approval", "above"), "Asks for approval above", Approval),
        _field(("approval", "two_above"), "Asks two people above", Approval),
        _field(("approval", "changes"), "Changes wait for a second person", Approval),
        *_offer((), ""),
    ]
    for n in range(_STEPS_AT_MOST):
        step: Way = ("steps", n)
        found += [
            _field((*step, "after_days"), f"Step {n + 1}: days after the first", Step),
            *_offer(step, f"Step {n + 1}: "),
        ]
    values = values_in(text, {f.name: f.way for f in found})
    filled = [
        Field(name=f.name, label=f.label, way=f.way, help=f.help, value=values[f.name])
        for f in found
    ]
    return [f for f in filled if f.value or not _only_where_written(f.way)]


def with_fields(text: str, form: Mapping[str, str]) -> str:
    """The text with what was changed in the fields of a form, each named f.… beside w.… for what it showed.

    Raises:
        CampaignError: the text is not YAML.
        PerennialError: a value cannot be put in its place; says which.
    """
    changed = {
        name.removeprefix("f."): value.strip()
        for name, value in form.items()
        if name.startswith("f.") and value.strip() != form.get(f"w.{name[2:]}", "").strip()
    }
    for field in fields_of(text) if changed else ():
        if field.name in changed:
            text = put(text, field.way, changed[field.name])
    return text


def _offer(way: Way, before: str) -> list[Field]:
    labels = {"kind": "offer", "value": "value of the offer", "valid_days": "days it is valid"}
    found = [
        _field((*way, "offer", name), f"{before}{label}", Offer) for name, label in labels.items()
    ]
    if before:
        return found
    return [
        Field(name=f.name, label=f.label.capitalize(), way=f.way, help=f.help, value="")
        for f in found
    ]


def _field(way: Way, label: str, part: type[BaseModel]) -> Field:
    described = part.model_fields[str(way[-1])].description or ""
    return Field(name=".".join(map(str, way)), label=label, way=way, help=described, value="")


def _only_where_written(way: Way) -> bool:
    """Steps and offers are written in the file; their values are changed here."""
    return "offer" in way or "steps" in way
