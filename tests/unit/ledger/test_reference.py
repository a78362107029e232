"""The reference says what the code does."""

from __future__ import annotations

from pathlib import Path

from perennial.ledger.states import NEXT
from perennial.ledger.tables import METADATA
from perennial.model.words import MessageState

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "ledger.md"


def test_the_states_are_described_as_they_are() -> None:
    lines = [f"| `{state}` | {state.meaning} | {followers(state)} |" for state in MessageState]
    assert lines == described("states")


def test_the_tables_are_described_as_they_are() -> None:
    lines = [
        f"| `{table.name}` | {table.comment} | {', '.join(f'`{c.name}`' for c in table.primary_key)} |"
        for table in sorted(METADATA.tables.values(), key=lambda table: table.name)
    ]
    assert lines == described("tables")


def followers(state: MessageState) -> str:
    return ", ".join(f"`{s}`" for s in MessageState if s in NEXT[state]) or "–"


def described(name: str) -> list[str]:
    """The rows of a table of the page, without its head."""
    page = PAGE.read_text(encoding="utf-8")
    block = page.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    return block.splitlines()[2:]
