"""After the button: every person of an audience in exactly one accounted state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from perennial.errors import AccountingError
from perennial.lake.duck import Engine
from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey
from perennial.model.shop import Shop
from perennial.model.words import MessageState
from perennial.pipeline.plan_reading import plan_partition
from perennial.pipeline.planning import PlanSummary, summarise

_SETTLED = (
    MessageState.ACCEPTED,
    MessageState.REFUSED,
    MessageState.RETRYABLE,
    MessageState.IN_DOUBT,
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where everybody whom the plan says to write to has got to.

    send = accepted + refused + retryable + in_doubt + not_yet_claimed + blocked.
    """

    plan: PlanSummary
    accepted: int
    refused: int
    retryable: int
    in_doubt: int
    not_yet_claimed: int
    blocked: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """For machines; see PlanSummary.as_json."""
        plain = asdict(self)
        return plain | {"plan": self.plan.as_json()}


def account_for(engine: Engine, ledger: Ledger, *, campaign: str, day: date, shop: Shop) -> Account:
    """The accounts of a campaign's day.

    Raises:
        AccountingError: somebody is unaccounted for, or was written to without a plan; names counts, not people.
    """
    plan = summarise(engine, campaign, day, shop, begun=ledger.dispatch_begun(campaign, day))
    planned = _planned_keys(engine, campaign, day)
    states: Counter[str] = Counter()
    blocked: Counter[str] = Counter()
    strangers = 0
    seen = set()
    for key, state, reason in ledger.standing(campaign, day).entries():
        seen.add(key)
        if key not in planned:
            strangers += 1
        elif state in _SETTLED:
            states[state] += 1
        elif state is None and reason is not None:
            blocked[reason] += 1
    # A message of an earlier day that was still on its way when this plan was made.
    states.update(s for s in ledger.states(planned - seen).values() if s in _SETTLED)
    accounted = states.total() + blocked.total()
    account = Account(
        plan=plan,
        accepted=states[MessageState.ACCEPTED],
        refused=states[MessageState.REFUSED],
        retryable=states[MessageState.RETRYABLE],
        in_doubt=states[MessageState.IN_DOUBT],
        not_yet_claimed=len(planned) - accounted,
        blocked=dict(sorted(blocked.items())),
    )
    _check(account, strangers)
    return account


def _planned_keys(engine: Engine, campaign: str, day: date) -> set[MessageKey]:
    engine.view("plan", plan_partition(campaign, day))
    found = engine.table("select message_key from plan where outcome = 'send'")
    return {MessageKey(key) for key in found.column("message_key").to_pylist()}


def _check(account: Account, strangers: int) -> None:
    plan = account.plan
    parts = plan.send + plan.defer + sum(plan.skip.values()) + plan.hold_out
    if plan.audience != parts:
        msg = f"{plan.campaign} {plan.day}: an audience of {plan.audience} has {parts} decisions."
        raise AccountingError(msg)
    if strangers or account.not_yet_claimed < 0:
        msg = (
            f"{plan.campaign} {plan.day}: the ledger holds {strangers} messages that are not in the plan."
            " Was the plan's partition changed by hand? See docs/operations.md, 'Accounts that do not add up'."
        )
        raise AccountingError(msg)
