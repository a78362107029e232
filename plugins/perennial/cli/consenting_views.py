"""What the commands about consents print for people, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from perennial.pipeline.consent_words import standing_consents

if TYPE_CHECKING:
    from perennial.pipeline.persons import PersonRecord

Json = Mapping[str, Any]

_SHOWN = 20
_WORDS = ("channel", "topic", "state", "at", "how", "wording", "proof", "customer_id", "said_by")


def brought(data: Json) -> RenderableType:
    """How many rows were taken, and the first that were put aside."""
    aside = data["put_aside"]
    head = Text(f"{data['taken']:,} rows taken, {len(aside):,} put aside.")
    if data["pending"]:
        head.append(
            f" {data['pending']:,} of those taken have yet to be confirmed from the address."
        )
    if not aside:
        return head
    table = _table("Put aside", "line", "because")
    for each in aside[:_SHOWN]:
        table.add_row(str(each["line"]), each["reason"])
    rest = len(aside) - _SHOWN
    more = [Text(f"And {rest:,} more: --json tells all.", style="dim")] if rest > 0 else []
    return Group(head, table, *more)


def consents_json(person: PersonRecord) -> Json:
    """What stands, and every word, the oldest first; instants in UTC."""
    return {
        "person_id": person.person_id,
        "customer_ids": list(person.customer_ids),
        "standing": [vars(each) for each in standing_consents(person.consents)],
        "words": [{name: row.get(name) for name in _WORDS} for row in person.consents],
    }


def consents(data: Json) -> RenderableType:
    """What stands, above every word with its proof."""
    if not data["words"]:
        return Text("Nobody has heard a word: this person agreed to nothing.")
    standing = _table("What stands", "channel", "topic", "state", "since (UTC)")
    for each in data["standing"]:
        standing.add_row(each["channel"], each["topic"], each["state"], _minute(each["since"]))
    return Group(standing, _words(data["words"]))


def _words(rows: Sequence[Json]) -> Table:
    table = _table("Every word", "at (UTC)", "channel", "topic", "state", "how", "wording", "proof")
    for row in rows:
        said = (row["channel"], row["topic"], row["state"])
        table.add_row(
            _minute(row["at"]), *said, row["how"] or "", row["wording"] or "", row["proof"] or ""
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, header_style="dim")
    for column in columns:
        table.add_column(column)
    return table


def _minute(moment: Any) -> str:  # noqa: ANN401 - an instant
    return f"{moment:%Y-%m-%d %H:%M}"
