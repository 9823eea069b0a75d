"""Parsing of typed time zones to IANA names, and suggestions of zones while somebody types."""

from __future__ import annotations

import unicodedata
import zoneinfo
from difflib import get_close_matches
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from bot.dates._words import LONGEST_QUOTE, clean, listed, refusal

# The machine's zone data can be years old, or absent as on Windows. With an empty search path `zoneinfo` reads the
# tzdata package, so that every installation computes the same instants. Zones that were cached before are dropped.
zoneinfo.reset_tzpath(())
ZoneInfo.clear_cache()

# Abbreviations are refused: most are used in several zones, and many only in summer or in winter.
_ABBREVIATIONS = {
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "est": ("America/New_York", "America/Toronto", "America/Panama"),
    "edt": ("America/New_York", "America/Toronto"),
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "cdt": ("America/Chicago", "America/Havana"),
    "mst": ("America/Denver", "America/Phoenix"),
    "mdt": ("America/Denver", "America/Edmonton"),
    "pst": ("America/Los_Angeles", "Asia/Manila"),
    "pdt": ("America/Los_Angeles", "America/Tijuana"),
    "hst": ("Pacific/Honolulu",),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "wet": ("Europe/Lisbon", "Atlantic/Canary"),
    "cet": ("Europe/Paris", "Europe/Berlin", "Africa/Algiers"),
    "cest": ("Europe/Paris", "Europe/Berlin"),
    "met": ("Europe/Paris", "Europe/Berlin"),
    "eet": ("Europe/Athens", "Africa/Cairo", "Europe/Kyiv"),
    "eest": ("Europe/Athens", "Africa/Cairo", "Europe/Kyiv"),
    "msk": ("Europe/Moscow",),
    "gst": ("Asia/Dubai",),
    "pkt": ("Asia/Karachi",),
    "sgt": ("Asia/Singapore",),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "aest": ("Australia/Sydney", "Australia/Brisbane"),
    "aedt": ("Australia/Sydney", "Australia/Melbourne"),
}

# Cities and countries that the tz database has under the name of another city.
_KNOWN_AS = {
    "india": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "new_delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "islamabad": "Asia/Karachi",
    "beijing": "Asia/Shanghai",
    "tel_aviv": "Asia/Jerusalem",
    "washington_dc": "America/New_York",
    "ottawa": "America/Toronto",
    "geneva": "Europe/Zurich",
    "the_hague": "Europe/Amsterdam",
}

_FIRST_CHOICES = (
    "UTC", "Asia/Kolkata", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "America/Sao_Paulo", "Europe/London", "Europe/Paris", "Europe/Kyiv", "Africa/Cairo", "Africa/Lagos",
    "Asia/Dubai", "Asia/Karachi", "Asia/Dhaka", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip


def _zone_key(text: str) -> str:
    """Return the key by which a zone or city is looked up: lower case, no accents, "_" for a space."""
    plain = unicodedata.normalize("NFKD", clean(text)[:100])
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold().replace(" ", "_")


@cache
def _zones() -> dict[str, str]:
    """Return the current IANA name for every zone name in the tz database. The keys are made by `_zone_key`.

    An outdated name leads to the current one: "Asia/Calcutta" to "Asia/Kolkata". The database also treats Oslo as
    another name of Berlin, because their clocks have agreed since 1970. Zones like Oslo, which `zone.tab` lists, keep
    their names.
    """
    folder = resources.files("tzdata.zoneinfo")
    rows = (folder / "zone.tab").read_text("utf-8").splitlines()
    in_zone_tab = {row.split("\t")[2] for row in rows if not row.startswith("#")}
    lines = [line.split() for line in (folder / "tzdata.zi").read_text("utf-8").splitlines() if line.startswith("L ")]
    present = {name: target for _, target, name in lines}
    zones: dict[str, str] = {}
    for name in zoneinfo.available_timezones() - {"Factory"}:
        current = name
        while current in present and current not in in_zone_tab:
            current = present[current]
        zones[_zone_key(name)] = "UTC" if current in ("Etc/UTC", "Etc/GMT") else current
    return zones


def _is_place(zone: str) -> bool:
    """Return whether a zone is named after a place. Only such zones are suggested.

    Other zones, such as `EST5EDT` and `Etc/GMT+5` (five hours behind UTC), have to be typed in full.
    """
    return "/" in zone and not zone.startswith("Etc/")


@cache
def _cities() -> dict[str, list[str]]:
    """Return the zones that each city can mean, by the key of the city, such as "new_york"."""
    cities: dict[str, set[str]] = {}
    for key, zone in _zones().items():
        if "/" in key and _is_place(zone):
            cities.setdefault(key.rpartition("/")[2], set()).add(zone)
    return {city: sorted(zones) for city, zones in cities.items()} | {city: [zone] for city, zone in _KNOWN_AS.items()}


def _named_zones(key: str) -> list[str]:
    """Return the zones that a name can mean, or [] if the name is unknown. `key` is the name's key."""
    if key in _ABBREVIATIONS:
        return list(_ABBREVIATIONS[key])
    return [_zones()[key]] if key in _zones() else _cities().get(key, [])


def _close_zones(key: str) -> list[str]:
    """Return zones whose name or city is spelled like a typed name, the most similar first. `key` is the name's key."""
    names = [*_cities(), *(name for name, zone in _zones().items() if _is_place(zone) and "/" in name)]
    close = get_close_matches(key[:LONGEST_QUOTE], names, n=10, cutoff=0.6)
    return list(dict.fromkeys(zone for name in close for zone in _named_zones(name)))


def parse_zone(text: str) -> str:
    """Return the IANA name of a typed zone: "Asia/Kolkata" for "kolkata", "America/New_York" for "new york".

    Raise BadInput for abbreviations and for unknown or ambiguous names.
    """
    key = _zone_key(text)
    named = _named_zones(key)
    if key in _ABBREVIATIONS:
        raise refusal(text, "is an abbreviation, not the name of a zone", f"Write {listed(named, 'or')}.")
    if len(named) > 1:
        raise refusal(text, "can be more than one zone", f"Write {listed(named, 'or')}.")
    if not named:
        close = _close_zones(key)[:3]
        remedy = f"Did you mean {listed(close, 'or')}?" if close else "Write a large city of it, like Asia/Kolkata."
        raise refusal(text, "is not a zone", remedy)
    return named[0]


def zone_choices(text: str) -> list[str]:
    """Return up to 25 zones for what somebody has typed so far, the likeliest first, for autocompletion."""
    key = _zone_key(text)
    if not key:
        return list(_FIRST_CHOICES)
    by_city = [zone for city, zones in sorted(_cities().items()) if city.startswith(key) for zone in zones]
    names = sorted(item for item in _zones().items() if item[0] == "utc" or _is_place(item[1]))
    by_start = [zone for name, zone in names if name.startswith(key)]
    anywhere = [zone for name, zone in names if key in name]
    zones = list(dict.fromkeys([*_named_zones(key), *by_city, *by_start, *anywhere])) or _close_zones(key)
    return zones[:25]
