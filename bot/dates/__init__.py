"""Parsing and formatting of dates, times of day and time zones, as people type and read them. Pure functions."""

from __future__ import annotations

from bot.dates._facts import (
    format_day,
    format_fact_date,
    has_begun,
    on_date,
    parse_fact_date,
    typed_fact_date,
)
from bot.dates._instants import parse_instant
from bot.dates._wall import (
    DAYS,
    end_of_day,
    format_weekdays,
    local_date,
    local_instant,
    next_local,
    parse_time_of_day,
    parse_weekdays,
    timestamp,
)
from bot.dates._words import MONTHS, WEEKDAYS
from bot.dates._zones import parse_zone, zone_choices

__all__ = [
    "DAYS",
    "MONTHS",
    "WEEKDAYS",
    "end_of_day",
    "format_day",
    "format_fact_date",
    "format_weekdays",
    "has_begun",
    "local_date",
    "local_instant",
    "next_local",
    "on_date",
    "parse_fact_date",
    "parse_instant",
    "parse_time_of_day",
    "parse_weekdays",
    "parse_zone",
    "timestamp",
    "typed_fact_date",
    "zone_choices",
]
