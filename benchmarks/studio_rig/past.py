"""A ledger with a year of messages, and what became of them, made up by PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import create_engine, text

from perennial.ledger.store import Ledger
from studio_rig.year import CAMPAIGNS, DAYS, Year

_MESSAGES = """
    insert into messages (key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, address_key,
        provider, provider_id, state, attempts, claimed_by, send_at, expires_at, claimed_at, dispatched_at, settled_at,
        code, topic)
    select md5('m' || n), (cast(:campaigns as text[]))[1 + n % 4], 1, lpad((cast(n as bigint) * 7919 % :customers)::text, 8, '0'),
        lpad((cast(n as bigint) * 7919 % :customers)::text, 8, '0'), 'o' || n, on_day,
        case when n % 7 = 0 then 'sms' else 'email' end,
        'promotional', md5('e' || cast(n as bigint) * 7919 % :customers), 'sendgrid', 'id' || n,
        case when n % 200 = 1 then 'refused' when n % 20000 = 3 then 'in_doubt' else 'accepted' end, 1, 'worker',
        at, at + interval '8 hours', at, at, at, '202', 'offers'
    from (
        select n, on_day, on_day + time '15:30' as at
        from generate_series(0, :messages - 1) as s(n),
            lateral (select case when n % 4 = 3 and n < :on_large_day * 4 then :large else :last - n / 4 % :days end as on_day)
            as d
    ) as dated
"""
_EVENTS = """
    insert into message_events (message_key, word, provider, provider_id, code, at, received_at, actor)
    select key, word, 'sendgrid', provider_id, word, dispatched_at + interval '1 hour', dispatched_at + interval '1 hour',
        case when word in ('opened', 'clicked') then 'person' end
    from messages, unnest(array['delivered', 'opened', 'clicked', 'unsubscribed']) as w(word)
    where state = 'accepted' and (word = 'delivered' or word = 'opened' and right(key, 1) < '5'
        or word = 'clicked' and right(key, 2) < '10' or word = 'unsubscribed' and right(key, 2) = '00')
"""
_HOLD_OUTS = """
    insert into hold_outs (key, campaign, step, customer_id, person_id, occasion, day, recorded_at)
    select md5('h' || n), (cast(:campaigns as text[]))[1 + n % 4], 1, lpad((cast(n as bigint) * 31 % :customers)::text, 8, '0'),
        lpad((cast(n as bigint) * 31 % :customers)::text, 8, '0'), 'h' || n, :last - n / 4 % :days, now()
    from generate_series(0, :messages / 10) as s(n)
"""
_PLANS = """
    insert into plans (campaign, day, plan_hash, counts, planned_at)
    select campaign, :last - n, md5(campaign || n), cast(:counts as json), now()
    from unnest(cast(:campaigns as text[])) as c(campaign), generate_series(0, :days - 1) as s(n)
"""
_AUDIT = """
    insert into audit_log (at, actor, action, subject, reason)
    select now() - n * interval '1 hour', 'ann', 'started', 'win_back', 'for the benchmark'
    from generate_series(1, 5000) as s(n)
"""


def make_past(url: str, year: Year, messages: int) -> None:
    """Fills a new ledger."""
    ledger = Ledger(url)
    ledger.migrate()
    ledger.close()
    n = year.audience
    counts = f'{{"audience": {n}, "send": {n * 7 // 10}, "skip": {n // 5}, "defer": {n // 20}, "hold_out": {n // 20}}}'
    given = {
        "campaigns": list(CAMPAIGNS),
        "customers": year.customers,
        "messages": messages,
        "on_large_day": messages // 5,
        "large": year.large[1],
        "last": year.last - timedelta(days=1),
        "days": DAYS - 1,
        "counts": counts,
    }
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (_MESSAGES, _EVENTS, _HOLD_OUTS, _PLANS, _AUDIT):
            query = text(statement)
            connection.execute(query, {name: given[name] for name in query.compile().params})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")
    engine.dispose()
