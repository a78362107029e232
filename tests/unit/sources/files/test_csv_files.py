"""CSV as shops write it."""

from __future__ import annotations

import bz2
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_shop import NAMES, UNTIL, file_shop, people, refused_people
from perennial.errors import SourceError
from perennial.model.datasets import SHOP_DATASETS
from perennial.sources.files.csv_rows import csv_batches
from perennial.sources.files.refused_rows import Sieve
from perennial.sources.files.text_encoding import TextForm


def refusal(folder: Path, **table: str) -> str:
    with pytest.raises(SourceError) as caught:
        people(folder, **table)
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", "José,Ольга"),
        ("utf-8-sig", "José,Ольга"),
        ("utf-16", "José,Ольга"),
        ("cp1252", "José,Muñoz"),
        ("cp1251", "Ольга,Иван"),
    ],
    ids=lambda value: f"case 44: {value}",
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_stated_or_detected(
    tmp_path: Path, encoding: str, names: str, delimiter: str
) -> None:
    one, two = names.split(",")
    lines = [f"id{delimiter}name", f"07{delimiter}{one}", f"8{delimiter}{two}"]
    (tmp_path / "a.csv").write_bytes("\r\n".join(lines).encode(encoding))

    assert people(tmp_path, path="a.csv") == [("07", one), ("8", two)]
    stated = people(tmp_path, path="a.csv", encoding=encoding, delimiter=delimiter)
    assert stated == [("07", one), ("8", two)]


def test_values_are_kept_as_the_shop_wrote_them(tmp_path: Path) -> None:
    """Case 44: formulas stay text, phones stay phones, a quoted newline is part of its value."""
    said = [
        "=cmd|' /C calc'!A0",
        "+34600123456",
        "@SUM(A1)",
        "\tAna",
        "\rAna",
        "Ana\nMaría",
        ' "x" ',
    ]
    quoted = [f'{n},"{value.replace(chr(34), chr(34) * 2)}"' for n, value in enumerate(said)]
    (tmp_path / "a.csv").write_text("id,name\n" + "\n".join(quoted), encoding="utf-8", newline="")

    assert people(tmp_path, path="a.csv") == [(str(n), value) for n, value in enumerate(said)]


def test_ragged_rows_are_put_aside_with_file_line_and_reason(tmp_path: Path) -> None:
    """Case 44: the others go on."""
    text = 'id,name\n1,Ana\n2\n3,"Eva\nMaría"\n4,Jo,more\n5,Leo\n\n6,"open\n7,Kai\n8,"Lu"x\n9,Max\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")

    assert people(tmp_path, path="*.csv") == [
        ("1", "Ana"),
        ("3", "Eva\nMaría"),
        ("5", "Leo"),
        ("7", "Kai"),
        ("9", "Max"),
    ]
    assert refused_people(tmp_path, path="*.csv") == [
        "people a.csv:3: 1 value under 2 columns",
        "people a.csv:6: 3 values under 2 columns",
        "people a.csv:9: text follows a closing quote",
        "people a.csv:11: text follows a closing quote",
    ]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    """Case 44."""
    lines = ["id,name", "1,Ana", '2,"open', *(f"{n},Leo" for n in range(3, 20_000))]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")

    assert len(people(tmp_path, path="a.csv")) == 19_998
    assert refused_people(tmp_path, path="a.csv") == [
        "people a.csv:3: a quote is opened and not closed"
    ]


def test_a_file_that_is_mostly_ragged_is_not_what_it_was_taken_for(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("id,name\n1,Ana,\n2,Eva,\n3,Leo\n", encoding="utf-8")

    assert refusal(tmp_path, path="b.csv") == (
        "b.csv:2: 3 values under 2 columns; so have 2 of its rows, and 1 are good. It was read as it"
        " looks: utf-8 with `,` between values. State what it is in shop.yaml."
    )


def test_what_is_not_in_the_detected_encoding_is_named_by_line_and_column(tmp_path: Path) -> None:
    """Case 44: detection looks at the beginning, and is confirmed by every byte behind it."""
    head = "id,name\n" + "".join(f"{n},Ana\n" for n in range(60_000))
    (tmp_path / "a.csv").write_bytes(head.encode() + "60000,José\n".encode("cp1252"))

    assert refusal(tmp_path, path="a.csv").startswith(
        "a.csv:60002:10: the byte 0xe9 is not utf-8; the file was read as its beginning looks like"
    )


@pytest.mark.parametrize(
    ("data", "encoding", "said"),
    [
        ("id,name\n1,José\n".encode(), "cp1252", "a.csv is UTF-8, and shop.yaml says cp1252."),
        ("id,name\n1,José\n".encode("cp1252"), "utf-8", "a.csv:2:6: the byte 0xe9 is not utf-8"),
        (b"id,name\n1,\x98\n", "cp1251", "a.csv:2:3: the byte 0x98 is not"),
    ],
)
def test_a_stated_encoding_is_confirmed(
    tmp_path: Path, data: bytes, encoding: str, said: str
) -> None:
    """Case 44."""
    (tmp_path / "a.csv").write_bytes(data)
    message = refusal(tmp_path, path="a.csv", encoding=encoding)
    assert message.startswith(said)
    assert "Jos" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.csv: is empty."),
        ("id,name,ID\n1,a,b\n", "a.csv:1: its column 3 is called `ID`, as one before it is."),
        ("id,file_name\n1,a\n", "a.csv has a column `file_name`"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    assert refusal(tmp_path, path="a.csv").startswith(said)


def test_compressed_files_are_unpacked(tmp_path: Path) -> None:
    data = b"id,name\n1,Ana\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(data))
    (tmp_path / "b.csv.bz2").write_bytes(bz2.compress(data))
    with pa.CompressedOutputStream(tmp_path / "c.csv.zst", "zstd") as stream:
        stream.write(data)

    for name in ("a.csv.gz", "b.csv.bz2", "c.csv.zst"):
        assert people(tmp_path, path=name) == [("1", "Ana")]


def test_a_file_that_is_cut_off_while_packed_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,name\n" + bytes(range(48, 58)) * 50_000)
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    assert "a.csv.gz cannot be unpacked" in refusal(tmp_path, path="a.csv.gz")


def test_memory_stays_bounded_however_large_the_file(tmp_path: Path) -> None:
    """Case 44: a file of a gigabyte comes in pieces of some thousand rows."""
    with (tmp_path / "a.csv").open("w", encoding="utf-8") as file:
        file.write("id,name\n")
        file.writelines(f"{n},Ana\n" for n in range(150_000))
    with file_shop(tmp_path, {"customers": NAMES}, people="a.csv") as source:
        before = pa.total_allocated_bytes()
        batches = source.extract(SHOP_DATASETS["customers"], since=None, until=UNTIL)
        sizes = [(batch.num_rows, pa.total_allocated_bytes() - before) for batch in batches]

    assert sum(rows for rows, _ in sizes) == 150_000
    assert max(held for _, held in sizes) < 40_000_000


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1," + "a" * 5_000_000, encoding="utf-8")
    assert "a.csv:2: the line is longer than" in refusal(tmp_path, path="a.csv")


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), min_size=1
)


@given(st.lists(_CELL, min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_what_is_written_as_csv_is_read_as_it_was(names: list[str], delimiter: str) -> None:
    """Case 44: whatever the values hold."""
    rows = [f'{n}{delimiter}"{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names)]
    stream = io.StringIO("\r\n".join([f"id{delimiter}name", *rows]), newline="")
    form = TextForm(encoding="utf-8", delimiter=delimiter)

    batches = csv_batches(stream, form, Sieve(table="people", file="a.csv"))
    read = [row for batch in batches for row in batch.to_pylist()]
    assert read == [{"id": str(n), "name": name} for n, name in enumerate(names)]
