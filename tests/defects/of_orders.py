"""What goes wrong with single orders."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import is_given, later, more, some, text, times, without_zeros

ENTRIES = Entries("orders")
_aside = ENTRIES.aside
_orders = "orders"

_aside(
    "totals below zero",
    "refunds booked as orders",
    "total_not_negative",
    3,
    some(_orders, 3, total=times("total", -1)),
)
_aside(
    "totals with a decimal comma",
    "spreadsheet of another country",
    "wrong_type(total)",
    4,
    some(_orders, 4, total="12,99"),
)
_aside(
    "totals with thousands set apart",
    "formatted export",
    "wrong_type(total)",
    3,
    some(_orders, 3, total="1,234.50"),
)
_aside(
    "totals with a currency sign",
    "formatted export",
    "wrong_type(total)",
    3,
    some(_orders, 3, total="$12.99"),
)
_aside(
    "totals with three decimals",
    "prices without rounding",
    "wrong_type(total)",
    3,
    some(_orders, 3, total="12.345"),
)
_aside(
    "totals that are spreadsheet errors",
    "`#N/A` of a lookup",
    "wrong_type(total)",
    3,
    some(_orders, 3, total="#N/A"),
)
_aside(
    "discounts that are the word NULL",
    "export of a database",
    "wrong_type(discount)",
    3,
    some(_orders, 3, discount="NULL"),
)
_aside(
    "times that are numbers of days",
    "spreadsheet date 42921.5",
    "wrong_type(ordered_at)",
    3,
    some(_orders, 3, ordered_at="42921.5", delivered_at=None),
)
_aside(
    "times that count seconds",
    "Unix time in one till",
    "wrong_type(ordered_at)",
    3,
    some(_orders, 3, ordered_at="1499347200", delivered_at=None),
)
_aside(
    "times with the month first",
    "07/06/2017 10:00",
    "wrong_type(ordered_at)",
    3,
    some(_orders, 3, ordered_at="07/06/2017 10:00", delivered_at=None),
)
_aside(
    "times in the year 2071",
    "typed by hand",
    "ordered_in_time",
    3,
    some(_orders, 3, ordered_at="2071-07-06 10:00:00", delivered_at=None),
)
_aside(
    "times in 1970",
    "epoch of an empty field",
    "ordered_in_time",
    3,
    some(_orders, 3, ordered_at="1970-01-01 00:00:00"),
)
_aside(
    "zero dates",
    "MySQL 0000-00-00",
    "ordered_at_given",
    3,
    some(_orders, 3, ordered_at="0000-00-00 00:00:00"),
)
_aside(
    "a second currency",
    "a shop opened in another country",
    "currency_known",
    4,
    some(_orders, 4, currency="EUR"),
)
_aside(
    "currencies in lower case",
    "another plug-in",
    "currency_known",
    4,
    some(_orders, 4, currency="usd"),
)
_aside("no currency", "empty field", "currency_given", 4, some(_orders, 4, currency=None))
_aside(
    "an unknown status",
    "the shop's software was updated",
    "status_known",
    4,
    some(_orders, 4, status="paid"),
)
_aside(
    "a status spelt otherwise",
    "the shop's software was updated",
    "status_known",
    4,
    some(_orders, 4, status="Delivered"),
)
_aside(
    "customers' ids without zeros in front",
    "read as a number by one till",
    "customer_is_known",
    3,
    some(_orders, 3, customer_id=without_zeros("customer_id")),
)
_aside(
    "customers' ids with a blank",
    "padded text",
    "customer_is_known",
    3,
    some(_orders, 3, customer_id=text("customer_id", " {}".format)),
)
_aside(
    "test orders of an account that is none",
    "a developer's test",
    "customer_is_known",
    3,
    more(_orders, 3, order_id=text("order_id", "test-{}".format), customer_id="test"),
)
_aside(
    "orders without a customer",
    "guest checkout",
    "customer_id_given",
    3,
    some(_orders, 3, customer_id=None),
)
_aside(
    "orders without an id", "a broken join", "order_id_given", 3, some(_orders, 3, order_id=None)
)
_aside(
    "a total of ninety-nine million",
    "a barcode in the field",
    "total_plausible",
    2,
    some(_orders, 2, total="99999999.99"),
)
_aside(
    "discounts below zero",
    "sign of another system",
    "discount_not_negative",
    3,
    some(_orders, 3, discount="-1.00"),
)
_aside(
    "deliveries before the order",
    "columns of two clocks",
    "delivered_after_ordered",
    3,
    some(_orders, 3, is_given("delivered_at"), delivered_at=later("ordered_at", -2)),
)
_aside(
    "an unknown state of a return",
    "the shop's software was updated",
    "return_state_known",
    3,
    some(_orders, 3, return_state="pending"),
)
_aside(
    "rows that do not say when they were written",
    "a trigger that failed",
    "updated_at_given",
    3,
    some(_orders, 3, updated_at=None),
)
_aside(
    "a file cut off within a row",
    "transfer that broke off",
    "currency_given; total_given; discount_given; updated_at_given",
    1,
    some(_orders, 1, currency=None, discount=None, total=None, updated_at=None),
)
_aside(
    "the line of headings among the rows",
    "files put together",
    "wrong_type(ordered_at, delivered_at, discount, total, updated_at); status_known; currency_known;"
    " return_state_known; customer_is_known",
    1,
    more(
        _orders,
        1,
        order_id="order_id",
        customer_id="customer_id",
        ordered_at="ordered_at",
        status="status",
        delivered_at="delivered_at",
        return_state="return_state",
        currency="currency",
        discount="discount",
        total="total",
        updated_at="updated_at",
    ),
)
