"""Puts messages of a SQLite ledger into a state, as if what happens on the wire had happened so."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import create_engine, text

from perennial.model.words import MessageState
from perennial.steps.services import Perennial


def put_in(state: MessageState, perennial: Perennial, keys: Iterable[str]) -> None:
    """As if the answer of the provider had been lost, say."""
    engine = create_engine(perennial.settings.ledger.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("drop trigger if exists messages_keep_order_and_log"))
        for key in keys:
            connection.execute(
                text("update messages set state = :state where key = :key"),
                {"key": key, "state": state},
            )
    engine.dispose()
