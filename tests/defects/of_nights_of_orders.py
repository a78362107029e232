"""What goes wrong with a night's orders as a whole."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import (
    again,
    closed,
    every,
    is_given,
    keep,
    later,
    nothing,
    one_in,
    says,
    some,
    swapped,
    text,
    times,
    with_their_lines,
    without_zeros,
    yesterday,
)

ENTRIES = Entries("orders")
_stops, _told, _unseen = ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_orders = "orders"

_stops(
    "every total with a decimal comma",
    "the export's language was changed",
    "wrong_type",
    every(_orders, total=text("total", lambda s: s.replace(".", ","))),
)
_stops(
    "every order in another currency",
    "the query takes the customer's currency",
    "currency_known",
    every(_orders, currency="EUR"),
)
_stops(
    "totals in cents",
    "a field changed its unit",
    "order_value_far_off revenue_far_off",
    every(_orders, total=times("total", 100)),
)
_stops(
    "a hundredth of each total",
    "divided by 100 twice",
    "order_value_far_off revenue_far_off",
    every(_orders, total=times("total", 0.01)),
)
_stops(
    "a tenth of the revenue",
    "totals without what was paid by card",
    "revenue_far_off",
    every(_orders, total=times("total", 0.1)),
)
_stops(
    "every total nothing",
    "a column that moved",
    "order_value_far_off",
    every(_orders, total="0.00"),
)
_stops("no totals at all", "a column dropped", "total_given", every(_orders, total=None))
_stops(
    "no customers at all", "a column dropped", "customer_id_given", every(_orders, customer_id=None)
)
_stops(
    "total and discount swapped",
    "columns in another order",
    "revenue_far_off",
    swapped(_orders, "total", "discount"),
)
_stops(
    "status and currency swapped",
    "columns in another order",
    "status_known currency_known",
    swapped(_orders, "status", "currency"),
)
_stops(
    "half of the orders missing, but none of their lines",
    "a table locked while it was read",
    "order_is_known",
    one_in(2, _orders),
)
_stops(
    "a fifth of the orders and of their lines",
    "one of five shards was read",
    "volume_far_off",
    one_in(5, _orders),
    with_their_lines(),
)
_stops("no orders at all", "an empty file", "volume_far_off", nothing(_orders))
_stops(
    "an empty day that was not said to be closed",
    "the till was not read, or nobody named the day",
    "volume_far_off",
    nothing(_orders, "order_lines", "points_entries"),
)
_told(
    "an empty day that was said to be closed",
    "the shop was closed",
    "closed_day",
    closed(),
    nothing(_orders, "order_lines", "points_entries"),
)
_stops(
    "many bad rows on a day that was said to be closed",
    "a transfer that broke off, on a holiday",
    "total_given",
    closed(),
    every(_orders, total=None),
)
_stops(
    "five times as many orders, under other numbers",
    "test data in the shop's table",
    "known_by_one_key volume_far_off",
    again(_orders, 4, key="order_id"),
)
_stops(
    "the night twice, under other numbers",
    "loaded again with new numbers",
    "known_by_one_key",
    again(_orders, key="order_id"),
)
_stops(
    "each order several times, with other totals",
    "a join that multiplies rows",
    "said_once",
    again(_orders, total=times("total", 0.5)),
)
_stops(
    "the night before again",
    "a copy that was not renewed",
    "orders_not_stale",
    yesterday(_orders, "order_lines", "points_entries"),
)
_stops(
    "nothing after noon",
    "the export ran at noon",
    "orders_not_stale",
    keep(_orders, lambda _, r: (r["updated_at"] or "") < "2017-07-06T16:00"),
    with_their_lines(),
)
_stops(
    "every row written at the same midnight",
    "a clock that stands still",
    "orders_not_stale",
    every(_orders, updated_at="2017-07-06 04:00:00"),
)
_stops(
    "times almost a day ahead",
    "dates taken for the end of their day",
    "ordered_in_time",
    every(_orders, ordered_at=later("ordered_at", 22), delivered_at=None),
)
_stops(
    "every order cancelled",
    "a flag read the wrong way round",
    "not_all_cancelled",
    every(_orders, status="cancelled"),
)
_stops(
    "every order refunded",
    "a flag read the wrong way round",
    "not_all_refunded",
    every(_orders, status="refunded"),
)
_stops(
    "one customer for all orders",
    "a join without its condition",
    "customers_differ",
    every(_orders, customer_id="00000001"),
)
_stops(
    "all customers' ids without zeros in front",
    "read as numbers",
    "customer_is_known",
    every(_orders, customer_id=without_zeros("customer_id")),
)
_stops(
    "all order ids as 3.11984833E+13",
    "saved by a spreadsheet",
    "order_is_known revenue_far_off",
    every(_orders, order_id="3.11984833E+13"),
)
_told(
    "a good third of the orders and their lines",
    "a transfer that broke off",
    "volume_usual",
    keep(_orders, lambda n, _: n % 17 < 6),
    with_their_lines(),
)
_told("the night twice", "loaded twice", "rows_come_once", again(_orders))
_told(
    "a delivery tomorrow",
    "expected deliveries in the field",
    "delivered_by_now",
    some(_orders, 5, is_given("delivered_at"), delivered_at="2017-07-09 12:00:00"),
)
_told(
    "a third of the orders cancelled",
    "a strike, or a wrong query",
    "status_cancelled_usual",
    some(_orders, 46, status="cancelled"),
)
_told(
    "no order placed, all shipped",
    "a status that is not read any more",
    "status_shipped_usual",
    every(_orders, status="shipped"),
)
_told(
    "nothing after five in the afternoon",
    "the copy that is read has fallen behind",
    "orders_fresh",
    keep(_orders, lambda _, r: (r["updated_at"] or "") < "2017-07-06T21:00"),
    with_their_lines(),
)
_unseen(
    "one hour missing at midday",
    "a table locked for an hour",
    "Within what chance moves; the shop has to read the hour again.",
    keep(
        _orders, lambda _, r: not "2017-07-06T16:00" < (r["updated_at"] or "") < "2017-07-06T17:00"
    ),
    with_their_lines(),
)
_unseen(
    "half of the orders and their lines",
    "one of two shards was read",
    "In a shop of some hundred orders a strong night's half is a weak night; a good third is told of, a fifth stops.",
    one_in(2, _orders),
    with_their_lines(),
)
_told(
    "days in place of times",
    "a column without its time",
    "known_by_one_key",
    every(_orders, ordered_at=text("ordered_at", lambda said: said[:10])),
)
_unseen(
    "three totals of nothing",
    "a gift",
    "Free orders are real.",
    some(_orders, 3, total="0.00", where=says("status", "placed")),
)
