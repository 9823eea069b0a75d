"""Messages that the bot sends unprompted: alerts, confirmations, notices, and the answer to *Why this?*.

These are ordinary text with buttons, because a locked phone shows the first line of ordinary text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from discord import ui

from bot import dates
from bot.ledger.changes import Alert, RecordChange
from bot.ledger.cited import day_key
from bot.ui import facts, news
from bot.ui.cited import source_words
from bot.ui.ids import custom_id, parse
from bot.ui.layout import LABEL_LIMIT, Button, View, button, plain
from bot.ui.news import News
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Delivery, Destination, Fact, Held, Notice, Source, Why

CONTENT_LIMIT = 2000  # Discord: an ordinary message's text.
_WHY = "sent.why"


@dataclass(frozen=True)
class Message:
    """The message of one delivery. `content` is None for a layout; `text` is sent when Discord refuses the layout."""

    content: str | None
    view: View
    text: str = ""
    silent: bool = False
    roles: tuple[int, ...] = ()  # The only mentions that may ping.


def why_button(guild_id: int, nonce: str) -> Button:
    """Return the *Why this?* button of every delivery. Its custom id holds the nonce that identifies the message."""
    return button("Why this?", custom_id(_WHY, nonce, guild_id=guild_id))


def marked(message: Message, marker: str) -> Message:
    """Return the message with a marker beside the nonce in its *Why this?* button.

    The marker identifies a message after a restore, when its nonce is no longer in the database.
    """
    for item in message.view.walk_children():
        if isinstance(item, ui.Button) and (pressed := parse(item.custom_id or "")) and pressed.name == _WHY:
            item.custom_id = custom_id(_WHY, *pressed.arguments, marker, guild_id=pressed.guild_id)
    return message


def carried(custom_ids: Iterable[str]) -> tuple[str, str] | None:
    """Return the nonce and the marker of a delivery from the custom ids in its message; None when it is no delivery.

    The marker is "" in messages of the first release, which had none.
    """
    for raw in custom_ids:
        pressed = parse(raw)
        if pressed is not None and pressed.name == _WHY and pressed.arguments:
            nonce, *more = pressed.arguments
            return nonce, more[0] if more else ""
    return None


def late(due_at: datetime) -> str:
    """Render the line of a message that comes after its time."""
    return f"-# Due {dates.timestamp(due_at)}; it comes late."


MAY_REPEAT = (
    "-# This may be a repeat: it is not known whether the first one arrived, and the history cannot be read here."
)

MAY_HAVE_COME = (
    "-# This may be a repeat: it was due before the bot's database was restored from a backup, and it is not known "
    "whether it had arrived."
)

HELD = (
    "The database was restored from a backup. These messages were due before that and may have arrived; the messages "
    "of that time do not tell. Nothing is sent until somebody decides."
)


def held(found: Sequence[Held]) -> str:
    """Render how many messages are held after a restore, and when they were due. `found` must not be empty."""
    first, last = min(one.first for one in found), max(one.last for one in found)
    span = f"due {dates.timestamp(first)}" + (f" to {dates.timestamp(last)}" if last != first else "")
    return f"{plural(sum(one.count for one in found), 'message')}, {span}"


def held_buttons(count: int, whom: str, what: object, guild_id: int | None = None) -> list[Button]:
    """Return the buttons that send or drop held messages; `what` is the id of their destination, or "people"."""
    return [
        button(f"Send {count:,} to {whom}", custom_id("sent.release", what, guild_id=guild_id)),
        button(f"Drop {count:,} for {whom}", custom_id("sent.drop", what, guild_id=guild_id)),
    ]


def decided(count: int, *, sent: bool) -> str:
    """Render the answer when somebody sent or dropped held messages."""
    if sent and count == 1:
        return "1 message is sent now; it says that it may be a repeat."
    if sent:
        return f"{count:,} messages are sent now; each says that it may be a repeat."
    return f"{plural(count, 'message')} will not be sent: taken as arrived before the restore."


def with_notes(message: Message, notes: Sequence[str]) -> Message:
    """Return a message with lines of small print below it. The view of a layout is changed in place."""
    if not notes:
        return message
    below = "\n".join(notes)
    if isinstance(message.view, ui.LayoutView):
        message.view.add_item(ui.TextDisplay(below))
        return replace(message, text=f"{message.text}\n{below}")
    content = (message.content or "")[: CONTENT_LIMIT - len(below) - 1]
    return replace(message, content=f"{content}\n{below}")


def in_plain(message: Message, guild_id: int, nonce: str) -> Message:
    """Return a message as text with one button, for when Discord refused it as it was."""
    text = message.text or message.content or ""
    return Message(
        text[:CONTENT_LIMIT], plain([why_button(guild_id, nonce)]), silent=message.silent, roles=message.roles
    )


# Alerts

_TOLD = 6  # Pieces of news in one alert; the rest is counted.


def alert(told: Alert, guild_id: int, nonce: str) -> Message:
    """Render an alert: what changed, what stood before, and the source. Its first line says record and news."""
    slugs = [change.slug for change in told.changes]
    found = [(change, one) for change in told.changes for one in news.news_of(change)]
    main, first = found[0]
    others = found[1:_TOLD]
    stated = news.keys_of([first.said])
    lines = [_main_line(main, first, stated)]
    # What has day and source of the main news stands with it above its source line, the rest below with its own.
    own: list[str] = [
        sentence(news.sourced([part], main.sources))
        for part in first.more
        if part.facts and news.keys_of([part]) != stated
    ]
    for change, one in others:
        same = news.keys_of([one.said, *one.more]) <= stated
        (lines if same else own).append(_other_line(change, one, main, slugs, stated))
    lines += [reported(first.said.facts, main.sources), *own]
    if len(found) > _TOLD:
        lines.append(f"-# And {plural(len(found) - _TOLD, 'more change')}: *History*")
    buttons = [
        *_read_button(first.said.facts, main.sources),
        button("Open", custom_id("record.open", main.slug, guild_id=guild_id)),
        button("History", custom_id("record.history", main.slug, guild_id=guild_id)),
        why_button(guild_id, nonce),
    ]
    text = "\n".join(filter(None, (clip(line, _ALERT_LINE) for line in lines)))
    # A mention that is cut off pings nobody, so it has its room first.
    roles = "\n" + " ".join(f"<@&{role_id}>" for role_id in told.role_ids) if told.role_ids else ""
    return Message(f"{clip(text, CONTENT_LIMIT - 200 - len(roles))}{roles}", plain(buttons), roles=tuple(told.role_ids))


_ALERT_LINE = 600


def _main_line(change: RecordChange, one: News, stated: frozenset[news.Key]) -> str:
    """Render the line that a locked phone shows: the record, the news, and the former value with its own day."""
    about, said = escaped(news.subject(change), 250), escaped(one.said.text, 300)
    beside = [part for part in one.more if not part.facts or news.keys_of([part]) == stated]
    parts = [
        f"**Corrected: {about}. {sentence(said)}.**" if one.corrected else f"**{about}: {said}.**",
        f"{sentence(news.sourced(beside, change.sources, stated))}." if beside else "",
        f"Was: {news.dated(one.was)}." if one.was is not None else "",
        f"Reason: {escaped(one.reason.rstrip('.'), 200)}." if one.reason else "",
    ]
    return " ".join(filter(None, parts))


def _other_line(
    change: RecordChange, one: News, main: RecordChange, named: Sequence[str], stated: frozenset[news.Key]
) -> str:
    """Render the line of a further change, with its own day and source where these differ from the main news."""
    name = "" if change is main else f"{escaped(news.subject(change, named), 200)}: "
    words = news.sourced([one.said, *one.more], change.sources, stated)
    was = f"; was {news.dated(one.was)}" if one.was is not None else ""
    line = f"{name}{words}{was}"
    return f"Corrected: {line}" if one.corrected else line if name else sentence(line)


def reported(found: Sequence[Fact[object]], sources: Mapping[int, Source]) -> str:
    """Render the day and the source of each fact as lines of their own: "Reported 1 February 2024: dsca.mil".

    Where the source was published on another day than the fact's, both days are given.
    """
    by_key: dict[news.Key, list[Fact[object]]] = {}
    for fact in found:
        by_key.setdefault(news.key_of(fact), []).append(fact)
    return "\n".join(f"{_when(same[0], sources)}: {source_words(same, sources)}" for same in by_key.values())


def _when(fact: Fact[object], sources: Mapping[int, Source]) -> str:
    """Render the day of a fact and, where it is another one, the day on which its source was published."""
    day = facts.dated(fact.date)
    if fact.date.first is None:
        return f"{sentence(day)}, as reported" if fact.date.printed else "Reported, date not known"
    source = sources.get(fact.source)
    appeared = source.published_on if source else None
    if appeared is None or day_key(appeared) == day_key(fact.date):
        return f"Reported {day}"
    return f"{sentence(day)}, reported {facts.dated(appeared)}"


def _read_button(found: Sequence[Fact[object]], sources: Mapping[int, Source]) -> list[Button]:
    """Return the button that opens the first source of some facts that has a safe link; an empty list without one."""
    for fact in found:
        url = sources[fact.source].url if fact.source in sources else ""
        if facts.masked_link(url):
            return [ui.Button(label=clip(f"Read {facts.host(url)}", LABEL_LIMIT), url=url)]
    return []


# Confirmations and notices

_CONFIRMED = {
    "follow": "You follow **{name}** in {server}. Messages about it arrive here.",
    "remind": "You will be reminded of **{name}** here, from {server}.",
    "digest": "Your digest of {server} arrives here.",
}


def confirmation(verb: str, name: str, server: str, guild_id: int, nonce: str) -> Message:
    """Render the first direct message to a user, which shows that messages arrive, and how to stop them."""
    told = _CONFIRMED[verb].format(name=escaped(name, 120), server=escaped(server, 100))
    where = "-# `/follow list` and `/remind list` work here too; *Why this?* offers to stop it."
    return Message(f"{told}\n{where}", plain([why_button(guild_id, nonce)]))


_ARRIVED = {
    "delivered": "A first message has just arrived in your direct messages.",
    "DMs closed": (
        "**But your direct messages are closed to this server, so nothing can arrive.** Open its privacy settings, "
        "allow direct messages, then ask again; until then what is due waits."
    ),
    "left the server": "**But Discord says that you are not a member here,** so nothing is sent.",
}


def arrived(confirmed: Delivery | None) -> str:
    """Return whether the first direct message arrived; "" when none was sent because one had arrived before."""
    if confirmed is None:
        return ""
    return _ARRIVED.get(confirmed.outcome, "A first direct message is queued; `/follow log` shows when it arrived.")


_KINDS = {
    "alert": "an alert",
    "reminder": "a reminder",
    "open": "the list of what is still open",
    "digest": "a digest",
    "confirmation": "a first message",
    "notice": "a notice",
}


def notice(tells: Notice, place: str, server: str, guild_id: int, nonce: str) -> Message:
    """Render that something broke which the reader set up or owns: what, where, why, and what to do next."""
    what = _KINDS[tells.kind]
    if tells.outcome == "refused":
        told = (
            f"**Discord refused {what} for {place}** in {escaped(server, 100)}, as drawn and as plain text "
            f"({escaped(tells.words, 100)}).\nThis one message is lost; all others go on. "
            "Tell whoever runs this bot."
        )
    else:
        told = (
            f"**Messages for {place} in {escaped(server, 100)} have stopped:** {escaped(tells.words, 200)}.\n"
            "Nothing is lost: what is due waits. Put it right, then press *Resume* in `/settings show` there; "
            "a changed channel or role is tried again by itself."
        )
    return Message(told, plain([why_button(guild_id, nonce)]))


def place_of(destination: Destination) -> str:
    """Render a destination for others to read: a channel, or a user's direct messages."""
    return (
        f"<#{destination.channel_id}>" if destination.channel_id else f"the direct messages of <@{destination.user_id}>"
    )


def why_paused(destination: Destination) -> str:
    """Return why nothing is sent to a paused destination: "not permitted: the bot lacks Send Messages there"."""
    return ": ".join(filter(None, (destination.outcome, destination.reason)))


def where(destination: Destination) -> str:
    """Render a destination for its own user to read: a channel, or "your direct messages"."""
    return f"<#{destination.channel_id}>" if destination.channel_id else "your direct messages"


def rhythm(destination: Destination) -> str:
    """Render on which days a digest comes, and when: "weekdays at 09:00 (Asia/Kolkata)"."""
    return f"{dates.format_weekdays(destination.digest_days)} at {destination.digest_at} ({destination.zone})"


# Why this?


def why(explained: Why) -> tuple[str, list[Button]]:
    """Render which follow, reminder or digest a message belongs to, and return the buttons that mute or stop it."""
    delivery, destination = explained.delivery, explained.destination
    here = "This channel" if destination.channel_id else "You"
    lines: list[str] = []
    buttons: list[Button] = []

    def offer(label: str, verb: str, what: str, id_: object) -> None:
        buttons.append(button(label, custom_id(f"sent.{verb}", what, id_, guild_id=delivery.guild_id)))

    if delivery.kind == "alert":
        names = [escaped(follow.name or "", 100) for follow in explained.follows]
        verb = "follows" if destination.channel_id else "follow"
        lines.append(
            f"{here} {verb} {joined([f'**{name}**' for name in names])}, which this is about."
            if names
            else "The follow that brought this has since been muted or removed."
        )
        for follow in explained.follows[:2]:
            offer(f"Mute {follow.name}", "mute", "follow", follow.id)
            offer(f"Stop following {follow.name}", "stop", "follow", follow.id)
    elif delivery.kind == "digest" and destination.digest_at:
        lines.append(
            f"It is the digest of {where(destination)}: {rhythm(destination)}, "
            "when something changed, fell due or is still open."
        )
        offer("Stop this digest", "stop", "digest", destination.id)
    elif delivery.kind == "digest":
        lines.append("It was a digest; there are none here any more.")
    elif delivery.kind == "reminder":
        lines += _why_reminder(explained)
        if explained.item is not None and not explained.muted:
            offer(f"Mute reminders of {explained.about}", "mute", "item", f"{destination.id}-{explained.item}")
    elif delivery.kind == "open":
        lines.append("Items without a due date are listed each Monday, until an update closes them.")
        if destination.channel_id:
            lines.append("This is the channel that was chosen in `/setup`, and the list is never skipped there.")
        else:
            lines.append("You asked for reminders of these.")
            offer("Mute items without a date", "mute", "undated", destination.id)
    elif delivery.kind == "confirmation":
        lines.append("It shows that messages arrive here. There is one, the first time.")
    else:
        lines.append("Something that you set up, or that belongs to your server, no longer works.")
    if explained.set_up_by is not None and destination.channel_id:
        lines.append(f"Set up by <@{explained.set_up_by}>.")
    if delivery.settled_at is not None:
        lines.append(
            f"-# Due {dates.timestamp(delivery.due_at)}; {delivery.outcome} {dates.timestamp(delivery.settled_at)}."
        )
    return "\n".join(lines), buttons


def _why_reminder(explained: Why) -> list[str]:
    delivery = explained.delivery
    about = f"**{escaped(explained.about, 120)}**" if explained.about else "a pending item"
    if delivery.occasion == "words":
        return [f"You asked to be reminded: {about}."]
    if delivery.occasion == "snooze":
        return [f"A reminder of {about} was snoozed until now."]
    told = "after its day has passed"
    if delivery.days_before is not None:
        told = f"{plural(delivery.days_before, 'day')} before" if delivery.days_before else "on its day"
    whose = "Dated items are told in this channel" if explained.destination.channel_id else "You asked for reminders"
    lines = [f"{whose}: {about}, {told}."]
    if explained.muted:
        lines.append("They are muted here now.")
    return lines
