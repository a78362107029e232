"""Reads one entry of a suite: its columns, its parameters, and what its `meta` asks for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from perennial.validation.usual import HISTORY, FromHistory, Likeness
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import AUDIENCE_FIGURES, FIGURE, PARAMETERS

_SEVERITIES = {
    Action.STOP: "critical",
    Action.HOLD: "critical",
    Action.QUARANTINE: "warning",
    Action.WARN: "info",
}
_PARTS = ("type", "kwargs", "severity", "meta", "description")
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEXTS = ("rule", "on_failure", "sentence", "owner")
_WHOLE_NUMBERS = ("stop_from_rows", "stop_after_nights", "retry_nights")
_META = (*_TEXTS, "stop_above", *_WHOLE_NUMBERS, "campaigns")
_WHOLE = ("nights", "rows")
_OF_ROWS = ("stop_above", "stop_from_rows", "retry_nights")
_BOUNDS = ("min_value", "max_value")
_FIGURE_TYPE = "expect_column_values_to_be_between"
_VALUE_OF = re.compile(r"share\((?P<column>\w+)=(?P<value>.+)\)")
_SINGLE_COLUMNS = ("column", "column_A", "column_B")
_SEVERAL_COLUMNS = ("column_list", "column_set")


class EntryMistake(ValueError):
    """What is wrong with one entry, and what to write in its place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def read_entry(
    entry: object, columns: Mapping[str, str], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a rule.

    Raises:
        EntryMistake: says what is wrong and which word comes nearest.
    """
    if not isinstance(entry, dict):
        msg = "an expectation must be an object with type, kwargs and meta."
        raise EntryMistake(msg)
    _refuse_unknown(entry, _PARTS, "an expectation")
    if not isinstance(entry.get("type"), str) or not isinstance(entry.get("kwargs", {}), dict):
        msg = "`type` must be the name of an expectation, and `kwargs` an object."
        raise EntryMistake(msg)
    meta = _meta(entry.get("meta"))
    action = _action(meta.pop("on_failure"))
    if entry.get("severity", _SEVERITIES[action]) != _SEVERITIES[action]:
        msg = f"on_failure `{action}` goes with severity `{_SEVERITIES[action]}`, not `{entry['severity']}`."
        raise EntryMistake(msg)
    kwargs = _kwargs(entry.get("kwargs", {}), columns, parameters)
    if meta.get("retry_nights") and action is not Action.QUARANTINE:
        msg = "only quarantined rows can be looked at again: retry_nights goes with on_failure quarantine."
        raise EntryMistake(msg)
    figure = _figure(entry["type"], kwargs, columns)
    if figure:
        _check_figure_rule(action, meta)
    return {
        "name": meta.pop("rule"),
        "type": entry["type"],
        "kwargs": kwargs,
        "action": action,
        "figure": figure,
        "campaigns": tuple(meta.pop("campaigns", ())),
        **meta,
    }


def type_of(column: object, columns: Mapping[str, str]) -> str | None:
    """The type of a column or figure; nothing when there is none of that name."""
    value = _VALUE_OF.fullmatch(str(column))
    return columns.get(f"share({value['column']})" if value else str(column))


def columns_in(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that an expectation looks at."""
    names = [kwargs[key] for key in _SINGLE_COLUMNS if key in kwargs]
    for key in _SEVERAL_COLUMNS:
        names += kwargs.get(key) or []
    return tuple(names)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the right word that looks most like a wrong one, or with all of them."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(choices)}."


def _meta(meta: object) -> dict[str, Any]:
    if not isinstance(meta, dict):
        msg = f"`meta` is missing: it says what follows from a failure ({', '.join(_TEXTS)})."
        raise EntryMistake(msg)
    _refuse_unknown(meta, _META, "`meta`")
    for key in _TEXTS:
        if not isinstance(meta.get(key), str) or not meta[key].strip():
            msg = f"meta.{key} is missing or empty."
            raise EntryMistake(msg)
    if not _RULE_NAME.fullmatch(meta["rule"]):
        msg = "meta.rule must be a name in small letters, such as `total_not_negative`."
        raise EntryMistake(msg)
    for key in _WHOLE_NUMBERS:
        if key in meta and (type(meta[key]) is not int or meta[key] < 1):
            msg = f"meta.{key} must be a whole number from 1."
            raise EntryMistake(msg)
    share = meta.get("stop_above", 0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        msg = "meta.stop_above must be a share from 0 to 1."
        raise EntryMistake(msg)
    campaigns = meta.get("campaigns", [])
    if not isinstance(campaigns, list) or not all(isinstance(name, str) for name in campaigns):
        msg = "meta.campaigns must be a list of names of campaigns."
        raise EntryMistake(msg)
    return dict(meta)


def _action(word: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        msg = f"meta.on_failure knows no `{word}`."
        raise EntryMistake(msg, nearest(word, Action)) from None


def _kwargs(
    kwargs: Mapping[str, Any], columns: Mapping[str, str], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    filled = {key: _filled(value, parameters) for key, value in kwargs.items()}
    for column in columns_in(filled):
        if type_of(column, columns) is None:
            msg = f"the dataset has no column `{column}`."
            raise EntryMistake(msg, nearest(str(column), columns))
    type_ = type_of(filled.get("column"), columns) or ""
    for key in _BOUNDS:
        if key in filled:
            filled[key] = (
                _from_history(filled[key]) if type_ == FIGURE else _bound(filled[key], type_)
            )
    return filled


def _figure(type_: str, kwargs: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
    """The figure that an entry is about; nothing when it is about rows."""
    figures = [c for c in columns_in(kwargs) if type_of(c, columns) == FIGURE]
    if not figures:
        return None
    if type_ != _FIGURE_TYPE or not {"column"} < kwargs.keys() <= {"column", *_BOUNDS}:
        msg = f"a figure such as `{figures[0]}` takes `{_FIGURE_TYPE}` with min_value, max_value or both, and nothing else."
        raise EntryMistake(msg)
    if (
        figures[0].startswith("share(")
        and "=" not in figures[0]
        and figures[0] not in AUDIENCE_FIGURES
    ):
        msg = f"`{figures[0]}` must name a value: `{figures[0][:-1]}=…)`."
        raise EntryMistake(msg)
    return figures[0]


def _check_figure_rule(action: Action, meta: Mapping[str, Any]) -> None:
    if action is Action.QUARANTINE:
        msg = "a figure has no rows that could be put aside: on_failure must be `warn` or `stop`."
        raise EntryMistake(msg)
    for key in _OF_ROWS:
        if key in meta:
            msg = f"a figure has no rows to count: meta.{key} goes with rules about rows."
            raise EntryMistake(msg)


def _from_history(value: object) -> object:
    """A bound of a figure: a number, or what the past says."""
    if not isinstance(value, dict):
        if value is not None and not _is_number(value):
            msg = f'a bound of a figure is a number or {{"$history": …}}, not `{value}`.'
            raise EntryMistake(msg)
        return value
    words = value["$history"] if value.keys() == {"$history"} else None
    if not isinstance(words, dict):
        msg = 'a bound from the past is written {"$history": {"times": 3}}.'
        raise EntryMistake(msg)
    _refuse_unknown(words, HISTORY, "`$history`")
    return FromHistory(**{key: _history_word(key, word) for key, word in words.items()})


def _history_word(key: str, word: Any) -> Any:  # noqa: ANN401 - a number or a likeness
    if key == "like":
        try:
            return Likeness(str(word))
        except ValueError:
            msg = f"$history.like knows no `{word}`."
            raise EntryMistake(msg, nearest(str(word), Likeness)) from None
    least = {"times": 1, "nights": 1}.get(key, 0)
    if not _is_number(word) or word < least or (key in _WHOLE and not isinstance(word, int)):
        kind = "a whole number" if key in _WHOLE else "a number"
        msg = f"$history.{key} must be {kind} from {least}."
        raise EntryMistake(msg)
    return word


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filled(value: object, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, list):
        return [_filled(item, parameters) for item in value]
    if not isinstance(value, dict) or "$parameter" not in value:
        return value
    name = value["$parameter"]
    if len(value) > 1 or name not in PARAMETERS:
        msg = f"there is no parameter `{name}`."
        raise EntryMistake(msg, nearest(str(name), PARAMETERS))
    return parameters[name]


def _bound(value: object, type_: str) -> object:
    """A bound as the checks compare it: dates as midnights, instants with their zone."""
    if type_ not in ("DATE", "TIMESTAMPTZ") or value is None:
        return value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            msg = f"`{value}` is no date: write it as 2000-01-31 or 2000-01-31T00:00:00Z."
            raise EntryMistake(msg) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        msg = "a bound of dates must be a date."
        raise EntryMistake(msg)
    if type_ == "DATE":
        return value.replace(tzinfo=None)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _refuse_unknown(node: Mapping[str, Any], known: Iterable[str], of: str) -> None:
    for key in node:
        if key not in known:
            msg = f"{of} knows no `{key}`."
            raise EntryMistake(msg, nearest(str(key), known))
