"""Nothing is claimed outside the span of its plan, however late the run is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_builder import NOON, a_message, beginning, claiming
from perennial.ledger.store import Ledger
from perennial.model.words import Reason

_SECOND = timedelta(seconds=1)


def test_what_the_rate_left_over_is_not_sent_in_quiet_hours(ledger: Ledger) -> None:
    """Case 35."""
    closes = NOON + timedelta(minutes=1)
    messages = [a_message(str(n), expires_at=closes) for n in range(6)]

    in_time = claiming(ledger, messages[:2])
    last_second = claiming(ledger, messages[2:4], now=closes - _SECOND)
    late = claiming(ledger, messages[4:], now=closes)

    assert len(in_time.claimed) == len(last_second.claimed) == 2
    assert set(late.blocked.values()) == {Reason.EXPIRED}
    assert late.claimed == frozenset()


def test_what_waits_to_be_tried_again_is_not_tried_in_quiet_hours(ledger: Ledger) -> None:
    """Case 35."""
    message = a_message(expires_at=NOON + timedelta(minutes=1))
    claiming(ledger, [message])
    beginning(ledger, [message])
    ledger.release([message.key], worker="worker-1")
    other = a_message("2", expires_at=NOON + timedelta(minutes=1))
    claiming(ledger, [other])
    ledger.release([other.key], worker="worker-1")

    again = claiming(ledger, [message, other], now=NOON + timedelta(minutes=1))

    assert again.claimed == frozenset()
    assert again.blocked == {other.key: Reason.EXPIRED}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(begins=st.integers(-7200, 7200), lasts=st.integers(1, 7200), number=st.integers(0, 10**9))
def test_a_message_is_claimed_in_its_span_and_at_no_other_time(
    ledger: Ledger, begins: int, lasts: int, number: int
) -> None:
    send_at = NOON + timedelta(seconds=begins)
    message = a_message(
        f"{number}-{begins}-{lasts}", send_at=send_at, expires_at=send_at + lasts * _SECOND
    )
    claimed = claiming(ledger, [message]).claimed

    assert bool(claimed) == (message.send_at <= NOON < message.expires_at)


def test_the_span_is_compared_as_instants_whatever_clock_it_is_written_on(ledger: Ledger) -> None:
    """Case 33: the hour that comes twice in autumn is two different hours to the ledger."""
    new_york = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=new_york)
    second = first.replace(fold=1)
    message = a_message(send_at=second, expires_at=second + timedelta(hours=1))

    assert claiming(ledger, [message], now=first.astimezone(UTC)).claimed == frozenset()
    assert claiming(ledger, [message], now=second.astimezone(UTC)).claimed == {message.key}
