"""What a button carries: `name:v1:GUILD:argument:argument`, at most 100 characters."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "v1"  # What the arguments mean; another one is answered as a button of another version.
LIMIT = 100  # Discord: custom_id of a component or modal.


@dataclass(frozen=True)
class Pressed:
    """A custom id taken apart. `guild_id` is only there where the button may be in a DM."""

    name: str
    version: str
    guild_id: int | None
    arguments: tuple[str, ...]


def custom_id(name: str, *arguments: object, guild_id: int | None = None) -> str:
    """The id of a button, select or form; ValueError when it does not fit or an argument holds a colon."""
    parts = [str(argument) for argument in arguments]
    made = ":".join([name, VERSION, str(guild_id or ""), *parts])
    if len(made) > LIMIT or any(":" in part for part in parts):
        raise ValueError(f"no custom id can carry {made[:140]!r}")
    return made


def parse(raw: str) -> Pressed | None:
    """Takes an id apart, or None when it is none of ours."""
    name, *rest = raw.split(":")
    if len(rest) < 2 or not (rest[1] == "" or rest[1].isdecimal()):
        return None
    version, guild, *arguments = rest
    return Pressed(name, version, int(guild) if guild else None, tuple(arguments))


def number(text: str, digits: int = 18) -> int:
    """The row or the page that an argument names; 0, which no row has, when it is no number of so many digits."""
    return int(text) if text.isdecimal() and len(text) <= digits else 0
