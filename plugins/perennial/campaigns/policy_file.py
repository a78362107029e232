"""From policy.yaml to the policy: every mistake in its place, together."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ValidationError

from perennial.campaigns.complaints import complaint, unknown
from perennial.campaigns.document import Document, Kind, Way, read_document
from perennial.campaigns.policy_definition import (
    BudgetPart,
    CapsPart,
    ContentMixPart,
    DoubleOptInPart,
    LimitPart,
    PolicyFile,
    QuietHoursPart,
    RulePart,
    SoftOptInPart,
)
from perennial.campaigns.spellings import nearest
from perennial.errors import CampaignError, Fault, PolicyError
from perennial.model.policy import Policy

_KIND = Kind(name="policy", first="caps")
_PARTS: dict[str, type[BaseModel]] = {
    "caps": CapsPart,
    "content_mix": ContentMixPart,
    "double_opt_in": DoubleOptInPart,
    "quiet_hours": QuietHoursPart,
    "rules": RulePart,
    "budget": BudgetPart,
}


def read_policy(path: Path, *, campaigns: Collection[str] | None = None) -> Policy:
    """The policy that a file describes; with `campaigns`, a budget for any other is a mistake.

    Raises:
        PolicyError: names every mistake with its line and column.
    """
    try:
        document = read_document(path, shown=path, kind=_KIND)
    except CampaignError as error:
        raise PolicyError(error.faults) from None
    faults = list(document.faults)
    policy = Policy()
    try:
        policy = PolicyFile.model_validate(document.values).policy()
    except ValidationError as error:
        for found in error.errors():
            way = (*_written(found["loc"]), *found.get("ctx", {}).get("at", ()))
            faults += complaint(document, way, found, _fields)
    if campaigns is not None:
        faults += _unknown_campaigns(document, policy, campaigns)
    if faults:
        raise PolicyError(sorted(faults, key=lambda f: (f.line or 0, f.column or 0)))
    return policy


def _written(way: Way) -> Way:
    """The way in the file: pydantic names the kinds that it tried, too, and says that a name is one."""
    return tuple(step for step in way if step not in ("date", "YearDay", "[key]"))


def _fields(way: Way) -> list[str]:
    """The fields that may stand at a way."""
    if way[:2] == ("budget", "campaigns"):
        return list(LimitPart.model_fields) if len(way) > 2 else []
    if way[:1] == ("soft_opt_in",):
        return list(SoftOptInPart.model_fields) if len(way) > 1 else []
    names = [step for step in way if isinstance(step, str)]
    part = _PARTS[names[-1]] if names else PolicyFile
    return [field.alias or name for name, field in part.model_fields.items()]


def _unknown_campaigns(
    document: Document, policy: Policy, campaigns: Collection[str]
) -> list[Fault]:
    return [
        unknown(document, ("budget", "campaigns", name), nearest(name, sorted(campaigns)))
        for name in policy.budget.campaigns
        if name not in campaigns
    ]
