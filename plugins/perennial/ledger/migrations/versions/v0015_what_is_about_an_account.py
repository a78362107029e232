"""Indexes by account, so that what is held about one person is found without reading what is held about everybody."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("messages", "customer_id"),
    ("hold_outs", "customer_id"),
    ("hold_outs", "person_id"),
    ("preference_changes", "customer_id"),
    ("audit_log", "subject"),
)


def upgrade() -> None:
    """Adds an index to each column that names an account or a person and had none."""
    for table, column in _COLUMNS:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
