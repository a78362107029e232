"""Writes to a mailbox folder, for a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from perennial.delivery.mailbox_folder import Mailbox
from perennial.delivery.provider import unhurried
from perennial.model.message import EmailMessage
from perennial.model.words import Channel, MessageState


def write_all(root: Path, messages: Sequence[EmailMessage]) -> None:
    """Ends with an error unless every message was accepted."""
    mailbox = Mailbox(root, Channel.EMAIL, clock=datetime.now)
    receipts = asyncio.run(mailbox.send(messages, unhurried))
    assert all(receipt.state is MessageState.ACCEPTED for receipt in receipts)
