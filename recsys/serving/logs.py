"""Structured logs: one JSON object a line on standard error. No body, query or logbook is ever in one."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from typing import Any, Final

# What reads forms says of a broken one what the client is told anyway, in lines that are no JSON.
_FORMS: Final = ("python_multipart", logging.ERROR)
_LOGGER: Final = logging.getLogger("recsys.serving")


class JsonLines(logging.Formatter):
    """A record as one line of JSON; of an exception its type and places, not its text."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        when = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": when, "level": record.levelname.lower(), "event": record.getMessage()}
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])[-8:]
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        return json.dumps(line)


def log(event: str, level: int = logging.INFO, exc_info: bool = False, **fields: Any) -> None:
    """Log an event with its fields."""
    _LOGGER.log(level, event, extra={"fields": fields}, exc_info=exc_info)


def configure_logs() -> None:
    """Send the service's and uvicorn's records to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("recsys.serving", logging.INFO), ("uvicorn", logging.WARNING), _FORMS):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
