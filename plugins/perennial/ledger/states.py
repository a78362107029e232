"""Which state may follow which; the database refuses every other change (migration 0001)."""

from __future__ import annotations

from collections.abc import Mapping

from perennial.model.words import MessageState as State

NEXT: Mapping[State, frozenset[State]] = {
    # Claimed again by another when the lease has ended; retryable when it is given back untouched.
    # Accepted when the answer to an earlier request arrives late: the second one is then never made.
    State.CLAIMED: frozenset({State.CLAIMED, State.DISPATCHING, State.RETRYABLE, State.ACCEPTED}),
    State.DISPATCHING: frozenset({State.ACCEPTED, State.REFUSED, State.RETRYABLE, State.IN_DOUBT}),
    # Settled by the provider's own evidence, or by a person.
    State.IN_DOUBT: frozenset({State.ACCEPTED, State.REFUSED, State.RETRYABLE}),
    # Accepted as above: a late yes is believed.
    State.RETRYABLE: frozenset({State.CLAIMED, State.ACCEPTED}),
    State.ACCEPTED: frozenset(),
    State.REFUSED: frozenset(),
}

ANSWERS = frozenset({State.ACCEPTED, State.REFUSED, State.RETRYABLE, State.IN_DOUBT})
"""What a receipt may say."""

FINAL = frozenset(state for state, following in NEXT.items() if not following)
"""States that nothing follows."""
