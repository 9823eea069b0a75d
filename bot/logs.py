"""The log: one handler on the error output, as text or JSON, that never writes the token."""

import contextlib
import json
import logging
import sys
import time
from datetime import UTC, datetime

REDACTED = "[token]"


def configure(level: str, log_format: str, *, token: str = "") -> None:
    """Send every log record to the error output, and replace the token wherever it would appear."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonFormatter(token) if log_format == "json" else TextFormatter(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # At DEBUG aiosqlite logs every statement with its values, which are people's words.
    logging.getLogger("aiosqlite").setLevel(max(logging.getLogger().level, logging.INFO))
    # APScheduler logs four lines at INFO for each job that it runs, which says nothing to anyone.
    logging.getLogger("apscheduler").setLevel(max(logging.getLogger().level, logging.WARNING))
    # At INFO discord.py tells that it logs in, once more for each try while Discord cannot be reached.
    logging.getLogger("discord.client").setLevel(max(logging.getLogger().level, logging.WARNING))


class TextFormatter(logging.Formatter):
    """One line for people: time in UTC, level, logger, message. A traceback follows on its own lines."""

    converter = time.gmtime

    def __init__(self, token: str = "") -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)-8s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        return _redact(super().format(record), self._token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time in UTC, level, logger, message, and the exception where there is one."""

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
        # Redacted before it is encoded: the encoder would write a token with a quote in it differently.
        return json.dumps({key: _redact(value, self._token) for key, value in entry.items()}, ensure_ascii=False)


class _Handler(logging.StreamHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, the name is logging's
        # The standard one prints the arguments of the record, among which the token may be.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(f"A log record from {record.pathname}, line {record.lineno}, could not be written.\n")


def _redact(text: str, token: str) -> str:
    return text.replace(token, REDACTED) if token else text
