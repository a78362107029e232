from __future__ import annotations

import numpy as np
import pytest

from perennial.sample.permissions import ConsentEntry, consents

YEAR = 365 * 86400
COUNT = 2000


@pytest.fixture(scope="module")
def everybody() -> list[list[ConsentEntry]]:
    rng = np.random.default_rng(7)
    return [consents(0, YEAR, rng) for _ in range(COUNT)]


def share(everybody: list[list[ConsentEntry]], channel: str) -> float:
    agreed = [
        any(e.channel == channel and e.state == "granted" for e in mine) for mine in everybody
    ]
    return sum(agreed) / COUNT


def test_three_in_four_agree_to_email_and_a_third_to_text_messages(
    everybody: list[list[ConsentEntry]],
) -> None:
    assert share(everybody, "email") == pytest.approx(0.75, abs=0.03)
    assert share(everybody, "sms") == pytest.approx(0.35, abs=0.03)


def test_some_never_said_anything(everybody: list[list[ConsentEntry]]) -> None:
    assert any(not mine for mine in everybody)


def test_nothing_is_taken_back_that_was_not_given_before(
    everybody: list[list[ConsentEntry]],
) -> None:
    withdrawn = 0
    for mine in everybody:
        state: dict[tuple[str, str], str] = {}
        for entry in mine:
            key = entry.channel, entry.topic
            assert (state.get(key) == "granted") == (entry.state == "withdrawn")
            state[key] = entry.state
            withdrawn += entry.state == "withdrawn"
    assert withdrawn > 100


def test_every_consent_to_text_messages_says_where_it_was_given(
    everybody: list[list[ConsentEntry]],
) -> None:
    given = [e for mine in everybody for e in mine if e.channel == "sms" and e.state == "granted"]
    assert {e.source for e in given} <= {"checkout", "form", "preferences"}


def test_nothing_is_said_after_the_end(everybody: list[list[ConsentEntry]]) -> None:
    assert all(0 <= e.when < YEAR for mine in everybody for e in mine)
