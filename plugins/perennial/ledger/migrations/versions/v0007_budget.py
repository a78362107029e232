"""What messages cost, for budgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.tables import KEY

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the two tables."""
    op.create_table(
        "costs",
        sa.Column("message_key", KEY, nullable=False, comment="Which message."),
        sa.Column("campaign", sa.String(64), nullable=False, comment="Whose budget it counts to."),
        sa.Column("day", sa.Date, nullable=False, comment="Day of the plan that claimed it."),
        sa.Column("month", sa.String(7), nullable=False, comment="Its month, as 2026-11."),
        _sum("money", "Its price, in millionths of the shop's currency."),
        _sum("segments", "Its segments; 0 where it is no text message."),
        sa.PrimaryKeyConstraint("message_key", name="pk_costs"),
        comment="What each message costs that counts to a budget.",
    )
    op.create_index("ix_costs_month_campaign", "costs", ["month", "campaign"])
    op.create_table(
        "spending",
        sa.Column("whose", sa.String(64), nullable=False, comment="A campaign's, or * for all."),
        sa.Column("month", sa.String(7), nullable=False, comment="As 2026-11."),
        _sum("money", "In millionths of the shop's currency."),
        _sum("segments", "Text messages, in segments."),
        sa.PrimaryKeyConstraint("whose", "month", name="pk_spending"),
        comment="The sums of the costs, so that a claim need not count them.",
    )


def _sum(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, comment=comment)
