"""The scales of surveys: which scores there are, and which ask for somebody to look into them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from perennial.model.words import SurveyScale

SCORES: Mapping[SurveyScale, range] = MappingProxyType(
    {SurveyScale.CSAT: range(1, 6), SurveyScale.NPS: range(11)}
)

PURPOSES: Mapping[SurveyScale, str] = MappingProxyType(
    {SurveyScale.CSAT: "survey", SurveyScale.NPS: "survey_nps"}
)
"""What the links to a survey are signed for: so the link itself says what its scores mean."""

_LOW = {SurveyScale.CSAT: 2, SurveyScale.NPS: 6}


def is_low(scale: SurveyScale, score: int) -> bool:
    """Whether a score asks for somebody of the shop to get in touch."""
    return score <= _LOW[scale]
