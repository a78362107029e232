from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from perennial.campaigns.choices import Occasion, OfferKind, StopWhen
from perennial.campaigns.definition import Approval, Audience, Campaign, Offer, Step
from perennial.campaigns.schema import campaign_schema, reference_text, schema_text, write_files
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.settings import PROJECT

SHIPPED = sorted((PROJECT / "campaigns").glob("*.yaml"))


@pytest.mark.parametrize(
    "name", ["campaigns/campaign.schema.json", "docs/reference/campaign-file.md"]
)
def test_the_committed_files_are_those_that_the_types_make(name: str, tmp_path: Path) -> None:
    write_files(tmp_path)

    made = (tmp_path / name).read_text(encoding="utf-8")
    assert (PROJECT / name).read_text(encoding="utf-8") == made, "run `make reference`"


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(campaign_schema())

    assert "$ref" not in schema_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_campaign_names_its_schema_and_follows_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith("# yaml-language-server: $schema=campaign.schema.json\n")
    assert not list(Draft7Validator(campaign_schema()).iter_errors(YAML(typ="safe").load(text)))


MISTAKES = [
    "chanels: [email]",
    "topic: offer",
    "stop_when: order",
    "send_at: 25:00",
    "expires_after: 12",
    "priority: 101",
    "holdout: 10",
    "paused: 'no'",
    "channels: []",
    "channels: [email, email]",
    "steps: []",
    "steps: [{after_days: 0}]",
    "offer: {kind: percent, value: 10, valid_days: 0}",
    "{steps: [{after_days: 0, template: a}], template: b}",
]


@pytest.mark.parametrize("lines", MISTAKES)
def test_an_editor_sees_what_perennial_refuses(
    lines: str, write: Callable[..., Path], mistakes: Callable[..., list[str]]
) -> None:
    right: dict[str, Any] = YAML(typ="safe").load(write(""))
    added: dict[str, Any] = YAML(typ="safe").load(lines)

    assert not list(Draft7Validator(campaign_schema()).iter_errors(right))
    assert list(Draft7Validator(campaign_schema()).iter_errors({**right, **added}))
    assert mistakes(json.dumps({**right, **added}), complete=False)


def test_the_reference_names_every_field_word_and_column() -> None:
    page = reference_text()
    fields = {
        name
        for part in (Campaign, Audience, Step, Offer, Approval)
        for name in part.model_fields
        if name not in ("name", "path")
    }
    words = {*Occasion, *OfferKind, *StopWhen, *CUSTOMER_FEATURES.column_names}

    assert not {name for name in fields | words if f"`{name}`" not in page}
