"""Reminders and *Still open* as ordinary text, whose first line alone tells the news, with the buttons below."""

from __future__ import annotations

from datetime import date

from discord import ui

from bot import dates
from bot.ledger.cited import cited
from bot.ledger.due_dates import DueReminder, OpenItem, StillOpen
from bot.ledger.values import SURENESS, due_clause, expect_due
from bot.ui import facts, news
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from bot.ui.messages import CONTENT_LIMIT, Message, reported, why_button
from bot.ui.text import clip, escaped, plural, sentence
from data.records import CitedText, Fact

_ROOM = CONTENT_LIMIT - 300  # The road adds a line when a message is late.


def reminder(told: DueReminder, guild_id: int, nonce: str) -> Message:
    """One reminder: of a pending item with its date, or of one's own words."""
    if told.item is None:
        assert told.reminder is not None  # Own words are a reminder's.
        return _words(told, guild_id, nonce)
    one = told.item
    parts = [*who(one), *due(one, told.overdue)]
    stated = news.keys_of(parts)
    stated = stated if len(stated) == 1 else frozenset()
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
    """Return the due date as a clause, with how sure it is, and what is not known of it.

    `passed` when its day has ended where it counts.
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
    """Return what *Still open* says of one item: who acts and by when, and when somebody last looked.

    Of an item without news since it was last told only what may change is said, unless the list is `full`.
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
    """What is still open, as a message of its own. What does not fit is counted, with where to read it."""
    told = [(one, item_parts(one, full=found.full, day=found.day)) for one in found.items]
    sources = {id_: source for one in found.items for id_, source in one.opened.sources.items()}
    stated = news.keys_of(part for _, parts in told for part in parts)
    stated = stated if len(stated) == 1 else frozenset()
    heading = title(found.items[0]) if len(told) == 1 else facts.some([_name(one) for one in found.items], 3)
    lines = [f"**Still open: {heading}.**"]
    left, shown = len(told), list[Fact]()
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
