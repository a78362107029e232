"""The first page says where a new sender stands on its ramp."""

from __future__ import annotations

from datetime import date

import pytest

from perennial.ledger.warming import SenderDay
from perennial.steps.steering import SteeringSteps
from studio_visits import Door

STANDS = SenderDay(
    domain="news.example", day=date(2026, 6, 10), step=3, steps=14, allowed=4000, sent=1200
)


@pytest.mark.parametrize(
    ("sent", "said", "unsaid"),
    [
        (1200, "1,200 of the 4,000 emails that may leave today have left.", "The rest waits"),
        (4000, "have left. The rest waits for another day", "1,200"),
    ],
)
def test_it_says_how_many_have_left_and_what_becomes_of_the_rest(
    sent_door: Door, monkeypatch: pytest.MonkeyPatch, sent: int, said: str, unsaid: str
) -> None:
    stands = SenderDay(**vars(STANDS) | {"sent": sent})
    monkeypatch.setattr(SteeringSteps, "sender_day", lambda _: stands)

    text = sent_door.see("/").text

    assert "news.example is a new sender, on day 3 of 14:" in text
    assert said in text
    assert unsaid not in text
