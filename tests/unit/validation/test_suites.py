from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from night_samples import SHOP, SUITES
from perennial.errors import SuiteError
from perennial.model.datasets import ORDERS, SHOP_DATASETS
from perennial.validation.suites import check_suites, load_suite
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import EXAMPLES, FACTS, PARAMETERS, REFERENCES, parameters_for

DAY = date(2026, 11, 21)
Write = Callable[..., Path]


def _entry(**changes: Any) -> dict[str, Any]:
    meta = {
        "rule": "total_not_negative",
        "on_failure": "quarantine",
        "sentence": "S.",
        "owner": "O",
    }
    entry = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "total", "min_value": 0},
        "meta": meta | changes.pop("meta", {}),
    }
    return entry | changes


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes orders.json with the given entries beside the other suites, as they ship."""

    def write(*entries: object, name: str = "orders", text: str | None = None) -> Path:
        for path in SUITES.glob("*.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        plain = json.dumps({"name": name, "expectations": entries}, indent=2)
        (tmp_path / "orders.json").write_text(plain if text is None else text, encoding="utf-8")
        return tmp_path

    return write


def _fault(folder: Path) -> str:
    faults = check_suites(folder)
    assert len(faults) == 1, faults
    return str(faults[0]).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"type": "expect_column_values_to_be_betwixt"}, "Did you mean `expect_column_values_to_be_between`?"),
        ({"kwargs": {"column": "totl"}}, "no column `totl`. Did you mean `total`?"),
        ({"kwargs": {"column": "customer_known"}}, "Did you mean `customer_is_known`?"),
        ({"kwargs": {"column": "total", "minimum": 0}}, "does not take these kwargs"),
        ({"kwargs": {"column": "total", "max_value": {"$parameter": "nigth_end"}}}, "Did you mean `night_end`?"),
        ({"kwargs": {"column": "ordered_at", "min_value": "last year"}}, "`last year` is no date"),
        ({"meta": {"on_failure": "quarentine"}}, "Did you mean `quarantine`?"),
        ({"meta": {"sentence": " "}}, "meta.sentence is missing or empty."),
        ({"meta": {"stop_abov": 0.1}}, "`meta` knows no `stop_abov`. Did you mean `stop_above`?"),
        ({"meta": {"stop_above": 5}}, "a share from 0 to 1"),
        ({"meta": {"stop_after_nights": 0}}, "a whole number from 1"),
        ({"meta": {"rule": "Not negative"}}, "meta.rule must be a name in small letters"),
        ({"meta": {"on_failure": "warn", "retry_nights": 3}}, "only quarantined rows"),
        ({"severity": "critical"}, "goes with severity `warning`"),
        ({"typ": "x"}, "an expectation knows no `typ`. Did you mean `type`?"),
        ({"meta": None}, "`meta` is missing"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_the_nearest_word(
    write: Write, entry: dict[str, Any], said: str
) -> None:
    bad = _entry(**entry) if entry.get("meta", {}) is not None else _entry() | {"meta": None}
    fault = _fault(write(_entry(meta={"rule": "first"}), bad))

    assert fault.startswith("orders.json:17: ")
    assert said in fault


def test_a_rule_that_is_there_twice_is_named_with_both_lines(write: Write) -> None:
    assert "orders.json:17: rule `total_not_negative` is already on line 4." in _fault(
        write(_entry(), _entry())
    )


def test_an_empty_suite_would_pass_anything(write: Write) -> None:
    assert "the suite is empty" in _fault(write())


def test_a_suite_is_called_as_its_file(write: Write) -> None:
    assert "`name` must be `orders`" in _fault(write(_entry(), name="order"))


def test_every_fault_is_shown_at_once(write: Write) -> None:
    folder = write(_entry(kwargs={"column": "a"}), _entry(kwargs={"column": "b"}), name="x")
    with pytest.raises(SuiteError) as caught:
        load_suite(folder, ORDERS, EXAMPLES)

    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "orders",\n "expectations": [,]}', "orders.json:2:19: not JSON"),
        ("[]", "orders.json: is no suite"),
        ('{"name": "orders", "expectations": {}}', "is no suite"),
        ('{"name": "orders", "expectations": ["total"]}', "orders.json:1: an expectation must be"),
    ],
)
def test_a_file_that_is_no_suite_is_named(write: Write, text: str, said: str) -> None:
    assert said in _fault(write(text=text))


def test_a_missing_suite_and_a_stray_one_are_named(write: Write) -> None:
    folder = write(_entry())
    (folder / "orders.json").rename(folder / "oders.json")
    faults = [str(fault) for fault in check_suites(folder)]

    assert "orders.json: cannot be read" in faults[0]
    assert "oders.json: the shop has no such dataset. Did you mean `orders`?" in faults[1]


def test_parameters_are_filled_in_wherever_they_stand(write: Write) -> None:
    folder = write(
        _entry(
            type="expect_column_values_to_be_in_set",
            kwargs={"column": "currency", "value_set": [{"$parameter": "shop_currency"}, "CAD"]},
            meta={"rule": "currency"},
        ),
        _entry(
            kwargs={"column": "ordered_at", "min_value": "2000-01-01", "max_value": {"$parameter": "night_end"}},
            meta={"rule": "in_time"},
        ),
    )  # fmt: skip
    currency, in_time = load_suite(folder, ORDERS, parameters_for(SHOP, DAY)).rules

    assert currency.kwargs["value_set"] == ["USD", "CAD"]
    assert in_time.kwargs["min_value"] == datetime(2000, 1, 1, tzinfo=UTC)
    assert in_time.kwargs["max_value"] == datetime(2026, 11, 21, 5, tzinfo=UTC)


def test_examples_stand_for_all_parameters() -> None:
    assert EXAMPLES.keys() == PARAMETERS.keys() == parameters_for(SHOP, DAY).keys()


def test_facts_and_references_cover_all_datasets_and_references_come_first() -> None:
    assert FACTS.keys() == REFERENCES.keys() == SHOP_DATASETS.keys()
    order = list(REFERENCES)
    assert all(order.index(r) < order.index(name) for name in order for r in REFERENCES[name])


@pytest.mark.parametrize(
    ("failed", "rows", "action"),
    [(1, 2, Action.QUARANTINE), (9, 9, Action.QUARANTINE), (10, 200, Action.QUARANTINE), (11, 200, Action.STOP)],
)  # fmt: skip
def test_a_share_of_bad_rows_stops_the_night_when_there_are_enough_of_them(
    write: Write, failed: int, rows: int, action: Action
) -> None:
    folder = write(_entry(meta={"stop_above": 0.05, "stop_from_rows": 10}))

    assert load_suite(folder, ORDERS, EXAMPLES).rules[0].consequence(failed, rows) is action
