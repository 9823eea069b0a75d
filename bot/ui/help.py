"""/help: the first three steps for who is asking, and every command they can use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from discord import ui

from bot.ui.layout import card
from bot.ui.theme import PLAIN

Who = Literal["manager", "editor", "member", "dm"]
Stand = Literal["new", "paused", "ready"]


@dataclass(frozen=True)
class Offered:
    """A command or group as the list shows it: what it is for, and the full names that can be typed."""

    description: str
    names: Sequence[str]


_READY: dict[Who, tuple[str, ...]] = {
    "manager": (
        "{ask} answers a question in plain words; {pending list} shows what is open and who has to act.",
        "{follow add} with `channel:` tells a channel when a deal changes; {digest preview} shows the next digest.",
        "{settings show} tells how it stands; {setup} changes the zone, the channel, the editors or the digest.",
    ),
    "editor": (
        "{ask} answers a question in plain words; {pending list} shows what is open and who has to act.",
        "{update stage} and {update pending} enter what happened, with its source; {update close} ends an open item.",
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
            "{settings show} tells how it stands.",
            "{ask} and {pending list} work meanwhile.",
        ),
        False: (
            "Ask someone with Manage Server to use {setup}: Attaché was removed once, and nothing is sent until then.",
            "{ask} and {pending list} work meanwhile; everything is still here.",
            "{follow list} shows what you follow.",
        ),
    },
}


def help_card(who: Who, stand: Stand, commands: Sequence[Offered], *, mention: Callable[[str], str]) -> ui.LayoutView:
    """Three steps, then all commands. Every command can be clicked."""
    if who == "dm":
        steps = _DM
    elif stand == "ready":
        steps = _READY[who]
    else:
        steps = _BEFORE[stand][who == "manager"]
    numbered = [f"{number}. {_clickable(step, mention)}" for number, step in enumerate(steps, start=1)]
    listed = [_listed(one, who, mention) for one in commands]
    return card(
        [
            "\n".join(["## First steps", *numbered]),
            "\n".join(["### All commands", *listed]),
            "-# What you ask for is answered to you alone; *Share* posts it. "
            "What arrives by itself has a button *Why this?*.",
        ],
        accent=PLAIN,
    )


def _listed(one: Offered, who: Who, mention: Callable[[str], str]) -> str:
    """A command with what it is for; a plain member reads which ones only editors can use."""
    editors = " (for editors)" if who == "member" and one.names[0].split()[0] == "update" else ""
    return f"{' '.join(mention(name) for name in one.names)} · {one.description.rstrip('.')}{editors}"


def _clickable(step: str, mention: Callable[[str], str]) -> str:
    """The step with each {command} as people can click it."""
    text = ""
    for part in step.split("{"):
        name, closed, rest = part.partition("}")
        text += mention(name) + rest if closed else part
    return text
