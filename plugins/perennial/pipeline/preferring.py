"""What customers told the ledger, brought to where the night and the plan read it; and what the shop knows later than it."""

from __future__ import annotations

from datetime import date, datetime, time

from perennial.audience.confirming import unconfirmed_grant
from perennial.lake.duck import Engine, Published
from perennial.lake.partitions import Partition
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.clock import local_instant
from perennial.model.datasets import PREFERENCES
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic


def keep_preferences(engine: Engine, ledger: Ledger, day: date, shop: Shop) -> Published:
    """Writes `preferences` of a day: what was said before it began in the shop's zone, so that a rebuild says the same."""
    told = ledger.preferences_table(local_instant(day, time(), shop.zone))
    engine.register("told_preferences", told)
    return engine.publish(
        Partition(dataset=PREFERENCES.name, day=day),
        f"select {', '.join(PREFERENCES.column_names)} from told_preferences",
        order_by="customer_id, preference",
    )


def learn_agreements(
    engine: Engine,
    ledger: Ledger,
    *,
    recorded_at: datetime,
    shop: Shop,
    policy: Policy,
) -> int:
    """Tells the ledger what people agreed to in the shop after they had taken it back by a link; says how many words.

    Without them every claim would refuse what the plan has let pass. Reads what decide() has left in the engine.
    """
    unconfirmed = unconfirmed_grant(policy.double_opt_in, shop.zone)
    found = engine.rows(_AGREED_SINCE.replace("{unconfirmed}", unconfirmed))
    entries = [
        ConsentEntry(
            person_id=row["person_id"],
            customer_id=row["customer_id"],
            channel=Channel(row["channel"]),
            topic=Topic(row["topic"]),
            state=ConsentState.GRANTED,
            at=row["happened_at"],
            how=ConsentSource.SHOP,
            proof=row["consent_id"],
        )
        for row in found
    ]
    ledger.record_consents(entries, recorded_at=recorded_at)
    return len(entries)


_AGREED_SINCE = """
    with standing as (
        select f.person_id, p.channel, p.topic, max(p.since) as since
        from permissions as p
        join customer_features as f using (customer_id)
        where p.state = 'withdrawn'
        group by all
    )
    select s.person_id, c.customer_id, c.channel, c.topic, c.happened_at, left(c.consent_id, 255) as consent_id
    from consents as c
    join customer_features as f using (customer_id)
    join standing as s on s.person_id = f.person_id and s.channel = c.channel and s.topic = c.topic
    where c.state = 'granted' and c.happened_at > s.since and not {unconfirmed}
    order by all
"""
