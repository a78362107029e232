"""How the made-up accounts stand: what SendGrid's key may do, and Twilio's account."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from perennial.emulator.answers import Answer, Call, json_answer
from perennial.emulator.mailing import replies
from perennial.emulator.mailing import sending as mailing
from perennial.emulator.options import Options
from perennial.emulator.texting import sending as texting
from perennial.emulator.texting.catalogue import failure


class AccountDesk:
    """What the owner of a key is told about it."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def scopes(self, call: Call) -> Answer:
        """GET /v3/scopes: what the key that asks may do."""
        if not mailing.is_authorized(call, self._options):
            return replies.UNAUTHORIZED
        return json_answer(200, {"scopes": list(self._options.sendgrid_scopes)})

    def account(self, call: Call) -> Answer:
        """GET Accounts/{Sid}.json: the account itself."""
        if not texting.is_authorized(call, self._options):
            return failure(20003)
        options = self._options
        told = format_datetime(datetime.fromtimestamp(call.at, UTC))
        path = f"/2010-04-01/Accounts/{options.account_sid}"
        account = {
            "sid": options.account_sid,
            "owner_account_sid": options.account_sid,
            "friendly_name": "Emulator",
            "status": options.account_status,
            "type": options.account_type,
            "auth_token": None,
            "date_created": told,
            "date_updated": told,
            "subresource_uris": {"messages": f"{path}/Messages.json"},
            "uri": f"{path}.json",
        }
        return json_answer(200, account)
