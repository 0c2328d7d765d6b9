"""Logging, configured once a process: one record a line, whatever strangers put into it.

On a terminal short coloured lines; elsewhere logfmt, `2026-11-22T09:30:00Z info mail.processed
inbound_id=1`; with `GATEWAY_LOG=json` one JSON object a line. Fields are what is passed as `extra`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

# What these say at INFO holds addresses, or is of no use to an operator.
_QUIET = (
    *("mail.log", "mail.debug", "asyncio", "dramatiq", "pika", "redis", "alembic", "sqlalchemy"),
    *("imapclient", "msal", "google", "urllib3", "uvicorn"),
)
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_LONGEST_VALUE = 4000
_NEEDS_QUOTES = re.compile(r'[\s="\\]')
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}


def configure(
    level: int | str = logging.INFO, *, stream: TextIO | None = None, as_json: bool = False
) -> None:
    """Send all records of this process to `stream` (standard error), in place of what was set before."""
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    formatter: logging.Formatter
    if as_json:
        formatter = JsonFormatter()
    elif stream.isatty():
        formatter = TerminalFormatter()
    else:
        formatter = LogfmtFormatter()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def wants_json(environ: Mapping[str, str]) -> bool:
    """Whether the operator has asked for JSON."""
    return environ.get("GATEWAY_LOG", "").lower() == "json"


class LogfmtFormatter(logging.Formatter):
    """`instant level event key=value …`, for files and journals."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; a traceback is one quoted value."""
        words = [_instant(record), record.levelname.lower(), _escaped(record.getMessage())]
        words += [f"{key}={_quoted(value)}" for key, value in _fields(record).items()]
        if traceback := _traceback(self, record):
            words.append(f"traceback={_quoted(traceback)}")
        return " ".join(words)


class TerminalFormatter(logging.Formatter):
    """Short coloured lines for somebody who is looking on."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; a traceback on lines below it, each set in."""
        level = record.levelname.lower()
        colour = _COLOURS.get(level, "0")
        parts = [
            f"\x1b[2m{_instant(record)[11:-1]}\x1b[0m",
            f"\x1b[{colour}m{level:<7}\x1b[0m",
            _escaped(record.getMessage()),
        ]
        parts += [f"\x1b[2m{key}=\x1b[0m{_quoted(value)}" for key, value in _fields(record).items()]
        lines = [" ".join(parts)]
        lines += [f"    {_escaped(line)}" for line in _traceback(self, record).split("\n") if line]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII, for collectors."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as `at`, `level`, `event`, `logger` and its fields."""
        entry: dict[str, object] = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        entry |= {key: value for key, value in _fields(record).items() if key not in entry}
        if traceback := _traceback(self, record):
            entry["traceback"] = traceback
        return json.dumps(entry, default=str)


def _instant(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _quoted(value: object) -> str:
    text = str(value)
    if len(text) > _LONGEST_VALUE:
        # The end of a traceback says what happened.
        text = f"{text[: _LONGEST_VALUE // 4]}…{text[-_LONGEST_VALUE * 3 // 4 :]}"
    if text and not _NEEDS_QUOTES.search(text):
        return _escaped(text)
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """`text` with all escaped that could end a line, steer a terminal or hide: what is not printable."""
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape", "surrogatepass").decode()
        for mark in text
    )
