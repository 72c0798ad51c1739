"""Logs as lines of JSON on standard error: one object a line, the same keys for every kind of event."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

__all__ = ["JsonLines", "log_configuration"]


class JsonLines(logging.Formatter):
    """Formats a record as one line: ``time``, ``level``, ``logger``, ``event``, and the fields it carries.

    Where an exception is attached, its class and place are kept; its message is not, as it may repeat what was read.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            places = []
            while trace is not None:
                code = trace.tb_frame.f_code
                places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
                trace = trace.tb_next
            line["at"] = places
        return json.dumps(line, default=str)


def log_configuration(level: str) -> dict[str, Any]:
    """The configuration for :func:`logging.config.dictConfig`: everything from ``level`` on, as JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "inkread.serve.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "inkread": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "uvicorn.error": {"level": level.upper()},
            # It tells bytes of bodies, which are nobody's business; what is wrong with one is in the answer.
            "python_multipart": {"level": "CRITICAL"},
            "PIL": {"level": "ERROR"},
        },
    }
