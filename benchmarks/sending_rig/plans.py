"""A published plan of any size: personal birthday emails of about 10 KB with four products, or short texts."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.model.datasets import DECISIONS
from perennial.pipeline.judging_audience import audience_record
from perennial.pipeline.plan_reading import ORDER, plan_hash, plan_partition, seal_plan
from perennial.settings import PROJECT
from perennial.validation.verdicts import AUDIENCE_OF, Verdict, as_text

CAMPAIGN = "birthday"
_FOLDERS = ("campaigns", "templates", "expectations")
_LIST = """<mj-section>
  <mj-column>
    [% set products = "liked" %]
    [% include "parts/products.mjml" %]
  </mj-column>
</mj-section>
[% include "parts/idea.mjml" %]"""
_NAMES = "['Ann', 'Maximiliano José', 'Ольга', 'Bea', 'Christopher', 'Zoë', 'Jean-Luc', 'Светлана']"
# What a shop of some size sells often enough to be somebody's favourite.
_CATALOGUE = 5_000
_PRODUCTS = (
    "['Dark roast coffee', 'Sourdough bread', 'Greek yoghurt', 'Olive oil', 'Dried apricots']"
)


def make_project(folder: Path) -> Path:
    """The shop's own files, with the customer's favourites in the birthday email: four products in place of one."""
    for name in _FOLDERS:
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, folder)
    for path in (folder / "templates" / "email" / CAMPAIGN).glob("*.mjml"):
        words = path.read_text(encoding="utf-8")
        path.write_text(words.replace('[% include "parts/idea.mjml" %]', _LIST), encoding="utf-8")
    return folder


def publish_plan(lake: Path, day: date, messages: int, *, channel: str, shards: int) -> str:
    """Writes the plan; the hash that dispatch is given."""
    with Engine(Lake(lake)) as engine:
        partition = plan_partition(CAMPAIGN, day)
        engine.publish(partition, _query(day, messages, channel, shards), order_by=ORDER)
        seal_plan(engine, CAMPAIGN, day)
        return plan_hash(engine, CAMPAIGN, day)


def publish_verdict(lake: Path, day: date, messages: int) -> None:
    """Says that nothing holds the audience back: no night has formed one that could be judged."""
    verdict = Verdict(
        dataset=AUDIENCE_OF + CAMPAIGN,
        day=day,
        rows=messages,
        accepted=messages,
        quarantined=0,
        findings=(),
        figures={"members": messages},
    )
    Lake(lake).write_record(audience_record(CAMPAIGN, day), as_text(verdict.as_json()))


def _query(day: date, messages: int, channel: str, shards: int) -> str:
    columns = {
        "campaign": f"'{CAMPAIGN}'",
        "customer_id": "printf('%08d', n)",
        "person_id": "printf('%08d', n)",
        "occasion": f"'{day.year}'",
        "step": "1",
        "template": f"'{CAMPAIGN}'",
        "outcome": "'send'",
        "reason": "null",
        "detail": "null",
        "message_key": "md5('message ' || n)",
        "channel": f"'{channel}'",
        "address": "'c' || n || '@people.example'"
        if channel == "email"
        else "printf('+1212%07d', n)",
        "address_key": "md5('address ' || n)",
        # One part each, so that texts are counted as the provider counts.
        "locale": "['en', 'es', 'ru'][1 + n % 3]" if channel == "email" else "'en'",
        "zone": "'America/New_York'",
        "zone_source": "'profile'",
        "local_day": f"date '{day}'",
        "send_at": "now() - interval 1 hour",
        "expires_at": "now() + interval 10 hours",
        "values": _values(day, _NAMES if channel == "email" else "['Ann']"),
        "segments": "0",
        "cost": "0",
        "shard": f"n % {shards}",
        "why": "'{}'",
    }
    listed = ", ".join(f'{columns[c.name]} as "{c.name}"' for c in DECISIONS.columns)
    return f"select {listed} from range({messages}) as t(n)"


def _values(day: date, names: str) -> str:
    article = f"((n * 7919 + k * 104729) % {_CATALOGUE})"
    product = f"""struct_pack(
        name := {_PRODUCTS}[1 + {article} % 5] || ' no. ' || {article}, category := 'Aisle ' || ({article} % 40),
        price := printf('%d.%02d', 1 + {article} % 30, {article} % 100),
        url := 'https://juniperandrye.example/p/' || (1000000 + {article})
    )"""
    return f"""to_json(struct_pack(
        first_name := {names}[1 + n % len({names})], consented_on := '2025-03-14', favourite_category := 'Coffee',
        offer := struct_pack(kind := 'percent', "value" := '15'), coupon_expires_on := '{day}',
        product := {product.replace("k * 104729", "4 * 104729")},
        liked := list_transform([1, 2, 3], lambda k: {product})
    ))::varchar"""
