"""Reminders: the messages that are sent, among them *Still open*, and the answers of `/remind`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import discord
from discord import ui

from bot import dates
from bot.ledger.cited import cited
from bot.ledger.due_dates import Item, Offset, delivery_time_of, item_of, offsets_of
from bot.ledger.values import SURENESS, due_clause, expect_due
from bot.message_contents import DueReminder, PersonalReminder, StillOpen
from bot.ui import facts, news
from bot.ui.ids import custom_id
from bot.ui.layout import Button, Select, button, card, finished, plain
from bot.ui.messages import CONTENT_LIMIT, Message, arrived, reported, why_button
from bot.ui.text import UNANSWERED, clip, escaped, joined, plural, sentence
from data.records import CitedText, Delivery, Destination, Fact, Opened, Reminder

_ROOM = CONTENT_LIMIT - 300  # Characters. The rest is for notes, such as that the message is late.
_LISTED = 3400  # Characters of the lines in the list of reminders; the card has 4,000 in all.
_MENU = 25  # Discord: the most options of a select.


class Snooze(NamedTuple):
    """A button that snoozes a reminder. `words` are the time as a user could type it."""

    label: str
    words: str


SNOOZES = {
    "1h": Snooze("1 hour", "in 1 hour"),
    "1d": Snooze("Tomorrow", "tomorrow"),
    "3d": Snooze("In 3 days", "in 3 days"),
    "1w": Snooze("Next week", "next week"),
}
"""The snooze buttons by the code in their custom ids."""


def reminder(due_reminder: DueReminder, guild_id: int, nonce: str) -> Message:
    """Render a reminder. It is about a pending item or has a user's own words."""
    opened = due_reminder.item
    if opened is None:
        assert due_reminder.reminder is not None  # A reminder without an item has words.
        return _words_message(due_reminder.reminder, guild_id, nonce)
    parts = [*who(opened), *due(opened, due_reminder.overdue)]
    keys = news.keys_of(parts)
    shared = keys if len(keys) == 1 else frozenset[news.Key]()
    lines = [
        _first_line(due_reminder, opened),
        f"{sentence(news.sourced(parts, opened.sources, shared))}.",
        reported([fact for part in parts for fact in part.facts], opened.sources) if shared else "",
        f"-# {sentence(escaped(words, 150))}" if (words := facts.looked(opened.record)) else "",
    ]
    buttons = _item_buttons(opened, guild_id, nonce, person=due_reminder.person)
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def _words_message(words: Reminder, guild_id: int, nonce: str) -> Message:
    """Render a reminder with a user's own words."""
    text = f"**Reminder:** {escaped(words.words, 1500)}\n-# You set this {dates.timestamp(words.created_at, 'D')}."
    buttons = [
        button("Snooze", custom_id("remind.snooze", "pw", words.id, guild_id=guild_id)),
        why_button(guild_id, nonce),
    ]
    return Message(clip(text, _ROOM), plain(buttons))


def _item_buttons(opened: Opened, guild_id: int, nonce: str, *, person: bool) -> list[Button]:
    """Return the buttons below a message about one pending item. `person` says that it is a direct message."""
    slug = opened.record.slug
    target = "pi" if person else "ci"  # See `snooze_choices`.
    return [
        button("Open", custom_id("record.open", slug, guild_id=guild_id)),
        button("Snooze", custom_id("remind.snooze", target, slug, guild_id=guild_id)),
        *_update_buttons(slug, guild_id),
        why_button(guild_id, nonce),
    ]


def _update_buttons(slug: str, guild_id: int) -> list[Button]:
    """Return the buttons with which an editor updates a pending item."""
    return [
        button("It happened ...", custom_id("update.close", slug, guild_id=guild_id)),
        button("New date ...", custom_id("update.due", slug, guild_id=guild_id)),
        button("Nothing new", custom_id("update.checked", slug, guild_id=guild_id)),
    ]


def ahead(days: int) -> str:
    """Return a number of days as words: "today", "tomorrow", "in 7 days"."""
    return {0: "today", 1: "tomorrow"}.get(days, f"in {plural(days, 'day')}")


def _first_line(due_reminder: DueReminder, opened: Opened) -> str:
    """Render the first line of a reminder: the name of the pending item, and how far away its due date is."""
    name, item = title(opened), item_of(opened.record, opened.zone)
    is_window = item.item_kind == "notification_window"
    if item.due_on is None or item.sureness == "usual":
        return f"**Still open: {name}.**"
    days = (item.due_on - due_reminder.today).days
    if due_reminder.overdue:
        return f"**Window ended, what happened? {name}.**" if is_window else f"**Overdue: {name}.**"
    if item.sureness == "reported":
        when = f"Reported target {f'is {ahead(days)}' if days >= 0 else 'has passed'}"
    elif is_window:
        when = f"Notification window {f'ends {ahead(days)}' if days >= 0 else 'ends now'}"
    else:
        when = f"Due {ahead(max(days, 0))}"
    return f"**{when}: {name}.**"


def title(opened: Opened) -> str:
    """Render the name of a pending item with what it is about: "Clearances, about 31 armed drones"."""
    record = opened.record
    return escaped(news.titled(record.name, record.state.facts("about"), opened.names), 250)


def who(opened: Opened) -> list[CitedText]:
    """Return the clauses that say who has to act on a pending item."""
    record = opened.record
    return news.acting(record.state.facts("who"), opened.names, record.state)


def due(opened: Opened, passed: bool) -> list[CitedText]:
    """Return the clause that says by when a pending item is due and how sure the date is.

    `passed` says that the due day has ended. If the date was fixed or announced, a second clause then says that no
    source reports what happened.
    """
    fact = opened.record.state.fact("due")
    due_date = expect_due(fact.value) if fact else None
    words = due_clause(due_date)
    if due_date is None:
        return [cited(words, fact)]
    can_be_overdue = due_date.sureness in ("fixed", "announced")
    if due_date.sureness == "reported" and passed:
        words += "; it has passed"
    elif can_be_overdue and opened.record.state.text("item_kind") == "notification_window":
        ends = "ended" if passed else "ends"
        words = f"the window {ends} {dates.on_date(due_date.date)}, {SURENESS[due_date.sureness]}"
    elif can_be_overdue and passed:
        words = f"it was {words}"
    no_outcome = [CitedText("no source here reports what happened")] if passed and can_be_overdue else []
    return [cited(words, fact), *no_outcome]


# Still open


def item_parts(opened: Opened, listed: StillOpen) -> list[CitedText]:
    """Return the texts about one item in *Still open*: who has to act, by when, and when somebody last checked it.

    If the item has no due date, a text says so only if `listed.full` is True or the item is in `listed.with_news`.
    """
    record = opened.record
    due_on = item_of(record, opened.zone).due_on
    parts = who(opened)
    if listed.full or record.id in listed.with_news or due_on:
        parts += due(opened, due_on is not None and due_on < listed.day)
    state = record.state.fact("state")
    if state is not None and news.key_of(state) not in news.keys_of(parts):
        parts.insert(0, cited("open", state))
    return [*parts, CitedText(facts.looked(record))]


def still_open(listed: StillOpen, guild_id: int, nonce: str, *, person: bool) -> Message:
    """Render *Still open* as a message of its own. Items without room are only counted."""
    items = [(opened, item_parts(opened, listed)) for opened in listed.items]
    sources = {id_: source for opened in listed.items for id_, source in opened.sources.items()}
    keys = news.keys_of(part for _, parts in items for part in parts)
    shared = keys if len(keys) == 1 else frozenset[news.Key]()
    only = listed.items[0] if len(items) == 1 else None
    lines = [f"**Still open: {title(only) if only else facts.some([_name(opened) for opened in listed.items], 3)}.**"]
    count, stated = 0, list[Fact[object]]()
    for opened, parts in items:
        words = news.sourced(parts, sources, shared)
        line = f"{sentence(words)}." if only else f"**{title(opened)}:** {words}."
        if sum(map(len, lines)) + len(lines) + len(line) > _ROOM - 250:
            break
        lines.append(line)
        stated += [fact for part in parts for fact in part.facts]
        count += 1
    if count < len(items):
        lines.append(f"-# And {len(items) - count:,} more: `/pending list` shows them.")
    if shared and stated:
        lines.append(reported(stated, sources))
    if only:
        buttons = _item_buttons(only, guild_id, nonce, person=person)
    else:
        buttons = [
            button("What is open", custom_id("list.page", "pending", 0, guild_id=guild_id)),
            why_button(guild_id, nonce),
        ]
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def _name(opened: Opened) -> str:
    return escaped(opened.record.name, 60)


# Answers of `/remind`


def reminded_when(item: Item, destination: Destination) -> str:
    """Return a sentence that says when a user is reminded of a pending item."""
    at = f"at {delivery_time_of(destination):%H:%M} ({destination.zone})"
    mondays = "in Monday's digest" if destination.digest_at and "1" in destination.digest_days else f"each Monday {at}"
    listed = f"it is listed under *Still open* {mondays} until an update closes it"
    if item.due_on is None or item.sureness == "usual":
        return f"{'A usual time is' if item.due_on else 'It has'} no due date, so {listed}."
    day = dates.format_day(item.due_on, weekday=False)
    before = joined([f"{int(offset)}" for offset in offsets_of(item.sureness) if offset > Offset.SAME_DAY])
    if not before:
        return f"{day} is a reported target, so you are reminded on that day only, {at}."
    return f"You are reminded {before} days before {day}, on the day, and when it has passed, {at}."


def joined_items(
    items: Sequence[tuple[Opened, bool]], destination: Destination, confirmed: Delivery | None, guild_id: int | None
) -> tuple[str, ui.View]:
    """Render the answer to *Remind me*: when the user is reminded of each item, and whether messages arrive.

    `items` has at least one pair: an item, and whether the reminder of it is new.
    """
    lines: list[str] = []
    for opened, is_new in items:
        name = escaped(opened.record.name, 120)
        begins = f"You will be reminded of **{name}**" if is_new else f"You are already reminded of **{name}**"
        lines.append(f"{begins} by direct message. {reminded_when(item_of(opened.record, opened.zone), destination)}")
    lines.append(arrived(confirmed))
    first = items[0][0].record.slug
    buttons = [button("Do not remind me", custom_id("remind.cancel", "pi", first, guild_id=guild_id))]
    return clip("\n".join(filter(None, lines)), CONTENT_LIMIT), plain(buttons if len(items) == 1 else [])


def words_set(words: Reminder, confirmed: Delivery | None, guild_id: int | None) -> tuple[str, ui.View]:
    """Render the answer to a new reminder with the user's own words."""
    assert words.at is not None  # A reminder without an item has an instant.
    at = f"{dates.timestamp(words.at)} ({dates.timestamp(words.at, 'R')})"
    text = f"You will be reminded {at}, by direct message: {escaped(words.words, 300)}"
    buttons = [button("Cancel this reminder", custom_id("remind.cancel", "pw", words.id, guild_id=guild_id))]
    return "\n".join(filter(None, [text, arrived(confirmed)])), plain(buttons)


def snooze_choices(target: str, key: str, name: str, guild_id: int | None, *, cancel: str = "") -> tuple[str, ui.View]:
    """Render the question until when a reminder is to be silent, with a button for each answer.

    `target` is a code and `key` a slug or id. They go into the custom ids and identify the reminder:

    - "pi": a user's reminder of a pending item, by slug.
    - "pw": a reminder with a user's own words, by id.
    - "ci": a channel's reminder of a pending item, by slug.
    - "ni": a new reminder for a user who may not snooze the channel's reminder, by the item's slug.

    If `cancel` is not "", it is the code of a reminder with the same `key`, and a button ends that reminder.
    """
    buttons = [
        button(snooze.label, custom_id("remind.until", target, key, code, guild_id=guild_id))
        for code, snooze in SNOOZES.items()
    ]
    buttons.append(button("Another time ...", custom_id("remind.form", target, key, guild_id=guild_id)))
    if cancel:
        buttons.append(button("Cancel this reminder", custom_id("remind.cancel", cancel, key, guild_id=guild_id)))
    begins = {
        "ci": "For this channel: silent about",
        "ni": "Only editors snooze it for the channel; you can have your own copy by direct message. Remind you of",
    }
    return f"{begins.get(target, 'Silent about')} **{escaped(name, 150)}** until when?", plain(buttons)


def until_form(target: str, key: str, guild_id: int | None) -> ui.Modal:
    """Return the form that asks until when a reminder is to be silent. See `snooze_choices` for `target` and `key`."""
    form = ui.Modal(title="Snooze", custom_id=custom_id("remind.typed", target, key, guild_id=guild_id))
    until: ui.TextInput[ui.Modal] = ui.TextInput(
        placeholder="tomorrow 14:00, in 3 days, 2026-12-01 09:00", custom_id="until"
    )
    until.max_length = 100
    form.add_item(ui.Label(text="Until when?", component=until))
    return finished(form)


def snoozed(name: str, until: datetime, target: str) -> str:
    """Render the answer when a reminder was snoozed. `target` is a code of `snooze_choices`."""
    at = f"{dates.timestamp(until)} ({dates.timestamp(until, 'R')})"
    place = " in this channel" if target == "ci" else ""
    return f"**{escaped(name, 150)}** is silent{place} until {at}."


def listing(
    reminders: Sequence[PersonalReminder], guild_id: int | None, *, in_dm: bool, incomplete: bool
) -> ui.LayoutView:
    """Render a user's reminders, with a menu to snooze or cancel one of them.

    If `in_dm` is True, each line names the reminder's server. If `incomplete` is True, a line says that some servers
    may be missing because Discord did not answer in time.
    """
    lines: list[str] = []
    for personal in reminders:
        line = f"**{escaped(personal.title, 120)}**: {_next(personal)}"
        lines.append(f"{line} · {escaped(personal.server, 60)}" if in_dm else line)
    shown, used = list[str](), 0
    for line in lines:
        if used + len(line) > _LISTED:
            break
        shown.append(line)
        used += len(line) + 1
    if len(shown) < len(lines):
        shown.append(f"-# And {len(lines) - len(shown):,} more; `/remind cancel` finds them by name.")
    if incomplete:
        shown.append(UNANSWERED)
    menu: Select = ui.Select(
        custom_id=custom_id("remind.pick", guild_id=guild_id),
        placeholder="Snooze or cancel one",
        options=[
            discord.SelectOption(
                label=clip(personal.title, 100),
                value=str(personal.reminder.id),
                description=clip(personal.server, 100),
            )
            for personal in reminders[:_MENU]
        ],
    )
    return card(["## Your reminders", "\n".join(shown)], selects=[menu])


def _next(personal: PersonalReminder) -> str:
    """Return the time at which a reminder comes next, or the reason why no reminder comes."""
    if personal.reminder.at is not None:
        return f"{dates.timestamp(personal.reminder.at)} ({dates.timestamp(personal.reminder.at, 'R')})"
    if personal.reminder.snoozed_until is not None:
        return f"snoozed until {dates.timestamp(personal.reminder.snoozed_until)}"
    if personal.reminder.muted:
        return "muted; `/remind me` lets it speak again"
    if not personal.open:
        return "closed, so it is silent"
    if not personal.due or personal.due.sureness == "usual":
        return f"no due date; Mondays at {personal.delivery_time} ({personal.zone})"
    day = escaped(dates.format_fact_date(personal.due.date, weekday=False), 100)
    return f"due {day}, {SURENESS[personal.due.sureness]}"
