"""The pages say what the code says: nothing is missing, nothing is quoted that does not exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from perennial.cli.commands import app
from perennial.cli.reference import pages
from perennial.model.datasets import DERIVED_DATASETS, SHOP_DATASETS
from perennial.model.fields import MERGE_FIELDS
from perennial.model.words import MessageState, Reason
from perennial.settings import PROJECT, Settings

DOCS = PROJECT / "docs"
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])
CAMPAIGNS = sorted(path.stem for path in (PROJECT / "campaigns").glob("*.yaml"))
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
VARIABLES = {f"PERENNIAL_{name.upper()}" for name in Settings.model_fields}

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
MACHINES = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users|mnt)/\w")


def _text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _quoted_code(path: Path) -> Iterator[str]:
    """Every line of a fenced block, and every inline code."""
    text = path.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        yield from block.splitlines()[1:-1]
    yield from INLINE.findall(FENCED.sub("", text))


def _quoted_commands(path: Path, program: str) -> Iterator[list[str]]:
    for line in _quoted_code(path):
        plain = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
        if plain.startswith(f"{program} "):
            yield shlex.split(plain, comments=True)


def _anchor(heading: str) -> str:
    """What a heading is called in links, as code hosts make it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_generated_pages_are_those_that_the_code_makes(name: str) -> None:
    assert _text(f"reference/{name}") == pages()[name], "run `make reference`"


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_campaign_and_its_dag_are_documented(name: str) -> None:
    assert f"| `{name}` |" in (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in _text("how-to/write-a-campaign.md")
    assert f"| `campaign_{name}` |" in _text("operations.md")


def test_the_campaigns_and_dags_that_are_documented_exist() -> None:
    documented = re.findall(
        r"^\| `(campaign_\w+|nightly)` \|", _text("operations.md"), re.MULTILINE
    )

    assert sorted(documented) == sorted(["nightly", *(f"campaign_{name}" for name in CAMPAIGNS)])


def test_every_reason_is_explained_in_its_own_words() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", _text("how-to/read-a-plan.md"), re.MULTILINE)

    assert dict(rows) == {reason.value: reason.meaning for reason in Reason}


def test_every_state_of_a_message_is_explained_in_its_own_words() -> None:
    part = _text("operations.md").split("## Crashes and states")[1].split("### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", part, re.MULTILINE)

    assert dict(rows) == {state.value: state.meaning for state in MessageState}


@pytest.mark.parametrize("name", sorted(MERGE_FIELDS))
def test_every_merge_field_is_in_the_reference_and_in_the_how_to(name: str) -> None:
    assert f"| `{name}` |" in _text("reference/merge-fields.md")
    assert f"`{name}`" in _text("how-to/write-a-template.md")


@pytest.mark.parametrize("name", sorted([*SHOP_DATASETS, *DERIVED_DATASETS]))
def test_every_dataset_is_in_the_reference(name: str) -> None:
    folder = f"verified/{name}" if name in SHOP_DATASETS else name

    assert f"## `{folder}/day=…`" in _text("reference/datasets.md")


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_setting_is_in_the_reference(name: str) -> None:
    assert f"| `{name}` |" in _text("reference/settings.md")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_a_page_that_shows_it_in_use(name: str) -> None:
    used = {
        command[1]
        for path in PAGES
        if "reference" not in path.parts
        for command in _quoted_commands(path, "perennial")
    }

    assert COMMANDS[name].help
    assert name in used or f"make {name}" in (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_command_that_is_quoted_exists_with_its_options(path: Path) -> None:
    for words in _quoted_commands(path, "perennial"):
        if words[1].startswith(("-", "…")):
            continue
        assert words[1] in COMMANDS, words
        command = COMMANDS[words[1]]
        command = getattr(command, "commands", {}).get((*words, "")[2], command)
        options = [[*p.opts, *p.secondary_opts] for p in command.params]
        assert {word for word in words[2:] if word.startswith("--")} <= {
            *chain(*options),
            "--help",
        }, words


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_make_target_that_is_quoted_exists(path: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    for words in _quoted_commands(path, "make"):
        assert words[1] in targets, words


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_variable_that_is_named_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bPERENNIAL_[A-Z_]+\b", path.read_text(encoding="utf-8")))

    assert named <= VARIABLES


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_link_and_image_leads_somewhere(path: Path) -> None:
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            headings = HEADING.findall(FENCED.sub("", target.read_text(encoding="utf-8")))
            assert anchor in {_anchor(heading) for heading in headings}, link


def test_every_page_can_be_reached_from_the_index() -> None:
    index = _text("README.md")
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS).as_posix()
        assert name == "README.md" or f"]({name})" in index, name


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_no_page_names_a_folder_of_somebodys_machine(path: Path) -> None:
    assert not MACHINES.findall(path.read_text(encoding="utf-8"))


def test_pictures_are_shown_somewhere_and_small_enough() -> None:
    everything = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    for picture in sorted((DOCS / "images").iterdir()):
        assert f"images/{picture.name})" in everything, picture.name
        assert picture.stat().st_size < 300_000, picture.name
