"""Logs what a change of a message writes over, instead of every change: the straight way costs no log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MAY_FOLLOW = (
    "'claimed>dispatching', 'claimed>retryable', 'claimed>accepted', 'dispatching>accepted',"
    " 'dispatching>refused', 'dispatching>retryable', 'dispatching>in_doubt', 'in_doubt>accepted',"
    " 'in_doubt>refused', 'in_doubt>retryable', 'retryable>claimed', 'retryable>accepted'"
)
_OUT_OF_ORDER = f"old.state <> new.state and old.state || '>' || new.state not in ({_MAY_FOLLOW})"
# These write over nothing that the row has not said before.
_STRAIGHT = (
    "old.state = 'claimed' and new.state = 'dispatching'"
    " or old.state = 'dispatching' and new.state in ('accepted', 'refused', 'retryable', 'in_doubt')"
)
_REFUSAL = "a message cannot change its state like that"
_LOG = "insert into message_changes (message_key, state, worker, code, at, claimed_at, dispatched_at, settled_at, provider)"
_WAS = "old.claimed_at, old.dispatched_at, old.settled_at, old.provider"


def upgrade() -> None:
    """Gives the log what a row says, and has one trigger see to the order and to the log."""
    for column in (
        sa.Column("claimed_at", Instant, comment="When it had been claimed."),
        sa.Column("dispatched_at", Instant, comment="When its last request had begun."),
        sa.Column("settled_at", Instant, comment="When its last answer had been recorded."),
        sa.Column("provider", sa.String(32), comment="Who had been asked to carry it."),
    ):
        op.add_column("message_changes", column)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:  # which keeps no comments
        _say_what_it_is()
    for statement in _guard_sqlite() if on_sqlite else _guard_postgresql():
        op.execute(sa.text(statement))


def _say_what_it_is() -> None:
    op.create_table_comment(
        "message_changes",
        "What a message's row said before it was written over, kept by the database itself; only grows.",
    )
    for column, type_, comment in (
        ("state", sa.String(16), "What it was."),
        ("at", Instant, "When that was written over; database's clock."),
    ):
        op.alter_column("message_changes", column, existing_type=type_, comment=comment)


def _guard_postgresql() -> tuple[str, ...]:
    return (
        # Room on the page for both updates that follow each insert, without sweeping it in between.
        "alter table messages set (fillfactor = 33)",
        "drop trigger messages_keep_the_order on messages",
        "drop trigger messages_log_inserts on messages",
        "drop trigger messages_log_updates on messages",
        "drop function log_message_changes()",
        f"""create function keep_order_and_log() returns trigger language plpgsql as $$
        begin
            if {_OUT_OF_ORDER} then
                raise exception '{_REFUSAL}' using errcode = 'check_violation';
            end if;
            {_LOG} values (old.key, old.state, old.claimed_by, old.code, clock_timestamp(), {_WAS});
            return null;
        end $$""",
        # After the update, because a trigger before it would lock each row a second time.
        f"""create trigger messages_keep_order_and_log after update on messages
        for each row when (not ({_STRAIGHT})) execute function keep_order_and_log()""",
    )


def _guard_sqlite() -> tuple[str, ...]:
    now = "strftime('%Y-%m-%dT%H\\:%M\\:%f', 'now') || '000+00\\:00'"
    return (
        "drop trigger messages_keep_the_order",
        "drop trigger messages_log_inserts",
        "drop trigger messages_log_updates",
        f"""create trigger messages_keep_order_and_log after update on messages when not ({_STRAIGHT})
        begin
            select raise(abort, '{_REFUSAL}') where {_OUT_OF_ORDER};
            {_LOG} values (old.key, old.state, old.claimed_by, old.code, {now}, {_WAS});
        end""",
    )
