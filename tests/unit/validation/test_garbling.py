from __future__ import annotations

import re

import pytest

from perennial.validation.garbling import GARBLED

REAL = (
    "José", "Renée", "Björn", "Ñuño", "Łukasz", "Þórður", "Sæþór", "François", "Анна", "Željko", "O’Brien",
    "Anne-Marie", "Ünsal", "Zoë 🌸", "李小龍", "محمد", "Nguyễn", "Ærø", "Crème brûlée", "Bread & butter", "What's up?",
    "Àlex", "Âme", "Ângela", "Ðorđe", "24¨ wheel",
)  # fmt: skip
UTF_8_READ_AS_LATIN_1 = ("José", "Renée", "Björn", "Анна", "Ñuño", "Łukasz", "O’Brien")


@pytest.mark.parametrize("name", REAL)
def test_real_text_is_left_alone(name: str) -> None:
    assert not re.search(GARBLED, name)


@pytest.mark.parametrize("name", UTF_8_READ_AS_LATIN_1)
@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_utf_8_that_was_read_as_something_else_is_found_once_and_twice(
    name: str, wrong: str
) -> None:
    once = name.encode().decode(wrong, errors="replace")
    twice = once.encode().decode(wrong, errors="replace")

    assert re.search(GARBLED, once)
    assert re.search(GARBLED, twice)


@pytest.mark.parametrize(
    "text",
    [
        "comercio electr¨®nico",
        "Jos\ufffd",
        "Mar?a",
        "Анна".encode("cp1251").decode("latin-1"),
        "Jos&eacute;",
        "a&#233;b",
        "Ann\x00",
        "Ann\x1b[0m",
        "caf\x82",
    ],
)
def test_other_traces_are_found_too(text: str) -> None:
    assert re.search(GARBLED, text)
