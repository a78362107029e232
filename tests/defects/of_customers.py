"""What goes wrong with customers."""

from __future__ import annotations

from defects.entries import Entries
from defects.seeding import (
    again,
    as_latin1,
    every,
    is_given,
    is_plain,
    keep,
    more,
    some,
    swapped,
    text,
    without_zeros,
)

ENTRIES = Entries("customers")
_aside, _stops, _told, _unseen = ENTRIES.aside, ENTRIES.stops, ENTRIES.told, ENTRIES.unseen
_customers = "customers"

_aside(
    "accounts without an id",
    "a broken join",
    "customer_id_given",
    4,
    some(_customers, 4, customer_id=None),
)
_aside(
    "accounts made tomorrow",
    "a clock that is ahead",
    "signed_up_by_now",
    4,
    some(_customers, 4, signed_up_at="2017-07-08 12:00:00"),
)
_aside(
    "birth dates with the day first",
    "31/12/1980",
    "wrong_type(birth_date)",
    5,
    some(_customers, 5, birth_date="31/12/1980"),
)
_aside(
    "birth dates that are numbers of days",
    "spreadsheet date 29586",
    "wrong_type(birth_date)",
    5,
    some(_customers, 5, birth_date="29586"),
)
_aside(
    "birth dates that do not exist",
    "30 February",
    "wrong_type(birth_date)",
    5,
    some(_customers, 5, birth_date="1980-02-30"),
)
_aside(
    "rows that do not say when they were written",
    "a trigger that failed",
    "updated_at_given",
    4,
    some(_customers, 4, updated_at=None),
)
_stops(
    "one email address for everybody",
    "a join without its condition",
    "emails_differ",
    every(_customers, email="info@juniperandrye.example"),
)
_stops(
    "one phone for everybody",
    "the shop's number as a default",
    "phones_differ",
    every(_customers, phone="+12065550100"),
)
_stops(
    "all email addresses gone", "a column dropped", "email_not_lost", every(_customers, email=None)
)
_stops(
    "email and phone swapped",
    "columns in another order",
    "email_well_formed phone_well_formed",
    swapped(_customers, "email", "phone"),
)
_stops(
    "phones as 1.21E+10",
    "saved by a spreadsheet",
    "phone_well_formed",
    every(_customers, phone="1.21E+10"),
)
_stops(
    "N/A for every address",
    "masked for a test",
    "email_well_formed",
    every(_customers, email="N/A"),
)
_stops(
    "everybody born on 1900-01-01",
    "a default of the till",
    "birth_date_plausible",
    every(_customers, birth_date="1900-01-01"),
)
_stops(
    "everybody born on the same day",
    "a default of the form",
    "birth_dates_differ",
    every(_customers, birth_date="1980-01-01"),
)
_stops(
    "everybody born on 1 January",
    "only the year is asked for",
    "birth_dates_differ",
    every(_customers, birth_date=text("birth_date", lambda s: s[:4] + "-01-01")),
)
_stops(
    "every birth date a number of days",
    "saved by a spreadsheet",
    "wrong_type",
    every(_customers, birth_date="29586"),
)
_stops(
    "names in a wrong character set",
    "UTF-8 read as Windows-1252",
    "first_name_readable",
    some(_customers, 30, is_given("first_name"), first_name=as_latin1("Екатерина")),
)
_stops(
    "names with question marks",
    "a character set without the letters",
    "last_name_readable",
    some(_customers, 30, last_name="Mu?oz"),
)
_stops(
    "countries written out",
    "another export",
    "country_well_formed",
    every(_customers, country="United States"),
)
_stops(
    "languages written out",
    "another export",
    "language_well_formed",
    every(_customers, language="English"),
)
_stops(
    "zones as abbreviations",
    "another export",
    "timezone_known",
    every(_customers, timezone="Eastern"),
)
_stops(
    "all ids without zeros in front",
    "read as numbers",
    "known_by_one_key",
    every(_customers, customer_id=without_zeros("customer_id")),
)
_stops(
    "everybody twice, under new ids",
    "moved to another system",
    "known_by_one_key",
    again(_customers, key="customer_id"),
)
_stops(
    "each account several times, with other names",
    "a join that multiplies rows",
    "said_once",
    again(_customers, first_name="Guest"),
)
_stops(
    "accounts made in 1970",
    "epoch of an empty field",
    "signed_up_plausible",
    every(_customers, signed_up_at="1970-01-01 00:00:00"),
)
_stops(
    "ten times as many accounts, with the same phones",
    "a registration by robots",
    "phones_differ",
    again(_customers, 9, key="customer_id", first_name=None),
)
_told(
    "a few names in a wrong character set",
    "UTF-8 read as Windows-1252",
    "first_name_readable",
    some(_customers, 5, first_name="JosÃ©"),
)
_told(
    "a few names with HTML entities",
    "escaped twice",
    "last_name_readable",
    some(_customers, 5, last_name="O&#39;Neil"),
)
_told(
    "addresses that are none",
    "typed by hand",
    "email_well_formed",
    some(_customers, 5, email="ann at home"),
)
_told(
    "phones that are none",
    "typed by hand",
    "phone_well_formed",
    some(_customers, 5, phone="ask Ann"),
)
_told(
    "birth dates in the future",
    "typed by hand",
    "birth_date_plausible",
    some(_customers, 5, birth_date="2047-01-02"),
)
_told(
    "channels that are unknown",
    "the form was changed",
    "preferred_channel_known",
    some(_customers, 5, preferred_channel="fax"),
)
_told(
    "a third without an email address",
    "guests of the till",
    "email_as_often_given",
    some(_customers, 100, email=None),
)
_told("all phones gone", "a column dropped", "phone_as_often_given", every(_customers, phone=None))
_told(
    "all languages gone",
    "a column dropped",
    "language_as_often_given",
    every(_customers, language=None),
)
_told(
    "all birth dates gone",
    "a column dropped",
    "birth_date_as_often_given",
    every(_customers, birth_date=None),
)
_told("everybody twice", "loaded twice", "rows_come_once", again(_customers))
_told(
    "a few people under two ids",
    "accounts made anew",
    "known_by_one_key",
    more(_customers, 5, customer_id=text("customer_id", "new-{}".format)),
)
_unseen(
    "first and last names swapped",
    "columns in another order",
    "Nothing tells one from the other; templates greet by first name only.",
    swapped(_customers, "first_name", "last_name", is_plain("first_name", "last_name")),
)
_unseen(
    "half of the customers missing",
    "a table locked while it was read",
    "Who does not come again stays as known; nobody is lost.",
    keep(_customers, lambda n, _: n % 2 == 0),
)
_unseen(
    "markup and template expressions as names",
    "pranks",
    "Messages escape them, or greet without a name.",
    some(_customers, 5, first_name="<b>{{7*7}}</b>"),
)
_unseen(
    "line breaks in names",
    "pasted text",
    "Left out before anybody is greeted.",
    some(_customers, 5, last_name="Reed\r\nBcc: x"),
)
