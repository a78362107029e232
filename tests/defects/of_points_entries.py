"""What goes wrong with the loyalty account."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import again, every, keep, later, nothing, says, some, text, times

ENTRIES = Entries("points_entries")
_aside, _stops, _told, _unseen = ENTRIES.aside, ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_entries = "points_entries"
_earned = says("kind", "earned")

_aside(
    "signs the wrong way round",
    "one till books otherwise",
    "sign_fits_kind",
    2,
    some(_entries, 2, points=times("points", -1, 0)),
)
_aside("an unknown kind", "a new promotion", "kind_known", 2, some(_entries, 2, kind="gift"))
_aside(
    "half a point",
    "points without rounding",
    "wrong_type(points)",
    2,
    some(_entries, 2, points="12.5"),
)
_aside(
    "ten million points",
    "a barcode in the field",
    "points_plausible",
    2,
    some(_entries, 2, _earned, points="9999999"),
)
_aside(
    "points that expired before they were earned",
    "a wrong year",
    "expires_after_earning",
    2,
    some(_entries, 2, _earned, expires_on="2016-12-31"),
)
_aside(
    "entries of tomorrow",
    "a clock that is ahead",
    "happened_in_time",
    2,
    some(_entries, 2, happened_at=later("happened_at", 40)),
)
_aside(
    "entries in 1970",
    "epoch of an empty field",
    "happened_in_time",
    2,
    some(_entries, 2, happened_at="1970-01-01 00:00:00"),
)
_aside(
    "entries of nobody",
    "accounts that were deleted",
    "customer_is_known",
    2,
    some(_entries, 2, customer_id="nobody"),
)
_aside("no points", "empty field", "points_given", 2, some(_entries, 2, points=None))
_stops(
    "all signs the wrong way round",
    "seen from the shop's side",
    "sign_fits_kind",
    every(_entries, points=times("points", -1, 0)),
)
_stops(
    "every entry of no points", "a column that moved", "sign_fits_kind", every(_entries, points="0")
)
_stops(
    "points in hundredths",
    "a field changed its unit",
    "points_far_off",
    some(_entries, 25, _earned, points=times("points", 100, 0)),
)
_stops(
    "one customer for all entries",
    "a join without its condition",
    "customers_differ",
    every(_entries, customer_id="00000002"),
)
_stops(
    "the night twice, under other numbers",
    "loaded again with new numbers",
    "known_by_one_key",
    again(_entries, key="entry_id"),
)
_stops("no entries at all", "an empty file", "volume_far_off", nothing(_entries))
_stops(
    "a fortieth of the entries",
    "a transfer that broke off",
    "volume_far_off",
    keep(_entries, lambda n, _: n == 0),
)
_stops("no kinds at all", "a column dropped", "kind_given", every(_entries, kind=None))
_stops(
    "all order ids of the night as customers",
    "columns in another order",
    "customer_is_known",
    every(_entries, customer_id=text("entry_id", str)),
)
_told(
    "points that never expire",
    "a column dropped",
    "expiry_is_given expires_on_as_often_given",
    every(_entries, expires_on=None),
)
_told("the night twice", "loaded twice", "rows_come_once", again(_entries))
_told(
    "three times as many points",
    "a day of triple points, or a wrong factor",
    "points_usual",
    some(_entries, 25, _earned, points=times("points", 7, 0)),
)
