"""Plans that were refused, and runs that were started by hand, in the audit log."""

from __future__ import annotations

from perennial.ledger.migrations.widening import widen

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ACTIONS = (
    "'exported', 'erased', 'suppressed', 'lifted', 'released', 'case_closed', 'rejected', 'started'"
)


def upgrade() -> None:
    """Adds the words that were not known before."""
    widen("audit_log", "action", _ACTIONS)
