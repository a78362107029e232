"""What is known about a few customers, read once: a page about one person cannot wait for everybody's files.

A view over the increments of a year opens hundreds of files for every query. What is about a few people is small, so
each file is looked into once, by the statistics that it carries, and what is found is kept as tables.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.lake.snapshots import known_partitions, looked_up_by
from perennial.lake.whereabouts import find
from perennial.model.datasets import (
    CONTACTS,
    CUSTOMER_FEATURES,
    MEMBERSHIPS,
    PREFERENCES,
    SHOP_DATASETS,
    Dataset,
)

# In an order in which each follows what it depends on.
_DATASETS = {
    d.name: d
    for d in (CUSTOMER_FEATURES, MEMBERSHIPS, *SHOP_DATASETS.values(), CONTACTS, PREFERENCES)
}
_NUMBERED = "file_row_number = true"
_OF_ONE_DAY = frozenset((CUSTOMER_FEATURES.name, MEMBERSHIPS.name))


def open_day_of(
    engine: Engine,
    day: date,
    customers: Collection[str],
    datasets: Collection[str] = tuple(_DATASETS),
    *,
    orders: Collection[str] | None = None,
) -> None:
    """Makes datasets readable under their names as they were known on a day, with only what is about some customers.

    With `orders`, of order lines only those of these orders.

    Of order lines there are those of their orders, of products those of these lines and the favourite ones: whoever asks
    for them has opened orders before lines, and lines and features before products. Otherwise they are as
    `Engine.open_day` shows them, which shows everybody again.

    Raises:
        MissingPartition: the night has not made that day's features or audiences.
    """
    for name in (name for name in _DATASETS if name in datasets):
        dataset = _DATASETS[name]
        partitions = _partitions(engine, dataset, day)
        if partitions:
            _read(engine, dataset, partitions, _values(engine, dataset, customers, orders))
        else:
            _read_nothing(engine, dataset)
        engine.execute(f"create or replace view {name} as select * exclude (day) from few_{name}")


def open_nothing_of(engine: Engine, datasets: Collection[str]) -> None:
    """Makes datasets readable without any rows, for a question that does not ask about them."""
    for name in datasets:
        _read_nothing(engine, _DATASETS[name])
        engine.execute(f"create or replace view {name} as select * exclude (day) from few_{name}")


def open_person(engine: Engine, customer_id: str, day: date) -> list[str]:
    """Makes a day's features readable with only the accounts of the person who has an account; names them, in order.

    There are none when nobody had such an account on that day.

    Raises:
        MissingPartition: the night has not made that day's features.
    """
    name = CUSTOMER_FEATURES.name
    partition = Partition(dataset=name, day=day)
    engine.lake.existing(partition)
    who = engine.scalar(
        f"select person_id from {engine.files([partition])}"
        f" where customer_id in ({listed([customer_id])})"
    )
    persons = [] if who is None else [who]
    found = find(engine, [partition], "person_id", persons)
    engine.execute(
        f"create or replace table few_{name} as"
        f" select * exclude (filename, file_row_number) from {engine.files([partition], _NUMBERED)}"
        f" where person_id in ({listed(persons)}) and {found.condition} order by customer_id"
    )
    engine.execute(f"create or replace view {name} as select * exclude (day) from few_{name}")
    return [row["customer_id"] for row in engine.rows(f"select customer_id from {name}")]


def _partitions(engine: Engine, dataset: Dataset, day: date) -> list[Partition]:
    if dataset.name in _OF_ONE_DAY:
        partition = Partition(dataset=dataset.name, day=day)
        engine.lake.existing(partition)
        return [partition]
    folder = f"verified/{dataset.name}" if dataset.name in SHOP_DATASETS else dataset.name
    if dataset is PREFERENCES:  # each of them says all that stood on its day
        return engine.lake.partitions(folder, until=day)[-1:]
    return known_partitions(engine.lake, folder, day)


def _read(
    engine: Engine, dataset: Dataset, partitions: list[Partition], values: Collection[str]
) -> None:
    """Keeps the latest version of each row that is looked up by these, unless a later one is by another."""
    column = looked_up_by(dataset)
    found = find(engine, partitions, column, values)
    if not found.partitions:
        _read_nothing(engine, dataset)
        return
    columns = ", ".join(f'"{name}"' for name in dataset.column_names)
    rows = f"""
        select {columns}, day from {engine.files(found.partitions, _NUMBERED)}
        where {column} in ({listed(values)}) and {found.condition}"""
    if len(found.partitions) > 1:
        # Looked for before versions are told apart: as one step, DuckDB would read the files twice.
        rows = f"""
            with versions as materialized ({rows})
            select * from versions
            qualify row_number() over (partition by {", ".join(dataset.key)} order by day desc) = 1"""
    engine.execute(f"create or replace table few_{dataset.name} as {rows}")
    if column in dataset.key or len(partitions) == 1:
        return
    (identity,) = dataset.key
    known = _texts(engine, f"select {identity} as found from few_{dataset.name}")
    # Nothing that the first says is later than anything.
    later = find(engine, partitions[1:], identity, known)
    if not later.partitions:
        return
    files = engine.files(later.partitions, _NUMBERED)
    condition = f"{identity} in ({listed(known)}) and {later.condition}"
    engine.execute(f"""
        delete from few_{dataset.name} as known
        using (select {identity}, max(day) as day from {files} where {condition} group by all) as latest
        where latest.{identity} = known.{identity} and latest.day > known.day
    """)


def _read_nothing(engine: Engine, dataset: Dataset) -> None:
    columns = ", ".join(f'null::{c.type} as "{c.name}"' for c in dataset.columns)
    engine.execute(
        f"create or replace table few_{dataset.name} as select {columns}, null::date as day where false"
    )


def _values(
    engine: Engine, dataset: Dataset, customers: Collection[str], orders: Collection[str] | None
) -> Collection[str]:
    """What the column that it is looked up by may hold."""
    match dataset.name:
        case "order_lines" if orders is not None:
            return orders
        case "order_lines":
            return _texts(engine, "select order_id as found from orders")
        case "products":
            return _texts(
                engine,
                "select product_id as found from order_lines"
                " union select favourite_product_id from customer_features",
            )
    return customers


def _texts(engine: Engine, query: str) -> list[str]:
    return [text for (text,) in engine.values(query) if text is not None]


def listed(values: Collection[str]) -> str:
    """Texts as SQL lists them: what is written out is looked for by the statistics of a file, what is joined is not."""
    quoted = ("'" + value.replace("'", "''") + "'" for value in sorted(values))
    return ", ".join(quoted) or "null"
