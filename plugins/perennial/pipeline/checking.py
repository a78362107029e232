"""Everything that people write, checked before a night depends on it: all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign, Step
from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.reading import load_campaigns
from perennial.errors import DefinitionError, Fault
from perennial.messages.templates import Templates, load_templates
from perennial.model.fields import MERGE_FIELDS
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel
from perennial.sources.proposing.shop_part import open_questions
from perennial.sources.shop_file import read_shop
from perennial.sources.source_map import read_source_map
from perennial.validation.suites import check_suites

_T = TypeVar("_T")
_OF_AN_OFFER = frozenset({"offer", "coupon_code", "coupon_expires_on"})


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The mistakes of a project, and what of it can be read all the same."""

    faults: Sequence[Fault]
    campaigns: Sequence[Campaign] | None = None
    templates: Templates | None = None


def find_faults(project: Path, known: Templates | None = None) -> list[Fault]:
    """Every mistake in shop.yaml, campaigns/, policy.yaml, templates/ and expectations/, in that order.

    With `known`, templates that have not changed since are not compiled again.

    What cannot be read at all hides what depends on it; mend it and check again.
    """
    return list(check_project(project, known).faults)


def check_project(project: Path, known: Templates | None = None) -> Checked:
    """The same, with the campaigns and the templates that were read to find them."""
    faults: list[Fault] = []
    shop = _read(faults, lambda: read_shop(project / "shop.yaml"))
    _read(faults, lambda: read_source_map(project / "shop.yaml"))
    faults += open_questions(project / "shop.yaml")
    campaigns = _read(faults, lambda: load_campaigns(project / "campaigns"))
    names = [path.stem for path in (project / "campaigns").glob("*.yaml")]
    policy = _read(faults, lambda: read_policy(project / "policy.yaml", campaigns=names))
    if policy is not None and campaigns is not None:
        faults += _nobody_asks(project / "policy.yaml", policy, campaigns)
    templates = (
        _read(faults, lambda: load_templates(project / "templates", shop, known)) if shop else None
    )
    if campaigns is not None and templates is not None and shop is not None:
        for campaign in campaigns:
            faults += _mismatches(campaign, templates, shop)
    faults += check_suites(project / "expectations")
    found = tuple(dict.fromkeys(faults))
    return Checked(faults=found, campaigns=campaigns, templates=templates)


def _nobody_asks(path: Path, policy: Policy, campaigns: Iterable[Campaign]) -> Iterator[Fault]:
    """A policy that waits for confirmations for which no campaign asks."""
    if policy.double_opt_in and not any(campaign.asks_to_confirm for campaign in campaigns):
        yield Fault(
            path=path,
            message="double_opt_in waits for confirmations, and no campaign asks for them.",
            hint=f"Write one on the occasion {Occasion.PENDING_CONSENT!s}: docs/how-to/confirm-addresses.md has it.",
        )


def _read(faults: list[Fault], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except DefinitionError as error:
        faults += error.faults
        return None


def _mismatches(campaign: Campaign, templates: Templates, shop: Shop) -> Iterator[Fault]:
    """Where a campaign and its templates do not fit together."""
    for step in campaign.steps:
        for channel in campaign.channels:
            yield from _step_mismatches(campaign, step, channel, templates, shop)


def _step_mismatches(
    campaign: Campaign, step: Step, channel: Channel, templates: Templates, shop: Shop
) -> Iterator[Fault]:
    name = step.template
    if name not in templates.names():
        near = get_close_matches(name, templates.names(), 1)
        hint = (
            f"Did you mean {near[0]!r}?"
            if near
            else f"Write it in {' and '.join(f'templates/{one}' for one in campaign.channels)}."
        )
        yield Fault(path=campaign.path, message=f"unknown template {name!r}.", hint=hint)
        return
    if name not in templates.names(channel):
        yield Fault(
            path=campaign.path,
            message=f"template {name!r} has no words for {channel}.",
            hint=f"Write it in templates/{channel}, or take {channel} out of the channels.",
        )
        return
    missing = sorted(set(shop.locales) - set(templates.locales(name)))
    if missing:
        words = ", ".join(missing)
        yield Fault(path=campaign.path, message=f"template {name!r} lacks the languages {words}.")
    offered = templates.fields(name, channel) & _OF_AN_OFFER
    if offered and step.offer is None:
        field = MERGE_FIELDS[min(offered)].name
        yield Fault(
            path=campaign.path,
            message=f"template {name!r} uses {field!r}, but the step has no offer.",
            hint="Give the step an offer, or choose a template without one.",
        )
