"""The page of a campaign's DAG says what whoever runs it must know."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.campaigns.describing import describe_campaign
from perennial.campaigns.reading import read_campaign
from perennial.settings import PROJECT


@pytest.mark.parametrize("asks", [True, False])
def test_the_page_says_whether_changes_wait_for_a_second_person(
    tmp_path: Path, *, asks: bool
) -> None:
    path = tmp_path / "birthday.yaml"
    text = (PROJECT / "campaigns" / "birthday.yaml").read_text(encoding="utf-8")
    path.write_text(text + f"approval: {{changes: {str(asks).lower()}}}\n", encoding="utf-8")
    campaign = read_campaign(path)

    assert campaign.approval.changes is asks
    assert ("once a second person has approved it" in describe_campaign(campaign)) is asks
