"""From campaigns/*.yaml to campaigns: every mistake of every file, in its place, together."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from perennial.campaigns.complaints import complaint, unknown
from perennial.campaigns.definition import (
    UNCHECKED_CONDITIONS,
    Approval,
    Audience,
    Campaign,
    Offer,
    Step,
)
from perennial.campaigns.document import Document, Way, read_document
from perennial.errors import CampaignError, Fault

_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_PARTS: dict[str, type[BaseModel]] = {
    "audience": Audience,
    "approval": Approval,
    "steps": Step,
    "offer": Offer,
}
_SHORT = ("template", "offer")
_RESERVED = ("name", "path")


def load_campaigns(folder: Path) -> tuple[Campaign, ...]:
    """Every campaign of a folder, by name; files that are not YAML are left alone.

    Raises:
        CampaignError: names every mistake of every file.
    """
    if not folder.is_dir():
        fault = Fault(path=folder, message="there is no such folder of campaigns.")
        raise CampaignError([fault])
    campaigns: list[Campaign] = []
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix not in (".yaml", ".yml"):
            continue
        try:
            campaigns.append(read_campaign(path))
        except CampaignError as error:
            faults.extend(error.faults)
    if faults:
        raise CampaignError(faults)
    return tuple(campaigns)


def load_sound_campaigns(
    folder: Path,
) -> tuple[tuple[Campaign, ...], dict[str, CampaignError]]:
    """The campaigns that can be read, and by name the mistakes of those that cannot: one does not stop the others."""
    campaigns: list[Campaign] = []
    broken: dict[str, CampaignError] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            campaigns.append(read_campaign(path))
        except CampaignError as error:
            broken[path.stem] = error
    return tuple(campaigns), broken


def read_campaign(path: Path, *, conditions: bool = True) -> Campaign:
    """One campaign.

    Args:
        path: Its file.
        conditions: Whether `where` is checked, which needs a parser of SQL; DAG files leave that to the night.

    Raises:
        CampaignError: names every mistake with its line and column.
    """
    faults = _name_faults(path)
    try:
        document = read_document(path)
    except CampaignError as error:
        raise CampaignError([*faults, *error.faults]) from None
    faults += [*document.faults, *_reserved_names(document)]
    try:
        campaign = Campaign.model_validate(
            {**document.values, "name": path.stem, "path": path},
            context={UNCHECKED_CONDITIONS: not conditions},
        )
    except ValidationError as error:
        faults += [fault for e in error.errors() for fault in _faults(document, e)]
    if faults:
        raise CampaignError(sorted(faults, key=lambda f: (f.line or 0, f.column or 0)))
    return campaign


def _name_faults(path: Path) -> list[Fault]:
    place = Path(path.parent.name) / path.name
    if path.suffix != ".yaml":
        hint = f"Rename it to {path.stem}.yaml."
        return [Fault(path=place, message="the file's name must end in .yaml.", hint=hint)]
    if _NAME.fullmatch(path.stem):
        return []
    message = "the file's name must be small letters, digits and _, beginning with a letter."
    better = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_0123456789")
    advice = f"Rename it to {better}.yaml." if _NAME.fullmatch(better) else None
    return [Fault(path=place, message=message, hint=advice)]


def _reserved_names(document: Document) -> list[Fault]:
    hint = "A campaign is named by its file."
    return [unknown(document, (name,), hint) for name in _RESERVED if name in document.values]


def _faults(document: Document, error: ErrorDetails) -> list[Fault]:
    """What one complaint of pydantic's means for the writer of the file."""
    way = _as_written(document, (*error["loc"], *error.get("ctx", {}).get("at", ())))
    if error["type"] == "extra_forbidden" and len(way) == 1 and way[0] in _SHORT:
        return [unknown(document, way, "Where there are `steps`, it stands in each of them.")]
    return complaint(document, way, error, _fields)


def _as_written(document: Document, way: Way) -> Way:
    """The way in the file: a campaign of one step may have been written without `steps`."""
    return way[2:] if way[:1] == ("steps",) and "steps" not in document.values else way


def _fields(way: Way) -> list[str]:
    """The fields that may stand at a way."""
    names = [name for name in way if isinstance(name, str)]
    if names:
        return list(_PARTS[names[-1]].model_fields)
    return [name for name in (*Campaign.model_fields, *_SHORT) if name not in _RESERVED]
