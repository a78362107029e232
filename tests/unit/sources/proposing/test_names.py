from __future__ import annotations

import pytest

from perennial.model.datasets import SHOP_DATASETS, Dataset
from perennial.sources.proposing.names import EXACT, PART, closed_words, column_names, likeness


@pytest.mark.parametrize(
    ("name", "dataset", "column"),
    [
        ("Fecha de nacimiento", "customers", "birth_date"),
        ("fechaNacimiento", "customers", "birth_date"),
        ("GEBURTSDATUM", "customers", "birth_date"),
        ("date_naissance", "customers", "birth_date"),
        ("Дата рождения", "customers", "birth_date"),
        ("teléfono_móvil", "customers", "phone"),
        ("E-Mail-Adresse", "customers", "email"),
        ("Nº pedido", "orders", "order_id"),
        ("Währung", "orders", "currency"),
        ("Сумма", "orders", "total"),
        ("cantidad", "order_lines", "quantity"),
    ],
)
def test_names_are_known_whatever_their_case_accents_and_small_words(
    name: str, dataset: str, column: str
) -> None:
    assert likeness(name, column_names(dataset, column)) == EXACT


def test_a_column_may_repeat_its_table_and_say_more() -> None:
    assert likeness("order_status", ["status"], table="orders") == EXACT
    assert likeness("correo principal", ["correo"]) == PART
    assert likeness("nota", ["correo"]) == 0


@pytest.mark.parametrize("dataset", SHOP_DATASETS.values(), ids=lambda d: d.name)
def test_what_is_called_as_the_contract_calls_it_is_always_known(dataset: Dataset) -> None:
    for column in dataset.column_names:
        assert likeness(column, column_names(dataset.name, column)) == EXACT


def test_the_words_of_a_shop_mean_ours() -> None:
    words = closed_words("status")

    assert [words[w] for w in ("entregado", "storniert", "в пути", "en attente", "placed")] == [
        "delivered",
        "cancelled",
        "shipped",
        "placed",
        "placed",
    ]
    assert closed_words("first_name") == {}
