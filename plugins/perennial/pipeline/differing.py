"""Who entered and who left which audience between two sides, and because of what: compared in SQL, told in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

from perennial.campaigns.choices import Occasion
from perennial.campaigns.definition import Campaign
from perennial.campaigns.predicate import parts_of_where
from perennial.lake.duck import Engine
from perennial.model.clock import local_instant
from perennial.model.shop import Shop
from perennial.pipeline.difference import CampaignDifference, Difference, Moved
from perennial.pipeline.difference_words import Because, Cause, Changed, Move
from perennial.pipeline.finding_causes import Account, causes_of
from perennial.pipeline.known_later import Side

_FOLDER = Path(__file__).parent
_ALWAYS = ("birth_date", "signed_up_on", "person_id")
_OCCASION_COLUMNS: dict[str, tuple[str, ...]] = {
    Occasion.BIRTHDAY: ("birth_date", "zone"),
    Occasion.POINTS_EXPIRY: (
        "points_balance",
        "points_expiring",
        "points_expire_on",
        "reward_points",
        "reward_reached_on",
    ),
    Occasion.DELIVERED_ORDER: (),
    Occasion.PENDING_CONSENT: (),
}

Row = Mapping[str, Any]
Facts = Mapping[str, Sequence[Because]]


def compare_sides(  # noqa: PLR0917 - two sides of one shop
    engine: Engine,
    before: Side,
    after: Side,
    shop: Shop,
    campaigns: Sequence[Campaign],
    only: str | None = None,
) -> Difference:
    """Compares the audiences of two sides, of all campaigns or of one.

    Causes are found by the campaign files as they are now; a campaign whose file is gone is compared all the same.

    Raises:
        MissingPartition: a night has not been that far.
    """
    comparison = _Comparison(
        engine=engine,
        before=before,
        after=after,
        shop=shop,
        campaigns={campaign.name: campaign for campaign in campaigns},
    )
    with comparison.opened(only):
        facts = comparison.facts()
        found = tuple(comparison.campaign(name, facts) for name in comparison.names(only))
    return Difference(
        day=before.day,
        other_day=after.day,
        known_on=before.known_on,
        other_known_on=after.known_on,
        campaigns=found,
    )


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """Two sides, opened in one engine."""

    engine: Engine
    before: Side
    after: Side
    shop: Shop
    campaigns: Mapping[str, Campaign]

    @contextmanager
    def opened(self, only: str | None) -> Iterator[None]:
        """Makes both sides readable, and finds the moves; leaves no table behind."""
        for name, side in (("before", self.before), ("after", self.after)):
            self.engine.view(f"memberships_{name}", side.memberships)
            self.engine.view(f"features_{name}", side.features)
        self.engine.execute(_read("differing"), {"campaign": only})
        try:
            yield
        finally:
            for table in (
                "moves",
                "orders_before",
                "orders_after",
                "points_before",
                "points_after",
            ):
                self.engine.execute(f"drop table if exists temp.{table}")

    def names(self, only: str | None) -> list[str]:
        rows = self.engine.rows(
            "select campaign from memberships_before union select campaign from memberships_after"
        )
        names = {row["campaign"] for row in rows} | self.campaigns.keys()
        return sorted(names & {only} if only else names)

    def facts(self) -> Facts:
        """What the shop says about each moved customer on one side only."""
        for name, side in (("before", self.before), ("after", self.after)):
            self.engine.open_day(side.known_on)
            for table, dataset in (("orders", "orders"), ("points", "points_entries")):
                self.engine.execute(
                    f"create or replace temp table {table}_{name} as"
                    f" select * from {dataset} where customer_id in (select customer_id from moves)"
                )
        starts = {
            "starts_before": self._start(self.before),
            "starts_after": self._start(self.after),
        }
        found: dict[str, dict[Cause, list[str]]] = defaultdict(lambda: defaultdict(list))
        for row in self.engine.rows(_read("differing_facts"), starts):
            found[row["customer_id"]][Cause(row["cause"])].append(row["id"])
        return {
            customer: [Because(cause=cause, rows=tuple(ids)) for cause, ids in causes.items()]
            for customer, causes in found.items()
        }

    def _start(self, side: Side) -> datetime:
        return local_instant(side.day, time(), self.shop.zone)

    def campaign(self, name: str, facts: Facts) -> CampaignDifference:
        before, after = (
            self.engine.scalar(
                f"select count(distinct customer_id) from memberships_{side} where campaign = $name",
                {"name": name},
            )
            for side in ("before", "after")
        )
        rule = _Rule.of(self.campaigns.get(name))
        moved = tuple(self._moved(name, row, rule, facts) for row in self._rows(name, rule))
        return CampaignDifference(campaign=name, before=before, after=after, moved=moved)

    def _rows(self, name: str, rule: _Rule) -> list[dict[str, Any]]:
        """Every move of a campaign, with what the campaign looks at as it was on both sides."""
        columns = dict.fromkeys((*_ALWAYS, *rule.columns))
        shown = ", ".join(f'"{c}"::varchar as "{c}"' for c in columns)
        met = "".join(
            f", coalesce({sql}, false) as met_{n}" for n, (sql, _) in enumerate(rule.parts)
        )
        sides = ", ".join(
            f"""
            people_{side} as (select person_id, count(*) as accounts from features_{side} group by all),
            {side} as (
                select customer_features.customer_id, accounts, {shown}{met}
                from features_{side} as customer_features
                join people_{side} using (person_id)
                where customer_features.customer_id in (select customer_id from moves where campaign = $name)
            )"""
            for side in ("before", "after")
        )
        return self.engine.rows(
            f"""
            with {sides}
            select moves.customer_id, moves.move, before, after
            from moves
            left join before using (customer_id)
            left join after using (customer_id)
            where campaign = $name
            order by customer_id""",
            {"name": name},
        )

    def _moved(self, name: str, row: Row, rule: _Rule, facts: Facts) -> Moved:
        move = Move(row["move"])
        before, after = (_side(row[side]) for side in ("before", "after"))
        changed = tuple(rule.changed(before, after, move)) if before and after else ()
        account = Account(
            move=move,
            before=before,
            after=after,
            changed=changed,
            facts=facts.get(row["customer_id"], ()),
        )
        days = (self.before.day, self.after.day)
        return Moved(
            campaign=name,
            customer_id=row["customer_id"],
            move=move,
            causes=causes_of(account, rule.occasion, days),
            changed=changed,
        )


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What a campaign looks at: the parts of its condition as SQL with their columns, and those of its occasion."""

    occasion: str | None
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    of_occasion: tuple[str, ...]

    @classmethod
    def of(cls, campaign: Campaign | None) -> _Rule:
        if campaign is None:
            return cls(occasion=None, parts=(), of_occasion=())
        occasion = campaign.audience.occasion
        return cls(
            occasion=occasion,
            parts=tuple(
                (sql, columns) for _, sql, columns in parts_of_where(campaign.audience.where)
            ),
            of_occasion=_OCCASION_COLUMNS.get(occasion, (occasion,)),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        return (*(c for _, columns in self.parts for c in columns), *self.of_occasion)

    def changed(self, before: Row, after: Row, move: Move) -> Iterator[Changed]:
        """The columns that made the difference: those of parts that hold on one side only, else the occasion's."""
        turned = [
            column
            for number, (_, columns) in enumerate(self.parts)
            for column in columns
            if before[f"met_{number}"] != after[f"met_{number}"]
        ]
        looked_at = turned if turned and move is not Move.OTHER_OCCASION else self.of_occasion
        for column in dict.fromkeys(looked_at):
            if before[column] != after[column]:
                yield Changed(column=column, before=before[column], after=after[column])


def _side(row: Row | None) -> Row | None:
    """An account's features, or nothing when there was no such account."""
    return row if row and row["customer_id"] is not None else None


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
