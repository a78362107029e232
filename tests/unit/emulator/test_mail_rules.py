"""Whatever a client writes, the rules of mail/send come to an end and to a verdict."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.emulator.mailing.envelopes import keys_of, mails_of, substituted
from perennial.emulator.mailing.rules import is_address, refusals
from provider_client import mail, person

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
FULL = mail(
    personalizations=[
        person("k1"),
        person(
            "k2",
            cc=[{"email": "b@customers.example", "name": "B"}],
            substitutions={"-a-": "b"},
            headers={"X-A": "b"},
            subject="Own",
            send_at=1,
            **{"from": {"email": "other@shop.example"}},
        ),
    ],
    custom_args={"run": "1"},
    headers={"X-B": "c"},
    categories=["a"],
    asm={"group_id": 1, "groups_to_display": [1]},
    reply_to={"email": "hello@shop.example"},
    mail_settings={"sandbox_mode": {"enable": False}},
    send_at=1,
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        children = list(node.items())
    elif isinstance(node, list):
        children = list(enumerate(node))
    deeper = [place for name, child in children for place in _places(child, (*path, name))]
    return ([path] if path else []) + deeper


@settings(max_examples=400)
@given(place=st.sampled_from(_places(FULL)), value=ANYTHING)
def test_a_request_with_anything_anywhere_is_refused_or_can_be_sent(
    place: tuple[Any, ...], value: Any
) -> None:
    request = copy.deepcopy(FULL)
    node: Any = request
    for name in place[:-1]:
        node = node[name]
    node[place[-1]] = value
    keys_of(request, "perennial_key")
    if not list(refusals(request, now=0.0)):
        mails = list(mails_of(request, key_name="perennial_key", message_id="m", at=0.0))
        json.dumps([vars(each) for each in mails])
        assert all(is_address(each.to) for each in mails)


@given(ANYTHING)
def test_what_is_no_mail_at_all_is_refused(value: Any) -> None:
    keys_of(value, "perennial_key")
    assert list(refusals(value, now=0.0))


def test_the_full_request_is_right() -> None:
    assert list(refusals(FULL, now=0.0)) == []


def test_a_token_inside_a_value_is_replaced_as_well_so_that_a_test_can_see_the_damage() -> None:
    assert substituted("-a-", {"-a-": "-b-", "-b-": "c"}) == "c"
