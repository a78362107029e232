"""Who has yet to confirm a consent: found on a night, and kept as pending in the ledger."""

from __future__ import annotations

from datetime import date, time

import pyarrow as pa

from perennial.audience.confirming import find_pending
from perennial.lake.duck import Engine
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.clock import local_instant
from perennial.model.policy import Policy
from perennial.model.shop import Shop
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic


def keep_pending(
    engine: Engine, ledger: Ledger, day: date, shop: Shop, policy: Policy
) -> pa.Table | None:
    """Writes down as pending what the shop's customers have yet to confirm; returns all who have, as of the day.

    Nothing where the policy asks for no confirmation. The engine must have the day open, and the view
    `customer_features`. The same night again writes nothing new.
    """
    found = who_has_yet_to_confirm(engine, ledger, day, shop, policy)
    if found is None:
        return None
    heard_by_the_shop = [
        ConsentEntry(
            person_id=row["person_id"],
            customer_id=row["customer_id"],
            channel=Channel.EMAIL,
            topic=Topic(row["topic"]),
            state=ConsentState.PENDING,
            at=row["happened_at"],
            how=ConsentSource.SHOP,
            proof=row["consent_id"][:255],
        )
        for row in found.to_pylist()
        if row["consent_id"] is not None
    ]
    ledger.record_consents(heard_by_the_shop, recorded_at=local_instant(day, time(), shop.zone))
    return found


def who_has_yet_to_confirm(
    engine: Engine, ledger: Ledger, day: date, shop: Shop, policy: Policy
) -> pa.Table | None:
    """The same, and writes down nothing."""
    if policy.double_opt_in is None:
        return None
    begins_at = local_instant(day, time(), shop.zone)
    return find_pending(
        engine,
        policy.double_opt_in,
        shop.zone,
        ledger.permissions_table(begins_at),
        ledger.pending_table(),
        begins_at,
    )
