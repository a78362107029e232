from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.features.greeting_names import greeting_name

FAMILY = "👨\u200d👩\u200d👧"
_TURNS = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI", "B"}
_ODD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("AaÃ©Â¿ñİıßŉǅ \u0301\u200d\u200c\u202e\u2066\u00ad\ufeff🇩🇪👧\x00\r\n{<"),
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ann", "Ann"),
        ("  Mary\t Ann \n", "Mary Ann"),
        ("ANN", "Ann"),
        ("MARÍA-JOSÉ O'NEIL", "María-José O'Neil"),
        ("JP", "JP"),
        ("АННА", "Анна"),
        ("Jose\u0301", "José"),
        ("JosÃ©", "José"),
        ("BjÃ¶rk", "Björk"),
        ("Dâ€™Angelo", "D’Angelo"),
        ("Анна".encode().decode("latin-1"), "Анна"),
        ("José".encode().decode("latin-1").encode().decode("cp1252"), "José"),
        ("João", "João"),
        ("JOÃO", "João"),
        ("Ann\u202e\u2066evil", "Annevil"),
        ("A\x00nn\u200b", "Ann"),
        ("Ann\u2028Reed\r\nBcc: x", "Ann Reed Bcc: x"),
        ("王小明", "王小明"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (f"Ann {FAMILY}", f"Ann {FAMILY}"),
        ("-token-", "-token-"),
        ("Null Reed", "Null Reed"),
    ],
)
def test_a_name_is_made_fit_for_a_greeting(said: str, name: str | None) -> None:
    assert greeting_name(said) == name


@pytest.mark.parametrize(
    "said",
    [
        None, "", "   ", "null", "NULL", "NaN", "None", "undefined", "n/a", "12345", "...", "{{7*7}}",
        "{% for %}", "{{config}}", "<script>", "%FNAME%", "$name", "*|FNAME|*", "ann@shop.com",
        "https://shop.com", FAMILY, "\u3164", "\u200b", "Jos\ufffd",
    ],
)  # fmt: skip
def test_what_is_no_name_gives_none(said: str | None) -> None:
    assert greeting_name(said) is None


def test_a_long_name_is_cut_between_characters_as_readers_count_them() -> None:
    assert greeting_name("b" * 10_000) == "b" * 40
    assert greeting_name("é" * 50) == "é" * 40
    assert greeting_name("x\u0323" * 50) == "x\u0323" * 40
    assert greeting_name("b" * 39 + FAMILY * 2) == "b" * 39 + FAMILY
    assert greeting_name("b" * 39 + "🇩🇪🇪🇸") == "b" * 39 + "🇩🇪"


def test_a_garbled_name_that_cannot_be_repaired_is_dropped() -> None:
    assert greeting_name("JosÃ© 王") is None


def test_stacked_marks_are_cut_down() -> None:
    name = greeting_name("Z" + "\u0301" * 300 + "oe")

    assert name is not None
    assert len(name) < 10


@given(_ODD)
def test_cleaning_what_is_clean_changes_nothing(said: str) -> None:
    name = greeting_name(said)

    assert name is None or greeting_name(name) == name


@given(_ODD)
def test_a_clean_name_controls_nothing_and_fits_a_line(said: str) -> None:
    name = greeting_name(said)
    if name is None:
        return

    assert all(unicodedata.category(c)[0] != "C" or c in "\u200c\u200d" for c in name)
    assert not {unicodedata.bidirectional(c) for c in name} & _TURNS
    assert name == " ".join(name.split())
    assert any(c.isalpha() for c in name)
    assert len(name) <= 160
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set("{}<>")
