"""The customers of a day to whom a message is hardest to say: who breaks it shows it before everybody gets it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from perennial.campaigns.definition import Campaign
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.model.fields import MERGE_FIELDS, FieldType, Origin
from perennial.pipeline.plan_reading import plan_partition

# Written from right to left; pictures; and everything that is written in more than one way.
_RIGHT_TO_LEFT = r"[\x{0590}-\x{08FF}\x{FB1D}-\x{FDFF}\x{FE70}-\x{FEFF}]"
_PICTURES = r"[\x{2600}-\x{27BF}\x{1F000}-\x{1FAFF}]"
_NOT_LATIN = r"[^\x{0000}-\x{024F}\x{1E00}-\x{1EFF}\x{2000}-\x{206F}]"
_NAME = "values ->> 'first_name'"
_AMOUNTS = (FieldType.MONEY, FieldType.INTEGER)
_EMPTY = "coalesce(values ->> '{0}', '') in ('', '[]')"


@dataclass(frozen=True, kw_only=True)
class Awkward:
    """Somebody to look at, and why; never by name."""

    customer_id: str
    why: str


def awkward_customers(
    engine: Engine, campaign: Campaign, day: date, fields: Collection[str]
) -> list[Awkward]:
    """One customer for each way in which a campaign's message of a day can turn out, by id; `fields` are what it uses.

    Those whom the plan says to write to; before it is made, members of the audience, by what their figures tell.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
    """
    if engine.lake.exists(plan_partition(campaign.name, day)):
        engine.view("plan", plan_partition(campaign.name, day))
        return [*_variants(engine), *_extremes(engine, fields), *_left_out(engine)]
    for dataset in (MEMBERSHIPS, CUSTOMER_FEATURES):
        engine.view(dataset.name, Partition(dataset=dataset.name, day=day))
    return [Awkward(**row) for row in engine.rows(_UNPLANNED, {"campaign": campaign.name})]


def _variants(engine: Engine) -> Iterator[Awkward]:
    """Each step, channel and language that occurs."""
    for row in engine.rows(_VARIANTS):
        yield Awkward(
            customer_id=row["customer_id"],
            why=f"step {row['step']}, {row['channel']}, {row['locale']}",
        )


def _extremes(engine: Engine, fields: Collection[str]) -> Iterator[Awkward]:
    """The longest and the strangest name, the largest amounts, and each value that is missing somewhere."""
    wanted = dict(_picks(fields))
    if not wanted:
        return
    columns = ", ".join(f"{pick} as p{number}" for number, pick in enumerate(wanted.values()))
    found: Mapping[str, Any] = engine.rows(
        f"select {columns} from (select customer_id, \"values\"::json as values from plan where outcome = 'send')"
    )[0]
    for why, customer_id in zip(wanted, found.values(), strict=True):
        if customer_id is not None:
            yield Awkward(customer_id=customer_id, why=why)


def _picks(fields: Collection[str]) -> Iterator[tuple[str, str]]:
    """Why somebody is picked, and the SQL that picks them; ties go to the smallest id."""
    if "first_name" in fields:
        yield "the longest name", f"arg_max(customer_id, length({_NAME}))"
        yield "no name", f"min(customer_id) filter (where {_NAME} is null)"
        for why, signs in (
            ("a name from right to left", _RIGHT_TO_LEFT),
            ("a picture in the name", _PICTURES),
            ("a name in other letters than ours", _NOT_LATIN),
        ):
            yield why, f"min(customer_id) filter (where regexp_matches({_NAME}, '{signs}'))"
    for name in sorted(name for name in fields if _is_planned(name) and name != "first_name"):
        spoken = name.replace("_", " ")
        if MERGE_FIELDS[name].type in _AMOUNTS:
            yield f"the largest {spoken}", f"arg_max(customer_id, (values ->> '{name}')::double)"
        yield (
            f"without {spoken}",
            f"min(customer_id) filter (where {_EMPTY.format(name)})",
        )


def _left_out(engine: Engine) -> Iterator[Awkward]:
    """Somebody who is not written to, for each reason: their message can be looked at all the same."""
    for row in engine.rows(_LEFT_OUT):
        yield Awkward(customer_id=row["customer_id"], why=f"not written to: {row['why']}")


def _is_planned(name: str) -> bool:
    return MERGE_FIELDS[name].origin is Origin.PLAN


_VARIANTS = """
    select step, channel, locale, min(customer_id) as customer_id from plan where outcome = 'send'
    group by all order by all
"""
_LEFT_OUT = """
    select replace(coalesce(reason, outcome), '_', ' ') as why, min(customer_id) as customer_id
    from plan where outcome <> 'send' group by all order by all
"""
_UNPLANNED = """
    with audience as (
        select f.* from memberships as m join customer_features as f using (customer_id) where m.campaign = $campaign
    )
    select min(customer_id) as customer_id, coalesce('language ' || language, 'no language') as why
    from audience group by language
    union all
    select arg_max(customer_id, points_balance), 'the largest points balance' from audience having count(*) > 0
    union all
    select arg_max(customer_id, orders), 'the most orders' from audience having count(*) > 0
    union all
    select min(customer_id) filter (where favourite_category is null), 'without favourite category' from audience
    having count(*) filter (where favourite_category is null) > 0
    order by why
"""
