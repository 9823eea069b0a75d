"""Helpers for tests of dates and times: a fixed present, wall times in a zone, and the text of a refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadInput

KOLKATA = "Asia/Kolkata"
NEW_YORK = "America/New_York"
# A Tuesday, 10:00 in Delhi.
NOW = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)


def wall(text: str, zone: str = KOLKATA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def refusal(parse, *args, **kwargs) -> str:
    with pytest.raises(BadInput) as caught:
        parse(*args, **kwargs)
    message = str(caught.value)
    assert "Nothing was changed." in message
    return message
