"""Reminders and *Still open* as ordinary text, whose first line alone tells the news, with the buttons below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from discord import ui

from bot import when
from bot.agenda import OpenItem, StillOpen, Told
from bot.ledger.values import SURENESS
from bot.ui import cards, facts
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from bot.ui.messages import CONTENT_LIMIT, Message, why_button
from bot.ui.text import clip, escaped, plural, sentence
from data.records import Due, Fact, Source

_ROOM = CONTENT_LIMIT - 300  # The road adds a line when a message is late.


def reminder(told: Told, guild_id: int, nonce: str) -> Message:
    """One reminder: of a pending item with its date, or of one's own words."""
    if told.item is None:
        assert told.reminder is not None  # Own words are a reminder's.
        return _words(told, guild_id, nonce)
    one = told.item
    lines = [_news(told, one), _details(told, one), _standing(one), _source(one)]
    buttons = _item_buttons(one, guild_id, nonce, person=told.person)
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def _words(told: Told, guild_id: int, nonce: str) -> Message:
    own = told.reminder
    assert own is not None  # Checked by the caller.
    text = f"**Reminder:** {escaped(own.words, 1500)}\n-# You set this {when.timestamp(own.created_at, 'D')}."
    buttons = [
        button("Snooze", custom_id("remind.snooze", "pw", own.id, guild_id=guild_id)),
        why_button(guild_id, nonce),
    ]
    return Message(clip(text, _ROOM), plain(buttons))


def _item_buttons(one: OpenItem, guild_id: int, nonce: str, *, person: bool) -> list[ui.Button]:
    slug = one.item.slug
    where = "pi" if person else "ci"  # Whose reminder is snoozed: a person's or a channel's.
    return [
        button("Open", custom_id("record.open", slug, guild_id=guild_id)),
        button("Snooze", custom_id("remind.snooze", where, slug, guild_id=guild_id)),
        *_answers(slug, guild_id),
        why_button(guild_id, nonce),
    ]


def _answers(slug: str, guild_id: int) -> list[ui.Button]:
    """What an editor can say of an item: each begins an update."""
    return [
        button("It happened ...", custom_id("update.close", slug, guild_id=guild_id)),
        button("New date ...", custom_id("update.due", slug, guild_id=guild_id)),
        button("Nothing new", custom_id("update.checked", slug, guild_id=guild_id)),
    ]


def ahead(days: int) -> str:
    """How far a day is ahead: "today", "tomorrow", "in 7 days"."""
    return {0: "today", 1: "tomorrow"}.get(days, f"in {plural(days, 'day')}")


def _news(told: Told, one: OpenItem) -> str:
    name = escaped(one.opened.record.name, 120)
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


def _details(told: Told, one: OpenItem) -> str:
    return " ".join(filter(None, [f"{who(one)}.", sentence(due(one, told.overdue)) + "."]))


def who(one: OpenItem) -> str:
    """Who has to act, as a clause."""
    names = [facts.value("pending", "who", fact, one.opened.names, 100) for fact in one.opened.record.facts("who")]
    if not names:
        return "Who must act is not in the record"
    return f"{sentence(facts.some(names, 4))} {facts.act(one.opened.record.value('basis'))}"


def due(one: OpenItem, passed: bool) -> str:
    """The due date as a clause, with how sure it is; `passed` when its day has ended where it counts."""
    value = one.opened.record.value("due")
    if value is None:
        return "no due date"
    found = msgspec.convert(value, Due)
    day = escaped(when.format_fact_date(found.date), 100)
    if found.date.precision != "day" and found.date.last is not None:
        day += f", whose last day, {when.format_day(found.date.last, weekday=False)}, counts"
    if found.sureness == "usual":
        return f"usual time {day}, which is no due date"
    if found.sureness == "reported":
        return f"reported target {day}{' has passed' if passed else ', not a fixed date'}"
    sure = SURENESS[found.sureness]
    if one.item.item_kind == "notification_window":
        return f"the window {'ended' if passed else 'ends'} {_on(found)}{day} ({sure}){_UNREPORTED if passed else ''}"
    return f"{'it was due' if passed else 'due'} {_on(found)}{day} ({sure}){_UNREPORTED if passed else ''}"


_UNREPORTED = "; no source here reports what happened"


def _on(found: Due) -> str:
    if found.date.precision == "day":
        return "on "
    return "" if found.date.printed or found.date.precision == "range" else "in "


def _standing(one: OpenItem) -> str:
    """Since when it is on the record, how new that is, and when somebody last looked."""
    return f"-# {facts.since(one.opened.record.state)} {cards.checked(one.opened)}".rstrip()


def _source(one: OpenItem) -> str:
    record = one.opened.record
    shown = record.fact("due") or record.fact("state") or record.fact("name")
    return facts.source_line(one.opened.sources, [shown]) if shown else ""


# Still open


def item_lines(one: OpenItem, *, full: bool, day: date) -> str:
    """One item of *Still open*: in full, or on one line when nothing came in since it was last told.

    One whose day has passed is always in full: its line would be too long to read.
    """
    name = escaped(one.opened.record.name, 120)
    passed = one.item.due_on is not None and one.item.due_on < day
    if full or one.news or passed:
        return f"**{name}:** {who(one)}; {due(one, passed)}.\n{_standing(one)}"
    state = one.opened.record.state
    parts = [who(one), due(one, passed) if one.item.due_on else ""]
    if state.opened:
        parts.append(f"on the record since {facts.dated(state.opened)}")
    same = state.newest == state.opened
    parts.append("nothing newer reported" if same else cards.reported(state.newest, "last reported"))
    checked = cards.checked(one.opened)
    parts.append(checked[:1].lower() + checked[1:].rstrip(".") if checked else "")
    return f"**{name}:** {'; '.join(filter(None, parts))}."


def still_open(found: StillOpen, guild_id: int, nonce: str, *, person: bool) -> Message:
    """What is still open, as a message of its own. What does not fit is counted, with where to read it."""
    names = [escaped(one.opened.record.name, 60) for one in found.items]
    lines = [f"**Still open: {facts.some(names, 3)}.**"]
    left = len(found.items)
    for one in found.items:
        line = item_lines(one, full=found.full, day=found.day)
        if sum(map(len, lines)) + len(lines) + len(line) > _ROOM - 250:
            break
        lines.append(line)
        left -= 1
    if left:
        lines.append(f"-# And {left:,} more: `/pending list` shows them.")
    lines.append(source_of(found.items[: len(found.items) - left]))
    if len(found.items) == 1:
        buttons = _item_buttons(found.items[0], guild_id, nonce, person=person)
    else:
        buttons = [
            button("See what is open", custom_id("list.page", "pending", 0, guild_id=guild_id)),
            why_button(guild_id, nonce),
        ]
    return Message(clip("\n".join(filter(None, lines)), _ROOM), plain(buttons))


def source_of(items: Sequence[OpenItem]) -> str:
    """The sources of several items as one quiet line."""
    sources: dict[int, Source] = {}
    shown: list[Fact] = []
    for one in items:
        sources |= one.opened.sources
        shown += [fact for name in ("state", "due") if (fact := one.opened.record.fact(name)) is not None]
    return facts.source_line(sources, shown)
