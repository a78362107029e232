"""Every case of the contract is shown by tests that exist and say so; the table of docs/reliability.md is held to that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from perennial.settings import PROJECT

TESTS = PROJECT / "tests"
CASES = range(1, 51)
WITHOUT_A_TEST: frozenset[int] = frozenset()
"""Cases that no test shows yet. To be emptied, never to be filled."""

ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
NAMED = re.compile(r"\b[Cc]ases? (\d{1,2}\b(?:(?:, | and | to |, and )\d{1,2}\b)*)")


def table() -> dict[int, list[tuple[str, str]]]:
    page = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    part = page.split("## Case by case")[1].split("\n## ")[0]
    return {int(row[1]): TEST.findall(row[4]) for row in ROW.finditer(part)}


def cases_in(text: str) -> Iterator[int]:
    """The cases that a docstring or the id of a parameter names: `Case 5`, `Cases 1 to 3 and 7`."""
    for named in NAMED.findall(text):
        for first, last in re.findall(r"(\d+) to (\d+)", named):
            yield from range(int(first), int(last) + 1)
        yield from map(int, re.findall(r"\d+", named))


@cache
def shown_by(file: str) -> dict[str, set[int]]:
    """The tests of a file, each with the cases it names."""
    module = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {
        node.name: {
            case
            for text in (ast.get_docstring(node) or "", *map(ast.unparse, node.decorator_list))
            for case in cases_in(text)
        }
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


def test_every_case_stands_in_the_table_in_order() -> None:
    assert list(table()) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_shown_by_tests_that_exist_and_name_it(case: int) -> None:
    tests = table()[case]

    assert bool(tests) is (case not in WITHOUT_A_TEST)
    for file, name in tests:
        assert (TESTS / file).is_file(), file
        assert case in shown_by(file).get(name, ()), f"{file}::{name} does not name case {case}"


def test_no_test_names_a_case_that_there_is_not() -> None:
    files = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
    named = {case for file in files for cases in shown_by(file).values() for case in cases}

    assert named <= set(CASES)
