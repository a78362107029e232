"""Addresses in normal form, or a word for why they cannot be used. Pure: no look-ups, no network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

_EMAIL_LIMIT = 254
_LOCAL_PART_LIMIT = 64
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_GOOGLE = frozenset(("gmail.com", "googlemail.com"))
_REACHED_BY_SMS = frozenset((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE))
_LENGTHS = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_LONG: "too_long",
}


@dataclass(frozen=True, kw_only=True)
class ContactPoint:
    """An address that can be used, or why it cannot; neither when the customer gave none.

    `identity` is the same for every spelling of the same address.
    """

    address: str | None = None
    identity: str | None = None
    problem: str | None = None


NOTHING_GIVEN = ContactPoint()


def email_point(said: str | None) -> ContactPoint:
    """An email address: domain in small letters and ASCII, local part as written.

    Mailboxes that tell `Ann` from `ann` are unheard of, so the identity does not.
    """
    text = (said or "").strip()
    if not text:
        return NOTHING_GIVEN
    local, at, domain = text.rpartition("@")
    if not at:
        return ContactPoint(problem="no_at_sign")
    if problem := _local_part_problem(local):
        return ContactPoint(problem=problem)
    ascii_domain, problem = _domain(domain)
    if problem or ascii_domain is None:
        return ContactPoint(problem=problem)
    address = f"{local}@{ascii_domain}"
    if len(address) > _EMAIL_LIMIT:
        return ContactPoint(problem="too_long")
    return ContactPoint(address=address, identity=_mailbox(local.lower(), ascii_domain))


def _mailbox(local: str, domain: str) -> str:
    """What tells a mailbox from others, in small letters: Google looks at neither dots nor what follows a plus."""
    if domain in _GOOGLE:
        name = local.partition("+")[0].replace(".", "")
        return f"{name or local}@gmail.com"
    return f"{local}@{domain}"


def phone_point(said: str | None, country: str | None, home: str) -> ContactPoint:
    """A number that text messages reach, in E.164; one without a country code belongs to the customer's country."""
    text = (said or "").strip()
    if not text:
        return NOTHING_GIVEN
    region = country if country in phonenumbers.SUPPORTED_REGIONS else home
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return ContactPoint(problem="unreadable")
    if number.extension:
        return ContactPoint(problem="has_extension")
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        length = phonenumbers.is_possible_number_with_reason(number)
        return ContactPoint(problem=_LENGTHS.get(length, "no_such_number"))
    if kind not in _REACHED_BY_SMS:
        return ContactPoint(problem="not_mobile")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ContactPoint(address=e164, identity=e164)


def _local_part_problem(local: str) -> str | None:
    if not local:
        return "no_local_part"
    if any(c.isspace() or not c.isprintable() for c in local):
        return "forbidden_characters"
    if not local.isascii():
        return "non_ascii_local_part"
    if len(local) > _LOCAL_PART_LIMIT:
        return "local_part_too_long"
    return None if _LOCAL_PART.fullmatch(local) else "bad_local_part"


@lru_cache(maxsize=100_000)
def _domain(domain: str) -> tuple[str | None, str | None]:
    """A domain in ASCII, or what is wrong with it; most customers share a few domains."""
    try:
        checked = validate_email(
            f"a@{domain}", check_deliverability=False, strict=True, allow_smtputf8=False
        )
    except EmailNotValidError as error:
        reserved = "special-use" in str(error)
        return None, "reserved_domain" if reserved else "bad_domain"
    return checked.ascii_domain.lower(), None
