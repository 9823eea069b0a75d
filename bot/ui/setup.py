"""The greeting that the bot posts when it joins a server, and the answers of `/setup`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from discord import ui

from bot import dates
from bot.ledger import due_dates
from bot.ui.layout import card
from bot.ui.text import escaped, joined, plural
from bot.ui.theme import PLAIN
from data.records import Destination, Guild, Holdings

Mention = Callable[[str], str]
"""A function that turns the name of a command into a mention that people can click."""


def greeting(mention: Mention, *, returned: bool) -> str:
    """Render the message that the bot posts when it joins a server.

    It is ordinary text, so that a phone's notification shows it. Commands for managers are plain text, not clickable
    mentions, because Discord shows a mention as unavailable to users who may not use it. `returned` says that the
    server was set up before.
    """
    if returned:
        first = "**Attaché is back. Everything this server had on record is still here, and paused.**"
        steps = [
            "Someone with Manage Server runs `/setup`: follows, reminders and digests go on from there.",
            "`/settings show` tells them how it stands.",
            f"{mention('pending list')} shows what is still open.",
        ]
    else:
        first = (
            "**Attaché follows international deals here: what was agreed, what is still open, who has to act, "
            "and where it is written.**"
        )
        steps = [
            "Someone with Manage Server runs `/setup` in the channel where the news should go.",
            f"Then {mention('ask')} answers everyone's questions, and {mention('pending list')} shows what is open.",
            f"{mention('follow add')} tells you by direct message what changes; {mention('help')} lists the rest.",
        ]
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, start=1)]
    quiet = "-# You read this once, because Attaché was just added. It reads no messages."
    return "\n".join([first, *numbered, quiet])


@dataclass(frozen=True)
class SetUp:
    """The result of /setup in a server: its settings now, and what this run changed.

    `first` says that the server was set up for the first time. `returned` says that the bot had been removed before.
    `changed` names the options that changed, such as "zone". `dossiers` are the titles of the loaded dossiers; `notes`
    are warnings.
    """

    guild: Guild
    digest: Destination | None
    holdings: Holdings
    dossiers: Sequence[str]
    first: bool
    returned: bool
    changed: frozenset[str]
    notes: Sequence[str]


def set_up(done: SetUp, *, now: datetime, mention: Mention) -> ui.LayoutView:
    """Render what /setup changed, the settings as they are now, and three steps to take next."""
    lines = setting_lines(done.guild, done.digest, now=now, mention=mention)
    lines["record"] = record_line(done.holdings, done.dossiers)
    if not done.holdings.records:
        lines["record"] += f"; {mention('settings load')} loads a dossier"
    if done.first:
        heading = "## Attaché is set up"
        if "zone" not in done.changed:
            lines["zone"] += f". None was chosen; {mention('setup')} with `zone:` changes it"
        shown, rest = list(lines.values()), ""
    elif done.returned:
        heading = "## Attaché is back at work"
        shown, rest = list(lines.values()), "Everything that was here goes on."
    elif done.changed:
        heading = "## Setup changed"
        shown, rest = [line for name, line in lines.items() if name in done.changed], "Everything else stays as it was."
    else:
        heading = "## Attaché is set up"
        shown, rest = list(lines.values()), "Nothing was changed: no option was given."
    steps = [
        f"{mention('ask')} answers a question in plain words; {mention('pending list')} shows what is open.",
        f"{mention('digest preview')} with `channel:` shows the next digest as it would be sent now.",
        f"{mention('follow add')} with `channel:` tells a channel at once when a deal changes.",
    ]
    texts = [
        "\n".join([heading, *([rest] if rest else []), *shown]),
        "\n".join(["### Next", *(f"{number}. {step}" for number, step in enumerate(steps, start=1))]),
        "\n".join(f"-# {note}" for note in done.notes),
    ]
    return card(texts, accent=PLAIN)


def setting_lines(guild: Guild, digest: Destination | None, *, now: datetime, mention: Mention) -> dict[str, str]:
    """Return a line for each setting of a server, by the name of its /setup option."""
    editors = "whoever has Manage Server"
    if guild.editor_role_id is None:
        editors += f"; {mention('setup')} with `role:` adds a role"
    else:
        editors = f"<@&{guild.editor_role_id}> and {editors}"
    channel = f"<#{guild.channel_id}>" if guild.channel_id else f"none; {mention('setup')} with `channel:` chooses one"
    return {
        "channel": f"**Channel:** {channel}",
        "zone": f"**Zone:** {guild.zone}",
        "role": f"**Editors:** {editors}",
        "digest": f"**Digest:** {_digest(digest, now, mention)}",
    }


def _digest(digest: Destination | None, now: datetime, mention: Mention) -> str:
    instant = digest and due_dates.next_digest(digest, now)
    if digest is None or instant is None:
        return f"none; {mention('digest set')} starts one"
    days = dates.format_weekdays(digest.digest_days)
    on = days if days == "every day" else f"on {days}"
    return f"{digest.digest_at} {on} in <#{digest.channel_id}> ({digest.zone}), next {dates.timestamp(instant)}"


def record_line(holdings: Holdings, dossiers: Sequence[str]) -> str:
    """Render how many records and updates a server has, and the titles of its loaded dossiers, at most five."""
    size = f"{plural(holdings.records, 'record')}, {plural(holdings.updates, 'update')}"
    names = joined([escaped(name, 80) for name in dossiers[:5]])
    more = f" and {len(dossiers) - 5} more" if len(dossiers) > 5 else ""
    return f"**Record:** {size}" + (f", with the dossier{'s' * (len(dossiers) > 1)} {names}{more}" if names else "")
