from __future__ import annotations

from pathlib import Path

import pytest

from perennial.errors import ShopError
from perennial.sources.proposing.shop_part import open_questions, write_part

HEAD = "# Ours.\nshop:\n  name: Tienda  # the name\n\n# Where it lies.\n"
OLD = "sources:\n  timezone: UTC\n\n  # mine\n  customers:\n    sql: |\n      select 1\n"
NEW = "sources:\n  timezone: Europe/Madrid\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


def test_a_part_that_is_there_is_not_replaced_unasked(path: Path) -> None:
    path.write_text(HEAD + OLD, encoding="utf-8")

    with pytest.raises(ShopError, match=r"shop\.yaml:6: has a `sources:` part\. Say --force"):
        write_part(path, NEW, force=False)

    assert path.read_text(encoding="utf-8") == HEAD + OLD


@pytest.mark.parametrize("behind", ["", "# Last words.\n", "later: {a: 1}\n"])
def test_only_the_part_is_replaced_and_the_file_is_kept(path: Path, behind: str) -> None:
    before = HEAD + OLD + (f"\n{behind}" if behind.startswith("later") else "")
    path.write_text(before, encoding="utf-8")

    kept = [write_part(path, NEW, force=True) for _ in range(2)]

    rest = f"\n{behind}" if behind.startswith("later") else ""
    assert path.read_text(encoding="utf-8") == HEAD + NEW + rest
    assert [k.name for k in kept if k] == ["shop.yaml.before-1", "shop.yaml.before-2"]
    assert (path.parent / "shop.yaml.before-1").read_text(encoding="utf-8") == before


def test_a_file_without_an_end_of_line_loses_nothing(path: Path) -> None:
    path.write_text("shop:\n  name: Tienda", encoding="utf-8")
    write_part(path, NEW, force=False)
    assert path.read_text(encoding="utf-8") == f"shop:\n  name: Tienda\n\n{NEW}"

    path.write_text(f"{HEAD}{OLD}".rstrip(), encoding="utf-8")
    write_part(path, NEW, force=True)
    assert path.read_text(encoding="utf-8") == HEAD + NEW


def test_without_a_head_nothing_is_written(path: Path) -> None:
    with pytest.raises(ShopError, match="Write its head first"):
        write_part(path, NEW, force=True)
    assert not path.exists()


def test_questions_are_told_with_their_place(path: Path) -> None:
    path.write_text(
        "shop: {}\nsources:\n  # decide: Which clock?\n  timezone: UTC\n", encoding="utf-8"
    )

    (question,) = open_questions(path)

    assert (question.line, question.column) == (3, 3)
    assert question.message == "To decide: Which clock?"
    assert open_questions(path.with_name("none.yaml")) == []
