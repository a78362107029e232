"""Every starter makes a campaign that passes the check, with words of its own, and that asks before it writes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perennial.campaigns.reading import load_campaigns, read_campaign
from perennial.errors import PerennialError
from perennial.messages.templates import Templates, load_templates
from perennial.messages.values import example_values
from perennial.model.words import Channel
from perennial.pipeline.changes import changed_copy, faults_of
from perennial.pipeline.starting import Starter, begin, name_from, starters
from perennial.settings import PROJECT
from perennial.sources.shop_file import read_shop

SHOP = read_shop(PROJECT / "shop.yaml")
LOCALES = SHOP.locales
SHIPPED = {
    *(
        "anniversary",
        "birthday",
        "feedback_survey",
        "newsletter",
        "points_reminder",
        "replenishment",
    ),
    *("second_order", "win_back"),
}


@pytest.fixture(scope="module")
def known() -> Templates:
    return load_templates(PROJECT / "templates", SHOP)


def test_every_starter_passes_the_check_in_every_language_and_channel(tmp_path: Path) -> None:
    found = starters(PROJECT)
    changes = [
        change
        for n, starter in enumerate(found)
        for change in begin(
            PROJECT, starter, name=f"trial_{n}", title=f'Trial: {n} "№" #', locales=LOCALES
        )
    ]

    assert {s.name for s in found if not s.own} == SHIPPED
    assert {"birthday", "feedback_survey", "points_reminder", "win_back"} <= {s.name for s in found}
    assert faults_of(PROJECT, changes) == []
    with changed_copy(PROJECT, changes) as copy:
        shutil.copytree(copy / "campaigns", tmp_path / "campaigns")
    begun = [c for c in load_campaigns(tmp_path / "campaigns") if c.name.startswith("trial_")]
    assert len(begun) == len(found)
    for campaign in begun:
        assert campaign.approval.needed(1) == 1
        assert campaign.title == f'Trial: {campaign.name[6:]} "№" #'
        assert all(step.template.startswith(campaign.name) for step in campaign.steps)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_message_of_a_starter_is_said_in_every_language(name: str, known: Templates) -> None:
    starter = next(s for s in starters(PROJECT) if s.name == name and not s.own)
    changes = begin(PROJECT, starter, name="trial", title=starter.title, locales=LOCALES)
    with changed_copy(PROJECT, changes) as copy:
        templates = load_templates(copy / "templates", SHOP, known)
        campaign = read_campaign(copy / "campaigns" / "trial.yaml")

    assert campaign.title == starter.title
    said = [
        _said(templates, step.template, channel, locale, values)
        for step in campaign.steps
        for channel in campaign.channels
        for locale in LOCALES
        for values in (example_values(), example_values(sparse=True))
    ]
    assert len(set(said)) >= len(said) // 2, "each language has words of its own"
    for text in said:
        assert len(text) > 40
        assert not [word for word in ("None", "{{", "}}", "[[", "{%", "undefined") if word in text]


def _said(
    templates: Templates, template: str, channel: Channel, locale: str, values: Mapping[str, Any]
) -> str:
    if channel is Channel.SMS:
        return templates.sms(template, locale, values).text
    email = templates.email(template, locale, values)
    return f"{email.subject}\n{email.text}\n{email.html}"


@pytest.mark.parametrize("name", ["", "Spring", "../x", "a b", "new", "x" * 51, "birthday"])
def test_a_name_that_is_taken_or_is_none_is_refused(name: str) -> None:
    starter = Starter(name="newsletter", title="A letter", own=False)
    with pytest.raises(PerennialError):
        begin(PROJECT, starter, name=name, title="A letter", locales=LOCALES)


def test_a_language_without_words_is_said() -> None:
    starter = Starter(name="newsletter", title="A letter", own=False)
    with pytest.raises(PerennialError, match="no words in de"):
        begin(PROJECT, starter, name="letter", title="A letter", locales=["en", "de"])


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Spring letter, 2027!", "spring_letter_2027"),
        ("2027: Spring", "spring"),
        ("Весна", ""),
        ("x" * 80, "x" * 50),
    ],
)
def test_a_name_is_made_from_the_title(title: str, name: str) -> None:
    assert name_from(title) == name
