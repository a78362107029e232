"""The reference pages, generated from the code: `python -m perennial.cli.reference` writes docs/reference/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import typer

from perennial.campaigns import policy_schema, schema
from perennial.cli.check_words import check_words
from perennial.cli.commands import app
from perennial.cli.operating_words import alerts_page, doctor_page, figures_page
from perennial.model.datasets import DERIVED_DATASETS, SHOP_DATASETS, Dataset
from perennial.model.fields import MERGE_FIELDS
from perennial.model.quarantined import PUT_ASIDE, REFUSED_ROWS
from perennial.model.words import (
    Channel,
    ConsentState,
    Mailbox,
    MessageState,
    Outcome,
    Pressure,
    Reason,
    Stage,
    Topic,
    Word,
)
from perennial.settings import PROJECT, Settings

_WORDS: tuple[type[Word], ...] = (
    Outcome,
    Reason,
    MessageState,
    Stage,
    Channel,
    Topic,
    Pressure,
    Mailbox,
    ConsentState,
)


def pages() -> Mapping[str, str]:
    """Every generated page, by its name in docs/reference."""
    return {
        "datasets.md": _datasets(),
        "words.md": _words(),
        "merge-fields.md": _merge_fields(),
        "settings.md": _settings(),
        "commands.md": _commands(),
        "checks.md": check_words(),
        "alerts.md": alerts_page(),
        "doctor.md": doctor_page(),
        "figures.md": figures_page(),
    }


def write_reference(project: Path) -> None:
    """Writes the pages, and the schemas of campaigns and of the policy with theirs."""
    for name, text in pages().items():
        (project / "docs" / "reference" / name).write_text(text, encoding="utf-8")
    schema.write_files(project)
    policy_schema.write_files(project)


def _datasets() -> str:
    head = (
        "# Datasets of the lake\n\n"
        "Contracts that the code checks (`plugins/perennial/model/datasets.py`); a test holds what a night writes to"
        " their columns and types. Types are DuckDB's. Every number says its unit, every date its clock; money is decimal.\n\n"
        "`raw/` holds the shop's datasets as text, exactly as the shop said it; `verified/` holds them typed;"
        " `quarantine/` holds rows that broke a rule, with the reason.\n"
    )
    shop = "".join(_dataset(d, f"verified/{d.name}") for d in SHOP_DATASETS.values())
    derived = "".join(_dataset(d, d.name) for d in DERIVED_DATASETS.values())
    aside = (PUT_ASIDE, REFUSED_ROWS)
    return head + shop + derived + "".join(_dataset(d, d.name) for d in aside)


def _dataset(dataset: Dataset, folder: str) -> str:
    rows = (
        (f"`{c.name}`", f"`{c.type}`", c.unit, "yes" if c.required else "", c.meaning)
        for c in dataset.columns
    )
    key = ", ".join(f"`{name}`" for name in dataset.key)
    table = _table(("column", "type", "unit or clock", "always", "meaning"), rows)
    return f"\n## `{folder}/day=…`\n\n{dataset.meaning} Key: {key}.\n\n{table}"


def _words() -> str:
    head = "# Closed words\n\nEvery word that a plan, a message or a customer can be in, with its meaning.\n"
    return head + "".join(_word_list(words) for words in _WORDS)


def _word_list(words: type[Word]) -> str:
    title = (words.__doc__ or "").strip()
    rows = ((f"`{word.value}`", word.meaning) for word in words)
    return f"\n## {words.__name__}\n\n{title}\n\n{_table(('word', 'meaning'), rows)}"


def _merge_fields() -> str:
    head = (
        "# Merge fields\n\n"
        "What a template may say about a customer, between `{{` and `}}`. A template that uses another word is"
        " refused by `perennial check`, with the nearest right one.\n\n"
    )
    rows = (
        (f"`{f.name}`", f.type.value, "yes" if f.optional else "", f.meaning)
        for f in MERGE_FIELDS.values()
    )
    return head + _table(("field", "type", "may be missing", "meaning"), rows)


def _settings() -> str:
    head = (
        "# Settings\n\n"
        "Environment variables, read once. All mistakes are named together; secrets are masked wherever settings are"
        " printed.\n\n"
    )
    rows = (
        (f"`PERENNIAL_{name.upper()}`", str(field.description), _default(name, field.default))
        for name, field in Settings.model_fields.items()
    )
    return head + _table(("variable", "meaning", "without it"), rows)


def _default(name: str, default: object) -> str:
    if name == "secret":
        return "refused outside the demo profile"
    if default is None:
        return "–"
    if isinstance(default, Path):
        inside = default.relative_to(PROJECT).as_posix()
        return "the checkout" if inside == "." else f"`{inside}`"
    return f"`{default}`"


def _commands() -> str:
    command = typer.main.get_command(app)
    head = "# Commands\n\nAll but `demo` and `edge` take `--json` for data on stdout and nothing else; all take `--help`.\n"
    return head + "".join(_command(name, each) for name, each in _all_of(command, ""))


def _all_of(group: Any, before: str) -> Iterable[tuple[str, Any]]:  # noqa: ANN401 - click's group
    """Every command, and after it those that belong to it."""
    found: Mapping[str, Any] = getattr(group, "commands", {})
    for name in sorted(found):
        yield before + name, found[name]
        yield from _all_of(found[name], f"{before}{name} ")


def _command(name: str, command: Any) -> str:  # noqa: ANN401 - click's command
    context = click.Context(command, info_name=name)
    rows = (
        (f"`{_spelling(p)}`", getattr(p, "help", None) or "", "yes" if p.required else "")
        for p in command.get_params(context)
        if p.name != "help"
    )
    table = _table(("option", "meaning", "required"), rows)
    return f"\n## `perennial {name}`\n\n{command.help}\n\n{table}"


def _spelling(parameter: Any) -> str:  # noqa: ANN401 - click's parameter
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return str(parameter.opts[-1])


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


if __name__ == "__main__":
    write_reference(PROJECT)
