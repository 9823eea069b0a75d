"""Tests of the log: its text and JSON formats, times in UTC, and that the bot's token never appears in it."""

import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs

TOKEN = "MTA.not-a-real-token.xyz"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, aiosqlite = logging.getLogger(), logging.getLogger("aiosqlite")
    before = root.handlers[:], root.level, aiosqlite.level
    # basicConfig closes the handlers that it replaces, and these are pytest's.
    root.handlers = []
    yield
    logging.captureWarnings(False)
    root.handlers, root.level, aiosqlite.level = before
    root.setLevel(before[1])


def record(message: str, *args: object, exc_info: object = None) -> logging.LogRecord:
    made = logging.LogRecord("bot.test", logging.WARNING, __file__, 7, message, args, exc_info)  # pyright: ignore[reportArgumentType]  # what sys.exc_info gives
    made.created, made.msecs = datetime(2026, 3, 29, 1, 30, 0, 250_000, UTC).timestamp(), 250.0
    return made


def failing(token: str) -> logging.LogRecord:
    try:
        raise RuntimeError(f"refused: {token}")
    except RuntimeError as error:
        return record("it failed with %s", token, exc_info=(type(error), error, error.__traceback__))


def test_a_text_line_has_the_time_in_utc_the_level_the_logger_and_the_message():
    assert logs.TextFormatter().format(record("%d due", 3)) == "2026-03-29T01:30:00.250Z WARNING  bot.test: 3 due"


def test_a_json_line_has_the_same_as_one_object():
    assert json.loads(logs.JsonFormatter().format(record("%d due", 3))) == {
        "time": "2026-03-29T01:30:00.250+00:00",
        "level": "WARNING",
        "logger": "bot.test",
        "message": "3 due",
    }


def test_a_json_line_is_one_line_whatever_happened():
    line = logs.JsonFormatter().format(failing("two\nlines"))
    assert "\n" not in line
    assert "RuntimeError: refused: two\nlines" in json.loads(line)["exception"]


@pytest.mark.parametrize("formatter", [logs.TextFormatter, logs.JsonFormatter])
@given(token=st.text(min_size=8).filter(lambda token: token.isprintable() and "%" not in token))
def test_the_token_is_replaced_in_messages_arguments_and_exceptions(
    formatter: type[logs.TextFormatter] | type[logs.JsonFormatter], token: str
):
    token = f"{token}!{TOKEN}"
    line = formatter(token).format(failing(token))
    assert token not in line
    assert TOKEN not in line
    assert line.count(logs.REDACTED) >= 2


def test_the_log_goes_to_the_error_output_from_the_level_on(capsys: pytest.CaptureFixture[str]):
    logs.configure("WARNING", "text", token=TOKEN)
    logging.getLogger("bot.test").info("too quiet")
    logging.getLogger("bot.test").warning("loud enough: %s", TOKEN)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.endswith(f"WARNING  bot.test: loud enough: {logs.REDACTED}\n")
    assert written.err.count("\n") == 1


def test_configuring_again_replaces_and_does_not_double(capsys: pytest.CaptureFixture[str]):
    logs.configure("INFO", "text")
    logs.configure("INFO", "json")
    logging.getLogger("bot.test").info("once")
    assert json.loads(capsys.readouterr().err)["message"] == "once"


@pytest.mark.parametrize(("level", "capped"), [("DEBUG", logging.INFO), ("INFO", logging.INFO), ("ERROR", 40)])
def test_statements_with_peoples_words_are_not_logged_even_at_debug(level: str, capped: int):
    logs.configure(level, "text")
    assert logging.getLogger("aiosqlite").getEffectiveLevel() == capped
    assert logging.getLogger("bot").getEffectiveLevel() == logging.getLevelName(level)


def test_a_record_that_cannot_be_written_does_not_show_its_arguments(capsys: pytest.CaptureFixture[str]):
    logs.configure("INFO", "text", token=TOKEN)
    logging.getLogger("bot.test").info("%d due", TOKEN)
    written = capsys.readouterr().err
    assert TOKEN not in written
    assert "test_logs.py" in written


def test_warnings_are_logged(capsys: pytest.CaptureFixture[str]):
    logs.configure("INFO", "json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("soon gone", UserWarning, stacklevel=1)
    assert "soon gone" in json.loads(capsys.readouterr().err)["message"]


def test_the_ticks_of_the_scheduler_are_not_logged_but_its_errors_are():
    logs.configure("INFO", "text")
    assert not logging.getLogger("apscheduler.executors.default").isEnabledFor(logging.INFO)
    assert logging.getLogger("apscheduler.executors.default").isEnabledFor(logging.WARNING)
