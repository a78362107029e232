"""SendGrid's answers, in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perennial.emulator.answers import Answer, json_answer


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One entry of an error answer."""

    message: str
    field: str | None = None
    status: int = 400


def refused(refusals: Sequence[Refusal], *, headers: Mapping[str, str] | None = None) -> Answer:
    """An error answer; its status is the first refusal's."""
    errors = [{"message": r.message, "field": r.field, "help": None} for r in refusals]
    return json_answer(refusals[0].status, {"errors": errors}, headers=headers)


def refused_as(status: int, message: str) -> Answer:
    """An error answer with one entry that names no field."""
    return refused([Refusal(status=status, message=message)])


UNAUTHORIZED = refused_as(401, "The provided authorization grant is invalid, expired, or revoked")
FORBIDDEN = refused_as(403, "access forbidden")
NOT_FOUND = refused_as(404, "not found")
METHOD_NOT_ALLOWED = refused_as(405, "method not allowed")
BAD_JSON = refused_as(400, "Bad Request")
SERVER_ERROR = refused_as(500, "internal server error")
UNVERIFIED = Refusal(
    status=403,
    field="from",
    message=(
        "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is"
        " resolved."
    ),
)


def too_many(headers: Mapping[str, str]) -> Answer:
    """The answer of a used-up window."""
    return refused([Refusal(status=429, message="too many requests")], headers=headers)
