"""The shape of policy.yaml: as JSON Schema for editors, as a page for people, with what it says today."""

from __future__ import annotations

import json
from pathlib import Path

from perennial.campaigns.policy_definition import PolicyFile
from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.policy_telling import LANGUAGES, tell_policy
from perennial.campaigns.schema import Json, schema_of, table
from perennial.model.policy import Policy
from perennial.settings import PROJECT

_LANGUAGES = {"en": "In English", "es": "En español", "ru": "По-русски"}

_HEAD = """\
# policy.yaml

<!-- Made from the types by `make reference`; do not edit. -->

Who may be written to, how often, when, and for how much: what holds for every campaign. Every key has a default; the file has
to be there, because somebody has to answer for it. [How to own it](../how-to/own-the-policy.md).

`perennial policy` tells the file in whole sentences, `perennial check` names every mistake with its line and column, and editors
that know YAML schemas help while you write when the file begins with

```yaml
# yaml-language-server: $schema=policy.schema.json
```
"""

_SAID = """\
## What the policy of this repository says

In the currency of a shop that counts in dollars; `perennial policy --language es` says it with yours.
"""


def policy_schema() -> Json:
    """JSON Schema of policy.yaml, without references, so that every editor can follow it."""
    return schema_of(PolicyFile, "The policy")


def schema_text() -> str:
    """What policy.schema.json holds."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text(project: Path = PROJECT) -> str:
    """What docs/reference/policy.md holds."""
    schema = policy_schema()
    hours, budget = (schema["properties"][name] for name in ("quiet_hours", "budget"))
    each_country, each_sender = (
        next(iter(schema["properties"][name]["patternProperties"].values()))
        for name in ("soft_opt_in", "warm_up")
    )
    parts = [
        _HEAD,
        table("The file", schema),
        table("`caps`", schema["properties"]["caps"]),
        table(
            "`content_mix` of the caps", schema["properties"]["caps"]["properties"]["content_mix"]
        ),
        table("`double_opt_in`", schema["properties"]["double_opt_in"]),
        table("`soft_opt_in`, each country", each_country),
        table("`quiet_hours`", hours),
        table("`rules`, each", hours["properties"]["rules"]["items"]),
        table("`budget`", budget),
        table(
            "`campaigns` of the budget, each",
            budget["properties"]["campaigns"]["additionalProperties"],
        ),
        table("`brake`", schema["properties"]["brake"]),
        table("`warm_up`, each sender", each_sender),
        _SAID,
        *(_told(read_policy(project / "policy.yaml"), language) for language in LANGUAGES),
    ]
    return "\n".join(parts)


def _told(policy: Policy, language: str) -> str:
    _, chapters = tell_policy(policy, language, "USD")
    lines = [f"### {_LANGUAGES[language]}\n"]
    for chapter in chapters:
        lines.append(f"**{chapter.heading}**\n")
        lines += [f"- {sentence}" for sentence in chapter.sentences]
        lines.append("")
    return "\n".join(lines)


def write_files(project: Path) -> None:
    """Writes the schema and the page below a folder."""
    for name, text in (
        ("policy.schema.json", schema_text()),
        ("docs/reference/policy.md", reference_text(project)),
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
