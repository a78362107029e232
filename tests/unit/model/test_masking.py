from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.model.masking import masked_value


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("total", "-5.00", "-5.00"),
        ("currency", "EUR", "EUR"),
        ("ordered_at", "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ("customer_id", "00041366245816", "00041366245816"),
        ("customer_id", "+15135550134", "+••• (12 signs)"),
        ("first_name", "Quirina", "Q••• (7 signs)"),
        ("birth_date", "10/06/1974", "1••• (10 signs)"),
        ("phone", "+1 513 555 0134", "+••• 34"),
        ("email", "ann.reed@example.com", "a•••@example.com"),
        ("currency", "ann.reed@example.com", "a•••@example.com"),
        ("status", "call 513-555-0134", "c••• (17 signs)"),
        ("status", "a\nb", "a\ufffdb"),
        ("status", "  ", "blank"),
        ("status", None, "nothing"),
    ],
)
def test_a_mistake_is_shown_without_showing_a_person(
    column: str, text: str | None, shown: str
) -> None:
    assert masked_value(column, text) == shown


@given(
    st.sampled_from(["first_name", "last_name", "email", "postal_code", "birth_date"]),
    st.text(min_size=2),
)
def test_of_a_personal_value_no_more_than_a_sign_or_a_domain_is_shown(
    column: str, text: str
) -> None:
    shown = masked_value(column, text)
    assert shown in {"nothing", "blank"} or "•••" in shown
