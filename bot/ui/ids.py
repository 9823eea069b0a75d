"""Custom ids of buttons, menus and forms: `name:v1:GUILD:argument:argument`, at most 100 characters."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "v1"  # What the arguments mean; another one is answered as a button of another version.
LIMIT = 100  # Discord: custom_id of a component or modal.


@dataclass(frozen=True)
class Pressed:
    """A parsed custom id. `guild_id` is set where the component may be in a direct message."""

    name: str
    version: str
    guild_id: int | None
    arguments: tuple[str, ...]


def custom_id(name: str, *arguments: object, guild_id: int | None = None) -> str:
    """Return the id of a button, select or form. Raise ValueError when it is too long or an argument holds a colon."""
    parts = [str(argument) for argument in arguments]
    made = ":".join([name, VERSION, str(guild_id or ""), *parts])
    if len(made) > LIMIT or any(":" in part for part in parts):
        raise ValueError(f"no custom id can carry {made[:140]!r}")
    return made


def parse(raw: str) -> Pressed | None:
    """Parse a custom id; return None when this bot did not make it."""
    name, *rest = raw.split(":")
    if len(rest) < 2 or not (rest[1] == "" or rest[1].isdecimal()):
        return None
    version, guild, *arguments = rest
    return Pressed(name, version, int(guild) if guild else None, tuple(arguments))


def number(text: str, digits: int = 18) -> int:
    """Return an argument as the number of a row or page; 0, which no row has, unless it is one of at most `digits`."""
    return int(text) if text.isdecimal() and len(text) <= digits else 0
