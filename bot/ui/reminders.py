"""Reminders: the messages that are sent, *Still open* among them, and the answers of `/remind`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import discord
from discord import ui

from bot import dates
from bot.ledger.cited import cited
from bot.ledger.due_dates import DueReminder, Item, OpenItem, PersonalReminder, StillOpen
from bot.ledger.values import SURENESS, due_clause, expect_due
from bot.ui import facts, news
from bot.ui.ids import custom_id
from bot.ui.layout import Button, Select, button, card, finished, plain
from bot.ui.messages import CONTENT_LIMIT, Message, arrived, reported, why_button
from bot.ui.text import UNANSWERED, clip, escaped, plural, sentence
from data.records import CitedText, Delivery, Destination, Fact, Reminder

_ROOM = CONTENT_LIMIT - 300  # Delivery adds a line when a message is late.

SNOOZES = {"1h": "in 1 hour", "1d": "tomorrow", "3d": "in 3 days", "1w": "next week"}
"""The times of the snooze buttons, in words that can be typed as well."""


def reminder(told: DueReminder, guild_id: int, nonce: str) -> Message:
    """Render one reminder: of a pending item, or in a user's own words."""
    if told.item is None:
        assert told.reminder is not None  # Own words are a reminder's.
        return _words(told, guild_id, nonce)
    one = told.item
    parts = [*who(one), *due(one, told.overdue)]
    stated = news.keys_of(parts)
    stated = stated if len(stated) == 1 else frozenset[news.Key]()
    lines = [
        _news(told, one),
        f"{sentence(news.sourced(parts, one.opened.sources, stated))}.",
        reported([fact for part in parts for fact in part.facts], one.opened.sources) if stated else "",
        f"-# {sentence(escaped(words, 150))}" if (words := facts.looked(one.opened.record)) else "",
    ]
    buttons = _item_buttons(one, guild_id, nonce, person=told.person)
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def _words(told: DueReminder, guild_id: int, nonce: str) -> Message:
    own = told.reminder
    assert own is not None  # Checked by the caller.
    text = f"**Reminder:** {escaped(own.words, 1500)}\n-# You set this {dates.timestamp(own.created_at, 'D')}."
    buttons = [
        button("Snooze", custom_id("remind.snooze", "pw", own.id, guild_id=guild_id)),
        why_button(guild_id, nonce),
    ]
    return Message(clip(text, _ROOM), plain(buttons))


def _item_buttons(one: OpenItem, guild_id: int, nonce: str, *, person: bool) -> list[Button]:
    slug = one.item.slug
    where = "pi" if person else "ci"  # Whose reminder is snoozed: a person's or a channel's.
    return [
        button("Open", custom_id("record.open", slug, guild_id=guild_id)),
        button("Snooze", custom_id("remind.snooze", where, slug, guild_id=guild_id)),
        *_answers(slug, guild_id),
        why_button(guild_id, nonce),
    ]


def _answers(slug: str, guild_id: int) -> list[Button]:
    """Return the buttons with which an editor updates an item."""
    return [
        button("It happened ...", custom_id("update.close", slug, guild_id=guild_id)),
        button("New date ...", custom_id("update.due", slug, guild_id=guild_id)),
        button("Nothing new", custom_id("update.checked", slug, guild_id=guild_id)),
    ]


def ahead(days: int) -> str:
    """Return how many days ahead a day is, in words: "today", "tomorrow", "in 7 days"."""
    return {0: "today", 1: "tomorrow"}.get(days, f"in {plural(days, 'day')}")


def _news(told: DueReminder, one: OpenItem) -> str:
    name = title(one)
    due_on, window = one.item.due_on, one.item.item_kind == "notification_window"
    if due_on is None or one.item.sureness == "usual":
        return f"**Still open: {name}.**"
    days = (due_on - told.today).days
    if told.overdue:
        return f"**Window ended, what happened? {name}.**" if window else f"**Overdue: {name}.**"
    if one.item.sureness == "reported":
        what = "Reported target"
        when_ = f"is {ahead(days)}" if days >= 0 else "has passed"
    elif window:
        what, when_ = "Notification window", f"ends {ahead(days)}" if days >= 0 else "ends now"
    else:
        what, when_ = "Due", ahead(days) if days >= 0 else "today"
    return f"**{what} {when_}: {name}.**"


def title(one: OpenItem) -> str:
    """Render the name of an item with what it is about."""
    record = one.opened.record
    return escaped(news.titled(record.name, record.state.facts("about"), one.opened.names), 250)


def who(one: OpenItem) -> list[CitedText]:
    """Return who has to act, as clauses."""
    record = one.opened.record
    return news.acting(record.state.facts("who"), one.opened.names, record.state)


def due(one: OpenItem, passed: bool) -> list[CitedText]:
    """Return the due date as a clause with its sureness.

    `passed` says that its day has ended in the zone that counts; a clause then adds that no outcome is reported.
    """
    fact = one.opened.record.state.fact("due")
    found = expect_due(fact.value) if fact else None
    words = due_clause(found)
    if found is None:
        return [cited(words, fact)]
    if found.sureness == "reported" and passed:
        words += "; it has passed"
    elif found.sureness in ("fixed", "announced"):
        if one.item.item_kind == "notification_window":
            sure = SURENESS[found.sureness]
            words = f"the window {'ended' if passed else 'ends'} {dates.on_date(found.date)}, {sure}"
        elif passed:
            words = f"it was {words}"
    silent = passed and found.sureness in ("fixed", "announced")
    return [cited(words, fact), *([CitedText("no source here reports what happened")] if silent else [])]


# Still open


def item_parts(one: OpenItem, *, full: bool, day: date) -> list[CitedText]:
    """Return the texts of one item in *Still open*: who acts and by when, and when somebody last looked.

    An item without a due date that has no news since the last list leaves out "no due date", unless the list is `full`.
    """
    passed = one.item.due_on is not None and one.item.due_on < day
    parts = who(one)
    if full or one.news or one.item.due_on:
        parts += due(one, passed)
    state = one.opened.record.state.fact("state")
    if state is not None and news.key_of(state) not in news.keys_of(parts):
        parts.insert(0, cited("open", state))
    return [*parts, CitedText(facts.looked(one.opened.record))]


def still_open(found: StillOpen, guild_id: int, nonce: str, *, person: bool) -> Message:
    """Render *Still open* as a message. Items that do not fit are counted, with the command that shows them."""
    told = [(one, item_parts(one, full=found.full, day=found.day)) for one in found.items]
    sources = {id_: source for one in found.items for id_, source in one.opened.sources.items()}
    stated = news.keys_of(part for _, parts in told for part in parts)
    stated = stated if len(stated) == 1 else frozenset[news.Key]()
    heading = title(found.items[0]) if len(told) == 1 else facts.some([_name(one) for one in found.items], 3)
    lines = [f"**Still open: {heading}.**"]
    left, shown = len(told), list[Fact[object]]()
    for one, parts in told:
        words = news.sourced(parts, sources, stated)
        line = f"{sentence(words)}." if len(told) == 1 else f"**{title(one)}:** {words}."
        if sum(map(len, lines)) + len(lines) + len(line) > _ROOM - 250:
            break
        lines.append(line)
        shown += [fact for part in parts for fact in part.facts]
        left -= 1
    if left:
        lines.append(f"-# And {left:,} more: `/pending list` shows them.")
    if stated and shown:
        lines.append(reported(shown, sources))
    if len(found.items) == 1:
        buttons = _item_buttons(found.items[0], guild_id, nonce, person=person)
    else:
        buttons = [
            button("What is open", custom_id("list.page", "pending", 0, guild_id=guild_id)),
            why_button(guild_id, nonce),
        ]
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def _name(one: OpenItem) -> str:
    return escaped(one.opened.record.name, 60)


# Answers of `/remind`


def what_comes(item: Item, destination: Destination) -> str:
    """Return when a user is reminded of an item, as a sentence."""
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
    """Render the answer to *Remind me*: when each item is told, and whether the first message arrived.

    `found` must not be empty; each item comes with whether its reminder is new.
    """
    lines: list[str] = []
    for one, is_new in found:
        name = escaped(one.opened.record.name, 120)
        begins = f"You will be reminded of **{name}**" if is_new else f"You are already reminded of **{name}**"
        lines.append(f"{begins} by direct message. {what_comes(one.item, destination)}")
    lines.append(arrived(confirmed))
    first = found[0][0].item.slug
    buttons = [button("Do not remind me", custom_id("remind.cancel", "pi", first, guild_id=guild_id))]
    return clip("\n".join(filter(None, lines)), CONTENT_LIMIT), plain(buttons if len(found) == 1 else [])


def words_set(own: Reminder, confirmed: Delivery | None, guild_id: int | None) -> tuple[str, ui.View]:
    """Render the answer to a new reminder in a user's own words."""
    assert own.at is not None  # Own words have an instant.
    at = f"{dates.timestamp(own.at)} ({dates.timestamp(own.at, 'R')})"
    text = f"You will be reminded {at}, by direct message: {escaped(own.words, 300)}"
    buttons = [button("Cancel this reminder", custom_id("remind.cancel", "pw", own.id, guild_id=guild_id))]
    return "\n".join(filter(None, [text, arrived(confirmed)])), plain(buttons)


def snooze_choices(where: str, key: str, name: str, guild_id: int | None, *, cancel: str = "") -> tuple[str, ui.View]:
    """Render the question how long to snooze, with its buttons.

    `where` is the code of whose reminder it is ("pi" and "pw" a user's, "ci" a channel's, "ni" a user's own copy of a
    channel's), `key` its item or id. `cancel`, such a code or "", also offers to end the reminder.
    """
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
    """Return the form that asks for the time of a snooze in a user's own words."""
    form = ui.Modal(title="Snooze", custom_id=custom_id("remind.typed", where, key, guild_id=guild_id))
    typed: ui.TextInput[ui.Modal] = ui.TextInput(
        placeholder="tomorrow 14:00, in 3 days, 2026-12-01 09:00", custom_id="until"
    )
    typed.max_length = 100
    form.add_item(ui.Label(text="Until when?", component=typed))
    return finished(form)


def snoozed(name: str, until: datetime, where: str) -> str:
    """Render the answer to a snooze; `where` is the code that `snooze_choices` describes."""
    at = f"{dates.timestamp(until)} ({dates.timestamp(until, 'R')})"
    where_ = " in this channel" if where == "ci" else ""
    return f"**{escaped(name, 150)}** is silent{where_} until {at}."


def listing(own: Sequence[PersonalReminder], guild_id: int | None, *, in_dm: bool, incomplete: bool) -> ui.LayoutView:
    """Render a user's reminders with a menu to snooze or cancel one.

    `incomplete` adds that some servers are missing because Discord did not answer in time.
    """
    lines: list[str] = []
    for one in own:
        line = f"**{escaped(one.title, 120)}**: {_next(one)}"
        lines.append(f"{line} · {escaped(one.server, 60)}" if in_dm else line)
    shown, used = list[str](), 0
    for line in lines:
        if used + len(line) > 3400:
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
                label=clip(one.title, 100), value=str(one.reminder.id), description=clip(one.server, 100)
            )
            for one in own[:25]
        ],
    )
    return card(["## Your reminders", "\n".join(shown)], selects=[menu])


def _next(one: PersonalReminder) -> str:
    """Return when a reminder is sent next, or why it is not."""
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
