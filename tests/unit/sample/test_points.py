from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from perennial.sample.points import PointsAccount, PointsEntry, PointsEvent

END = 10_000


def earned(when: int, points: int, *, gone: int, order_id: str = "o1") -> PointsEvent:
    return PointsEvent(
        when=when,
        kind="earned",
        order_id=order_id,
        points=points,
        expires_on=date(2026, 6, 30),
        expiry_posted=gone,
    )


def redeemed(when: int) -> PointsEvent:
    return PointsEvent(when=when, kind="redeemed", order_id="o9")


def entries(*events: PointsEvent) -> list[tuple[int, str, int]]:
    return [(e.when, e.kind, e.points) for e in PointsAccount().entries(list(events), END)]


def test_what_is_left_of_a_lot_expires_on_its_day() -> None:
    assert entries(earned(1, 30, gone=100), earned(2, 12, gone=100), earned(50, 7, gone=200)) == [
        (1, "earned", 30),
        (2, "earned", 12),
        (50, "earned", 7),
        (100, "expired", -42),
        (200, "expired", -7),
    ]


def test_the_oldest_points_are_used_first() -> None:
    assert entries(earned(1, 400, gone=100), earned(2, 300, gone=200), redeemed(50)) == [
        (1, "earned", 400),
        (2, "earned", 300),
        (50, "redeemed", -500),
        (200, "expired", -200),
    ]


def test_a_balance_below_the_minimum_is_not_redeemed() -> None:
    assert entries(earned(1, 499, gone=END), redeemed(50)) == [(1, "earned", 499)]


def test_points_that_expired_cannot_be_redeemed_a_moment_later() -> None:
    assert [kind for _, kind, _ in entries(earned(1, 600, gone=100), redeemed(100))] == [
        "earned",
        "expired",
    ]


def test_a_refund_takes_back_what_is_still_there() -> None:
    refund = PointsEvent(when=60, kind="adjusted", order_id="o1", points=40)
    taken = entries(earned(1, 40, gone=END), earned(2, 480, gone=END), redeemed(50), refund)
    assert taken[-1] == (60, "adjusted", -20)


EVENTS = st.lists(
    st.one_of(
        st.builds(
            lambda when, points: earned(when, points, gone=when // 100 * 100 + 300),
            st.integers(1, 900),
            st.integers(1, 700),
        ),
        st.builds(redeemed, st.integers(1, 900)),
    ),
    max_size=30,
)


@given(EVENTS)
def test_no_account_ever_falls_below_nothing_and_all_points_are_accounted(
    events: list[PointsEvent],
) -> None:
    balance, last = 0, 0
    written: list[PointsEntry] = list(PointsAccount().entries(events, END))
    for entry in written:
        assert entry.when >= last
        balance, last = balance + entry.points, entry.when
        assert balance >= 0
    assert balance == 0
