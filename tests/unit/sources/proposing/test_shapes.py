from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.sources.proposing.shapes import ISO, Kind, shape_of

FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a@b.example", "c@d.example", None], Kind.EMAIL),
        (["+34 600 555 010", "(201) 555-0100", "6005550100"], Kind.PHONE),
        (["12", "-7"], Kind.INTEGER),
        (["12.50", "7"], Kind.DECIMAL),
        (["1.234,50", "7"], Kind.COMMA_DECIMAL),
        (["https://a.example/p/1"], Kind.URL),
        (["Europe/Madrid", "America/New_York"], Kind.ZONE),
        (["ES", "US"], Kind.COUNTRY),
        (["EUR", "USD"], Kind.CURRENCY),
        (["es", "es-MX"], Kind.LANGUAGE),
        (["2026-11-20"], Kind.DATE),
        (["2026-11-20 10:00:00", "2026-11-20T10:00:00Z"], Kind.MOMENT),
        (["enviado", "enviado", "anulado"], Kind.WORDS),
        (["José", "Ana"], Kind.TEXT),
        (["", None, " "], Kind.EMPTY),
    ],
)
def test_values_are_told_by_how_they_look(values: list[str | None], kind: Kind) -> None:
    assert shape_of(values).kind is kind


def test_a_few_values_that_look_otherwise_do_not_hide_the_others() -> None:
    shape = shape_of([*(f"a{n}@b.example" for n in range(98)), "none", "unknown"])

    assert (shape.kind, shape.fits, shape.of) == (Kind.EMAIL, 98, 100)


def test_day_and_month_are_in_doubt_until_a_day_is_later_than_the_twelfth() -> None:
    assert shape_of(["01/02/2024", "03/04/2024"]).doubtful
    assert shape_of(["01/02/2024", "31/03/2024", "30/04/2024"] * 10).formats == ("%d/%m/%Y",)


@given(
    days=st.lists(st.dates(date(1901, 1, 1), date(2099, 12, 31)), min_size=1),
    form=st.sampled_from(FORMATS),
)
def test_the_format_in_which_days_are_written_is_always_among_those_found(
    days: list[date], form: str
) -> None:
    for written, kind in ((form, Kind.DATE), (f"{form} %H:%M:%S", Kind.MOMENT)):
        shape = shape_of([day.strftime(written) for day in days])

        assert shape.kind is kind
        assert written in shape.formats


def test_days_as_iso_writes_them_are_known_as_such() -> None:
    assert shape_of(["2024-02-01"]).formats == (ISO,)
