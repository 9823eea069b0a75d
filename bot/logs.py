"""Logging to stderr, as text or JSON, with the bot's token replaced."""

import contextlib
import json
import logging
import sys
import time
from datetime import UTC, datetime

REDACTED = "[token]"


def configure(level: str, log_format: str, *, token: str = "") -> None:
    """Send all log records to stderr in the format "text" or "json", with the token replaced wherever it occurs."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonFormatter(token) if log_format == "json" else TextFormatter(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # At DEBUG aiosqlite logs every statement with its values, which include what people typed.
    logging.getLogger("aiosqlite").setLevel(max(logging.getLogger().level, logging.INFO))
    # At INFO APScheduler logs four lines for each job, and there is a job at least once a minute.
    logging.getLogger("apscheduler").setLevel(max(logging.getLogger().level, logging.WARNING))
    # At INFO discord.py logs every attempt to log in, again and again while Discord cannot be reached.
    logging.getLogger("discord.client").setLevel(max(logging.getLogger().level, logging.WARNING))


class TextFormatter(logging.Formatter):
    """Formats a log record as a line of text: time in UTC, level, logger, message; then the traceback, if any."""

    converter = time.gmtime

    def __init__(self, token: str = "") -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)-8s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        return _redact(super().format(record), self._token)


class JsonFormatter(logging.Formatter):
    """Formats a log record as a JSON object on one line: time in UTC, level, logger, message and any exception."""

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        # The token is replaced before the values are encoded, since JSON would escape quotes in it.
        return json.dumps({key: _redact(value, self._token) for key, value in entry.items()}, ensure_ascii=False)


class _Handler(logging.StreamHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, the name is logging's
        # logging's own method prints the arguments of the record, and the token may be among these.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"A log record from {record.pathname}, line {record.lineno}, could not be written.\n")


def _redact(text: str, token: str) -> str:
    return text.replace(token, REDACTED) if token else text
