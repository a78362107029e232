"""Writes the corpus as a page of the reference: `python -m defects.page`. The tests hold each line of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from defects.corpus import CORPUS
from defects.entries import Defect
from defects.good_nights import CLEAN_NIGHTS, HOUSEHOLDS
from defects.of_audiences import DEFECTS, USUAL_AGREED, USUAL_MEMBERS
from perennial.model.datasets import SHOP_DATASETS
from perennial.settings import PROJECT
from perennial.validation.verdicts import Action

PAGE = PROJECT / "docs" / "reference" / "defects.md"
_UNSEEN = "not seen"
_FOLLOWS = {
    Action.STOP: "stops",
    Action.QUARANTINE: "put aside",
    Action.WARN: "told",
    Action.HOLD: "held",
    None: _UNSEEN,
}


def page() -> str:
    """The whole page."""
    return _head() + "".join(_part(dataset) for dataset in SHOP_DATASETS) + _audience()


def _head() -> str:
    counts = Counter(_FOLLOWS[d.outcome] for d in (*CORPUS, *DEFECTS))
    return (
        "# What the checks see\n\n"
        f"{len(CORPUS) + len(DEFECTS)} defects, each seeded alone into a good night of the [sample shop](sample-data.md), and"
        " what the suites in `expectations/` make of it. `make reference` writes this page from the corpus in `tests/defects`;"
        " the tests seed each defect and hold every line: the rules that are named are broken, rows are put aside for exactly"
        " this reason and in this number, nothing else is, and only what `stops` stops.\n\n"
        + _table(
            ("what follows", "defects", "meaning"),
            (
                (_FOLLOWS[outcome], str(counts[_FOLLOWS[outcome]]), meaning)
                for outcome, meaning in _MEANINGS.items()
            ),
        )
        + f"\nThe good nights are those of a shop of {HOUSEHOLDS} households that reads customers and consents whole each night,"
        f" and a three-hundredth of its products. {CLEAN_NIGHTS} of them in a row, from which the checks learn what is usual,"
        " bring **no stop and no row put aside**. Rows that only wait for a customer or an order that was put aside are not"
        " counted below; they return when it does.\n"
    )


_MEANINGS: dict[Action | None, str] = {
    Action.STOP: "Nothing of the night is published until it is corrected or released.",
    Action.QUARANTINE: "The rows wait with their reason, the rest goes on.",
    Action.WARN: "The rows are used, people are told.",
    Action.HOLD: "The campaign waits for a person's approval.",
    None: "No rule sees it; the table says why that is borne.",
}
_ORDER = list(_MEANINGS)


def _part(dataset: str) -> str:
    defects = [defect for defect in CORPUS if defect.dataset == dataset]
    rows = (_row(defect) for defect in sorted(defects, key=lambda d: _ORDER.index(d.outcome)))
    heads = ("defect", "how it comes about", "what follows", "by which rule", "rows put aside")
    return f"\n## {dataset}\n\n{_table(heads, rows)}"


def _row(defect: Defect) -> Iterator[str]:
    yield defect.what
    yield defect.cause
    yield _FOLLOWS[defect.outcome]
    yield defect.why or ", ".join(f"`{rule}`" for rule in defect.rules or (defect.reason,))
    yield str(defect.rows or "")


def _audience() -> str:
    rows = (
        (d.what, d.cause, _FOLLOWS[d.outcome], ", ".join(f"`{rule}`" for rule in d.rules))
        for d in DEFECTS
    )
    heads = ("defect", "how it comes about", "what follows", "by which rule")
    return (
        f"\n## audience\n\nA campaign that has {USUAL_MEMBERS} members on other days, of whom {USUAL_AGREED} have agreed,"
        f" in a shop of 300 customers.\n\n{_table(heads, rows)}"
    )


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
