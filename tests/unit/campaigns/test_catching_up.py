from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.campaigns.catching_up import CatchUp, CatchUpRule
from perennial.campaigns.describing import describe_campaign
from perennial.campaigns.reading import read_campaign
from perennial.errors import CampaignError

HOUR = timedelta(hours=1)
SEND_AT = datetime(2026, 6, 10, 8, 30, tzinfo=UTC)
EXPIRES_AT = SEND_AT + 12 * HOUR
NEXT_PLAN = SEND_AT + 20 * HOUR
SKIP = CatchUp(CatchUpRule.SKIP)
LATEST = CatchUp(CatchUpRule.LATEST_ONLY)
YOUNG = CatchUp(CatchUpRule.SEND_IF_YOUNGER_THAN, 6 * HOUR)


def last_chance(policy: CatchUp, late_by: timedelta, expires_at: datetime = EXPIRES_AT) -> datetime:
    return policy.last_chance(
        SEND_AT, expires_at, began_at=SEND_AT + late_by, next_plan_at=NEXT_PLAN
    )


@pytest.mark.parametrize("policy", [SKIP, LATEST, YOUNG], ids=str)
@pytest.mark.parametrize("late_by", [-2 * HOUR, timedelta(0), HOUR / 2])
def test_a_run_that_began_in_time_goes_on_until_the_messages_expire(
    policy: CatchUp, late_by: timedelta
) -> None:
    assert last_chance(policy, late_by) == EXPIRES_AT


@pytest.mark.parametrize(
    ("policy", "late_by", "expected"),
    [
        pytest.param(SKIP, HOUR, SEND_AT, id="skip: not at all"),
        pytest.param(YOUNG, HOUR, SEND_AT + 6 * HOUR, id="younger: while it is"),
        pytest.param(YOUNG, 7 * HOUR, SEND_AT + 6 * HOUR, id="younger: no more when it is not"),
        pytest.param(LATEST, 7 * HOUR, EXPIRES_AT, id="latest: until it expires"),
        pytest.param(LATEST, 20 * HOUR, SEND_AT, id="latest: not beside the next day's"),
    ],
)
def test_a_late_run_sends_what_its_campaign_says(
    policy: CatchUp, late_by: timedelta, expected: datetime
) -> None:
    """Case 19."""
    assert last_chance(policy, late_by) == expected


@given(
    policy=st.sampled_from([SKIP, LATEST, YOUNG]),
    late_by=st.integers(-3000, 3000),
    lives=st.integers(1, 3000),
)
def test_no_policy_lets_a_message_leave_later_than_it_may_anyway(
    policy: CatchUp, late_by: int, lives: int
) -> None:
    expires_at = SEND_AT + timedelta(minutes=lives)

    assert SEND_AT <= last_chance(policy, timedelta(minutes=late_by), expires_at) <= expires_at


def campaign_with(folder: Path, line: str) -> Any:
    path = folder / "hello.yaml"
    path.write_text(
        f"title: Hello\naudience: {{occasion: birthday}}\nchannels: [email]\n{line}\n",
        encoding="utf-8",
    )
    return read_campaign(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", LATEST),
        ("catch_up: skip", SKIP),
        ("catch_up: latest_only", LATEST),
        ("catch_up: {send_if_younger_than: 6h}", YOUNG),
    ],
)
def test_a_file_says_it_in_a_word_or_with_one_length_of_time(
    tmp_path: Path, line: str, expected: CatchUp
) -> None:
    campaign = campaign_with(tmp_path, line)

    assert campaign.catch_up == expected
    assert expected.sentence in describe_campaign(campaign)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("catch_up: skipp", "Did you mean 'skip'?"),
        ("catch_up: send_if_younger_than", "Write send_if_younger_than: 6h below it."),
        ("catch_up: {send_if_younger_than: soon}", "be a length of time"),
        ("catch_up: {younger: 6h}", "be skip, latest_only or {send_if_younger_than: 6h}"),
        ("catch_up: 6", "be skip, latest_only or {send_if_younger_than: 6h}"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(CampaignError) as caught:
        campaign_with(tmp_path, line)

    assert said in str(caught.value)
    assert "hello.yaml:4" in str(caught.value)
