from __future__ import annotations

import pytest

from one_person import HER_OTHER_ACCOUNT, QUIRINA
from perennial.errors import UnknownPerson
from perennial.steps.services import Perennial


def test_a_record_holds_every_account_of_the_person(perennial: Perennial) -> None:
    record = perennial.person(HER_OTHER_ACCOUNT)

    assert record.customer_ids == (QUIRINA, HER_OTHER_ACCOUNT)
    assert {row["order_id"] for row in record.orders} == {"ord-zq-1", "ord-zq-2"}
    assert {row["product"] for row in record.order_lines} == {"Oats"}
    assert [row["entry_id"] for row in record.points] == ["pts-zq-1"]


def test_the_summary_shows_no_address_in_full(perennial: Perennial) -> None:
    summary = perennial.person(QUIRINA).summary()

    assert summary.emails == ("q•••@mail.example",)
    assert summary.phones == ("+••• 47",)
    assert (summary.accounts, summary.points_balance) == (2, 90)


def test_nobody_of_that_id_is_said_so(perennial: Perennial) -> None:
    with pytest.raises(UnknownPerson):
        perennial.person("nobody")
