"""Reads one entry of a suite: its columns, its parameters, and what its `meta` asks for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import PARAMETERS

_SEVERITIES = {Action.STOP: "critical", Action.QUARANTINE: "warning", Action.WARN: "info"}
_PARTS = ("type", "kwargs", "severity", "meta", "description")
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEXTS = ("rule", "on_failure", "sentence", "owner")
_WHOLE_NUMBERS = ("stop_from_rows", "stop_after_nights", "retry_nights")
_META = (*_TEXTS, "stop_above", *_WHOLE_NUMBERS)
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
    return {
        "name": meta.pop("rule"),
        "type": entry["type"],
        "kwargs": kwargs,
        "action": action,
        **meta,
    }


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
        if column not in columns:
            msg = f"the dataset has no column `{column}`."
            raise EntryMistake(msg, nearest(str(column), columns))
    type_ = columns.get(str(filled.get("column")), "")
    for key in ("min_value", "max_value"):
        if key in filled:
            filled[key] = _bound(filled[key], type_)
    return filled


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
