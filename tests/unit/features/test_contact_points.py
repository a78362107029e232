from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from perennial.features.contact_points import NOTHING_GIVEN, email_point, phone_point

_LOCAL = st.text(st.sampled_from("aB1.+_-'\"@ é\u200b"), max_size=70)
_DOMAIN = st.text(st.sampled_from("aB1.-ü_ "), max_size=30).map(lambda d: d + ".com")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ann@shop.com", "ann@shop.com"),
        ("  ann@shop.com\n", "ann@shop.com"),
        ("Ann.Reed+tea@SHOP.Com", "Ann.Reed+tea@shop.com"),
        ("ann@bücher.de", "ann@xn--bcher-kva.de"),
        ("ann@juniperandrye.example", "ann@juniperandrye.example"),
        (f"{'a' * 64}@shop.com", f"{'a' * 64}@shop.com"),
    ],
)
def test_a_good_email_address_takes_its_normal_form(said: str, address: str) -> None:
    """Case 42."""
    assert email_point(said).address == address
    assert email_point(said).problem is None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("ann", "no_at_sign"),
        ("@shop.com", "no_local_part"),
        (f"{'a' * 65}@shop.com", "local_part_too_long"),
        ("ann..reed@shop.com", "bad_local_part"),
        ('"ann reed"@shop.com', "forbidden_characters"),
        ('"ann"@shop.com', "bad_local_part"),
        ("ann\r\nBcc: x@shop.com", "forbidden_characters"),
        ("ann\x00@shop.com", "forbidden_characters"),
        ("añn@shop.com", "non_ascii_local_part"),
        ("ann@shop.com.", "bad_domain"),
        ("ann@shop", "bad_domain"),
        ("ann@[127.0.0.1]", "bad_domain"),
        ("ann@shop..com", "bad_domain"),
        ("ann@mail.test", "reserved_domain"),
        ("ann@shop.com, bob@shop.com", "forbidden_characters"),
    ],
)
def test_a_bad_email_address_says_why(said: str, problem: str) -> None:
    """Case 42."""
    assert email_point(said).problem == problem
    assert email_point(said).address is None


def test_spellings_of_one_address_are_one_identity() -> None:
    spellings = ("Ann@Shop.com", "ann@shop.com", " ANN@SHOP.COM ")

    assert {email_point(s).identity for s in spellings} == {"ann@shop.com"}


def test_dots_and_tags_are_one_mailbox_where_google_keeps_it() -> None:
    """Case 42."""
    spellings = ("annreed@gmail.com", "Ann.Reed@GMail.com", "annreed+tea@googlemail.com")

    assert {email_point(s).identity for s in spellings} == {"annreed@gmail.com"}
    assert [email_point(s).address for s in spellings] == [
        "annreed@gmail.com", "Ann.Reed@gmail.com", "annreed+tea@googlemail.com",
    ]  # fmt: skip


def test_elsewhere_dots_and_tags_make_another_address() -> None:
    spellings = ("annreed@shop.com", "ann.reed@shop.com", "annreed+tea@shop.com")

    assert len({email_point(s).identity for s in spellings}) == 3


def test_a_tag_without_a_name_stays_as_it_is() -> None:
    assert email_point("+tea@gmail.com").identity == "+tea@gmail.com"


@given(local=_LOCAL, domain=_DOMAIN)
@example(local="a" * 64, domain="b" * 63 + "." + "c" * 63 + "." + "d" * 61 + ".com")
@example(local="a" * 64, domain="b" * 63 + "." + "c" * 63 + "." + "d" * 57 + ".com")
def test_the_parts_are_judged_as_the_whole_address_would_be(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    try:
        whole = validate_email(
            text.strip(), check_deliverability=False, strict=True, allow_smtputf8=False
        )
        expected = f"{whole.local_part}@{whole.ascii_domain}"
    except EmailNotValidError:
        expected = None

    assert email_point(text).address == expected


@pytest.mark.parametrize(
    ("said", "country", "address"),
    [
        ("(513) 555-0134", "US", "+15135550134"),
        ("513.555.0134", None, "+15135550134"),
        ("+34 612 34 56 78", "US", "+34612345678"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("513 555 0134", "Atlantis", "+15135550134"),
    ],
)
def test_a_good_number_takes_its_normal_form(said: str, country: str | None, address: str) -> None:
    point = phone_point(said, country, "US")

    assert (point.address, point.identity, point.problem) == (address, address, None)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("call me", "unreadable"),
        ("123", "too_short"),
        ("+1 513 555 0134 9999999", "too_long"),
        ("+1 113 555 0134", "no_such_number"),
        ("+44 20 7946 0123", "not_mobile"),
        ("+1 800 555 0143", "not_mobile"),
        ("+1 513 555 0134 ext. 5", "has_extension"),
        ("+999 123456", "unreadable"),
    ],
)
def test_a_number_that_cannot_be_texted_says_why(said: str, problem: str) -> None:
    point = phone_point(said, "US", "US")

    assert (point.address, point.problem) == (None, problem)


@pytest.mark.parametrize("said", [None, "", "  "])
def test_no_address_is_no_problem(said: str | None) -> None:
    assert email_point(said) == NOTHING_GIVEN
    assert phone_point(said, "US", "US") == NOTHING_GIVEN


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_numbers(said: str) -> None:
    point = phone_point(said, "US", "US")

    assert point.address is None or point.problem is None
    assert point.address is None or phone_point(point.address, "ES", "ES") == point
