"""Keys come out the same for ever; tokens cannot be made by anybody else."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.model.keys import (
    Link,
    MessageKey,
    address_key,
    coupon_code,
    link_token,
    message_key,
    read_link_token,
    read_message_key,
    read_signed_target,
    signed_target,
)
from token_mutations import mutations

KEY = message_key("birthday", 1, "00000842", "2026")
# One of each version.
TOKENS = (
    "1.wwbHiFliASdnb_6k4qbtgg.z_FpwEAn7Kg4UqkSFQ992w",
    link_token("unsubscribe", KEY, "ru", "secret"),
)


def test_a_message_key_never_changes() -> None:
    assert KEY == "c306c78859620127676ffea4e2a6ed82"


@pytest.mark.parametrize(
    "text", [None, 7, "", KEY.upper(), KEY[:-1], f"{KEY}0", f"{KEY}\n", "٣" * 32]
)
def test_what_does_not_look_like_a_message_key_is_none(text: object) -> None:
    assert read_message_key(KEY) == KEY
    assert read_message_key(text) is None


@given(st.tuples(st.text(), st.integers(1, 9), st.text(), st.text()))
def test_what_makes_a_message_another_one_makes_another_key(
    parts: tuple[str, int, str, str],
) -> None:
    campaign, step, customer, occasion = parts
    others = {
        message_key(campaign + "x", step, customer, occasion),
        message_key(campaign, step + 1, customer, occasion),
        message_key(campaign, step, customer + "x", occasion),
        message_key(campaign, step, customer, occasion + "x"),
    }

    assert message_key(*parts) not in others
    assert len(others) == 4


def test_a_token_is_read_back_and_holds_nothing_but_key_and_language() -> None:
    token = link_token("unsubscribe", KEY, "es-MX", "secret")

    assert read_link_token("unsubscribe", token, "secret") == Link(KEY, "es-MX")
    assert "00000842" not in token
    assert len(token) < 60


def test_a_token_of_the_first_version_is_good_for_ever() -> None:
    """Case 31."""
    assert read_link_token("unsubscribe", TOKENS[0], "secret") == Link(KEY, None)


@given(st.data())
def test_a_token_that_was_tampered_with_is_not_one_of_ours(data: st.DataObject) -> None:
    """Case 31."""
    token = data.draw(st.sampled_from(TOKENS))
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = token[:place] + letter + token[place + 1 :]

    assert changed == token or read_link_token("unsubscribe", changed, "secret") is None


def test_of_twenty_thousand_mutations_none_opens_anything() -> None:
    """Case 31."""
    opened = [
        mutant
        for token in TOKENS
        for mutant in islice(mutations(token, Random(31)), 10_000)  # noqa: S311 - nothing is kept secret by it
        if read_link_token("unsubscribe", mutant, "secret")
    ]

    assert opened == []


def test_a_token_is_good_for_its_purpose_and_its_installation_alone() -> None:
    """Case 31."""
    for token in TOKENS:
        assert read_link_token("survey", token, "secret") is None
        assert read_link_token("unsubscribe", token, "another secret") is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read_link_token("unsubscribe", text, "secret") is None
    assert read_link_token("unsubscribe", f"2.{text}", "secret") is None
    assert read_signed_target(text, "secret") is None


@given(st.text())
def test_an_address_that_is_signed_is_read_back(url: str) -> None:
    assert read_signed_target(signed_target(url, "secret"), "secret") == url


@given(st.text(), st.text())
def test_nobody_else_can_sign_an_address(url: str, other: str) -> None:
    signature = signed_target(url, "secret").partition(".")[2]
    forged = signed_target(other, "guessed").partition(".")[0]

    assert read_signed_target(signed_target(url, "guessed"), "secret") is None
    assert url == other or read_signed_target(f"{forged}.{signature}", "secret") is None


def test_coupon_codes_differ_by_message_and_can_be_read_aloud() -> None:
    codes = {coupon_code("BDAY", MessageKey(f"{n:032x}"), "secret") for n in range(2000)}

    assert len(codes) == 2000
    assert all(code.startswith("BDAY-") and len(code) == 16 for code in codes)
    assert not set("".join(code[5:] for code in codes)) & set("01IO")


def test_an_address_key_needs_the_secret() -> None:
    assert address_key("ann@example.com", "one") != address_key("ann@example.com", "two")
