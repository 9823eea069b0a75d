"""Renders the answers of `/follow`: a new or ended follow, the list of follows, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from discord import ui

from bot import dates
from bot.message_contents import LostFacts
from bot.ui import messages
from bot.ui.cards import short
from bot.ui.ids import custom_id
from bot.ui.layout import LABEL_LIMIT, TEXT_LIMIT, Button, button, card, plain
from bot.ui.messages import arrived, digest_times
from bot.ui.text import UNANSWERED, clip, escaped, plural
from data.records import Delivery, Destination, Follow, Held, Logged, Record


def added(follow: Follow, destination: Destination, confirmed: Delivery | None, guild_id: int | None) -> ui.LayoutView:
    """Render the answer to a new follow: what arrives and when, and buttons for the digest.

    `confirmed` is the direct message that confirms the follow, or None when none was sent.
    """
    follower = f"<#{destination.channel_id}> now follows" if destination.channel_id else "You now follow"
    name = "everything in this server's record" if follow.slug is None else f"**{escaped(follow.name or '', 120)}**"
    lines = [f"{follower} {name}."]
    role = f", with a mention of <@&{follow.role_id}>" if follow.role_id else ""
    if follow.at_once:
        target = "there" if destination.channel_id else "by direct message"
        lines.append(
            f"Its milestones arrive {target} when they happen{role}: "
            "changes of stage, approvals, and pending items that open, get another date or close."
        )
    if destination.digest_at:
        days = dates.format_weekdays(destination.digest_days)
        lines.append(
            f"Everything {'else ' if follow.at_once else ''}is in the digest, {days} at {destination.digest_at}."
        )
    elif follow.at_once:
        lines.append("Everything else about it would be in a digest; there is none yet.")
    else:
        lines.append("It is told in a digest; there is none yet.")
    lines.append(arrived(confirmed))
    buttons: list[Button] = []
    if not destination.digest_at:
        buttons.append(button("Also a daily digest", custom_id("follow.digest", destination.id, guild_id=guild_id)))
    if follow.at_once:
        buttons.append(button("Digest only", custom_id("follow.quiet", follow.id, guild_id=guild_id)))
    return card(["\n".join(filter(None, lines))], buttons=buttons)


def digest_started(destination: Destination, digest_command: str) -> str:
    """Render the answer when a destination got a digest. `digest_command` is the mention of `/digest set`."""
    target = messages.channel_or_your_dms(destination)
    return (
        f"A digest comes to {target} when something changed: {digest_times(destination)}. "
        f"{digest_command} changes time and days."
    )


def digest_only(destination: Destination) -> str:
    """Render the answer when the alerts of a follow have been stopped, so that changes are only in the digest."""
    return f"Nothing arrives at once any more; it is all in the digest, {digest_times(destination)}."


def following(follow: Follow, destination: Destination, guild_id: int | None) -> tuple[str, ui.View]:
    """Render which messages arrive about a record that a user follows, with a button that ends the follow.

    The message is ordinary text. The button replaces the text, and Discord does not allow that in a layout.
    """
    name = follow.name or ""
    lines = [f"You follow **{escaped(name, 120)}**."]
    if follow.at_once:
        lines.append("Its milestones arrive by direct message when they happen.")
    if destination.digest_at:
        rest = "Everything else about it" if follow.at_once else "What changes"
        lines.append(f"{rest} is in your digest: {digest_times(destination)}.")
    if destination.state == "paused":
        lines.append(f"Nothing is sent at present: {escaped(messages.why_paused(destination), 200)}.")
    stop = button(f"Stop following {short(name)}", custom_id("follow.remove", follow.id, guild_id=guild_id))
    return " ".join(lines), plain([stop])


def not_following(record: Record, guild_id: int | None) -> tuple[str, ui.View]:
    """Render that a user does not follow a record any more, with a button to follow it again."""
    again = button(f"Follow {short(record.name)}", custom_id("follow.add", record.slug, guild_id=guild_id))
    return f"You do not follow **{escaped(record.name, 120)}** any more.", plain([again])


@dataclass(frozen=True)
class DestinationEntry:
    """A destination in a list, with the name of its server and its follows.

    If dossiers were unloaded, some followed records have lost facts. `lost` has these losses by the id of the follow.
    """

    destination: Destination
    server: str
    follows: Sequence[Follow]
    lost: Mapping[int, Sequence[LostFacts]] = field(default_factory=dict[int, Sequence[LostFacts]])


def title(entry: DestinationEntry, *, in_dm: bool) -> str:
    """Render a destination as a heading. If `in_dm` is True, the heading also names the server."""
    channel_id = entry.destination.channel_id
    name = f"<#{channel_id}>" if channel_id else "You, by direct message"
    return f"{name} · {escaped(entry.server, 100)}" if in_dm else name


def listing(entries: Sequence[DestinationEntry], *, in_dm: bool, incomplete: bool) -> ui.LayoutView:
    """Render the list of follows, grouped by destination.

    If `incomplete` is True, a line says that some servers may be missing because Discord did not answer in time.
    """
    texts = ["## Follows", *([UNANSWERED] if incomplete else [])]
    for entry in entries:
        lines = [f"### {title(entry, in_dm=in_dm)}"]
        lines += [f"- {_follow_line(follow, entry.lost.get(follow.id, ()))}" for follow in entry.follows]
        if entry.destination.state == "paused":
            lines.append(f"-# Paused: {escaped(messages.why_paused(entry.destination), 200)}")
        if entry.destination.digest_at:
            lines.append(f"-# Digest: {digest_times(entry.destination)}")
        texts.append("\n".join(lines))
    return card([clip("\n".join(texts), TEXT_LIMIT - 10)])


def _follow_line(follow: Follow, lost: Sequence[LostFacts]) -> str:
    """Render a follow in a list: "31 armed drones · at once, mentions <@&7>".

    If its record lost facts because dossiers were unloaded (`lost`), that is added.
    """
    gone = [facts.name for facts in lost if facts.gone]
    name = "everything" if follow.slug is None else escaped(gone[0] if gone else follow.name or "", 100)
    how = "muted" if follow.muted else "at once" if follow.at_once else "in the digest only"
    role = f", mentions <@&{follow.role_id}>" if follow.role_id else ""
    from_dossiers = "".join(f"; {_lost(facts)}" for facts in lost)
    return f"{name} · {how}{role}{from_dossiers}"


def _lost(facts: LostFacts) -> str:
    """Render what a followed record lost when a dossier was unloaded: its facts, or the record itself."""
    dossier = f"the dossier {escaped(facts.dossier, 80)}"
    if facts.gone:
        return f"its record went with {dossier}, and comes back when that is loaded again"
    return f"lost {plural(facts.facts, 'fact')} with {dossier}, which was unloaded"


def log(
    entries: Sequence[tuple[DestinationEntry, Sequence[Logged]]],
    held: Mapping[int, Held],
    *,
    in_dm: bool,
    incomplete: bool,
    now: datetime,
) -> ui.LayoutView:
    """Render the log of deliveries, grouped by destination: when each was due, what it was, and its outcome.

    `held` has the deliveries that are held after a restore, by destination id. Users get buttons that send or drop
    their own held deliveries. If `incomplete` is True, a line says that some servers may be missing because Discord did
    not answer in time.
    """
    buttons: list[Button] = []
    texts = ["## What became of each message", *([UNANSWERED] if incomplete else [])]
    for entry, logged in entries:
        destination = entry.destination
        lines = [f"### {title(entry, in_dm=in_dm)}"]
        if destination.state == "paused":
            lines.append(f"Paused: {escaped(messages.why_paused(destination), 200)}")
        if (held_here := held.get(destination.id)) is not None:
            lines.append(f"**Held after a restore: {messages.held([held_here])}.** {messages.HELD}")
            if destination.person_id is not None:
                whom = f"you from {entry.server}" if in_dm else "you"
                guild_id = destination.guild_id if in_dm else None
                buttons += messages.held_buttons(held_here.count, whom, destination.id, guild_id)
            else:
                lines.append("Someone with Manage Server decides in `/settings show`.")
        lines += [_log_line(row, destination, now) for row in logged]
        if not logged:
            lines.append("Nothing has been due yet.")
        texts.append("\n".join(lines))
    return card([clip("\n".join(texts), TEXT_LIMIT - 10)], buttons=buttons)


_KINDS = {
    "alert": "Alert",
    "reminder": "Reminder",
    "open": "Still open",
    "digest": "Digest",
    "confirmation": "First message",
    "notice": "Notice",
}


def _log_line(logged: Logged, destination: Destination, now: datetime) -> str:
    """Render one delivery in the log: "- <time> Alert, 31 armed drones: **delivered**"."""
    delivery = logged.delivery
    about = f", {escaped(logged.about, 80)}" if logged.about else ""
    return (
        f"- {dates.timestamp(delivery.due_at)} {_KINDS[delivery.kind]}{about}: **{fate(delivery, destination, now)}**"
    )


def fate(delivery: Delivery, destination: Destination, now: datetime) -> str:
    """Return the outcome of a delivery, such as "delivered". If it has none yet, return why it waits."""
    if delivery.state == "settled":
        return delivery.outcome
    if destination.state == "paused":
        return "held until this works again"
    if delivery.held == "held":
        return "held: it may have arrived before the restore"
    if delivery.state == "claimed":
        return "being sent"
    if delivery.tries:
        return f"waits for try {delivery.tries + 1}"
    return "waits to be sent" if delivery.due_at <= now else "planned"


def remove_buttons(matching: Sequence[tuple[DestinationEntry, Follow]]) -> ui.View:
    """Return a view with a button for each of several follows of the same name. The button ends the follow."""
    return plain(
        [
            button(
                clip(f"{follow.name or 'everything'} ({entry.server})", LABEL_LIMIT),
                custom_id("follow.remove", follow.id, guild_id=entry.destination.guild_id),
            )
            for entry, follow in matching
        ]
    )


def removed(follow: Follow, destination: Destination, remaining: int) -> str:
    """Render the answer when a follow has ended. `remaining` counts the follows that the destination still has."""
    who = f"<#{destination.channel_id}> no longer follows" if destination.channel_id else "You no longer follow"
    name = "everything" if follow.slug is None else f"**{escaped(follow.name or '', 120)}**"
    return f"{who} {name}. {plural(remaining, 'follow is', 'follows are')} left there."
