"""A campaign file that is right, and a way to write one that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perennial.campaigns.reading import read_campaign
from perennial.errors import CampaignError

RIGHT = """\
title: Win back customers
topic: offers
audience:
  occasion: last_order_id
  where: orders >= 2
channels: [email, sms]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a campaign file, complete with what every campaign needs unless told otherwise."""

    def write_file(text: str, *, name: str = "win_back.yaml", complete: bool = True) -> Path:
        path = tmp_path / "campaigns" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((RIGHT + text if complete else text).encode("utf-8", "surrogateescape"))
        return path

    return write_file


@pytest.fixture
def mistakes(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """What is said about a campaign file."""

    def said(text: str, **how: bool) -> list[str]:
        with pytest.raises(CampaignError) as refused:
            read_campaign(write(text, **how))
        return str(refused.value).splitlines()

    return said
