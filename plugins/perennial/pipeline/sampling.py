"""A few of the messages that a plan will send, as they will read: one of each kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from perennial.campaigns.definition import Campaign
from perennial.errors import RenderError
from perennial.lake.duck import Engine
from perennial.model.keys import key_of_test
from perennial.model.message import EmailMessage, Message, PlannedMessage
from perennial.pipeline.plan_reading import COLUMNS, PlanReader, plan_partition


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A message of a plan; `text` is what is read where no HTML is shown. `alike` counts those of its kind."""

    customer_id: str
    step: int
    template: str
    channel: str
    locale: str
    alike: int
    subject: str | None = field(repr=False)
    text: str = field(repr=False)


def sample_messages(
    engine: Engine,
    campaign: Campaign,
    day: date,
    *,
    secret: str,
    compose: Callable[[PlannedMessage], Message],
    edge_url: str,
    limit: int,
) -> list[Sample]:
    """The first message of each step, channel and language of a plan, the most frequent kinds first.

    Links that are a customer's own key, to unsubscribe or to change their preferences, are cut short; coupon codes are
    stand-ins as long as the real ones, which are worth money to whoever reads them.

    Raises:
        MissingPartition: there is no plan for that day.
    """
    engine.view("plan", plan_partition(campaign.name, day))
    reader = PlanReader(campaign=campaign, day=day, secret=secret)
    samples = [
        _sample(row["alike"], reader.message(_good_for_nothing(row)), compose)
        for row in engine.rows(_SAMPLES, {"limit": limit})
    ]
    own_links = re.compile(rf"{re.escape(edge_url.rstrip('/'))}/(\w+)/\S+")
    return [replace(each, text=own_links.sub(rf"{edge_url}/\1/…", each.text)) for each in samples]


def _good_for_nothing(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same message under the key of a test, which no coupon of the shop belongs to."""
    return {**row, "message_key": key_of_test(row["message_key"])}


def _sample(
    alike: int, planned: PlannedMessage, compose: Callable[[PlannedMessage], Message]
) -> Sample:
    try:
        message = compose(planned)
    except RenderError as error:
        subject, text = (
            None,
            f"With the words as they are now, this message cannot be made: {error}",
        )
    else:
        subject = message.subject if isinstance(message, EmailMessage) else None
        text = message.text
    return Sample(
        customer_id=planned.customer_id,
        step=planned.step,
        template=planned.template,
        channel=str(planned.channel),
        locale=planned.locale,
        alike=alike,
        subject=subject,
        text=text,
    )


_SAMPLES = f"""
    with sent as (
        select {COLUMNS}, count(*) over kind as alike, row_number() over (kind order by message_key) as place
        from plan where outcome = 'send'
        window kind as (partition by step, channel, locale)
    )
    select * exclude (place) from sent where place = 1 order by alike desc, step, channel, locale limit $limit
"""
