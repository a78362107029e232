"""What a claim gives, takes and refuses."""

from __future__ import annotations

from ledger_builder import a_message, beginning, claiming, settling, states
from perennial.ledger.store import Ledger


def test_a_message_goes_from_the_plan_to_accepted(ledger: Ledger) -> None:
    message = a_message()

    assert claiming(ledger, [message]).claimed == {message.key}
    assert states(ledger) == {message.key: "claimed"}
    assert beginning(ledger, [message]) == {message.key}
    assert states(ledger) == {message.key: "dispatching"}
    settling(ledger, [message])
    assert states(ledger) == {message.key: "accepted"}
