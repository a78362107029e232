"""The real message for a real customer, before anything is planned or sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from perennial.audience.deciding import LedgerFacts, decide
from perennial.campaigns.definition import Campaign
from perennial.campaigns.timing import plan_instant
from perennial.errors import PlanError
from perennial.lake.duck import Engine
from perennial.lake.narrowing import open_day_of, open_nothing_of, open_person
from perennial.lake.whereabouts import find
from perennial.ledger.store import Ledger
from perennial.messages.templates import Templates
from perennial.model.fields import MERGE_FIELDS, Origin
from perennial.model.keys import key_of_test
from perennial.model.message import Message, PlannedMessage
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel
from perennial.pipeline.plan_reading import COLUMNS, PlanReader, plan_partition
from perennial.pipeline.planning import draft, ledger_facts, wordings_of

Row = Mapping[str, Any]
Keep = Callable[[Hashable, Callable[[], Row]], Row]

_NOWHERE = {
    Channel.EMAIL: "nobody@example.invalid",
    Channel.SMS: "+10000000000",
    Channel.WHATSAPP: "+10000000000",
}
_ALWAYS = ("memberships", "contacts", "consents", "preferences")
_LIKED = "liked"
_OF_LINES = frozenset({_LIKED, "order_products"})
_OF_ORDERS = frozenset({"ordered_on", "delivered_on"}) | _OF_LINES
_OF_PRODUCTS = frozenset({"product"}) | _OF_LINES


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a message shall be shown; what is left open is as it would be sent."""

    channel: Channel | None = None
    locale: str | None = None
    step: int | None = None


AS_IT_IS = Wish()


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A message as it would look, what the plan says about the customer, and which values are made up.

    Its links and its coupon code are as long as the real ones, and good for nothing: whoever looks at a message must
    not be able to unsubscribe its reader. `examples` names the fields that this customer lacks and that were filled
    with an example.
    """

    message: Message = field(repr=False)
    outcome: str
    reason: str | None
    detail: str | None
    step: int
    template: str
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Previewer:
    """Shows what a campaign writes to a customer, whether or not it would be sent.

    `keep` may answer with what was gathered a moment ago for the same rules, fields, customer and day: whoever tries
    out words sees them as fast as they are compiled.
    """

    engine: Engine
    ledger: Ledger
    templates: Templates
    campaign: Campaign
    rivals: Sequence[Campaign]
    shop: Shop
    policy: Policy
    secret: str = field(repr=False)
    compose: Callable[[PlannedMessage], Message]
    keep: Keep = lambda _, gather: gather()

    def preview(self, customer_id: str, day: date, wishes: Sequence[Wish]) -> list[Preview]:
        """The message for one customer as of a day, once for each wish.

        The values are those of the day's plan where it has them; otherwise they are gathered for this customer alone.

        Raises:
            PlanError: there is no such customer on that day, or no such step.
            MissingPartition: the night has not been that far.
            RenderError: the words cannot be said to this customer.
        """
        if any(not 1 <= (wish.step or 1) <= len(self.campaign.steps) for wish in wishes):
            msg = f"{self.campaign.name} has {len(self.campaign.steps)} steps, counted from 1."
            raise PlanError(msg)
        known = (self._rules, self._wanted, customer_id, day)
        row = self.keep(known, lambda: self._row(customer_id, day))
        return [self._shown(row, day, wish) for wish in wishes]

    @property
    def _rules(self) -> str:
        """What the campaign's file says, wherever it lies."""
        return self.campaign.model_dump_json(exclude={"path"})

    def _row(self, customer_id: str, day: date) -> Row:
        """What a message is made of, as the plan has it or would have it."""
        row = self._row_of_plan(customer_id, day)
        if row is None or not self._says_all(row["values"]):
            return self._decided(customer_id, day) | _verdict(row)
        return row

    def _row_of_plan(self, customer_id: str, day: date) -> dict[str, Any] | None:
        partition = plan_partition(self.campaign.name, day)
        if not self.engine.lake.exists(partition):
            return None
        named = find(self.engine, [partition], "customer_id", [customer_id])
        if not named.partitions:
            return None
        plan = self.engine.files(named.partitions, "file_row_number = true")
        found = self.engine.rows(
            f"select {COLUMNS}, outcome, reason, detail from {plan}"
            f" where customer_id = $customer and {named.condition}"
            " order by outcome = 'send' desc, occasion limit 1",
            {"customer": customer_id},
        )
        return found[0] if found else None

    def _says_all(self, values: str | None) -> bool:
        """Whether a plan has every value that the words need, which may have changed since."""
        return values is not None and self._wanted <= json.loads(values).keys()

    @property
    def _wanted(self) -> frozenset[str]:
        named = (w.fields for w in wordings_of(self.campaign, self.templates))
        return frozenset(n for names in named for n in names if _is_planned(n))

    def _decided(self, customer_id: str, day: date) -> dict[str, Any]:
        wordings = wordings_of(self.campaign, self.templates)
        accounts = self._open(customer_id, day)
        self._only_member(customer_id, day)
        decide(
            self.engine,
            campaign=self.campaign,
            rivals=self.rivals,
            day=day,
            shop=self.shop,
            policy=self.policy,
            facts=self._facts(accounts, day),
            wordings=wordings,
            shards=1,
            salt=self.secret,
        )
        verdict = self.engine.rows("select outcome, reason, detail from verdicts")[0]
        self.engine.execute(
            "update verdicts set outcome = 'send', address_key = coalesce(address_key, ''),"
            f" address = coalesce(address, ''), channel = coalesce(channel, '{self.campaign.channels[0]}')"
        )
        draft(self.engine, wordings)
        return self.engine.rows(f"select {COLUMNS} from draft")[0] | verdict

    def _open(self, customer_id: str, day: date) -> list[str]:
        """Makes readable what is known about the person who has an account, and names all their accounts."""
        accounts = open_person(self.engine, customer_id, day)
        if not accounts:
            msg = f"There is no customer {customer_id!r} on {day}. Ids are text: zeros in front count."
            raise PlanError(msg)
        needed = {
            "orders": bool(self._wanted & _OF_ORDERS),
            "order_lines": bool(self._wanted & _OF_LINES),
            "products": bool(self._wanted & _OF_PRODUCTS),
        }
        # What they bought takes as long to look up as everything else.
        open_nothing_of(self.engine, [name for name, is_needed in needed.items() if not is_needed])
        bought = [name for name, is_needed in needed.items() if is_needed]
        open_day_of(self.engine, day, accounts, _ALWAYS)
        orders = None if _LIKED in self._wanted else self._occasions(customer_id)
        open_day_of(self.engine, day, accounts, bought, orders=orders)
        return accounts

    def _occasions(self, customer_id: str) -> list[str]:
        """The orders that the message may be about."""
        found = self.engine.values(
            "select occasion from memberships union"
            " select unnest([last_delivered_order_id, last_order_id]) from customer_features"
            " where customer_id = $customer",
            {"customer": customer_id},
        )
        return [order for (order,) in found if order is not None]

    def _facts(self, accounts: Sequence[str], day: date) -> LedgerFacts:
        """What the ledger remembers of a person, who goes by the id of one of the accounts, now or before."""
        keys = self.engine.rows("select email_key, phone_key from contacts")
        return ledger_facts(
            self.ledger,
            plan_instant(self.campaign, day, self.shop.zone),
            self.policy,
            customers=accounts,
            address_keys=[key for row in keys for key in row.values() if key],
        )

    def _only_member(self, customer_id: str, day: date) -> None:
        """Leaves one membership: the customer's own, or one that looks like it."""
        given = {"campaign": self.campaign.name, "customer": customer_id}
        wanted = self.campaign.audience.occasion
        occasion = _OCCASIONS.get(wanted, f'"{wanted}"::varchar')
        self.engine.execute(
            f"""
            create or replace table only_member as
            with own as (
                select * from memberships where campaign = $campaign and customer_id = $customer limit 1
            ), like_own as (
                select $campaign as campaign, customer_id, person_id,
                    coalesce({occasion.format(year=day.year)}, '{day.year}') as occasion,
                    null::date as open_until, '{{}}' as why
                from customer_features
                where customer_id = $customer and not exists (select 1 from own)
            )
            select * from own union all select * from like_own
            """,
            given,
        )
        self.engine.execute("create or replace view memberships as select * from only_member")

    def _shown(self, row: Row, day: date, wish: Wish) -> Preview:
        channel = wish.channel or Channel(row["channel"])
        step = wish.step or row["step"]
        template = self.campaign.steps[step - 1].template
        own = row["address"] if channel == row["channel"] else None
        values, examples = _completed(
            self._in_step(json.loads(row["values"]), step, row["local_day"]),
            self._needed(template, channel, row),
        )
        asked = {
            "message_key": key_of_test(f"{row['message_key']} {step} {channel}"),
            "step": step,
            "template": template,
            "channel": channel.value,
            "address": own or _NOWHERE[channel],
            "locale": wish.locale or row["locale"],
        }
        reader = PlanReader(campaign=self.campaign, day=day, secret=self.secret)
        planned = replace(reader.message({**row, **asked}), values=values)
        return Preview(
            message=self.compose(planned),
            outcome=row["outcome"],
            reason=row["reason"],
            detail=row["detail"],
            step=step,
            template=template,
            examples=examples,
        )

    def _needed(self, template: str, channel: Channel, row: Row) -> frozenset[str]:
        """What cannot be left out: of words that tell either why they may be sent, the consent, if there is neither."""
        either = self.templates.fields(template, channel) & {"consented_on"}
        known = json.loads(row["values"]).get("soft_opt_in_on") is not None
        return self.templates.required(template, channel) | (frozenset() if known else either)

    def _in_step(self, values: dict[str, Any], step: int, local_day: date) -> dict[str, Any]:
        """The values with the offer of a step, which need not be the one that is due."""
        offer = self.campaign.steps[step - 1].offer
        ends = local_day + timedelta(days=offer.valid_days) if offer else None
        of_step = {
            "offer": {"kind": str(offer.kind), "value": f"{offer.value:f}"} if offer else None,
            "coupon_expires_on": ends.isoformat() if ends else None,
        }
        return values | {name: value for name, value in of_step.items() if name in values}


_OCCASIONS = {
    "birthday": "'{year}'",
    "points_expiry": "points_expire_on::varchar",
    "delivered_order": "coalesce(last_delivered_order_id, last_order_id)",
}


def _verdict(planned: Row | None) -> dict[str, Any]:
    """What the plan has said stands, whatever would be said now."""
    return {name: planned[name] for name in ("outcome", "reason", "detail")} if planned else {}


def _completed(
    values: Mapping[str, Any], required: Iterable[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    missing = tuple(
        name for name in sorted(required) if _is_planned(name) and values.get(name) is None
    )
    return dict(values) | {name: MERGE_FIELDS[name].example for name in missing}, missing


def _is_planned(name: str) -> bool:
    return MERGE_FIELDS[name].origin is Origin.PLAN
