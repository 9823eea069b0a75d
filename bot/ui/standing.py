"""The messages of /settings: the status of the bot in a server, and the deletion of a server's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import discord
from discord import ui

from bot import dates
from bot.ui import messages
from bot.ui.ids import custom_id
from bot.ui.layout import Button, button, card, finished
from bot.ui.me import file_line
from bot.ui.messages import HELD
from bot.ui.setup import record_line, setting_lines
from bot.ui.text import escaped, joined, plural
from bot.ui.theme import OPEN, PLAIN
from data.records import Destination, Guild, Held, Holdings

MOST_RESUMED = 10  # Paused channels with a button. More than two rows of buttons would hide the text on a phone.
MOST_HELD = 4  # Channels with held messages that get two buttons each. All direct messages together get two more.


@dataclass(frozen=True)
class ServerStatus:
    """The status of the bot in one server, which /settings show renders.

    `last_tick` is when the scheduler last looked for due messages. `oldest_due` is when the message that has waited
    longest was due. `questions_unanswered` counts the questions of the last 24 hours. `channel_names` has the name of
    each channel in `paused` and `held`, by id, if the bot can see that channel. `set_up_by` is the Discord id of a
    user.
    """

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


def standing(status: ServerStatus, *, now: datetime, mention: Callable[[str], str]) -> ui.LayoutView:
    """Render the status of the bot in a server. Buttons resume paused channels, and send or drop held messages."""
    guild = status.guild
    channels = [destination for destination in status.paused if destination.channel_id is not None]
    people = len(status.paused) - len(channels)
    checked = (
        f"last checked {dates.timestamp(status.last_tick, 'R')}" if status.last_tick else "not checked since the start"
    )
    waits = (
        f"the oldest message that is due waits since {dates.timestamp(status.oldest_due)}"
        if status.oldest_due
        else "nothing is waiting"
    )
    notified = [f"<@{user_id}>" for user_id in dict.fromkeys([status.set_up_by, guild.owner_id]) if user_id]
    lines = [
        "## Attaché in this server",
        *([f"**Paused since it was removed.** {mention('setup')} starts it again."] if guild.left_at else []),
        *setting_lines(guild, status.digest, now=now, mention=mention).values(),
        record_line(status.holdings, status.dossiers),
        f"**Told about problems:** {joined(notified)}, and whoever set up what broke",
        f"**Deliveries:** {checked}; {waits}",
        f"**Questions:** {_questions(status)}; {mention('update questions')} shows what waits",
    ]
    broken = [
        f"<#{channel.channel_id}>: {escaped(messages.why_paused(channel), 150)}" for channel in channels[:MOST_RESUMED]
    ]
    if len(channels) > MOST_RESUMED:
        broken.append(f"and {plural(len(channels) - MOST_RESUMED, 'more channel')}; resume these first")
    if people:
        broken.append(f"{plural(people, 'person accepts', 'people accept')} no direct messages at present")
    buttons = [
        button(f"Resume {_name(status, channel.channel_id)}", custom_id("settings.resume", channel.id))
        for channel in channels[:MOST_RESUMED]
    ]
    held, decisions = _held(status)
    return card(
        [
            "\n".join(lines),
            "\n".join(["### Paused", *(f"- {line}" for line in broken)]) if broken else "",
            "\n".join(["### Held after a restore", HELD, *(f"- {line}" for line in held)]) if held else "",
            f"-# Attaché {status.version}",
        ],
        buttons=[*buttons, *decisions],
        accent=OPEN if broken or held else PLAIN,
    )


def _held(status: ServerStatus) -> tuple[list[str], list[Button]]:
    """Return lines about the messages that are held after a restore, and buttons that send or drop these messages.

    There is a line for each channel, and one for all direct messages together.
    """
    channels = [held for held in status.held if held.channel_id is not None]
    people = [held for held in status.held if held.channel_id is None]
    lines = [f"<#{held.channel_id}>: {messages.held([held])}" for held in channels[:MOST_HELD]]
    buttons: list[Button] = []
    for held in channels[:MOST_HELD]:
        buttons += messages.held_buttons(held.count, _name(status, held.channel_id), held.destination_id)
    if len(channels) > MOST_HELD:
        lines.append(f"and {plural(len(channels) - MOST_HELD, 'more channel')}; decide about these first")
    if people:
        lines.append(f"direct messages to {plural(len(people), 'person', 'people')}: {messages.held(people)}")
        buttons += messages.held_buttons(sum(held.count for held in people), "people", "people")
    return lines, buttons


def _questions(status: ServerStatus) -> str:
    filed, unanswered = status.questions_filed, status.questions_unanswered
    waits = f"{filed:,} {'waits' if filed == 1 else 'wait'} for the editors" if filed else "none waits for the editors"
    how_many = f"{unanswered:,}" if unanswered else "none"
    return f"{waits}; {how_many} of the last 24 hours found no answer in the record"


def _name(status: ServerStatus, channel_id: int | None) -> str:
    name = status.channel_names.get(channel_id or 0)
    return f"#{name}" if name else f"channel {channel_id}"


def delete_form(server_name: str) -> ui.Modal:
    """Return the form that asks for the server's name before all data of the server is deleted."""
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
    """Render that all data of a server was deleted, and how much it was. For `emptied` see `file_line`."""
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
