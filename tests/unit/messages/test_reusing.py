"""What is taken over from templates that were compiled before is what would have been compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from message_templates import EN_MJML, EN_SMS, EN_TXT, LAYOUT_TXT, WORDS
from perennial.errors import Fault, TemplateError
from perennial.messages.templates import Templates, load_templates
from perennial.messages.values import example_values
from perennial.model.shop import Shop
from perennial.model.words import Channel

SECOND = {
    "email/second/en.mjml": EN_MJML,
    "email/second/en.txt": EN_TXT,
    "sms/second/en.txt": EN_SMS,
}
CHANGES: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "a text message": {"sms/birthday/en.txt": EN_SMS.replace("{{", "Look: {{", 1)},
    "an email": {"email/birthday/en.txt": EN_TXT + "\nOne line more.\n"},
    "a part that all share": {"email/layout.txt": LAYOUT_TXT + "\nOne line more.\n"},
    "the words that all share": {"words/en.yaml": WORDS["en"].replace("STOP", "HALT")},
    "a mistake in one": {"sms/birthday/en.txt": EN_SMS + "{{ nobody_knows }}"},
    "a mistake in what all share": {"email/layout.txt": LAYOUT_TXT + "{{ nobody_knows }}"},
    "a new one": {"sms/third/en.txt": EN_SMS},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_with_what_was_compiled_before_everything_is_as_without(
    folder: Callable[..., Path], shop: Shop, change: Mapping[str, str]
) -> None:
    known = load_templates(folder(SECOND), shop)
    path = folder({**SECOND, **change})

    assert _outcome(path, shop, known) == _outcome(path, shop, None)


def test_who_takes_in_a_file_of_another_message_changes_with_it(
    folder: Callable[..., Path], shop: Shop
) -> None:
    taken = {**SECOND, "sms/second/en.txt": "[% include 'birthday/en.txt' %]"}
    known = load_templates(folder(taken), shop)
    path = folder({**taken, "sms/birthday/en.txt": EN_SMS.replace("{{", "Look: {{", 1)})

    assert _outcome(path, shop, known) == _outcome(path, shop, None) != _outcome_of(known)


def test_another_shop_compiles_everything_anew(folder: Callable[..., Path], shop: Shop) -> None:
    path = folder(SECOND)
    known = load_templates(path, shop)
    other = replace(shop, name="Maple & Oats", sms_name="Maple & Oats")

    assert _outcome(path, other, known) == _outcome(path, other, None) != _outcome_of(known)


Outcome = list[Fault] | list[tuple[str, ...]]


def _outcome(path: Path, shop: Shop, known: Templates | None) -> Outcome:
    try:
        return _outcome_of(load_templates(path, shop, known))
    except TemplateError as error:
        return list(error.faults)


def _outcome_of(templates: Templates) -> Outcome:
    """Everything that they say with the examples."""
    values = example_values()
    emails = {name: templates.email(name, "en", values) for name in templates.names(Channel.EMAIL)}
    texts = {name: templates.sms(name, "en", values) for name in templates.names(Channel.SMS)}
    return [
        *((name, email.subject, email.html, email.text) for name, email in emails.items()),
        *((name, sms.text) for name, sms in texts.items()),
    ]
