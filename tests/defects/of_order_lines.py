"""What goes wrong with the lines of orders."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import again, every, one_in, some, swapped, text, times, without_zeros

ENTRIES = Entries("order_lines")
_aside, _stops, _told, _unseen = ENTRIES.aside, ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_lines = "order_lines"

_aside(
    "a quantity of nothing",
    "Complete Journey has 8,869",
    "quantity_positive",
    8,
    some(_lines, 8, quantity="0"),
)
_aside(
    "a quantity below zero",
    "returns booked as lines",
    "quantity_positive",
    8,
    some(_lines, 8, quantity="-1"),
)
_aside("half a piece", "weighed goods", "wrong_type(quantity)", 8, some(_lines, 8, quantity="1.5"))
_aside(
    "a quantity of two thousand million",
    "a barcode in the field",
    "quantity_plausible",
    2,
    some(_lines, 2, quantity="2147483648"),
)
_aside(
    "an amount below zero",
    "coupons booked as lines",
    "amount_not_negative",
    8,
    some(_lines, 8, amount="-1.00"),
)
_aside(
    "an amount with a decimal comma",
    "spreadsheet of another country",
    "wrong_type(amount)",
    8,
    some(_lines, 8, amount="3,49"),
)
_aside(
    "the word free for an amount",
    "typed by hand",
    "wrong_type(amount)",
    8,
    some(_lines, 8, amount="free"),
)
_aside(
    "an amount of millions",
    "a barcode in the field",
    "amount_plausible",
    2,
    some(_lines, 2, amount="9999999.00"),
)
_aside("no amount", "empty field", "amount_given", 8, some(_lines, 8, amount=None))
_aside("line 0", "counted from nothing", "line_no_positive", 3, some(_lines, 3, line_no="0"))
_aside(
    "no product",
    "a product deleted with its id",
    "product_id_given",
    8,
    some(_lines, 8, product_id=None),
)
_aside(
    "lines of orders that are unknown",
    "orders archived before their lines",
    "order_is_known",
    8,
    some(_lines, 8, order_id=text("order_id", "x{}".format)),
)
_stops(
    "amounts in cents",
    "a field changed its unit",
    "line_value_far_off",
    every(_lines, amount=times("amount", 100)),
)
_stops("a fifth of the lines", "one of five files came", "volume_far_off", one_in(5, _lines))
_stops(
    "one product for all lines",
    "a join without its condition",
    "products_differ",
    every(_lines, product_id="00026636"),
)
_stops(
    "every line number 1",
    "the number left out of the query",
    "said_once",
    every(_lines, line_no="1"),
)
_stops(
    "all products' ids without zeros in front",
    "read as numbers",
    "product_is_known",
    every(_lines, product_id=without_zeros("product_id")),
)
_stops(
    "all order ids as 3.11984833E+13",
    "saved by a spreadsheet",
    "order_is_known",
    every(_lines, order_id="3.11984833E+13"),
)
_stops(
    "amount and quantity swapped",
    "columns in another order",
    "wrong_type",
    swapped(_lines, "amount", "quantity"),
)
_stops("no quantities at all", "a column dropped", "quantity_given", every(_lines, quantity=None))
_told(
    "half of the lines missing",
    "one of two files came",
    "lines_of_an_order_usual",
    one_in(2, _lines),
)
_told("the night twice", "loaded twice", "rows_come_once", again(_lines))
_told(
    "products that the range does not have",
    "Complete Journey has 4,836",
    "product_is_known",
    some(_lines, 10, product_id=text("product_id", "x{}".format)),
)
_unseen(
    "a quantity of 89,638",
    "fuel in small units, in Complete Journey",
    "The unit is the shop's own; amounts are counted, not pieces.",
    some(_lines, 2, quantity="89638"),
)
