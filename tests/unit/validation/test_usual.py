from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from perennial.validation.usual import FromHistory, Likeness, Past, Usual, chance_of

DAY = date(2026, 11, 21)  # a Saturday
THREE_TIMES = FromHistory(times=3)
ANY = FromHistory(times=3, like=Likeness.ANY)


def _past(*values: float, figure: str = "rows", step: int = 7, days: int = 1) -> Past:
    """Nights before the day, the latest first."""
    nights = {DAY - timedelta(days=step * n): {figure: v} for n, v in enumerate(values, start=1)}
    taken = tuple(DAY - timedelta(days=n) for n in reversed(range(days)))
    return Past(days=taken, nights=nights)


def test_the_usual_is_the_middle_of_the_same_weekdays() -> None:
    saturdays = {DAY - timedelta(days=7 * n): {"rows": 100.0 + n} for n in range(1, 6)}
    others = {DAY - timedelta(days=7 * n + 1): {"rows": 5.0} for n in range(6)}
    past = Past(days=(DAY,), nights=saturdays | others)

    assert past.usual("rows", THREE_TIMES) == Usual(middle=103, spread=1.4826)
    assert past.usual("rows", ANY) == Usual(middle=5, spread=0)


def test_there_is_no_bound_before_enough_nights() -> None:
    assert _past(100, 100, 100).usual("rows", THREE_TIMES) is None
    assert _past(100, 100, 100, 100).usual("rows", THREE_TIMES) is not None
    assert _past(100).usual("rows", FromHistory(times=3, nights=1)) is not None
    assert _past().usual("rows", FromHistory(times=3, nights=1)) is None


def test_what_is_older_than_the_window_is_forgotten() -> None:
    assert _past(*[200.0] * 8, *[1.0] * 20).usual("rows", THREE_TIMES) == Usual(
        middle=200, spread=0
    )
    long_ago = {DAY - timedelta(weeks=n): {"rows": 9.0} for n in range(17, 30)}
    assert Past(days=(DAY,), nights=long_ago).usual("rows", THREE_TIMES) is None


@given(st.floats(0, 1e9), st.lists(st.integers(90, 110).map(float), min_size=5, max_size=7))
def test_one_odd_night_moves_the_usual_no_further_than_to_a_neighbour(
    odd: float, fair: list[float]
) -> None:
    usual = _past(odd, *fair).usual("rows", THREE_TIMES)

    assert usual is not None
    assert 90 <= usual.middle <= 110
    assert usual.spread <= 1.4826 * 20


@given(
    st.floats(0, 1e9),
    st.floats(0, 1e6),
    st.none() | st.floats(1, 100),
    st.none() | st.floats(0, 20),
    st.none() | st.floats(0, 1e6),
)
def test_the_usual_lies_between_its_bounds_and_each_word_only_widens_them(
    middle: float, spread: float, times: float | None, spreads: float | None, far: float | None
) -> None:
    usual = Usual(middle=middle, spread=spread)
    all_of_it = FromHistory(times=times, spreads=spreads, distance=far)

    assert all_of_it.low(usual, 1) <= middle <= all_of_it.high(usual, 1)
    for one in (FromHistory(times=times), FromHistory(spreads=spreads), FromHistory(distance=far)):
        assert all_of_it.low(usual, 1) <= one.low(usual, 1)
        assert all_of_it.high(usual, 1) >= one.high(usual, 1)


def test_chance_alone_stops_no_small_shop() -> None:
    usual = Usual(middle=9, spread=0)
    chance = chance_of("rows", usual, {"rows": 0})

    assert THREE_TIMES.low(usual, chance) < 0
    assert THREE_TIMES.low(Usual(middle=900, spread=0), 30) == 300


def test_a_share_of_few_rows_means_less_than_one_of_many() -> None:
    usual = Usual(middle=0.1, spread=0)
    few, many = (chance_of("share(a=b)", usual, {"rows": n}) for n in (10, 10_000))

    assert FromHistory(distance=0.05).high(usual, few) > 0.4
    assert FromHistory(distance=0.05).high(usual, many) == 0.15000000000000002


def test_a_shop_that_grows_by_a_tenth_each_week_is_not_stopped() -> None:
    weeks = [1000 / 1.1**n for n in range(1, 9)]
    usual = _past(*weeks).usual("rows", THREE_TIMES)

    assert usual is not None
    assert THREE_TIMES.high(usual, 0) > 1000
    assert FromHistory(times=1.65).high(usual, 0) > 1000


def test_what_a_night_brings_of_several_days_is_held_against_as_many_nights() -> None:
    nights = {DAY - timedelta(days=n): {"rows": 100.0, "mean(total)": 9.0} for n in range(2, 40)}
    past = Past(days=(DAY - timedelta(days=1), DAY), nights=nights)

    rows, mean = past.usual("rows", THREE_TIMES), past.usual("mean(total)", ANY)
    assert rows is not None
    assert rows.middle == 200
    assert mean is not None
    assert mean.middle == 9


def test_a_value_that_no_row_had_has_a_share_of_nothing() -> None:
    past = Past(days=(DAY,), nights={DAY - timedelta(days=n): {"rows": 10.0} for n in range(1, 8)})

    assert past.usual("share(status=lost)", ANY) == Usual(middle=0, spread=0)
    assert past.usual("mean(total)", ANY) is None
