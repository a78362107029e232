"""A published plan, read back as messages to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perennial.campaigns.definition import Campaign
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import DECISIONS
from perennial.model.keys import MessageKey, coupon_code
from perennial.model.message import Coupon, PlannedMessage
from perennial.model.words import Channel

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = (
    *("message_key", "step", "template", "customer_id", "person_id", "occasion", "channel"),
    *("address", "address_key", "locale", "local_day", "send_at", "expires_at", "values"),
    *("segments", "cost"),
)
COLUMNS = ", ".join(f'"{name}"' for name in _COLUMNS)
# Few different ones in a plan, and costly to turn into Python's.
_TIMES = frozenset(("local_day", "send_at", "expires_at", "cost"))
_CHANNELS = {str(channel): channel for channel in Channel}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


ORDER = "send_at nulls last, message_key, customer_id, occasion"
"""How the rows of a plan lie: first what leaves first."""


def plan_partition(campaign: str, day: date) -> Partition:
    """Where a campaign's decisions of a day lie."""
    return Partition(dataset=DECISIONS.name, day=day, name=campaign)


def plan_hash(engine: Engine, campaign: str, day: date) -> str:
    """What a plan is approved by: the hash of its content, as it was before anybody was erased from it.

    Raises:
        MissingPartition: there is no plan for that day.
    """
    partition = plan_partition(campaign, day)
    found = _content_hash(engine, partition)
    record = _rewritten(engine, partition)
    return str(record["approved"]) if found in record["contents"] else found


def seal_plan(engine: Engine, campaign: str, day: date) -> None:
    """Notes what a plan's content hashes to, so that each task of its dispatch need only look whether the file is the same.

    Hashing the rows of a million people takes seconds and memory; hashing the bytes of their file takes neither.
    """
    partition = plan_partition(campaign, day)
    seal = {"file": _bytes_hash(engine, partition), "content": engine.content_hash(partition)}
    engine.lake.write_record(_seal_of(partition), json.dumps(seal, indent=2) + "\n")


def note_rewritten_plan(engine: Engine, partition: Partition, draft: Path) -> None:
    """Notes that a draft is the same plan, from which somebody was erased; it is to take its place right after."""
    approved = plan_hash(engine, partition.name, partition.day)
    record = _rewritten(engine, partition)
    contents = record["contents"] if record["approved"] == approved else []
    written = {"approved": approved, "contents": [*contents, engine.file_hash(draft)]}
    engine.lake.write_record(partition, json.dumps(written, indent=2) + "\n")


def _content_hash(engine: Engine, partition: Partition) -> str:
    """As the seal says, as long as the file is the one that was sealed."""
    if text := engine.lake.read_record(_seal_of(partition)):
        seal = json.loads(text)
        if seal["file"] == _bytes_hash(engine, partition):
            return str(seal["content"])
    return engine.content_hash(partition)


def _seal_of(partition: Partition) -> Partition:
    return replace(partition, name=f"{partition.name}.seal")


def _bytes_hash(engine: Engine, partition: Partition) -> str:
    with engine.lake.opened(partition) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rewritten(engine: Engine, partition: Partition) -> dict[str, Any]:
    text = engine.lake.read_record(partition)
    found: dict[str, Any] = json.loads(text) if text else {"approved": None, "contents": []}
    return found


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A trial run: only these customers, and at most so many messages. Empty means everybody."""

    customers: frozenset[str] = frozenset()
    limit: int | None = None


EVERYBODY = Selection()


@dataclass(frozen=True, kw_only=True)
class PlanReader:
    """Turns rows of the decisions into messages; coupon codes come from the installation's secret."""

    campaign: Campaign
    day: date
    secret: str = field(repr=False)

    def message(self, row: Mapping[str, Any]) -> PlannedMessage:
        """One row with COLUMNS whose outcome is send."""
        return self._message(row[name] for name in _COLUMNS)

    def read(self, batch: pa.RecordBatch) -> list[PlannedMessage]:
        """Many such rows."""
        columns = [_items(batch.column(name), name) for name in _COLUMNS]
        return [self._message(row) for row in zip(*columns, strict=True)]

    def _message(self, row: Iterable[Any]) -> PlannedMessage:
        """A message from the values of its columns, in their order."""
        message_key, step, template, customer_id, person_id, occasion, channel, *rest = row
        address, address_key, locale, local_day, send_at, expires_at, values, segments, cost = rest
        key = MessageKey(message_key)
        return PlannedMessage(
            key=key,
            campaign=self.campaign.name,
            day=self.day,
            step=step,
            template=template,
            customer_id=customer_id,
            person_id=person_id,
            occasion=occasion,
            pressure=self.campaign.pressure,
            topic=self.campaign.needed_consent,
            channel=_CHANNELS[channel],
            address=address or "",  # of who was erased since, there is none
            address_key=address_key,
            locale=locale,
            send_at=send_at,
            expires_at=expires_at,
            values=values,
            coupon=self._coupon(key, step, local_day),
            segments=segments,
            cost=cost,
        )

    def _coupon(self, key: MessageKey, step: int, local_day: date) -> Coupon | None:
        offer = self.campaign.steps[step - 1].offer
        if offer is None:
            return None
        return Coupon(
            code=coupon_code(offer.prefix, key, self.secret),
            kind=str(offer.kind),
            value=offer.value,
            expires_on=local_day + timedelta(days=offer.valid_days),
        )

    def messages(
        self,
        engine: Engine,
        *,
        until: datetime | None = None,
        shard: int | None = None,
        selection: Selection = EVERYBODY,
        chunk: int = 500,
    ) -> Iterator[list[PlannedMessage]]:
        """The plan's messages by time of sending, chunk by chunk: what is due by `until`, of one shard or of all.

        Raises:
            MissingPartition: there is no plan for that day.
        """
        engine.view("plan", plan_partition(self.campaign.name, self.day))
        for batch in engine.batches(_query(until, shard, selection), size=chunk):
            yield self.read(batch)

    def of_keys(self, engine: Engine, keys: Collection[MessageKey]) -> list[PlannedMessage]:
        """Those of the plan's messages that are to be sent and have one of these keys.

        Raises:
            MissingPartition: there is no plan for that day.
        """
        place = engine.lake.existing(plan_partition(self.campaign.name, self.day))
        named = ", ".join(_quoted(key) for key in sorted(keys))
        query = f"""
            select {COLUMNS}
            from read_parquet({_quoted(place)}, hive_partitioning = false)
            where outcome = 'send' and message_key in ({named})
        """
        return [message for batch in engine.batches(query) for message in self.read(batch)]


def _items(column: pa.Array, name: str) -> list[Any]:
    if name not in _TIMES:
        return column.to_pylist()  # type: ignore[no-any-return]
    encoded = column.dictionary_encode()
    moments = _moments(encoded.dictionary)
    return [moments[place] for place in encoded.indices.to_pylist()]


def _moments(column: pa.Array) -> list[Any]:
    """Days, or instants in UTC; those not by Arrow, which loads all of pandas to make a datetime."""
    if not str(column.type).startswith("timestamp[us"):
        return column.to_pylist()  # type: ignore[no-any-return]
    return [_EPOCH + timedelta(microseconds=number) for number in column.view("int64").to_pylist()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _query(until: datetime | None, shard: int | None, selection: Selection) -> str:
    chosen = ["outcome = 'send'"]
    if selection.customers:
        names = ", ".join(_quoted(name) for name in sorted(selection.customers))
        chosen.append(f"customer_id in ({names})")
    due = ["true"]
    if until is not None:
        due.append(f"send_at <= timestamptz '{until.isoformat()}'")
    if shard is not None:
        due.append(f"shard = {shard:d}")
    # The partition lies in the order of sending: read as it lies, a plan takes no memory, however large it is.
    plan = f"select * from plan where {' and '.join(chosen)}"
    if selection.limit is not None:
        plan += f" order by send_at, message_key limit {selection.limit:d}"
    return f"select {COLUMNS} from ({plan}) where {' and '.join(due)}"
