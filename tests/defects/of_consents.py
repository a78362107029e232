"""What goes wrong with consents: what is in doubt stops the night, because it might be a withdrawal."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import again, every, more, nothing, says, some, swapped, text, without_zeros

ENTRIES = Entries("consents")
_aside, _stops, _told, _unseen = ENTRIES.aside, ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_consents = "consents"
_granted = says("state", "granted")

_aside(
    "agreements of tomorrow",
    "a clock that is ahead",
    "grant_has_happened",
    9,
    some(_consents, 9, _granted, happened_at="2017-07-08 12:00:00"),
)
_aside(
    "entries of nobody",
    "a newsletter's list without accounts",
    "customer_is_known",
    9,
    some(_consents, 9, customer_id="nobody"),
)
_stops(
    "one unknown state",
    "a new word for a withdrawal",
    "state_known",
    some(_consents, 1, state="revoked"),
)
_stops("one unknown topic", "the form was changed", "topic_known", some(_consents, 1, topic="news"))
_stops(
    "one unknown channel",
    "the form was changed",
    "channel_known",
    some(_consents, 1, channel="fax"),
)
_stops(
    "one time that cannot be read",
    "typed by hand",
    "wrong_type",
    some(_consents, 1, happened_at="yesterday"),
)
_stops(
    "one entry without a time",
    "empty field",
    "happened_at_given",
    some(_consents, 1, happened_at=None),
)
_stops(
    "one entry without a customer",
    "a deleted account",
    "customer_id_given",
    some(_consents, 1, customer_id=None),
)
_stops(
    "one entry without a state",
    "a box that was not ticked",
    "state_given",
    some(_consents, 1, state=None),
)
_stops(
    "one entry from 1970",
    "epoch of an empty field: a withdrawal would count as older than every agreement",
    "happened_plausible",
    some(_consents, 1, happened_at="1970-01-01 00:00:00"),
)
_stops(
    "everybody has agreed",
    "withdrawals read as agreements",
    "withdrawals_not_lost",
    every(_consents, state="granted"),
)
_stops(
    "everybody has withdrawn",
    "a flag read the wrong way round",
    "withdrawals_not_made",
    every(_consents, state="withdrawn"),
)
_stops(
    "states the wrong way round",
    "a flag read the wrong way round",
    "withdrawals_not_made",
    every(_consents, state=lambda r: "withdrawn" if r["state"] == "granted" else "granted"),
)
_stops(
    "agreements to emails taken for texts",
    "a channel for all entries",
    "texts_not_made",
    every(_consents, channel="sms"),
)
_stops(
    "every agreement one to offers",
    "a topic for all entries",
    "offers_not_made",
    every(_consents, topic="offers"),
)
_stops(
    "topic and channel swapped",
    "columns in another order",
    "topic_known channel_known",
    swapped(_consents, "topic", "channel"),
)
_stops(
    "one customer for all entries",
    "a join without its condition",
    "customers_differ",
    every(_consents, customer_id="00000002"),
)
_stops(
    "all customers' ids without zeros in front",
    "read as numbers",
    "customer_is_known",
    every(_consents, customer_id=without_zeros("customer_id")),
)
_stops(
    "all entries twice, under other numbers",
    "loaded again with new numbers",
    "known_by_one_key",
    again(_consents, key="consent_id"),
)
_stops(
    "twelve times as many entries",
    "a list that was bought",
    "not_a_flood",
    again(_consents, 11, key="consent_id"),
)
_stops(
    "entries that say two things at once",
    "a join that multiplies rows",
    "said_once",
    again(_consents, state="withdrawn"),
)
_told(
    "no sources",
    "a column dropped",
    "source_given source_as_often_given",
    every(_consents, source=None),
)
_told("all entries twice", "loaded twice", "rows_come_once", again(_consents))
_told(
    "a few entries under two numbers",
    "a form sent twice",
    "known_by_one_key",
    more(_consents, 5, consent_id=text("consent_id", "new-{}".format)),
)
_unseen(
    "no entries at all",
    "an empty file",
    "What was said before holds on; consents are kept, not replaced.",
    nothing(_consents),
)
