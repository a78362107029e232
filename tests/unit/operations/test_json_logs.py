"""Logs for machines are one object a line, and quote no exception."""

from __future__ import annotations

import json
import logging
import sys

from perennial.operations.json_logs import JsonLines

CANARY = "canary@gmail.com"


def line(message: str, *given: object, error: bool = False) -> str:
    record = logging.LogRecord(
        "perennial.edge.hooks",
        logging.ERROR,
        __file__,
        1,
        message,
        given,
        sys.exc_info() if error else None,
    )
    return JsonLines().format(record)


def test_a_record_is_one_line_of_json() -> None:
    text = line("%d wait\nfor %s", 3, "the “ledger”")

    assert "\n" not in text
    told = json.loads(text)
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "ERROR",
        "logger": "perennial.edge.hooks",
        "message": "3 wait\nfor the “ledger”",
    }


def test_of_an_exception_it_says_the_type_and_never_the_text() -> None:
    """Case 47."""
    try:
        int(CANARY)
    except ValueError:
        text = line("A page failed.", error=True)

    assert json.loads(text)["exception"] == "ValueError"
    assert CANARY not in text
    assert "Traceback" not in text
