"""Where the brake holds, the first page says why, and a steward lifts it with a reason."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, insert

from one_night import settings_at
from perennial.ledger.tables import mailbox_hours
from perennial.model.words import AuditAction, Mailbox
from perennial.steps.services import services
from studio_visits import OPERATOR, Door


def _complaints(home: Path, mailbox: Mailbox, sent: int, complained: int) -> None:
    with services(settings_at(home)) as perennial:
        hour = perennial.now().replace(minute=0, second=0, microsecond=0)
    row = {"mailbox": mailbox, "hour": hour, "sent": sent, "bounced": 61, "complained": complained}
    engine = create_engine(f"sqlite:///{home / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(insert(mailbox_hours).values(row))
    engine.dispose()


def test_a_steward_sees_the_figures_and_lifts_the_brake_with_a_reason(
    own_door: Door, own_day: Path
) -> None:
    _complaints(own_day, Mailbox.YAHOO, 21_440, 70)
    _complaints(own_day, Mailbox.ICLOUD, 8_102, 2)
    page = own_door.see("/")
    operator = own_door.as_(OPERATOR)
    seen, refused = operator.see("/"), operator.send("/brake", {"mailbox": "yahoo", "reason": "x"})
    unreasoned = own_door.send("/brake", {"mailbox": "yahoo", "reason": " "})
    still = own_door.see("/")
    told = own_door.send("/brake", {"mailbox": "yahoo", "reason": "paused the win-back"})

    for each in (page, seen, still):
        assert "are stopped" in each.text
        assert "21,440" in each.text
        assert "0.33" in each.text
        assert "icloud" not in each.text, "where nothing holds, nothing is said"
    assert 'action="/studio/brake"' in page.html
    assert 'action="/studio/brake"' not in seen.html
    assert (refused.status, unreasoned.status, told.status) == (403, 409, 303)
    assert "are stopped" not in own_door.see("/").text
    with services(settings_at(own_day)) as perennial:
        (entry,) = perennial.ledger.audit_log(action=AuditAction.RELEASED, subject="brake:yahoo")
    assert (entry.actor, entry.reason) == ("ann", "paused the win-back")


def test_an_unknown_mailbox_provider_has_no_brake(own_door: Door) -> None:
    assert own_door.send("/brake", {"mailbox": "nowhere", "reason": "x"}).status == 404
