"""The shape of a campaign file: as JSON Schema for editors, as a page for people.

`python -m perennial.campaigns.schema` writes both anew; a test refuses files that are behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from perennial.campaigns.catching_up import CatchUp
from perennial.campaigns.condition_parts import CLOSED, column_kind
from perennial.campaigns.condition_words import FUNCTIONS
from perennial.campaigns.definition import Campaign
from perennial.campaigns.spellings import spelt
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.settings import PROJECT

Json = dict[str, Any]

_DIALECT = "http://json-schema.org/draft-07/schema#"
_SHORT = ("template", "offer")
_NOTHING: tuple[object, ...] = (None, "", [], {})

_HEAD = """\
# A campaign file

<!-- Made from the types by `make reference`; do not edit. -->

One file in `campaigns/` is one campaign; the file's name, in `snake_case`, is the campaign's name for ever: message
keys are made from it. Everything has a default but `title`, `audience`, `channels` and the words. A mistake is named with
its line and column by `perennial check`, and in editors that know YAML schemas when the file begins with

```yaml
# yaml-language-server: $schema=campaign.schema.json
```

A campaign of one message may leave `steps` out and write `template` (by default the campaign's name) and `offer` beside
`title`.
"""

_CONDITION = """\
## The condition in `audience.where`

One expression in SQL's words over the columns below; nothing else passes: no other table, no query, no clock.

- comparisons `=` `<>` `<` `<=` `>` `>=`, `between … and …`, `in (…)`, `like '…'`, `is null`, joined by `and`, `or`, `not`
- `+` `-` `*` `/` and parentheses; a division by zero is null, and null is never true
- words in single quotes, dates as `'2026-11-21'`, lengths of time as `interval 3 day`
- the functions {functions}

| column | holds | meaning |
|---|---|---|
"""


class _AsWritten(GenerateJsonSchema):
    """Gives defaults in the spelling of the file."""

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - as in the class it comes from
        if isinstance(dft, time | timedelta | Decimal):
            return spelt(dft)
        if isinstance(dft, CatchUp):
            return str(dft)
        return super().encode_default(dft)


def campaign_schema() -> Json:
    """JSON Schema of a campaign file, without references, so that every editor can follow it."""
    fields = schema_of(Campaign, "A campaign")
    step = fields["properties"]["steps"]["items"]["properties"]
    fields["properties"] |= {name: step[name] for name in _SHORT}
    fields["required"].remove("steps")
    both = [{"required": ["steps", name]} for name in _SHORT]
    return {**fields, "not": {"anyOf": both}}


def schema_of(model: type[BaseModel], title: str) -> Json:
    """JSON Schema of a file that a model reads, without references."""
    made = model.model_json_schema(schema_generator=_AsWritten)
    fields = _plain({k: v for k, v in made.items() if k != "$defs"}, made.get("$defs", {}))
    return {"$schema": _DIALECT, "title": title, **fields}


def _plain(part: Any, definitions: Json) -> Any:  # noqa: ANN401 - JSON
    """A part of the schema with references filled in, and without what tells nobody anything."""
    if isinstance(part, list):
        return [_plain(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        meant = definitions[part["$ref"].rsplit("/", 1)[1]]
        return _plain({**meant, **{k: v for k, v in part.items() if k != "$ref"}}, definitions)
    if "anyOf" in part:
        choice = next(c for c in part["anyOf"] if c != {"type": "null"})
        return _plain({**choice, **{k: v for k, v in part.items() if k != "anyOf"}}, definitions)
    return {
        key: _plain(value, definitions)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and _says_nothing(value))
    }


def _says_nothing(default: object) -> bool:
    return default in _NOTHING or isinstance(default, dict)


def schema_text() -> str:
    """What campaigns/campaign.schema.json holds."""
    return json.dumps(campaign_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """What docs/reference/campaign-file.md holds."""
    schema = campaign_schema()
    step = schema["properties"]["steps"]["items"]
    parts = [_HEAD, table("The file", schema, leave_out=_SHORT)]
    for name, part in (
        ("`audience`", schema["properties"]["audience"]),
        ("`steps`, each", step),
        ("`offer`", step["properties"]["offer"]),
        ("`approval`", schema["properties"]["approval"]),
    ):
        parts.append(table(name, part))
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    parts.append(_CONDITION.format(functions=functions) + "".join(_columns()))
    return "\n".join(parts)


def table(heading: str, part: Json, *, leave_out: tuple[str, ...] = ()) -> str:
    """The fields of a part of a file, for people."""
    rows = [
        f"| `{name}` | {field['description']} | {_values(name, field)} | {_default(name, part)} |\n"
        for name, field in part["properties"].items()
        if name not in leave_out
    ]
    head = "| field | meaning | written as | without it |\n|---|---|---|---|\n"
    return f"## {heading}\n\n{head}" + "".join(rows)


def _values(name: str, field: Json) -> str:
    if name == "occasion":
        return "a word"
    if words := field.get("enum") or field.get("items", {}).get("enum"):
        written = ", ".join(f"`{word}`" for word in words)
        return f"list of {written}" if field["type"] == "array" else written
    if field["type"] == "integer":
        return f"{field['minimum']:,} to {field['maximum']:,}"
    if examples := field.get("examples"):
        return ", ".join(f"`{example}`" for example in examples)
    if isinstance(field["type"], list):
        return "text or a whole number"
    return {"object": "its own fields, below", "array": "list", "boolean": "`true`, `false`"}.get(
        field["type"], f"`{field['default']}`" if "default" in field else "text"
    )


def _default(name: str, part: Json) -> str:
    field = part["properties"][name]
    if name in part.get("required", ()):
        return "must be there"
    if "default" not in field:
        return "–"
    default = field["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _columns() -> Iterator[str]:
    for column in CUSTOMER_FEATURES.columns:
        words = ", ".join(f"`{word}`" for word in CLOSED.get(column.name, ()))
        holds = words or column_kind(column.name).value
        yield f"| `{column.name}` | {holds} | {column.meaning} |\n"


def write_files(project: Path) -> None:
    """Writes the schema and the page below a folder."""
    for name, text in (
        ("campaigns/campaign.schema.json", schema_text()),
        ("docs/reference/campaign-file.md", reference_text()),
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_files(PROJECT)
