"""The shape of a mail/send request, as far as the rules look into it: which member is an object, a list, a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Shape = type | Mapping[str, Any] | Sequence[Any]

_ADDRESS = MappingProxyType({"email": str, "name": str})
_PERSON = MappingProxyType(
    {
        "to": [_ADDRESS],
        "cc": [_ADDRESS],
        "bcc": [_ADDRESS],
        "from": _ADDRESS,
        "subject": str,
        "headers": dict,
        "substitutions": dict,
        "dynamic_template_data": dict,
        "custom_args": dict,
        "send_at": int,
    }
)
REQUEST: Shape = MappingProxyType(
    {
        "personalizations": [_PERSON],
        "from": _ADDRESS,
        "reply_to": _ADDRESS,
        "reply_to_list": [_ADDRESS],
        "subject": str,
        "content": [MappingProxyType({"type": str, "value": str})],
        "attachments": [dict],
        "template_id": str,
        "headers": dict,
        "categories": [str],
        "custom_args": dict,
        "send_at": int,
        "batch_id": str,
        "asm": MappingProxyType({"group_id": int, "groups_to_display": [int]}),
        "mail_settings": MappingProxyType({"sandbox_mode": MappingProxyType({"enable": bool})}),
        "tracking_settings": dict,
    }
)


def misshapen(node: object, shape: Shape, place: str = "") -> Iterator[str]:
    """The places at which a request holds something else than it may; a null is as good as nothing."""
    if node is None:
        return
    if isinstance(shape, type):
        # To JSON true is no number, to Python it is.
        if not isinstance(node, shape) or (shape is int and isinstance(node, bool)):
            yield place
    elif isinstance(shape, Mapping) and isinstance(node, dict):
        for name, inner in shape.items():
            yield from misshapen(node.get(name), inner, f"{place}.{name}".lstrip("."))
    elif isinstance(shape, Sequence) and isinstance(node, list):
        for number, item in enumerate(node):
            # A null in a list is no item of any shape.
            yield from misshapen(item if item is not None else (), shape[0], f"{place}.{number}")
    else:
        yield place
