"""What customers tell us about themselves: the last choice of each thing stands, and every one is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import NOON, Rows
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger, Preferences
from perennial.ledger.tables import preference_changes, preferences
from perennial.model.words import ConsentSource, PreferenceName

HOUR = timedelta(hours=1)
LANGUAGE, BIRTH_DATE, PAUSE = PreferenceName
_RUNS = count(1)


def chooses(
    ledger: Ledger,
    changes: dict[PreferenceName, str | None],
    *,
    person_id: str = "ann",
    at: datetime = NOON,
) -> None:
    how = ConsentSource.PREFERENCE_PAGE
    ledger.prefer(person_id, "ann", changes, at=at, how=how, proof="0" * 32)


def test_what_was_chosen_stands(ledger: Ledger) -> None:
    said = {LANGUAGE: "es", BIRTH_DATE: "1990-03-14", PAUSE: "2026-12-24T00:00:00+01:00"}
    chooses(ledger, said)
    assert ledger.preferences_of("ann") == Preferences(
        language="es",
        birth_date=date(1990, 3, 14),
        paused_until=datetime(2026, 12, 23, 23, tzinfo=UTC),
    )


def test_who_said_nothing_has_no_preferences(ledger: Ledger) -> None:
    chooses(ledger, {})
    assert ledger.preferences_of("ann") == Preferences()


def test_one_choice_leaves_the_others_as_they_are(ledger: Ledger) -> None:
    chooses(ledger, {LANGUAGE: "es", BIRTH_DATE: "1990-03-14"})
    chooses(ledger, {LANGUAGE: "ru"}, at=NOON + HOUR)
    assert ledger.preferences_of("ann") == Preferences(language="ru", birth_date=date(1990, 3, 14))


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_choice_can_be_taken_back(ledger: Ledger, rows: Rows, nothing: str | None) -> None:
    chooses(ledger, {LANGUAGE: "es"})
    chooses(ledger, {LANGUAGE: nothing}, at=NOON + HOUR)
    assert ledger.preferences_of("ann") == Preferences()
    assert [row["value"] for row in rows(preference_changes)] == ["es", None]
    assert rows(preferences) == []


@pytest.mark.parametrize(
    ("preference", "value", "advice"),
    [
        (LANGUAGE, "e" * 36, "a language code such as es"),
        (LANGUAGE, "<script>", "a language code such as es"),
        (BIRTH_DATE, "14.03.1990", "a date such as 1990-03-14"),
        (PAUSE, "2026-12-24T00:00:00", "an instant with its zone"),
        (PAUSE, "tomorrow", "an instant with its zone"),
    ],
)
def test_a_value_of_another_kind_is_refused_whole(
    ledger: Ledger, rows: Rows, preference: PreferenceName, value: str, advice: str
) -> None:
    with pytest.raises(LedgerError, match=advice) as raised:
        chooses(ledger, {LANGUAGE: "es", preference: value})
    assert value not in str(raised.value)
    assert rows(preference_changes) == []


def test_the_table_says_what_was_said_before_an_instant(ledger: Ledger) -> None:
    chooses(ledger, {LANGUAGE: "es"})
    chooses(ledger, {LANGUAGE: None}, at=NOON + HOUR)
    known = [
        [row["value"] for row in ledger.preferences_table(at).to_pylist()]
        for at in (NOON, NOON + HOUR, None)
    ]
    assert known == [[], ["es"], [None]]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.dictionaries(st.integers(0, 6), st.sampled_from(["es", "ru", "en", None]), min_size=1),
    data=st.data(),
)
def test_in_any_order_the_last_choice_stands(
    ledger: Ledger, said: dict[int, str | None], data: st.DataObject
) -> None:
    """Case 21."""
    person_id = f"run-{next(_RUNS)}"
    for hour in data.draw(st.permutations(sorted(said))):
        chooses(ledger, {LANGUAGE: said[hour]}, person_id=person_id, at=NOON + hour * HOUR)
    assert ledger.preferences_of(person_id).language == said[max(said)]
