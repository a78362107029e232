from __future__ import annotations

from collections.abc import Callable

from perennial.delivery.accounts import Counts, Tally
from perennial.model.keys import MessageKey
from perennial.model.message import PlannedMessage, Receipt
from perennial.model.words import Channel, MessageState, Reason


def receipt(state: MessageState) -> Receipt:
    return Receipt(key=MessageKey("0" * 32), state=state, provider="mailbox")


def test_every_message_is_counted_once_under_its_channel(
    make_planned: Callable[..., PlannedMessage],
) -> None:
    tally = Tally()
    tally.receipts(Channel.EMAIL, [receipt(MessageState.ACCEPTED), receipt(MessageState.IN_DOUBT)])
    tally.receipts(Channel.SMS, [receipt(MessageState.REFUSED), receipt(MessageState.RETRYABLE)])
    tally.blocked(make_planned(1), Reason.SUPPRESSED)
    tally.blocked(make_planned(2, channel=Channel.SMS), Reason.SUPPRESSED)
    tally.taken([make_planned(3), make_planned(4)])
    tally.not_due([make_planned(5, channel=Channel.SMS)])
    summary = tally.summary()
    assert summary.channels == {
        Channel.EMAIL: Counts(accepted=1, in_doubt=1, taken=2, blocked={Reason.SUPPRESSED: 1}),
        Channel.SMS: Counts(refused=1, retryable=1, not_due=1, blocked={Reason.SUPPRESSED: 1}),
    }
    assert summary.blocked == {Reason.SUPPRESSED: 2}
    assert summary.messages == 9 == sum(c.messages for c in summary.channels.values())


def test_a_run_without_messages_has_an_empty_account() -> None:
    summary = Tally().summary()
    assert summary.messages == 0
    assert summary.channels == {}
