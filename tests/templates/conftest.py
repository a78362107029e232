from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from perennial.messages.templates import Templates, load_templates
from perennial.model.shop import Shop
from perennial.model.words import SurveyScale
from perennial.sources.shop_file import read_shop

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shop() -> Shop:
    return read_shop(PROJECT / "shop.yaml")


@pytest.fixture(scope="session")
def asking_for_nps(shop: Shop) -> Templates:
    """The same templates in a shop whose surveys ask for 0 to 10."""
    return load_templates(PROJECT / "templates", replace(shop, survey_scale=SurveyScale.NPS))


@pytest.fixture(scope="session")
def templates(shop: Shop) -> Templates:
    return load_templates(PROJECT / "templates", shop)
