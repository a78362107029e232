"""Every mistake that a campaign file can have, and the very words that are said about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Said = Callable[..., list[str]]

# Lines that are added to a campaign of six lines that is right, so the first of them is line 7.
ADDED = {
    "chanels: [email]": "7:1: unknown field 'chanels'. Did you mean 'channels'?",
    "xyzzy: red": "7:1: unknown field 'xyzzy'.",
    "name: x": "7:1: unknown field 'name'. A campaign is named by its file.",
    "path: x": "7:1: unknown field 'path'. A campaign is named by its file.",
    "title: Again": "7:1: 'title' is written twice, first in line 1.",
    "goal:": "7:1: 'goal' is empty. Fill it in or delete the line.",
    "goal: 12": "7:7: 'goal' must be text, not 12. Put it in quotes: \"12\".",
    "goal: '  '": "7:7: 'goal' must not be empty.",
    "goal: [a]": "7:7: 'goal' must be text, not a list.",
    "goal: {a: 1}": "7:7: 'goal' must be text, not a mapping.",
    "goal: !secret x": "7:7: the tag !secret has no place in a campaign file.",
    "priority: !!int x": "7:11: the tag int has no place in a campaign file.",
    "schedule: daily": (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): this has 1 of them."
    ),
    'schedule: "0 0 6 * * *"': (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): this has 6 of them."
    ),
    'schedule: "0 25 * * *"': (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): '25' is no hour."
    ),
    'schedule: "*/0 6 * * *"': (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): '*/0' is no minute."
    ),
    'schedule: "R 6 * * *"': (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): 'R' is no minute."
    ),
    'schedule: "0 6 31 2 *"': (
        "7:11: 'schedule' must be five cron fields such as \"0 6 * * *\" (06:00 every day): no day has that date."
    ),
    "schedule: 6": (
        "7:11: 'schedule' must be five cron fields in quotes, such as \"0 6 * * *\", not 6."
    ),
    "stop_when: order": "7:12: unknown reason to stop 'order'. Did you mean 'ordered'?",
    "stop_when: never": "7:12: unknown reason to stop 'never'. It is one of: ordered.",
    "send_at: 10": (
        "7:10: 'send_at' must be a time of day from 00:00 to 23:59, not 10. Write it in quotes: \"10:30\"."
    ),
    'send_at: "24:00"': (
        "7:10: 'send_at' must be a time of day from 00:00 to 23:59, not '24:00'. Write it in quotes: \"10:30\"."
    ),
    "send_at: 10:30am": (
        "7:10: 'send_at' must be a time of day from 00:00 to 23:59, not '10:30am'. Write it in quotes: \"10:30\"."
    ),
    "expires_after: 12": (
        "7:16: 'expires_after' must be a length of time such as 90m, 12h or 2d, not 12."
    ),
    "expires_after: 0h": (
        "7:16: 'expires_after' must be a length of time such as 90m, 12h or 2d, not '0h'."
    ),
    "expires_after: 12 hours": (
        "7:16: 'expires_after' must be a length of time such as 90m, 12h or 2d, not '12 hours'."
    ),
    "cool_down: 999d": "7:12: 'cool_down' must be at most 730d, not '999d'.",
    "priority: 101": "7:11: 'priority' must be a whole number from 0 to 100, not 101.",
    "priority: true": "7:11: 'priority' must be a whole number from 0 to 100, not true.",
    "priority: 40.5": "7:11: 'priority' must be a whole number from 0 to 100, not 40.5.",
    'priority: "40"': "7:11: 'priority' must be a whole number from 0 to 100, not '40'.",
    "holdout: 10": "7:10: 'holdout' must be a share such as 10%, not 10. Write 10%.",
    "holdout: 0.1": "7:10: 'holdout' must be a share such as 10%, not 0.1.",
    "holdout: true": "7:10: 'holdout' must be a share such as 10%, not true.",
    "holdout: 51%": "7:10: 'holdout' must be a share from 0% to 50%, not '51%'.",
    "approval: 5000": "7:11: 'approval' must hold names and values. Its fields are: above, two_above, drift, changes.",
    "approval: {changes: yes}": "7:21: 'changes' must be true or false, not 'yes'.",
    "approval: {over: 5}": "7:12: unknown field 'over'. Did you mean 'above'?",
    "approval: {above: -1}": (
        "7:19: 'above' must be a whole number from 0 to 100,000,000, not -1."
    ),
    "paused: no": "7:9: 'paused' must be true or false, not 'no'.",
    "paused: 0": "7:9: 'paused' must be true or false, not 0.",
    "owner: [a, b]": "7:8: 'owner' must be text, not a list.",
    "tags: offers": "7:7: 'tags' must be a list, not 'offers'. Write [tag, …].",
    "tags: [a, 2]": "7:11: 'tags' must be text, not 2. Put it in quotes: \"2\".",
    "tags: [a, b, a]": "7:14: tag 'a' is listed twice.",
    "template: 5": "7:11: 'template' must be text, not 5. Put it in quotes: \"5\".",
    "offer: 10%": (
        "7:8: 'offer' must hold names and values. Its fields are: kind, value, valid_days, prefix."
    ),
    "offer: {value: 10, valid_days: 14}": "7:8: 'kind' is missing.",
    "offer: {kind: procent, value: 10, valid_days: 14}": (
        "7:15: unknown kind of offer 'procent'. Did you mean 'percent'?"
    ),
    "offer: {kind: percent, value: 10%, valid_days: 14}": (
        "7:31: 'value' must be a number, not '10%'. Write the figure alone, without % or currency."
    ),
    "offer: {kind: percent, value: true, valid_days: 14}": (
        "7:31: 'value' must be a number, not true."
    ),
    "offer: {kind: percent, value: .inf, valid_days: 14}": (
        "7:31: 'value' must be a number, not inf. Write the figure alone, without % or currency."
    ),
    "offer: {kind: percent, value: 101, valid_days: 14}": (
        "7:31: 'value' must be more than 0 and at most 100 per cent; it is 101."
    ),
    "offer: {kind: amount, value: 5.005, valid_days: 14}": (
        "7:30: 'value' must be an amount of money above 0 with at most two decimals; it is 5.005."
    ),
    "offer: {kind: points, value: 0.5, valid_days: 14}": (
        "7:30: 'value' must be a whole number of points above 0; it is 0.5."
    ),
    "offer: {kind: percent, value: 10, valid_days: 0}": (
        "7:47: 'valid_days' must be a whole number from 1 to 365, not 0."
    ),
    "offer: {kind: percent, value: 10, valid_days: 14, prefix: back}": (
        "7:59: 'prefix' must be 2 to 6 capital letters from A to Z, not 'back'."
    ),
    "steps: []": "7:8: 'steps' must name at least one step.",
    "steps: win_back": "7:8: 'steps' must be a list, not 'win_back'. Write [step, …].",
    "steps: [hello]": (
        "7:9: 'steps' must hold names and values. Its fields are: after_days, template, offer."
    ),
    "steps: [{after_days: 0}]": "7:9: 'template' is missing.",
    "steps: [{template: a}]": "7:9: 'after_days' is missing.",
    "steps: [{after_days: 1, template: a}]": (
        "7:22: 'after_days' must be 0 in the first step, not 1."
    ),
    "steps: [{after_days: 0, template: a}, {after_days: 0, template: b}]": (
        "7:52: 'after_days' must be more than 0, the days of the step before; it is 0."
    ),
    "steps: [{after_days: 0, template: a}]\noffer: {kind: points, value: 5, valid_days: 9}": (
        "8:1: unknown field 'offer'. Where there are `steps`, it stands in each of them."
    ),
    "steps: [{after_days: 0, templat: a}]": "7:9: 'template' is missing.",
}


@pytest.mark.parametrize(("lines", "said"), ADDED.items(), ids=list(ADDED))
def test_a_mistake_is_named_with_its_place_and_the_way_out(
    lines: str, said: str, mistakes: Said
) -> None:
    assert f"campaigns/win_back.yaml:{said}" in mistakes(lines)


# Whole files, for what cannot be added to one that is right.
WHOLE = {
    "": "1:1: the file is empty. Begin with `title:`.",
    "# nothing yet\n": "1:1: the file is empty. Begin with `title:`.",
    "- a\n- b\n": "1:1: the file must hold names and values. Begin with `title:`.",
    "title\n": "1:1: the file must hold names and values. Begin with `title:`.",
    "title: x\n\ttopic: offers\n": "2:1: a tab cannot stand here. Indent with spaces.",
    "title: a: b\n": (
        "1:9: a ':' cannot stand here. Put text that holds a colon in quotes, and indent names of one level alike."
    ),
    "title: x\n  topic: offers\n": (
        "2:8: a ':' cannot stand here. Put text that holds a colon in quotes, and indent names of one level alike."
    ),
    "title: @home\n": "1:8: text cannot begin with '@' here. Put the text in quotes.",
    "title: 'x\n": "1:8: a quotation mark has no partner.",
    "channels: [email\n": "1:11: ']' is missing for what begins here.",
    "offer: {kind: points\n": "1:8: '}' is missing for what begins here.",
    "title: a\n---\ntitle: b\n": "2:1: a second document begins here. One file holds one campaign.",
    "title: a\nb\n": "2:1: a ':' is missing. Write `name: value`.",
    "steps:\n  - a\n b: c\n": "3:2: the indentation does not fit. Indent one level alike.",
    "a: &x [1]\nb: *x\n": "2:4: references (*) have no place in a campaign file. Write it out.",
    "a: *x\n": "1:4: references (*) have no place in a campaign file. Write it out.",
    "a: " + "[" * 11 + "]" * 11: "1:13: this is nested more than 10 deep.",
    "? [a]\n: b\n": "1:3: a name is missing before ':'.",
    "title: a\x07b\n": "1:9: a control character (U+0007) stands here. Delete it.",
    "title: a\nb: caf\udce9\n": "2:7: this character is not UTF-8. Save the file as UTF-8.",
    "title: x\n": "1:1: 'audience' is missing.",
    "audience: {occasion: birthday}\n": "1:1: 'title' is missing.",
    "title: x\naudience: birthday\n": (
        "2:11: 'audience' must hold names and values. Its fields are: occasion, where, open_for."
    ),
    "audience: {where: orders > 1}\n": "1:11: 'occasion' is missing.",
    "audience: {occasion: birtday}\n": (
        "1:22: unknown occasion 'birtday'. Did you mean 'birthday'?"
    ),
    "audience: {occasion: xyzzy}\n": (
        "1:22: unknown occasion 'xyzzy'."
        " It is one of birthday, points_expiry, delivered_order, pending_consent, or a column of customer_features."
    ),
    "title: x\naudience: {occasion: pending_consent}\nchannels: [email, sms]\n": (
        "3:11: 'channels' must be [email]: only an email proves that the address is theirs."
    ),
    "audience: {occasion: birthday, where: 5}\n": (
        "1:39: 'where' must be a condition in words, such as orders >= 2, not 5."
    ),
    "audience: {occasion: birthday, where: ''}\n": (
        "1:40: the condition is empty."
        " Leave `where` out to write to everybody who has the occasion."
    ),
    "audience: {occasion: birthday, open_for: 0}\n": (
        "1:42: 'open_for' must be a whole number from 1 to 365, not 0."
    ),
    "topic: offer\n": "1:8: unknown topic 'offer'. Did you mean 'offers'?",
    "topic: news\n": "1:8: unknown topic 'news'. It is one of: offers, loyalty, feedback.",
    "channels: email\n": "1:11: 'channels' must be a list, not 'email'. Write [channel, …].",
    "channels: []\n": "1:11: 'channels' must name at least one channel.",
    "channels: [email, emial]\n": "1:19: unknown channel 'emial'. Did you mean 'email'?",
    "channels: [sms, sms]\n": "1:17: channel 'sms' is listed twice.",
}


@pytest.mark.parametrize(("text", "said"), WHOLE.items(), ids=[repr(text) for text in WHOLE])
def test_a_file_that_cannot_be_read_says_where_and_why(
    text: str, said: str, mistakes: Said
) -> None:
    assert f"campaigns/win_back.yaml:{said}" in mistakes(text, complete=False)


def test_a_file_that_is_too_large_is_not_read(mistakes: Said) -> None:
    said = mistakes("#" * 70_000, complete=False)

    assert said == [
        "campaigns/win_back.yaml: the file is larger than 64 kB; a campaign is a page of text."
    ]


def test_every_mistake_of_a_file_is_named_at_once_in_the_order_of_the_file(mistakes: Said) -> None:
    said = mistakes("priorty: 5\nholdout: 10\ntopic: loyalty\nsend_at:\n")

    assert [line.split(": ")[0].rsplit(":", 2)[1] for line in said] == ["7", "8", "9", "10"]
