"""Follows: the answers of `/follow`, the lists of follows and the log of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from discord import ui

from bot import dates
from bot.ui import messages
from bot.ui.cards import short
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, Button, button, card, plain
from bot.ui.messages import arrived, rhythm
from bot.ui.text import UNANSWERED, clip, escaped, plural
from data.records import Delivery, Destination, Follow, Held, Logged, Record


def added(follow: Follow, destination: Destination, confirmed: Delivery | None, guild_id: int | None) -> ui.LayoutView:
    """Render the answer to a new follow: what it tells and when, and whether the first message arrived."""
    where = f"<#{destination.channel_id}>" if destination.channel_id else "You"
    what = "everything in this server's record" if follow.slug is None else f"**{escaped(follow.name or '', 120)}**"
    lines = [f"{where} now {'follows' if destination.channel_id else 'follow'} {what}."]
    role = f", with a mention of <@&{follow.role_id}>" if follow.role_id else ""
    if follow.at_once:
        place = "there" if destination.channel_id else "by direct message"
        lines.append(
            f"Its milestones arrive {place} when they happen{role}: "
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


def following(follow: Follow, destination: Destination, guild_id: int | None) -> tuple[str, ui.View]:
    """Render what a user follows and how it arrives, with a button to stop.

    It is ordinary text, so that an answer in ordinary text can replace it.
    """
    name = follow.name or ""
    lines = [f"You follow **{escaped(name, 120)}**."]
    if follow.at_once:
        lines.append("Its milestones arrive by direct message when they happen.")
    if destination.digest_at:
        rest = "Everything else about it" if follow.at_once else "What changes"
        lines.append(f"{rest} is in your digest: {rhythm(destination)}.")
    if destination.state == "paused":
        lines.append(f"Nothing is sent at present: {escaped(messages.why_paused(destination), 200)}.")
    stop = button(f"Stop following {short(name)}", custom_id("follow.remove", follow.id, guild_id=guild_id))
    return " ".join(lines), plain([stop])


def not_following(record: Record, guild_id: int | None) -> tuple[str, ui.View]:
    """Render that a follow has ended since its card was rendered, with a button to follow again."""
    again = button(f"Follow {short(record.name)}", custom_id("follow.add", record.slug, guild_id=guild_id))
    return f"You do not follow **{escaped(record.name, 120)}** any more.", plain([again])


@dataclass(frozen=True)
class DestinationEntry:
    """One destination with what it follows, as a list shows it."""

    destination: Destination
    server: str
    follows: Sequence[Follow]


def title(place: DestinationEntry, *, in_dm: bool) -> str:
    """Render a destination as a heading; `in_dm` adds its server."""
    where = f"<#{place.destination.channel_id}>" if place.destination.channel_id else "You, by direct message"
    return f"{where} · {escaped(place.server, 100)}" if in_dm else where


def listing(places: Sequence[DestinationEntry], *, in_dm: bool, incomplete: bool) -> ui.LayoutView:
    """Render what is followed, by destination.

    `incomplete` adds that some servers are missing because Discord did not answer in time.
    """
    texts = ["## Follows", *([UNANSWERED] if incomplete else [])]
    for place in places:
        lines = [f"### {title(place, in_dm=in_dm)}"]
        lines += [f"- {_one(follow)}" for follow in place.follows]
        if place.destination.state == "paused":
            lines.append(f"-# Paused: {escaped(messages.why_paused(place.destination), 200)}")
        if place.destination.digest_at:
            lines.append(f"-# Digest: {rhythm(place.destination)}")
        texts.append("\n".join(lines))
    return card([clip("\n".join(texts), TEXT_LIMIT - 10)])


def _one(follow: Follow) -> str:
    name = "everything" if follow.slug is None else escaped(follow.name or "", 100)
    how = "muted" if follow.muted else "at once" if follow.at_once else "in the digest only"
    role = f", mentions <@&{follow.role_id}>" if follow.role_id else ""
    return f"{name} · {how}{role}"


def log(
    places: Sequence[tuple[DestinationEntry, Sequence[Logged]]],
    held: Mapping[int, Held],
    *,
    in_dm: bool,
    incomplete: bool,
    now: datetime,
) -> ui.LayoutView:
    """Render the log of deliveries, by destination: when each was due, what it was, and its outcome.

    `held` are the messages that are held after a restore, by the id of their destination. Users send or drop those to
    themselves with buttons. `incomplete` adds that some servers are missing because Discord did not answer in time.
    """
    buttons: list[Button] = []
    texts = ["## What became of each message", *([UNANSWERED] if incomplete else [])]
    for place, found in places:
        lines = [f"### {title(place, in_dm=in_dm)}"]
        if place.destination.state == "paused":
            lines.append(f"Paused: {escaped(messages.why_paused(place.destination), 200)}")
        if (kept := held.get(place.destination.id)) is not None:
            lines.append(f"**Held after a restore: {messages.held([kept])}.** {messages.HELD}")
            if place.destination.person_id is not None:
                whom = f"you from {place.server}" if in_dm else "you"
                guild_id = place.destination.guild_id if in_dm else None
                buttons += messages.held_buttons(kept.count, whom, place.destination.id, guild_id)
            else:
                lines.append("Someone with Manage Server decides in `/settings show`.")
        lines += [_line(logged, place.destination, now) for logged in found]
        if not found:
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


def _line(logged: Logged, destination: Destination, now: datetime) -> str:
    delivery = logged.delivery
    about = f", {escaped(logged.about, 80)}" if logged.about else ""
    return (
        f"- {dates.timestamp(delivery.due_at)} {_KINDS[delivery.kind]}{about}: **{fate(delivery, destination, now)}**"
    )


def fate(delivery: Delivery, destination: Destination, now: datetime) -> str:
    """Return the outcome of a delivery or, before it has one, its present state."""
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


def removed(follow: Follow, destination: Destination, left: int) -> str:
    """Render the answer when a follow was removed; `left` is how many the destination still has."""
    who = f"<#{destination.channel_id}> no longer follows" if destination.channel_id else "You no longer follow"
    name = "everything" if follow.slug is None else f"**{escaped(follow.name or '', 120)}**"
    return f"{who} {name}. {plural(left, 'follow is', 'follows are')} left there."
