"""Answers of `/remind`: what comes of a reminder, how long to be silent, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ui

from bot import dates
from bot.ledger.due_dates import Item, OpenItem, PersonalReminder
from bot.ledger.values import SURENESS
from bot.ui.ids import custom_id
from bot.ui.layout import button, card, finished, plain
from bot.ui.messages import CONTENT_LIMIT, arrived
from bot.ui.text import UNANSWERED, clip, escaped
from data.records import Delivery, Destination, Reminder

SNOOZES = {"1h": "in 1 hour", "1d": "tomorrow", "3d": "in 3 days", "1w": "next week"}
"""What the buttons of a snooze mean, in the words that can also be typed."""


def what_comes(item: Item, destination: Destination) -> str:
    """When a person is reminded of an item, as a sentence."""
    hour = f"at {destination.digest_at or '09:00'} ({destination.zone})"
    digest = "in Monday's digest" if destination.digest_at and "1" in destination.digest_days else f"each Monday {hour}"
    listed = f"it is listed under *Still open* {digest} until an update closes it"
    if item.due_on is None or item.sureness == "usual":
        return f"{'A usual time is' if item.due_on else 'It has'} no due date, so {listed}."
    day = dates.format_day(item.due_on, weekday=False)
    if item.sureness == "reported":
        return f"{day} is a reported target, so you are reminded on that day only, {hour}."
    return f"You are reminded 14, 7 and 2 days before {day}, on the day, and when it has passed, {hour}."


def joined_items(
    found: Sequence[tuple[OpenItem, bool]], destination: Destination, confirmed: Delivery | None, guild_id: int | None
) -> tuple[str, ui.View]:
    """The answer to *Remind me*: what comes of each item, and whether the first message arrived."""
    lines = []
    for one, is_new in found:
        name = escaped(one.opened.record.name, 120)
        begins = f"You will be reminded of **{name}**" if is_new else f"You are already reminded of **{name}**"
        lines.append(f"{begins} by direct message. {what_comes(one.item, destination)}")
    lines.append(arrived(confirmed))
    first = found[0][0].item.slug
    buttons = [button("Do not remind me", custom_id("remind.cancel", "pi", first, guild_id=guild_id))]
    return clip("\n".join(filter(None, lines)), CONTENT_LIMIT), plain(buttons if len(found) == 1 else [])


def words_set(own: Reminder, confirmed: Delivery | None, guild_id: int | None) -> tuple[str, ui.View]:
    """The answer to a reminder in one's own words."""
    assert own.at is not None  # Own words have an instant.
    at = f"{dates.timestamp(own.at)} ({dates.timestamp(own.at, 'R')})"
    text = f"You will be reminded {at}, by direct message: {escaped(own.words, 300)}"
    buttons = [button("Cancel this reminder", custom_id("remind.cancel", "pw", own.id, guild_id=guild_id))]
    return "\n".join(filter(None, [text, arrived(confirmed)])), plain(buttons)


def snooze_choices(where: str, key: str, name: str, guild_id: int | None, *, cancel: str = "") -> tuple[str, ui.View]:
    """How long to be silent; `cancel` also offers to end the reminder."""
    labels = {"1h": "1 hour", "1d": "Tomorrow", "3d": "In 3 days", "1w": "Next week"}
    buttons = [
        button(label, custom_id("remind.until", where, key, code, guild_id=guild_id)) for code, label in labels.items()
    ]
    buttons.append(button("Another time ...", custom_id("remind.form", where, key, guild_id=guild_id)))
    if cancel:
        buttons.append(button("Cancel this reminder", custom_id("remind.cancel", cancel, key, guild_id=guild_id)))
    whose = {
        "ci": "For this channel: silent about",
        "ni": "Only editors snooze it for the channel; you can have your own copy by direct message. Remind you of",
    }
    return f"{whose.get(where, 'Silent about')} **{escaped(name, 150)}** until when?", plain(buttons)


def until_form(where: str, key: str, guild_id: int | None) -> ui.Modal:
    """Asks for the time of a snooze in one's own words."""
    form = ui.Modal(title="Snooze", custom_id=custom_id("remind.typed", where, key, guild_id=guild_id))
    typed: ui.TextInput = ui.TextInput(placeholder="tomorrow 14:00, in 3 days, 2026-12-01 09:00", custom_id="until")
    typed.max_length = 100
    form.add_item(ui.Label(text="Until when?", component=typed))
    return finished(form)


def snoozed(name: str, until: datetime, where: str) -> str:
    """The answer to a snooze."""
    at = f"{dates.timestamp(until)} ({dates.timestamp(until, 'R')})"
    where_ = " in this channel" if where == "ci" else ""
    return f"**{escaped(name, 150)}** is silent{where_} until {at}."


def listing(own: Sequence[PersonalReminder], guild_id: int | None, *, in_dm: bool, incomplete: bool) -> ui.LayoutView:
    """A person's reminders with a menu to snooze or cancel one; `incomplete` when it is not known of all servers."""
    lines = []
    for one in own:
        line = f"**{escaped(one.title, 120)}**: {_next(one)}"
        lines.append(f"{line} · {escaped(one.server, 60)}" if in_dm else line)
    shown, used = [], 0
    for line in lines:
        if used + len(line) > 3400:
            break
        shown.append(line)
        used += len(line) + 1
    if len(shown) < len(lines):
        shown.append(f"-# And {len(lines) - len(shown):,} more; `/remind cancel` finds them by name.")
    if incomplete:
        shown.append(UNANSWERED)
    menu = ui.Select(
        custom_id=custom_id("remind.pick", guild_id=guild_id),
        placeholder="Snooze or cancel one",
        options=[
            discord.SelectOption(
                label=clip(one.title, 100), value=str(one.reminder.id), description=clip(one.server, 100)
            )
            for one in own[:25]
        ],
    )
    return card(["## Your reminders", "\n".join(shown)], selects=[menu])


def _next(one: PersonalReminder) -> str:
    """When a reminder speaks next."""
    own = one.reminder
    if own.at is not None:
        return f"{dates.timestamp(own.at)} ({dates.timestamp(own.at, 'R')})"
    if own.snoozed_until is not None:
        return f"snoozed until {dates.timestamp(own.snoozed_until)}"
    if own.muted:
        return "muted; `/remind me` lets it speak again"
    if not one.open:
        return "closed, so it is silent"
    found = one.due
    if not found or found.sureness == "usual":
        return f"no due date; Mondays at {one.hour} ({one.zone})"
    return f"due {escaped(dates.format_fact_date(found.date, weekday=False), 100)}, {SURENESS[found.sureness]}"
