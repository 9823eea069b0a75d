"""Makes and parses the custom ids of buttons, menus and forms: `name:v1:GUILD:argument:argument`."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "v1"  # The format of the arguments. The router refuses a component with another version.
LIMIT = 100  # Discord: characters of the custom id of a component or modal.


@dataclass(frozen=True)
class ParsedId:
    """A custom id, split into its parts.

    `name` identifies the handler, such as "record.open". `guild_id` is the server that the component belongs to. It is
    None for a component in a server, because Discord says there which server it is.
    """

    name: str
    version: str
    guild_id: int | None
    arguments: tuple[str, ...]


def custom_id(name: str, *arguments: object, guild_id: int | None = None) -> str:
    """Return the custom id of a button, menu or form. Raise ValueError if it is too long or an argument has a colon.

    Give `guild_id` if the component may be in a direct message, because Discord does not say there which server it is
    about.
    """
    parts = [str(argument) for argument in arguments]
    id_ = ":".join([name, VERSION, str(guild_id or ""), *parts])
    if len(id_) > LIMIT or any(":" in part for part in parts):
        raise ValueError(f"no custom id can carry {id_[:140]!r}")
    return id_


def parse(raw: str) -> ParsedId | None:
    """Split a custom id into its parts. Return None if it does not have the form of this bot's custom ids."""
    name, *rest = raw.split(":")
    if len(rest) < 2 or not (rest[1] == "" or rest[1].isdecimal()):
        return None
    version, guild, *arguments = rest
    return ParsedId(name, version, int(guild) if guild else None, tuple(arguments))


def number(text: str, digits: int = 18) -> int:
    """Return an argument of a custom id as an integer. Return 0 if it is not a number or has more than `digits` digits.

    So a forged row id finds nothing, because no row has the id 0, and a forged page number leads to the first page.
    """
    return int(text) if text.isdecimal() and len(text) <= digits else 0
