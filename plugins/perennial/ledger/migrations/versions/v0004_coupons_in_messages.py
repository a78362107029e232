"""Coupons move into the rows of their messages; what indexes look up is compared byte by byte."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TERMS = (
    "coupon_code is null"
    " or (coupon_kind is not null and coupon_value is not null and coupon_expires_on is not null)"
)
_COMMENTS = {
    "coupon_code": "Of the discount that went out in it.",
    "coupon_kind": "percent, amount …",
    "coupon_value": "How much.",
    "coupon_expires_on": "Last day on which it is good.",
}
# A reference to the messages and two unique indexes cost a message more than everything else in its claim.
_MOVE = """
    update messages set
        coupon_code = coupons.code,
        coupon_kind = coupons.kind,
        coupon_value = coupons.value,
        coupon_expires_on = coupons.expires_on
    from coupons
    where coupons.message_key = messages.key
"""
_INDEX = """
    create unique index ix_messages_coupon_code on messages (coupon_code) where coupon_code is not null
"""


def upgrade() -> None:
    """Gives messages their coupons, which is no change of a message: the log stays as it is."""
    move = _move_sqlite if op.get_bind().dialect.name == "sqlite" else _move_postgresql
    move()
    op.execute(sa.text(_INDEX))
    op.drop_table("coupons")


def _move_postgresql() -> None:
    for statement in (
        """alter table messages
            alter column person_id type varchar(128) collate "C",
            add column coupon_code varchar(64) collate "C",
            add column coupon_kind varchar(32),
            add column coupon_value numeric(12, 2),
            add column coupon_expires_on date""",
        'alter table suppressions alter column address_key type varchar(64) collate "C"',
        "alter table messages disable trigger messages_keep_order_and_log",
        _MOVE,
        "alter table messages enable trigger messages_keep_order_and_log",
        f"alter table messages add constraint ck_messages_coupon_has_its_terms check ({_TERMS})",
    ):
        op.execute(sa.text(statement))
    for column, comment in _COMMENTS.items():
        op.execute(sa.text(f"comment on column messages.{column} is '{comment}'"))
    op.create_table_comment(
        "messages",
        "One row a message that was ever claimed, with the coupon that went out in it.",
    )


def _move_sqlite() -> None:
    connection = op.get_bind()
    trigger = "messages_keep_order_and_log"
    (guard,) = connection.execute(
        sa.text("select sql from sqlite_schema where type = 'trigger' and name = :name"),
        {"name": trigger},
    ).one()
    connection.exec_driver_sql(f"drop trigger {trigger}")
    for column in (
        "coupon_code varchar(64)",
        "coupon_kind varchar(32)",
        "coupon_value varchar(16)",
        f"coupon_expires_on date constraint ck_messages_coupon_has_its_terms check ({_TERMS})",
    ):
        connection.exec_driver_sql(f"alter table messages add column {column}")
    connection.exec_driver_sql(_MOVE)
    connection.exec_driver_sql(guard)
