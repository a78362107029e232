"""The contracts of what a night puts aside: rows that broke a rule, and rows of files that were none."""

from __future__ import annotations

from perennial.model.datasets import Dataset, column

_WHY = (
    column(
        "reason", "VARCHAR", "Names of the rules that the row breaks, with commas.", required=True
    ),
    column(
        "retry_until",
        "DATE",
        "Last night that looks at the row again by itself; empty when none does.",
        unit="date in the shop's zone",
    ),
)
_PLACE = (
    column(
        "extract_day",
        "DATE",
        "The night that it was extracted for.",
        unit="date in the shop's zone",
        required=True,
    ),
    column("extract_name", "VARCHAR", "The extract, such as extract-0001.", required=True),
    column(
        "extract_row", "BIGINT", "Where in it the row stands.", unit="number from 0", required=True
    ),
)
PUT_ASIDE = Dataset(
    name="quarantine/<dataset>",
    meaning="Rows that broke a rule: the dataset's own columns, all as text, just as the shop said them, and these.",
    key=tuple(each.name for each in _PLACE),
    columns=(*_WHY, *_PLACE),
)
REFUSED_ROWS = Dataset(
    name="quarantine/files",
    meaning="Rows of a shop's files that were none, a file of the lake for each dataset; what they say stays in the shop's file.",
    key=("table", "file", "line"),
    columns=(
        column("table", "VARCHAR", "The table that shop.yaml makes of the files.", required=True),
        column("file", "VARCHAR", "The file.", required=True),
        column("line", "BIGINT", "Where it stands.", unit="number from 1", required=True),
        column("reason", "VARCHAR", "Why it is no row.", required=True),
    ),
)


def quarantine_of(dataset: Dataset) -> Dataset:
    """What is put aside of one dataset."""
    said = (column(c.name, "VARCHAR", c.meaning) for c in dataset.columns)
    return Dataset(
        name=f"quarantine/{dataset.name}",
        meaning=PUT_ASIDE.meaning,
        key=PUT_ASIDE.key,
        columns=(*said, *PUT_ASIDE.columns),
    )
