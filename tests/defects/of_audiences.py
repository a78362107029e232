"""What goes wrong with the audience of a campaign: it is held until a person has approved of it."""

from __future__ import annotations

from dataclasses import dataclass

from audience_nights import DAY, Audiences
from perennial.validation.verdicts import Action, Verdict

USUAL_MEMBERS = 60
USUAL_AGREED = 24
NIGHTS = 10


@dataclass(frozen=True, kw_only=True)
class AudienceDefect:
    """So many members, agreements and customers tonight, where 60, 24 and 300 are usual; what must follow."""

    what: str
    cause: str
    members: int
    agreed: int
    customers: int
    outcome: Action
    rules: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"audience: {self.what}"

    def judge(self, audiences: Audiences) -> Verdict:
        """The verdict on tonight's audience; ten usual nights lie behind it."""
        audiences.form(DAY, self.members, self.agreed, self.customers)
        return audiences.judge(DAY)


def _held(
    what: str, cause: str, rules: str, *, members: int = 60, agreed: int = 24, customers: int = 300
) -> AudienceDefect:
    return AudienceDefect(
        what=what,
        cause=cause,
        members=members,
        agreed=agreed,
        customers=customers,
        outcome=Action.HOLD,
        rules=tuple(rules.split()),
    )


DEFECTS = (
    _held(
        "nobody",
        "a rule of the campaign that fits nobody",
        "audience_not_lost",
        members=0,
        agreed=0,
    ),
    _held(
        "a twentieth of its members",
        "features of a part of the shop",
        "audience_not_lost",
        members=3,
        agreed=1,
    ),
    _held(
        "ten times as many members",
        "a condition left out of the rule",
        "audience_not_flooded",
        members=620,
        agreed=248,
        customers=650,
    ),
    _held("nobody has agreed", "consents lost on the way", "consents_not_lost", agreed=0),
    _held("everybody has agreed", "a no read as a yes", "consent_rate_usual", agreed=60),
    _held(
        "a third of the shop's customers",
        "customers of one shard",
        "customers_usual",
        customers=100,
    ),
    _held(
        "three times as many customers",
        "accounts that came in again",
        "customers_usual",
        customers=900,
    ),
)
