"""The reference page of what a suite may say, from the code that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perennial.validation.usual import HISTORY, Likeness
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import (
    AUDIENCE_FIGURES,
    CATEGORIES,
    FACTS,
    FIGURES,
    PARAMETERS,
)

_HEAD = """# Words of the checks

What the suites in `expectations/` may say beside the columns of [the datasets](datasets.md). How a rule is written:
[Own the checks](../how-to/own-the-checks.md).
"""


def check_words() -> str:
    """The page."""
    return "\n".join(
        (
            _HEAD,
            _section("on_failure", ((a.value, a.meaning) for a in Action)),
            _section("Parameters", PARAMETERS.items(), 'Written as `{"$parameter": "night_end"}`.'),
            _section("Facts", _facts().items(), "Columns that the checks work out, row by row."),
            _section("Figures of a night", FIGURES.items(), _categories()),
            _section("Figures of an audience", AUDIENCE_FIGURES.items(), "Those of `audience.json`."),
            _section("$history", HISTORY.items(), 'Written as `{"$history": {"times": 3}}` in place of a bound.'),
            _section("like", ((like.value, like.meaning) for like in Likeness)),
        )
    )  # fmt: skip


def _section(title: str, words: Iterable[tuple[str, str]], lead: str = "") -> str:
    head = (
        f"## {title}\n\n" + (f"{lead}\n\n" if lead else "") + "| word | meaning |\n| --- | --- |\n"
    )
    return head + "".join(f"| `{word}` | {meaning} |\n" for word, meaning in words)


def _facts() -> Mapping[str, str]:
    """Each fact once, with the datasets that have it where it is not all of them."""
    found: dict[str, str] = {}
    for facts in FACTS.values():
        for name, meaning in facts.items():
            having = [dataset for dataset, theirs in FACTS.items() if name in theirs]
            where = "" if len(having) == len(FACTS) else f" Only in {', '.join(having)}."
            found[name] = meaning + where
    return found


def _categories() -> str:
    listed = ", ".join(
        f"`{column}` of {dataset}" for dataset, columns in CATEGORIES.items() for column in columns
    )
    return f"What a whole night of a dataset comes to. Shares are counted of {listed}."
