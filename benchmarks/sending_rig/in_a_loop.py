"""The official SendGrid client as most people use it: one message after the other."""

from __future__ import annotations

import time

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import CustomArg, Mail

_WORDS = "<p>Happy birthday, {name}. Four things that you may like today.</p>"
_BODY = _WORDS + "<p>A present from all of us, yours for two weeks.</p>" * 200


def emails_a_second(host: str, api_key: str, sample: int) -> float:
    """How many emails of about 10 KB go out in a second; filling in the name is all the rendering there is."""
    client = SendGridAPIClient(api_key, host=host)
    started = time.perf_counter()
    for number in range(sample):
        mail = Mail(
            from_email="hello@juniperandrye.example",
            to_emails=f"c{number}@people.example",
            subject=f"Happy birthday, {number}",
            html_content=_BODY.format(name=number),
        )
        mail.add_custom_arg(CustomArg("perennial_key", f"loop-{number}"))
        client.send(mail)
    return sample / (time.perf_counter() - started)
