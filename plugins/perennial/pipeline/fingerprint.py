"""What a plan goes out with besides itself: the campaign's file, its words, the policy and the shop's file, as one hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from perennial.campaigns.definition import Campaign
from perennial.messages.files import template_names

_RULES = ("policy.yaml", "shop.yaml")
_SUFFIXES = (".mjml", ".txt", ".yaml")


def fingerprint(project: Path, campaign: Campaign) -> str:
    """Another one as soon as one of these files is another: what was approved is no longer what would leave.

    Words that only other campaigns use do not count; layouts, parts and phrases that several share do.
    """
    digest = hashlib.sha256()
    for path in sorted(_files(project, campaign)):
        digest.update(f"{path.relative_to(project)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(project: Path, campaign: Campaign) -> Iterator[Path]:
    yield campaign.path
    yield from (path for name in _RULES if (path := project / name).is_file())
    own = {step.template for step in campaign.steps}
    templates = project / "templates"
    for channel in templates.iterdir() if templates.is_dir() else ():
        others = set(template_names(channel, _SUFFIXES)) - own
        for path in channel.rglob("*"):
            if path.is_file() and path.relative_to(channel).parts[0] not in others:
                yield path
