"""Telling the shop's team: one post to a chat or a help desk, which shows its text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from perennial.delivery.http_wire import HttpWire, Patience, Reply

_PATIENCE = Patience(connect=3, total=5)


def post_case(address: SecretStr, case: Mapping[str, Any]) -> bool:
    """Posts a case as JSON: a `text` for Slack and its like, and the fields beside it; says whether it was taken."""
    text = (
        f"Case {case['case']}: customer {case['customer_id'] or 'unknown'} answered {case['answer'] or 'badly'}"
        f" to {case['campaign'] or 'a survey'}. `perennial cases close {case['case']} --note …` when it is seen to."
    )
    body = json.dumps({"text": text, "case": dict(case)}).encode()
    return asyncio.run(_post(address, body))


def post_text(address: SecretStr, text: str) -> bool:
    """Posts a text, as Slack and its like show it; says whether it was taken."""
    return asyncio.run(_post(address, json.dumps({"text": text}).encode()))


async def _post(address: SecretStr, body: bytes) -> bool:
    wire = HttpWire(headers={}, connections=1, patience=_PATIENCE)
    try:
        reply = await wire.post(address.get_secret_value(), body, "application/json")
    finally:
        await wire.close()
    return isinstance(reply, Reply) and 200 <= reply.status < 300
