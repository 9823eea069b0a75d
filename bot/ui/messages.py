"""Renders the messages that the bot sends unprompted (alerts, confirmations, notices) and the answer to *Why this?*.

The messages are ordinary text with buttons, because a locked phone shows the first line of ordinary text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from discord import ui

from bot import dates
from bot.ledger.changes import Alert, RecordChange
from bot.ledger.cited import day_key
from bot.ledger.source_lines import site
from bot.ui import facts, news
from bot.ui.cited import source_words
from bot.ui.ids import custom_id, parse
from bot.ui.layout import LABEL_LIMIT, Button, View, button, plain
from bot.ui.news import News
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Delivery, Destination, Fact, Held, Notice, Source, Why

CONTENT_LIMIT = 2000  # Discord: characters of the text of an ordinary message.
_WHY = "sent.why"


@dataclass(frozen=True)
class Message:
    """The rendered message of one delivery, ready to be sent.

    `content` is the text of an ordinary message, or None when `view` is a layout with the text in it. `text` is sent
    instead when Discord refuses the layout. `roles` are the ids of the roles that the message may ping.
    `reply_to` is the id of the message in the same channel that this one replies to.
    """

    content: str | None
    view: View
    text: str = ""
    silent: bool = False
    roles: tuple[int, ...] = ()
    reply_to: int | None = None


def why_button(guild_id: int, nonce: str) -> Button:
    """Return the *Why this?* button, which every delivery has. Its custom id contains the delivery's nonce."""
    return button("Why this?", custom_id(_WHY, nonce, guild_id=guild_id))


def with_marker(message: Message, marker: str) -> Message:
    """Add a marker to the custom id of a message's *Why this?* button, and return the message.

    The marker identifies the message after a restore, when the database may not know the nonce.
    """
    for item in message.view.walk_children():
        if isinstance(item, ui.Button) and (id_ := parse(item.custom_id or "")) and id_.name == _WHY:
            item.custom_id = custom_id(_WHY, *id_.arguments, marker, guild_id=id_.guild_id)
    return message


def nonce_in(custom_ids: Iterable[str]) -> tuple[str, str] | None:
    """Return the nonce and the marker of a message, from the custom ids of its buttons.

    Return None if the message is not a delivery. Messages of the first release have no marker; for them it is "".
    """
    for raw in custom_ids:
        id_ = parse(raw)
        if id_ is not None and id_.name == _WHY and id_.arguments:
            nonce, *rest = id_.arguments
            return nonce, rest[0] if rest else ""
    return None


def late(due_at: datetime) -> str:
    """Render the line that says when a message was due and that it comes late."""
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


def held(rows: Sequence[Held]) -> str:
    """Render how many messages are held after a restore, and when they were due. `rows` must not be empty."""
    first, last = min(row.first for row in rows), max(row.last for row in rows)
    span = f"due {dates.timestamp(first)}" + (f" to {dates.timestamp(last)}" if last != first else "")
    return f"{plural(sum(row.count for row in rows), 'message')}, {span}"


def held_buttons(count: int, whom: str, whose: int | str, guild_id: int | None = None) -> list[Button]:
    """Return the buttons that send or drop held messages. `whom` names the recipient on the buttons.

    `whose` is the id of the messages' destination, or "people" for the messages to all users of the server.
    """
    return [
        button(f"Send {count:,} to {whom}", custom_id("sent.release", whose, guild_id=guild_id)),
        button(f"Drop {count:,} for {whom}", custom_id("sent.drop", whose, guild_id=guild_id)),
    ]


def decided(count: int, *, sent: bool) -> str:
    """Render the answer when a user decided about held messages: to send them if `sent` is True, else to drop them."""
    if sent and count == 1:
        return "1 message is sent now; it says that it may be a repeat."
    if sent:
        return f"{count:,} messages are sent now; each says that it may be a repeat."
    return f"{plural(count, 'message')} will not be sent: taken as arrived before the restore."


def with_notes(message: Message, notes: Sequence[str]) -> Message:
    """Return a message with small print below its text. If its view is a layout, the view itself is changed."""
    if not notes:
        return message
    small_print = "\n".join(notes)
    if isinstance(message.view, ui.LayoutView):
        message.view.add_item(ui.TextDisplay(small_print))
        return replace(message, text=f"{message.text}\n{small_print}")
    content = (message.content or "")[: CONTENT_LIMIT - len(small_print) - 1]
    return replace(message, content=f"{content}\n{small_print}")


def as_plain(message: Message, guild_id: int, nonce: str) -> Message:
    """Return the plain text that replaces a message which Discord refused. Its only button is *Why this?*."""
    text = message.text or message.content or ""
    return Message(
        text[:CONTENT_LIMIT],
        plain([why_button(guild_id, nonce)]),
        silent=message.silent,
        roles=message.roles,
        reply_to=message.reply_to,
    )


# Alerts

_MOST_NEWS = 6  # Pieces of news in one alert. Further ones are only counted.


def alert(content: Alert, guild_id: int, nonce: str) -> Message:
    """Render an alert: what changed, the former values and the sources. The most important news comes first."""
    slugs = [change.slug for change in content.changes]
    pieces = [(change, piece) for change in content.changes for piece in news.news_of(change)]
    main_change, main = pieces[0]
    further = pieces[1:_MOST_NEWS]
    stated = news.keys_of([main.said])
    lines = [_main_line(main_change, main, stated)]
    # Texts with the day and source of the main news stand above the source line; `below` are those with other sources.
    below: list[str] = [
        sentence(news.sourced([part], main_change.sources))
        for part in main.more
        if part.facts and news.keys_of([part]) != stated
    ]
    for change, piece in further:
        same_source = news.keys_of([piece.said, *piece.more]) <= stated
        (lines if same_source else below).append(_further_line(change, piece, main_change, slugs, stated))
    lines += [reported(main.said.facts, main_change.sources), *below]
    if len(pieces) > _MOST_NEWS:
        lines.append(f"-# And {plural(len(pieces) - _MOST_NEWS, 'more change')}: *History*")
    buttons = [
        *_read_button(main.said.facts, main_change.sources),
        *_record_buttons(main_change, guild_id),
        why_button(guild_id, nonce),
    ]
    text = "\n".join(filter(None, (clip(line, _ALERT_LINE) for line in lines)))
    # The text is clipped to leave room for the mentions, since a clipped mention pings nobody.
    roles = "\n" + " ".join(f"<@&{role_id}>" for role_id in content.role_ids) if content.role_ids else ""
    return Message(
        f"{clip(text, CONTENT_LIMIT - 200 - len(roles))}{roles}",
        plain(buttons),
        roles=tuple(content.role_ids),
        reply_to=content.reply_to,
    )


def _record_buttons(change: RecordChange, guild_id: int) -> list[Button]:
    """Return the buttons that open a record and its history. The list is empty for a record that was removed."""
    if not change.state.facts("name"):
        return []
    return [
        button("Open", custom_id("record.open", change.slug, guild_id=guild_id)),
        button("History", custom_id("record.history", change.slug, guild_id=guild_id)),
    ]


_ALERT_LINE = 600  # Characters of a line of an alert.


def _main_line(change: RecordChange, main: News, stated: frozenset[news.Key]) -> str:
    """Render the first line of an alert: the record, the main news, its former value, and the reason of a correction.

    `stated` is the day and source of the main news; another line states them. Further clauses of the main news are
    added only if they have the same day and source.
    """
    name, clause = escaped(news.subject(change), 250), escaped(main.said.text, 300)
    same_source = [part for part in main.more if not part.facts or news.keys_of([part]) == stated]
    parts = [
        f"**Corrected: {name}. {sentence(clause)}.**" if main.corrected else f"**{name}: {clause}.**",
        f"{sentence(news.sourced(same_source, change.sources, stated))}." if same_source else "",
        f"Was: {news.dated(main.was)}." if main.was is not None else "",
        f"Reason: {escaped(main.reason.rstrip('.'), 200)}." if main.reason else "",
    ]
    return " ".join(filter(None, parts))


def _further_line(
    change: RecordChange, piece: News, main_change: RecordChange, slugs: Sequence[str], stated: frozenset[news.Key]
) -> str:
    """Render the line of a further piece of news in an alert.

    The line names its record, unless that is the record of the first line (`main_change`). It shows day and source,
    unless they are `stated` for the main news already. `slugs` are the records that the alert names in any case.
    """
    name = "" if change is main_change else f"{escaped(news.subject(change, slugs), 200)}: "
    words = news.sourced([piece.said, *piece.more], change.sources, stated)
    was = f"; was {news.dated(piece.was)}" if piece.was is not None else ""
    line = f"{name}{words}{was}"
    return f"Corrected: {line}" if piece.corrected else line if name else sentence(line)


def reported(cited: Sequence[Fact[object]], sources: Mapping[int, Source]) -> str:
    """Render the days and sources of some facts, a line for each pair: "Reported 1 February 2024: dsca.mil".

    If a source was published on another day than the day of the fact, the line shows both days.
    """
    by_key: dict[news.Key, list[Fact[object]]] = {}
    for fact in cited:
        by_key.setdefault(news.key_of(fact), []).append(fact)
    return "\n".join(f"{_when(same[0], sources)}: {source_words(same, sources)}" for same in by_key.values())


def _when(fact: Fact[object], sources: Mapping[int, Source]) -> str:
    """Render the day of a fact. If its source was published on another day, add that day."""
    day = facts.dated(fact.date)
    if fact.date.first is None:
        return f"{sentence(day)}, as reported" if fact.date.printed else "Reported, date not known"
    source = sources.get(fact.source)
    published_on = source.published_on if source else None
    if published_on is None or day_key(published_on) == day_key(fact.date):
        return f"Reported {day}"
    return f"{sentence(day)}, reported {facts.dated(published_on)}"


def _read_button(cited: Sequence[Fact[object]], sources: Mapping[int, Source]) -> list[Button]:
    """Return a list with a button that opens the first source with a safe link. Return [] if no source has one."""
    for fact in cited:
        url = sources[fact.source].url if fact.source in sources else ""
        if facts.masked_link(url):
            return [ui.Button(label=clip(f"Read {site(url)}", LABEL_LIMIT), url=url)]
    return []


# Confirmations and notices

_CONFIRMED = {
    "follow": "You follow **{name}** in {server}. Messages about it arrive here.",
    "remind": "You will be reminded of **{name}** here, from {server}.",
    "digest": "Your digest of {server} arrives here.",
}


def confirmation(verb: str, name: str, server: str, guild_id: int, nonce: str) -> Message:
    """Render the direct message that confirms what a user set up. It also shows that direct messages arrive.

    `verb` is "follow", "remind" or "digest". `name` is the name of the record, or the words of the reminder.
    """
    confirmed = _CONFIRMED[verb].format(name=escaped(name, 120), server=escaped(server, 100))
    help_ = "-# `/follow list` and `/remind list` work here too; *Why this?* offers to stop it."
    return Message(f"{confirmed}\n{help_}", plain([why_button(guild_id, nonce)]))


_ARRIVED = {
    "delivered": "A first message has just arrived in your direct messages.",
    "DMs closed": (
        "**But your direct messages are closed to this server, so nothing can arrive.** Open its privacy settings, "
        "allow direct messages, then ask again; until then what is due waits."
    ),
    "left the server": "**But Discord says that you are not a member here,** so nothing is sent.",
}


def arrived(confirmed: Delivery | None) -> str:
    """Render whether the confirmation by direct message arrived, as a sentence.

    If `confirmed` is None, no confirmation was needed, and "" is returned.
    """
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


def notice(content: Notice, destination: str, server: str, guild_id: int, nonce: str) -> Message:
    """Render the notice that Discord refused a message or that a destination is paused, with the reason and the remedy.

    `destination` is the destination in words, such as "<#7>". The notice goes to the user who set the destination up,
    or to the owner of the server.
    """
    if content.outcome == "refused":
        text = (
            f"**Discord refused {_KINDS[content.kind]} for {destination}** in {escaped(server, 100)}, as drawn and as "
            f"plain text ({escaped(content.words, 100)}).\nThis one message is lost; all others go on. "
            "Tell whoever runs this bot."
        )
    else:
        text = (
            f"**Messages for {destination} in {escaped(server, 100)} have stopped:** {escaped(content.words, 200)}.\n"
            "Nothing is lost: what is due waits. Put it right, then press *Resume* in `/settings show` there; "
            "a changed channel or role is tried again by itself."
        )
    return Message(text, plain([why_button(guild_id, nonce)]))


def channel_or_dms_of(destination: Destination) -> str:
    """Render a destination for readers other than its user: "<#7>", or "the direct messages of <@5>"."""
    return (
        f"<#{destination.channel_id}>" if destination.channel_id else f"the direct messages of <@{destination.user_id}>"
    )


def why_paused(destination: Destination) -> str:
    """Return why a destination is paused, such as "not permitted: the bot lacks Send Messages there"."""
    return ": ".join(filter(None, (destination.outcome, destination.reason)))


def channel_or_your_dms(destination: Destination) -> str:
    """Render a destination for its own user: "<#7>", or "your direct messages"."""
    return f"<#{destination.channel_id}>" if destination.channel_id else "your direct messages"


def digest_times(destination: Destination) -> str:
    """Render when a destination gets its digest: "weekdays at 09:00 (Asia/Kolkata)"."""
    return f"{dates.format_weekdays(destination.digest_days)} at {destination.digest_at} ({destination.zone})"


# Why this?


def why(explained: Why) -> tuple[str, list[Button]]:
    """Render why a message was delivered: for which follow, reminder or digest.

    Return the text, and the buttons that mute or stop such messages.
    """
    delivery, destination = explained.delivery, explained.destination
    here = "This channel" if destination.channel_id else "You"
    lines: list[str] = []
    buttons: list[Button] = []

    def offer(label: str, verb: str, target: str, *ids: int) -> None:
        buttons.append(button(label, custom_id(f"sent.{verb}", target, *ids, guild_id=delivery.guild_id)))

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
            f"It is the digest of {channel_or_your_dms(destination)}: {digest_times(destination)}, "
            "when something changed, fell due or is still open."
        )
        offer("Stop this digest", "stop", "digest", destination.id)
    elif delivery.kind == "digest":
        lines.append("It was a digest; there are none here any more.")
    elif delivery.kind == "reminder":
        lines += _why_reminder(explained)
        if explained.item is not None and not explained.muted:
            offer(f"Mute reminders of {explained.about}", "mute", "item", destination.id, explained.item)
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
    """Return the lines that say what a reminder is about and why it came on this day."""
    delivery = explained.delivery
    about = f"**{escaped(explained.about, 120)}**" if explained.about else "a pending item"
    if delivery.occasion == "words":
        return [f"You asked to be reminded: {about}."]
    if delivery.occasion == "snooze":
        return [f"A reminder of {about} was snoozed until now."]
    day = "after its day has passed"
    if delivery.days_before is not None:
        day = f"{plural(delivery.days_before, 'day')} before" if delivery.days_before else "on its day"
    whose = "Dated items are told in this channel" if explained.destination.channel_id else "You asked for reminders"
    lines = [f"{whose}: {about}, {day}."]
    if explained.muted:
        lines.append("They are muted here now.")
    return lines
