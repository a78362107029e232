from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from perennial.sources.files.file_table import FileTable
from perennial.sources.looking import SourceTable
from perennial.sources.proposing.expressions import Speech
from perennial.sources.proposing.proposal import Proposal
from perennial.sources.proposing.shop_part import open_questions, sources_part, write_part
from perennial.sources.proposing.trying import try_out
from perennial.sources.source_map import read_source_map

ATable = Callable[..., SourceTable]
Proposed = Callable[..., Proposal]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HEAD = "# Ours.\nshop:\n  name: Tienda  # the name\n"


def read(proposal: Proposal, *tables: SourceTable) -> dict[str, list[dict[str, str | None]]]:
    """The rows as a night would read them."""
    found = try_out(proposal, tables, SecretStr(""), rows=10, now=NOW)
    assert {name: tried.fault for name, tried in found.items() if tried.fault} == {}
    return {name: [dict(row) for row in tried.rows] for name, tried in found.items()}


def test_a_shop_with_other_words_dates_and_commas_is_read_as_the_contract_wants_it(
    proposed: Proposed, kunden: SourceTable, bestellungen: SourceTable
) -> None:
    rows = read(proposed(kunden, bestellungen), kunden, bestellungen)

    assert rows["customers"][0] == {
        "customer_id": "007",
        "first_name": "Jürgen",
        "last_name": "Groß",
        "email": "j@post.example",
        "phone": "0171 5550100",
        "birth_date": "1980-12-31",
        "signed_up_at": "2024-02-01T09:00:00Z",
        "updated_at": "2024-02-05T10:30:00Z",
        **dict.fromkeys(
            ("language", "timezone", "country", "region", "postal_code", "preferred_channel")
        ),
    }
    order = rows["orders"][0]
    assert (order["customer_id"], order["status"], order["currency"]) == ("007", "delivered", "EUR")
    assert (order["total"], order["discount"]) == ("1234.50", "0.00")
    assert order["ordered_at"] == "2024-02-20T08:00:00Z"


def test_every_column_says_why(proposed: Proposed, kunden: SourceTable) -> None:
    why = {c.name: c.why for c in proposed(kunden).datasets["customers"].columns}

    assert why["email"] == "the name `E-Mail-Adresse`; 2 of 2 look like email addresses"
    assert why["customer_id"] == "the name `KundenNr`; all of 2 are different"
    assert why["birth_date"] == "the name `Geburtsdatum`; 2 of 2 are dates"


def test_addresses_are_found_by_how_they_look_and_keys_by_what_they_share(
    a_table: ATable, proposed: Proposed
) -> None:
    people = a_table(
        "clientes",
        "id;x1;alta",
        *(f"{n};p{n}@a.example;2024-02-{n % 28 + 1:02}" for n in range(40)),
    )
    orders = a_table(
        "pedidos",
        "id;quien;fecha;importe",
        *(f"o{n};{n % 40};2024-03-01;1,50" for n in range(60)),
    )
    proposal = proposed(people, orders)

    found = {c.name: c for c in proposal.datasets["customers"].columns}
    assert found["email"].source == "x1"
    assert found["email"].why == "40 of 40 look like email addresses"
    (buyer,) = (c for c in proposal.datasets["orders"].columns if c.name == "customer_id")
    assert (buyer.source, buyer.why) == ("quien", "40 of 40 are among the customers")


def test_what_is_no_date_is_read_as_it_stands_and_no_row_is_lost(
    a_table: ATable, proposed: Proposed
) -> None:
    good = [
        f"{n};p{n}@a.example;{n + 1:02}/01/1990;01/02/2024;{n + 1:02}/02/2024" for n in range(28)
    ]
    table = a_table(
        "clientes",
        "cliente;correo;nacimiento;alta;modificado",
        "99;x@a.example;unknown;01/02/2024;not a day",
        *good,
        files=FileTable(path="clientes.csv"),
    )
    first, *others = read(proposed(table), table)["customers"]

    assert (first["birth_date"], first["updated_at"]) == ("unknown", "not a day")
    assert others[0]["birth_date"] == "1990-01-01"


def test_what_a_person_must_decide_is_asked(a_table: ATable, proposed: Proposed) -> None:
    customers = a_table(
        "customers",
        "id;email;birthday;country;newsletter;created_at",
        "1;a@a.example;01/02/1980;Spain;yes;2024-02-01 10:00:00",
        "2;b@a.example;03/04/1981;Spain;no;2024-02-02 10:00:00",
    )
    orders = a_table(
        "orders",
        "id;customer;date;status;total",
        "7;1;2024-02-03;entregado;9.50",
        "8;2;2024-02-04;xyz;7",
    )
    proposal = proposed(customers, orders)
    asked = " ".join((*proposal.decide, *(q for d in proposal.datasets.values() for q in d.decide)))

    for part in (
        "Which clock wrote times such as those of `created_at`? Europe/Madrid",
        "`newsletter` of customers may say who agreed",
        "Nothing here looks like consents, without which nobody is written to",
        "Is birthday written `%d/%m/%Y` or `%m/%d/%Y`?",
        "`country` does not hold codes such as US",
        "What does `status` mean by `xyz`?",
        "No column says `currency`: `EUR` stands for it everywhere",
        "No column of `orders` says when a row was changed",
    ):
        assert part in asked


def test_files_of_a_day_were_written_on_that_day(a_table: ATable, proposed: Proposed) -> None:
    table = a_table(
        "clientes",
        "cliente;correo;alta",
        "1;a@a.example;2024-02-01",
        files=FileTable(path="{day}/clientes.csv"),
    )
    (row,) = read(proposed(table), table)["customers"]

    assert row["updated_at"] == "1999-12-31T23:00:00Z"


def test_a_proposal_is_the_same_every_time(
    proposed: Proposed, kunden: SourceTable, bestellungen: SourceTable
) -> None:
    parts = {sources_part(proposed(kunden, bestellungen)) for _ in range(3)}

    assert len(parts) == 1


@pytest.mark.parametrize("speech", Speech)
def test_what_is_written_is_what_shop_yaml_takes(
    proposed: Proposed,
    kunden: SourceTable,
    bestellungen: SourceTable,
    speech: Speech,
    tmp_path: Path,
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(HEAD, encoding="utf-8")
    proposal = proposed(kunden, bestellungen, speech=speech)

    assert write_part(path, sources_part(proposal), force=False) is None

    source_map = read_source_map(path)
    assert source_map.queries == {name: d.sql for name, d in proposal.datasets.items()}
    assert source_map.zone.key == "Europe/Madrid"
    assert path.read_text(encoding="utf-8").startswith(HEAD)
    assert len(open_questions(path)) == len(proposal.decide) + sum(
        len(d.decide) for d in proposal.datasets.values()
    )
