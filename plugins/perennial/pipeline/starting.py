"""A new campaign from a starter, or from one that the shop has: its file and its words, ready to be saved and edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perennial import campaigns
from perennial.campaigns.document import Way
from perennial.campaigns.putting import put, values_in
from perennial.campaigns.reading import load_sound_campaigns
from perennial.errors import PerennialError
from perennial.pipeline.changes import Change, read_text

_STARTERS = Path(campaigns.__file__).parent / "starters"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_CHANNELS = ("email", "sms")
_TAKEN = frozenset({"new"})  # the address of the page that begins one


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Something to begin a campaign from: one that comes with Perennial, or one of the shop's own."""

    name: str
    title: str
    own: bool


def starters(project: Path) -> list[Starter]:
    """Everything that a campaign can begin from, those that come with Perennial first."""
    shipped = [
        Starter(name=path.parent.name, title=_title(path.read_text(encoding="utf-8")), own=False)
        for path in sorted(_STARTERS.glob("*/campaign.yaml"))
    ]
    sound, _ = load_sound_campaigns(project / "campaigns")
    return shipped + [Starter(name=c.name, title=c.title, own=True) for c in sound]


def begin(
    project: Path, starter: Starter, *, name: str, title: str, locales: Sequence[str]
) -> list[Change]:
    """The files of a new campaign with words of its own; a person is asked before its first message leaves.

    Raises:
        PerennialError: the name is taken, or cannot be one; the starter has no words in a language of the shop.
    """
    if name in _TAKEN or not _NAME.fullmatch(name):
        msg = "A campaign's name is small letters, digits and _, beginning with a letter, and not new: spring_letter."
        raise PerennialError(msg)
    source = project / "campaigns" if starter.own else _STARTERS / starter.name
    file = f"{starter.name}.yaml" if starter.own else "campaign.yaml"
    text = (source / file).read_bytes().decode("utf-8")
    text = put(put(text, ("title",), title), ("approval", "above"), "0")
    changes: list[Change] = []
    for way, template in _templates(text, starter.name).items():
        new = name if way == ("template",) else f"{name}_{int(way[1]) + 1}"
        if values_in(text, {"it": way})["it"]:
            text = put(text, way, new)
        words = _words(project, starter, template, locales)
        changes += [_new(project, f"templates/{c}/{new}/{f}", t) for (c, f), t in words.items()]
    return [_new(project, f"campaigns/{name}.yaml", text), *changes]


def name_from(title: str) -> str:
    """A campaign's name that says what its title says; empty where that has no Latin letters."""
    words = re.sub(r"[^a-z0-9]+", "_", title.lower())
    return words.lstrip("_0123456789")[:50].rstrip("_")


def _title(text: str) -> str:
    return values_in(text, {"title": ("title",)})["title"]


def _templates(text: str, name: str) -> dict[Way, str]:
    """The templates of a campaign's steps, by where they are named."""
    ways: dict[str, Way] = {str(n): ("steps", n, "template") for n in range(20)}
    found = {ways[n]: value for n, value in values_in(text, ways).items() if value}
    return found or {("template",): values_in(text, {"it": ("template",)})["it"] or name}


def _words(
    project: Path, starter: Starter, template: str, locales: Sequence[str]
) -> dict[tuple[str, str], str]:
    """What a template says, by channel and file, in the shop's languages."""
    found: dict[tuple[str, str], str] = {}
    for channel in _CHANNELS:
        root = project / "templates" / channel / template
        folder = root if starter.own else _shipped(starter.name, channel, template)
        files = [f for f in sorted(folder.glob("*")) if f.stem in locales]
        missing = set(locales) - {f.stem for f in files}
        if files and missing:
            msg = (
                f"{starter.title} has no words in {', '.join(sorted(missing))}. Begin from another."
            )
            raise PerennialError(msg)
        found |= {(channel, f.name): f.read_bytes().decode("utf-8") for f in files}
    return found


def _shipped(starter: str, channel: str, template: str) -> Path:
    """Where a starter's words lie: of several steps, each in a folder of its own."""
    folder = _STARTERS / starter / channel
    return folder / template if (folder / template).is_dir() else folder


def _new(project: Path, file: str, text: str) -> Change:
    if read_text(project, file) is not None:
        msg = f"{file} is there already. Choose another name."
        raise PerennialError(msg)
    return Change(file=file, before=None, after=text)
