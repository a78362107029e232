"""The task that people write for birthday wishes, as a baseline: it is run through the same schedules as Perennial.

    @task(retries=3)
    def send_birthday_wishes():
        send_wishes(engine, date.today(), mailer=SendGridAPIClient(key), texter=Client(sid, token))

Put together the way tutorials do it, and kinder than many of them: who has had the wish is marked, after every hundred
people and not only at the end; who unsubscribed is left out; a person whom the provider refuses is marked as failed and
does not stop the others. Anything else raises, and Airflow runs the task again from the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from sqlalchemy import Engine, text
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

CHUNK = 100
SENDER = "hello@juniperandrye.example"

SCHEMA = """
    create table customers (
        customer_id varchar(64) primary key,
        email varchar(255),
        phone varchar(32),
        birthday varchar(5) not null,
        unsubscribed integer not null default 0,
        status varchar(16),
        sent_on varchar(10)
    )
"""
_WHO = """
    select customer_id, email, phone
    from customers
    where birthday = :birthday
      and unsubscribed = 0
      and (sent_on is null or sent_on < :today)
    order by customer_id
"""
_MARK = "update customers set status = :status, sent_on = :today where customer_id = :customer_id"
# Wrong key, not allowed, too many requests: nothing that is about one person.
_NOT_ABOUT_A_PERSON = {401, 403, 429}


def send_wishes(
    engine: Engine, today: date, *, mailer: SendGridAPIClient, texter: Client, service: str
) -> int:
    """Writes to everybody who has a birthday and has not had the wish; says to how many."""
    people = who_has_a_birthday(engine, today)
    for start in range(0, len(people), CHUNK):
        chunk = people.iloc[start : start + CHUNK]
        results = [
            (person.customer_id, wish(person, mailer=mailer, texter=texter, service=service))
            for person in chunk.itertuples()
        ]
        mark(engine, results, today)
    return len(people)


def who_has_a_birthday(engine: Engine, today: date) -> pd.DataFrame:
    """One row a person."""
    when = {"birthday": f"{today:%m-%d}", "today": today.isoformat()}
    with engine.connect() as connection:
        return pd.read_sql(text(_WHO), connection, params=when)


def wish(person: Any, *, mailer: SendGridAPIClient, texter: Client, service: str) -> str:  # noqa: ANN401 - a row of pandas
    """Sends one wish by email or, without an address, by SMS; 'failed' when the provider refuses this person."""
    words = f"Happy birthday, {person.customer_id}"
    try:
        if isinstance(person.email, str):
            mailer.send(
                Mail(
                    from_email=SENDER,
                    to_emails=person.email,
                    subject=words,
                    html_content=f"<p>{words}</p>",
                )
            )
        else:
            texter.messages.create(to=person.phone, messaging_service_sid=service, body=words)
    except HTTPError as refusal:
        return _failed(refusal, refusal.status_code)
    except TwilioRestException as refusal:
        return _failed(refusal, refusal.status)
    return "sent"


def mark(engine: Engine, results: Sequence[tuple[str, str]], today: date) -> None:
    """Who has had the wish is not written to again."""
    rows = [
        {"customer_id": customer, "status": status, "today": today.isoformat()}
        for customer, status in results
    ]
    with engine.begin() as connection:
        connection.execute(text(_MARK), rows)


class RedirectedHttpClient(TwilioHttpClient):
    """Twilio's own client takes no other host: the address is written anew."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - the vendor's signature
        """The same request, to another host."""
        address = url.replace("https://api.twilio.com", self._host)
        return super().request(method, address, *args, **named)


def _failed(refusal: Exception, status: int) -> str:
    if 400 <= status < 500 and status not in _NOT_ABOUT_A_PERSON:
        return "failed"
    raise refusal
