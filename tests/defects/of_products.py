"""What goes wrong with products."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import again, as_latin1, every, is_given, some, text, times, without_zeros

ENTRIES = Entries("products")
_aside, _stops, _told, _unseen = ENTRIES.aside, ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_products = "products"

_aside(
    "products without an id", "drafts", "product_id_given", 3, some(_products, 3, product_id=None)
)
_aside("products without a name", "drafts", "name_given", 3, some(_products, 3, name="  "))
_aside(
    "prices below zero",
    "discounts kept as products",
    "price_not_negative",
    3,
    some(_products, 3, price="-0.01"),
)
_aside(
    "prices with a decimal comma",
    "spreadsheet of another country",
    "wrong_type(price)",
    3,
    some(_products, 3, price="8,99"),
)
_aside("words for a price", "call us", "wrong_type(price)", 3, some(_products, 3, price="call us"))
_aside(
    "a price of ninety-nine million",
    "not for sale",
    "price_plausible",
    3,
    some(_products, 3, price="99999999.99"),
)
_aside(
    "names in a wrong character set",
    "UTF-8 read as Windows-1252",
    "name_readable",
    3,
    some(_products, 3, name=as_latin1("Café")),
)
_aside(
    "names with HTML entities",
    "escaped twice",
    "name_readable",
    3,
    some(_products, 3, name="Jack &amp; Jill"),
)
_aside(
    "names with letters that could not be read",
    "Windows-1252 read as UTF-8",
    "name_readable",
    3,
    some(_products, 3, name="caf\ufffd"),
)
_stops("all names gone", "a column dropped", "name_given", every(_products, name=None))
_stops(
    "all names in a wrong character set",
    "the connection's character set",
    "name_readable",
    every(_products, name=text("name", lambda s: as_latin1(s + " café"))),
)
_stops(
    "one name for all products",
    "a shop in test",
    "names_differ",
    every(_products, name="Test product"),
)
_told(
    "categories in a wrong character set",
    "GB 2312 read as Latin 1",
    "category_readable",
    some(_products, 3, category="comercio electr¨®nico"),
)
_told(
    "links that are none",
    "javascript: from a text field",
    "url_well_formed",
    some(_products, 3, url="javascript:alert(1)"),
)
_told(
    "all categories gone",
    "a column dropped",
    "category_usually_given category_as_often_given",
    every(_products, category=None),
)
_told("all prices gone", "a column dropped", "price_as_often_given", every(_products, price=None))
_told(
    "prices in cents",
    "a field changed its unit",
    "prices_usual",
    every(_products, price=times("price", 100)),
)
_told(
    "every price nothing",
    "the price list of resellers",
    "prices_usual",
    every(_products, price="0.00"),
)
_told("the range twice", "loaded twice", "rows_come_once", again(_products))
_unseen(
    "all ids without zeros in front",
    "read as numbers",
    "They come in as further products; the lines of orders, which name them, then stop the night.",
    every(_products, product_id=without_zeros("product_id")),
)
_unseen(
    "three products for nothing",
    "gifts",
    "Free products are real.",
    some(_products, 3, is_given("price"), price="0.00"),
)
