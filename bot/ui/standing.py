"""/settings: the bot's status in a server, the answer to a loaded dossier, and the form that deletes everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import discord
from discord import ui

from bot import dates
from bot.dossier import Mistake
from bot.ui import messages
from bot.ui.ids import custom_id
from bot.ui.layout import Button, button, card, finished
from bot.ui.me import file_line
from bot.ui.messages import HELD
from bot.ui.setup import record_line, setting_lines
from bot.ui.text import clip, escaped, joined, plural
from bot.ui.theme import OPEN, PLAIN
from data.records import Destination, Guild, Held, Holdings

MOST_RESUMED = 10  # Paused channels that get a button; more than two rows of them hide the text on a phone.
MOST_HELD = 4  # Channels with held messages that get their two buttons; people together are one more.
MOST_MISTAKES = 15


@dataclass(frozen=True)
class ServerStatus:
    """The bot's status in one server. `channel_names` holds the names of paused or held channels that it can see."""

    version: str
    last_tick: datetime | None
    oldest_due: datetime | None
    guild: Guild
    digest: Destination | None
    holdings: Holdings
    dossiers: Sequence[str]
    questions_filed: int
    questions_unanswered: int
    paused: Sequence[Destination]
    held: Sequence[Held]
    channel_names: Mapping[int, str]
    set_up_by: int | None


def standing(stands: ServerStatus, *, now: datetime, mention: Callable[[str], str]) -> ui.LayoutView:
    """Render the bot's status in a server, with buttons to resume channels and to decide about held messages."""
    guild = stands.guild
    channels = [one for one in stands.paused if one.channel_id is not None]
    people = len(stands.paused) - len(channels)
    looked = (
        f"last checked {dates.timestamp(stands.last_tick, 'R')}" if stands.last_tick else "not checked since the start"
    )
    waits = (
        f"the oldest message that is due waits since {dates.timestamp(stands.oldest_due)}"
        if stands.oldest_due
        else "nothing is waiting"
    )
    told = [f"<@{user_id}>" for user_id in dict.fromkeys([stands.set_up_by, guild.owner_id]) if user_id]
    lines = [
        "## Attaché in this server",
        *([f"**Paused since it was removed.** {mention('setup')} starts it again."] if guild.left_at else []),
        *setting_lines(guild, stands.digest, now=now, mention=mention).values(),
        record_line(stands.holdings, stands.dossiers),
        f"**Told about problems:** {joined(told)}, and whoever set up what broke",
        f"**Deliveries:** {looked}; {waits}",
        f"**Questions:** {_questions(stands)}; {mention('update questions')} shows what waits",
    ]
    broken = [f"<#{one.channel_id}>: {escaped(messages.why_paused(one), 150)}" for one in channels[:MOST_RESUMED]]
    if len(channels) > MOST_RESUMED:
        broken.append(f"and {plural(len(channels) - MOST_RESUMED, 'more channel')}; resume these first")
    if people:
        broken.append(f"{plural(people, 'person accepts', 'people accept')} no direct messages at present")
    buttons = [
        button(f"Resume {_name(stands, one.channel_id)}", custom_id("settings.resume", one.id))
        for one in channels[:MOST_RESUMED]
    ]
    held, decisions = _held(stands)
    return card(
        [
            "\n".join(lines),
            "\n".join(["### Paused", *(f"- {line}" for line in broken)]) if broken else "",
            "\n".join(["### Held after a restore", HELD, *(f"- {line}" for line in held)]) if held else "",
            f"-# Attaché {stands.version}",
        ],
        buttons=[*buttons, *decisions],
        accent=OPEN if broken or held else PLAIN,
    )


def _held(stands: ServerStatus) -> tuple[list[str], list[Button]]:
    """Return lines about the messages held after a restore, and the buttons that send or drop them.

    There is a line for each channel, and one for all direct messages together.
    """
    channels = [one for one in stands.held if one.channel_id is not None]
    people = [one for one in stands.held if one.channel_id is None]
    lines = [f"<#{one.channel_id}>: {messages.held([one])}" for one in channels[:MOST_HELD]]
    buttons: list[Button] = []
    for one in channels[:MOST_HELD]:
        buttons += messages.held_buttons(one.count, _name(stands, one.channel_id), one.destination_id)
    if len(channels) > MOST_HELD:
        lines.append(f"and {plural(len(channels) - MOST_HELD, 'more channel')}; decide about these first")
    if people:
        lines.append(f"direct messages to {plural(len(people), 'person', 'people')}: {messages.held(people)}")
        buttons += messages.held_buttons(sum(one.count for one in people), "people", "people")
    return lines, buttons


def _questions(stands: ServerStatus) -> str:
    filed, unanswered = stands.questions_filed, stands.questions_unanswered
    waits = f"{filed:,} {'waits' if filed == 1 else 'wait'} for the editors" if filed else "none waits for the editors"
    found = f"{unanswered:,}" if unanswered else "none"
    return f"{waits}; {found} of the last 24 hours found no answer in the record"


def _name(stands: ServerStatus, channel_id: int | None) -> str:
    name = stands.channel_names.get(channel_id or 0)
    return f"#{name}" if name else f"channel {channel_id}"


def mistakes(found: Sequence[Mistake], file_name: str) -> ui.LayoutView:
    """Render the mistakes in a dossier file, each with its place."""
    shown = [f"- {escaped(str(mistake), 220)}" for mistake in found[:MOST_MISTAKES]]
    if len(found) > MOST_MISTAKES:
        shown.append(f"- and {len(found) - MOST_MISTAKES:,} more; `python -m bot dossier check` lists all")
    heading = f"## {escaped(file_name, 80)} was not loaded"
    said = f"{plural(len(found), 'mistake')}. Nothing was changed. Correct the file, then load it again."
    return card([f"{heading}\n{said}", clip("\n".join(shown), 3600)], accent=OPEN)


def loaded(
    name: str, *, added: int, changed: int, withdrawn: int, kept: int, unchanged: int, mention: Callable[[str], str]
) -> ui.LayoutView:
    """Render how many facts loading a dossier added, corrected, withdrew and left as they were."""
    did = [
        f"{plural(count, 'fact')} {what}"
        for count, what in ((added, "added"), (changed, "corrected"), (withdrawn, "withdrawn"))
        if count
    ]
    lines = [f"## {escaped(name, 150)}"]
    lines.append(f"**{joined(did)}.**" if did else "**Nothing was changed:** all of it is on record already.")
    if kept:
        lines.append(f"{plural(kept, 'fact')} stayed as your editors have {'it' if kept == 1 else 'them'}.")
    if did and unchanged:
        lines.append(f"{plural(unchanged, 'fact')} {'was' if unchanged == 1 else 'were'} there already.")
    quiet = f"-# Nobody is alerted; the next digest says it in one line. {mention('deal list')} shows the deals."
    return card(["\n".join(lines), quiet if did else ""], accent=PLAIN)


def delete_form(server_name: str) -> ui.Modal:
    """Return the form in which the server's name has to be typed before everything is deleted."""
    form = ui.Modal(title="Delete everything of this server", custom_id=custom_id("settings.delete"), timeout=None)
    form.add_item(
        ui.TextDisplay(
            "The record with its whole history, all follows, reminders, digests and questions of this server will be "
            "deleted for good. There is no undo."
        )
    )
    form.add_item(
        ui.Label(
            text="The server's name, letter by letter",
            component=ui.TextInput(
                custom_id="name", style=discord.TextStyle.short, placeholder=server_name[:100], max_length=100
            ),
        )
    )
    return finished(form)


def deleted(holdings: Holdings, *, emptied: bool, mention: Callable[[str], str]) -> ui.LayoutView:
    """Render that everything of a server was deleted; see `file_line` for `emptied`."""
    size = f"{plural(holdings.records, 'record')}, {plural(holdings.updates, 'update')}"
    return card(
        [
            f"## Everything of this server was deleted\n{size}, and all follows, reminders, digests and questions. "
            f"{file_line(emptied=emptied)}",
            "-# Backups made before still hold it; whoever runs this bot can delete them. Attaché keeps the server's "
            f"id, so as not to greet it again, and does nothing until {mention('setup')}.",
        ],
        accent=PLAIN,
    )
