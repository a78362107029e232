"""Log lines for machines: one JSON object a line. What is logged holds keys and counts, never an address."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from perennial.settings import LogFormat


class JsonLines(logging.Formatter):
    """A record as one line. Of an exception only its type: its text, and that of its traceback, may quote anything."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None:
            line["exception"] = kind.__name__
        return json.dumps(line, ensure_ascii=False)


def write_logs(form: LogFormat) -> None:
    """Writes warnings and worse to stderr, in one of the two forms."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
