"""The messages of /help: three first steps that suit the person who asks, and a menu of the commands they can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import discord
from discord import ui

from bot.ui.ids import custom_id
from bot.ui.layout import Select, card
from bot.ui.theme import PLAIN

Who = Literal["manager", "editor", "member", "dm"]
Stand = Literal["new", "paused", "ready"]
"""The state of a server.

It is "new" until the first /setup. It is "paused" if the bot was removed and added again, until the next /setup.
Otherwise it is "ready".
"""


class Command(NamedTuple):
    """A slash command in the lists of /help: its full name, such as "deal show", and its description."""

    name: str
    does: str


class CommandGroup(NamedTuple):
    """A group of commands that the menu of /help offers as one choice, with its label and its description.

    `names` are the first words of the commands in the group, such as "follow" for "follow add".
    """

    label: str
    about: str
    names: tuple[str, ...]


GROUPS: dict[str, CommandGroup] = {
    "ask": CommandGroup(
        "Asking",
        "Questions, search, deals, who takes part, what is open",
        ("ask", "search", "deal", "participant", "dialogue", "topic", "pending"),
    ),
    "follow": CommandGroup("Following", "Being told what changes: at once, or in a digest", ("follow", "digest")),
    "remind": CommandGroup("Reminders", "Of an open item, or in your own words", ("remind",)),
    "update": CommandGroup("Editing", "Entering what happened, with its source", ("update",)),
    "server": CommandGroup(
        "This server and you", "How Attaché is set up, your time zone, your data", ("setup", "settings", "me", "help")
    ),
}
"""The command groups in the order of the menu. The keys are the values that the menu sends."""


_READY: dict[Who, tuple[str, ...]] = {
    "manager": (
        "{ask} answers a question in plain words; {pending list} shows what is open and who has to act.",
        "{follow add} with `channel:` tells a channel when a deal changes; {digest preview} shows the next digest.",
        "{settings show} shows the current setup; {setup} changes the zone, the channel, the editors or the digest.",
    ),
    "editor": (
        "{ask} answers a question in plain words; {pending list} shows what is open and who has to act.",
        "{update event} enters what happened to a deal, with its source; {update close} ends an open item.",
        "{update checked} notes that you looked and found nothing new.",
    ),
    "member": (
        "{ask} answers a question in plain words, such as: what is still pending?",
        "{pending list} shows what is open and who has to act; {deal show} opens a deal.",
        "{follow add} tells you by direct message what changes; {remind me} reminds you of an open item.",
    ),
}
_DM = (
    "{follow list} and {remind list} show what you are told, server by server.",
    "{digest show} tells when your digest comes.",
    "{me zone} sets your time zone. To follow something, use {follow add} in a server.",
)
_BEFORE: dict[Stand, dict[bool, tuple[str, ...]]] = {
    "new": {
        True: (
            "{setup} in the channel where the news should go: it loads the first dossier and sets a daily digest.",
            "Then {ask} answers questions in plain words, and {pending list} shows what is open.",
            "{follow add} tells you, or a channel, what changes.",
        ),
        False: (
            "Ask someone with Manage Server to use {setup}; until then there is no record to read here.",
            "{me zone} sets your time zone, so that times come out right.",
            "Then {ask} answers questions in plain words, and {follow add} tells you what changes.",
        ),
    },
    "paused": {
        True: (
            "{setup} starts Attaché again: it was removed once, everything is still here, and nothing is sent.",
            "{settings show} shows the current setup.",
            "{ask} and {pending list} work meanwhile.",
        ),
        False: (
            "Ask someone with Manage Server to use {setup}: Attaché was removed once, and nothing is sent until then.",
            "{ask} and {pending list} work meanwhile; everything is still here.",
            "{follow list} shows what you follow.",
        ),
    },
}


def help_card(who: Who, stand: Stand, commands: Sequence[Command], *, mention: Callable[[str], str]) -> ui.LayoutView:
    """Render the first three steps for a kind of user (`who`), and the menu of command groups.

    `commands` are all commands that this user can use. `mention` turns a command's name into a clickable mention.
    """
    if who == "dm":
        steps = _DM
    elif stand == "ready":
        steps = _READY[who]
    else:
        steps = _BEFORE[stand][who == "manager"]
    numbered = [f"{number}. {_clickable(step, mention)}" for number, step in enumerate(steps, start=1)]
    return card(
        [
            "\n".join(["## First steps", *numbered]),
            "-# What you ask for is answered to you alone; *Share* posts it. "
            "Messages that arrive unprompted have a *Why this?* button.",
        ],
        selects=[_menu(commands)],
        accent=PLAIN,
    )


def group_card(key: str, commands: Sequence[Command], *, mention: Callable[[str], str]) -> ui.LayoutView:
    """Render the commands of one group as lines with clickable mentions, and the menu of all groups."""
    lines = [f"- {mention(command.name)}: {command.does.rstrip('.')}" for command in in_group(key, commands)]
    return card([f"## {GROUPS[key].label}\n" + "\n".join(lines)], selects=[_menu(commands, key)], accent=PLAIN)


def in_group(key: str, commands: Sequence[Command]) -> list[Command]:
    """Return the commands of a group, ordered as in its `names`. Return [] if no group has the key."""
    names = GROUPS[key].names if key in GROUPS else ()
    grouped = [command for command in commands if command.name.split()[0] in names]
    return sorted(grouped, key=lambda command: names.index(command.name.split()[0]))


def _menu(commands: Sequence[Command], shown: str = "") -> Select:
    """Return the menu of command groups. A group is left out if it has none of `commands`.

    `shown` is the key of the group that the message already shows, or "". It is stored in the custom id.
    """
    offered = {key: group for key, group in GROUPS.items() if in_group(key, commands)}
    return ui.Select(
        custom_id=custom_id("help.group", shown),
        placeholder="Commands: choose a subject",
        options=[
            discord.SelectOption(label=group.label, value=key, description=group.about)
            for key, group in offered.items()
        ],
    )


def _clickable(step: str, mention: Callable[[str], str]) -> str:
    """Replace each command in braces, such as "{deal show}", by its mention, and return the text."""
    text = ""
    for part in step.split("{"):
        name, closed, rest = part.partition("}")
        text += mention(name) + rest if closed else part
    return text
