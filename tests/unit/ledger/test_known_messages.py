from __future__ import annotations

from ledger_builder import a_message, claiming
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState


def test_as_many_messages_are_known_at_once_as_are_asked_for(ledger: Ledger) -> None:
    claimed = [a_message(str(number), person_id=str(number)) for number in range(1100)]
    claiming(ledger, claimed)
    never = a_message("nobody")

    known = ledger.known_messages([m.key for m in (*claimed, never)])

    assert known.keys() == {message.key for message in claimed}
    assert all(known[m.key].customer_id == m.customer_id for m in claimed)
    assert {m.state for m in known.values()} == {MessageState.CLAIMED}
    assert ledger.message(never.key) is None
    assert ledger.message(claimed[0].key) == known[claimed[0].key]
