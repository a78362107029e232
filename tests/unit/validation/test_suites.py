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
from perennial.validation.usual import FromHistory, Likeness
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import (
    EXAMPLES,
    FACTS,
    FIGURE,
    PARAMETERS,
    REFERENCES,
    columns_of,
    parameters_for,
)

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


def _figure(
    figure: str, *, on_failure: str = "warn", stop_above: float | None = None, **bounds: Any
) -> dict[str, Any]:
    """The changes that make an entry one about a figure."""
    share = {} if stop_above is None else {"stop_above": stop_above}
    return {"kwargs": {"column": figure, **bounds}, "meta": {"on_failure": on_failure, **share}}


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
        ({"meta": {"on_failure": "hold"}}, "on_failure `hold` is not for the suite of orders. Known: quarantine, stop, warn."),
        ({"meta": {"campaigns": ["birthday"]}}, "meta.campaigns goes with the suite of the audience"),
        (_figure("row", min_value=1), "no column `row`. Did you mean `rows`?"),
        (_figure("mean(totl)", min_value=1), "Did you mean `mean(total)`?"),
        (_figure("share(status)", min_value=1), "must name a value: `share(status=…)`."),
        (_figure("share(state=granted)", min_value=1), "no column `share(state=granted)`. Did you mean `share("),
        (_figure("rows"), "takes `expect_column_values_to_be_between` with min_value, max_value or both"),
        (_figure("rows", min_value=1, mostly=0.5), "and nothing else"),
        (_figure("rows", min_value="many"), "a bound of a figure is a number or"),
        (_figure("rows", min_value={"$histroy": {"times": 3}}), 'is written {"$history": {"times": 3}}'),
        (_figure("rows", min_value={"$history": 3}), 'is written {"$history": {"times": 3}}'),
        (_figure("rows", min_value={"$history": {"time": 3}}), "`$history` knows no `time`. Did you mean `times`?"),
        (_figure("rows", min_value={"$history": {"times": 0.5}}), "$history.times must be a number from 1."),
        (_figure("rows", min_value={"$history": {"nights": 1.5}}), "$history.nights must be a whole number from 1."),
        (_figure("rows", min_value={"$history": {"like": "weekdays"}}), "Did you mean `weekday`?"),
        (_figure("rows", on_failure="quarantine", min_value=1), "a figure has no rows that could be put aside"),
        (_figure("rows", stop_above=0.1, min_value=1), "a figure has no rows to count: meta.stop_above"),
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


def test_a_bound_from_the_past_is_read_with_its_words(write: Write) -> None:
    high = {
        "$history": {
            "times": 2,
            "spreads": 5,
            "distance": 10,
            "like": "any",
            "nights": 7,
            "rows": 30,
            "otherwise": 9,
        }
    }
    folder = write(_entry(**_figure("share(status=lost)", min_value=0.1, max_value=high)))

    (rule,) = load_suite(folder, ORDERS, EXAMPLES).rules

    assert rule.figure == "share(status=lost)"
    assert rule.learns
    assert rule.kwargs["min_value"] == 0.1
    assert rule.kwargs["max_value"] == FromHistory(
        times=2, spreads=5, distance=10, like=Likeness.ANY, nights=7, rows=30, otherwise=9
    )


def test_the_audience_has_a_suite_of_its_own(write: Write) -> None:
    folder = write(_entry())
    stop = _entry(**_figure("members", on_failure="stop", min_value=1))
    text = json.dumps({"name": "audience", "expectations": [stop]}, indent=2)
    (folder / "audience.json").write_text(text, encoding="utf-8")

    assert "on_failure `stop` is not for the suite of audience. Known: hold, warn." in _fault(
        folder
    )


def test_no_figure_is_called_as_a_column() -> None:
    for dataset in SHOP_DATASETS.values():
        figures = [name for name, type_ in columns_of(dataset).items() if type_ == FIGURE]
        assert {"rows", "repeated", "empty(updated_at)"} <= set(figures)
        assert not {*dataset.column_names, *FACTS[dataset.name]} & set(figures)
