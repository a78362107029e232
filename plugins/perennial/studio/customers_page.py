"""One customer: what is known, what was decided and why, what was sent, and what they ask of the shop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.errors import PerennialError, PlanError
from perennial.model.words import Channel
from perennial.pipeline.consent_words import Row, standing_consents
from perennial.pipeline.explaining import Explanation
from perennial.pipeline.exporting import as_json
from perennial.pipeline.persons import PersonSummary, PersonView
from perennial.steps.services import Perennial
from perennial.studio.asking import chosen_day
from perennial.studio.room import Room
from perennial.studio.visitors import Right, Visitor

_LATEST = 60
_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class CustomerPage:
    """A person, all accounts together, and what was decided about one account on a day."""

    record: PersonView
    summary: PersonSummary
    explanation: Explanation | None
    day: date
    decided_for: timedelta = _WEEK

    @property
    def has_earlier_decisions(self) -> bool:
        """Whether earlier ones can be asked for: each day more is four plans more to look through."""
        return self.decided_for < _MONTH

    @property
    def features(self) -> Row:
        own = (f for f in self.record.features if f["customer_id"] == self.record.customer_id)
        return next(own)

    @property
    def messages(self) -> Sequence[Row]:
        """The latest messages, the newest first."""
        return sorted(self.record.messages, key=lambda m: m["claimed_at"], reverse=True)[:_LATEST]

    @property
    def decisions(self) -> Sequence[Row]:
        """The latest decisions, the newest first."""
        return list(reversed(self.record.decisions))[:_LATEST]

    @property
    def addresses(self) -> dict[str, str]:
        """Each address as typed in its normal form, by its channel; the first of several."""
        found: dict[str, str] = {}
        for row in self.record.contacts:
            for channel, column in (("email", "email"), ("sms", "phone")):
                if row[column]:
                    found.setdefault(channel, row[column])
        return found


def look_at_customer(
    perennial: Perennial, customer_id: str, day: date | None, decided_for: timedelta = _WEEK
) -> CustomerPage:
    """Gathers a person's page, explained for a day; the last night, unless another day is asked for.

    Of the plans, those of the span before that day are looked through.

    Raises:
        UnknownPerson: the last night knows no such account.
        MissingPartition: no night has run yet.
    """
    newest = perennial.last_night()
    chosen = day or newest
    since = min(chosen, newest) - decided_for
    record = perennial.person_view(customer_id, decided_since=since)
    return CustomerPage(
        record=record,
        summary=record.summary(),
        explanation=_explained(perennial, record, chosen),
        day=chosen,
        decided_for=decided_for,
    )


def customer_routes(room: Room) -> list[Route]:
    """The search, a person's page, and what can be done for a person."""

    async def search(request: Request, visitor: Visitor) -> Response:
        return room.pages.page("customers", request, visitor, found=None)

    async def find(request: Request, visitor: Visitor, form: FormData) -> Response:
        said = str(form.get("who", ""))
        found = await room.ask(lambda p: p.find_customers(said))
        if len(found) == 1:
            return room.back(request, f"/customers/{found[0]}", said="Found.")
        return room.pages.page("customers", request, visitor, found=found)

    async def show(request: Request, visitor: Visitor) -> Response:
        customer_id, day = request.path_params["id"], chosen_day(request)
        span = _MONTH if request.query_params.get("decided") == "month" else _WEEK
        seen = await room.ask(lambda p: look_at_customer(p, customer_id, day, span))
        return room.pages.page(
            "customer",
            request,
            visitor,
            seen=seen,
            standing=standing_consents(seen.record.consents),
            channels=list(seen.addresses),
        )

    async def export(request: Request, visitor: Visitor, form: FormData) -> Response:
        customer_id, reason = request.path_params["id"], _reason(form)
        text = await room.ask(lambda p: _export(p, customer_id, by=visitor.name, reason=reason))
        headers = {"Content-Disposition": 'attachment; filename="person.json"'}
        return Response(text, media_type="application/json", headers=headers)

    async def unsubscribe(request: Request, visitor: Visitor, form: FormData) -> Response:
        customer_id, reason, channel = request.path_params["id"], _reason(form), _channel(form)
        new = await room.ask(
            lambda p: _unsubscribe(p, customer_id, channel, by=visitor.name, reason=reason)
        )
        said = f"Nothing more leaves by {channel}." if new else f"{channel} was closed already."
        return room.back(request, f"/customers/{customer_id}", said=said)

    async def erase(request: Request, visitor: Visitor, form: FormData) -> Response:
        customer_id, reason = request.path_params["id"], _reason(form)
        if form.get("confirm") != customer_id:
            msg = "To erase somebody for good, type their customer id. Nothing was erased."
            raise PerennialError(msg)
        await room.ask(lambda p: p.erase(customer_id, by=visitor.name, reason=reason))
        return room.back(request, "/customers", said="The person is erased, or will be tonight.")

    return [
        room.page("/customers", search),
        room.action("/customers/find", find, right=Right.OPERATE),
        room.page("/customers/{id}", show),
        room.action("/customers/{id}/export", export, right=Right.STEWARD),
        room.action("/customers/{id}/unsubscribe", unsubscribe, right=Right.STEWARD),
        room.action("/customers/{id}/erase", erase, right=Right.STEWARD),
    ]


def _explained(perennial: Perennial, record: PersonView, day: date) -> Explanation | None:
    try:
        return perennial.explain(record.customer_id, day, record)
    except PlanError:
        return None


def _export(perennial: Perennial, customer_id: str, *, by: str, reason: str) -> str:
    record = perennial.person(customer_id)
    perennial.note_export(record, by=by, reason=reason)
    return json.dumps(as_json(record, perennial.now()), ensure_ascii=False, indent=2)


def _unsubscribe(
    perennial: Perennial, customer_id: str, channel: Channel, *, by: str, reason: str
) -> bool:
    column = "email" if channel is Channel.EMAIL else "phone"
    addresses = {row[column] for row in perennial.person(customer_id).contacts if row[column]}
    if not addresses:
        msg = f"The person has no address for {channel}. Nothing was changed."
        raise PerennialError(msg)
    new = [perennial.suppress_by_hand(a, channel, by=by, reason=reason) for a in sorted(addresses)]
    return any(new)


def _reason(form: FormData) -> str:
    reason = str(form.get("reason", "")).strip()
    if not reason:
        msg = "Say why: it is kept with your name. Nothing was done."
        raise PerennialError(msg)
    return reason


def _channel(form: FormData) -> Channel:
    try:
        return Channel(str(form.get("channel")))
    except ValueError:
        msg = "Choose a channel. Nothing was done."
        raise PerennialError(msg) from None
