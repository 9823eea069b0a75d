"""The messages when dossiers are loaded, listed or unloaded, and the message about mistakes in a dossier file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord
from discord import ui

from bot import dates
from bot.dossier import Mistake
from bot.ledger.kinds import KIND_WORDS
from bot.message_contents import DossierAge, DossierEntry, Loaded, Melted, Unloading
from bot.ui import pages
from bot.ui.ids import custom_id
from bot.ui.layout import Button, button, card
from bot.ui.text import escaped, joined, plural
from bot.ui.theme import OPEN, PLAIN
from data.records import FactDate

MOST_MISTAKES = 15
_ROOM_FOR_MISTAKES = 3500  # Characters.
_MOST_AGES = 3  # Dossiers that a digest lists with the age of their newest fact.
_MOST_NAMES = 3  # Records that an answer names; the others are counted.
_MOST_MELTED = 8
_ON_A_PAGE = 8

Mention = Callable[[str], str]
"""A function that turns the name of a command into a mention that people can click."""


def age(newest: FactDate) -> str:
    """Return a clause with the date of a dossier's newest fact: "its newest fact is of 10 November 2023"."""
    return f"its newest fact is {_of(newest)}"


def ages(dossiers: Sequence[DossierAge]) -> list[str]:
    """Render a line for each of the first dossiers without recent facts, and a line that counts the others."""
    lines = [
        f"The newest fact of the dossier {escaped(old.dossier, 100)} is {_of(old.newest)}."
        for old in dossiers[:_MOST_AGES]
    ]
    more = len(dossiers) - _MOST_AGES
    return (
        lines if more <= 0 else [*lines, f"{plural(more, 'more dossier has', 'more dossiers have')} no recent facts."]
    )


def _of(date: FactDate) -> str:
    words = dates.format_fact_date(date, weekday=False)
    return f"of {words}" if date.precision in ("day", "month", "year") else f"dated {words}"


def some(names: Sequence[str]) -> str:
    """Join the first names, and count the other names: "France, India, Japan and 3 others"."""
    shown = [escaped(name, 80) for name in names[:_MOST_NAMES]]
    more = len(names) - len(shown)
    return joined([*shown, *([plural(more, "other", "others")] if more else [])])


# Loading


def mistakes(all_mistakes: Sequence[Mistake], file_name: str) -> ui.LayoutView:
    """Render that a dossier file was not loaded, and its first mistakes, each with its line in the file."""
    lines: list[str] = []
    room = _ROOM_FOR_MISTAKES
    for mistake in all_mistakes[:MOST_MISTAKES]:
        line = f"- {escaped(str(mistake), 330)}"
        if len(line) + 1 > room:
            break
        lines.append(line)
        room -= len(line) + 1
    if more := len(all_mistakes) - len(lines):
        lines.append(f"- and {more:,} more; `python -m bot dossier check` lists all")
    heading = f"## {escaped(file_name, 80)} was not loaded"
    summary = f"{plural(len(all_mistakes), 'mistake')}. Nothing was changed. Correct the file, then load it again."
    return card([f"{heading}\n{summary}", "\n".join(lines)], accent=OPEN)


def loaded(changes: Loaded, *, mention: Mention) -> ui.LayoutView:
    """Render what loading a dossier did: how many facts changed, and which existing records got facts from it."""
    did = [
        f"{plural(count, 'fact')} {what}"
        for count, what in ((changes.added, "added"), (changes.changed, "corrected"), (changes.withdrawn, "withdrawn"))
        if count
    ]
    lines = [f"## {escaped(changes.name, 150)}"]
    lines.append(f"**{joined(did)}.**" if did else "**Nothing was changed:** all of it is on record already.")
    if changes.kept:
        lines.append(
            f"{plural(changes.kept, 'fact')} stayed as your editors have {'it' if changes.kept == 1 else 'them'}."
        )
    if did and changes.unchanged:
        lines.append(
            f"{plural(changes.unchanged, 'fact')} {'was' if changes.unchanged == 1 else 'were'} there already."
        )
    if changes.shared:
        was = "was" if len(changes.shared) == 1 else "were"
        lines.append(f"{some(changes.shared)} {was} on the record already, and got the facts of this dossier too.")
    quiet = f"-# Nobody is alerted; the next digest says it in one line. {mention('deal list')} shows the deals."
    return card(["\n".join(lines), quiet if did else ""], accent=PLAIN)


# Listing and unloading


def listing(
    dossiers: Sequence[DossierEntry], melted: Sequence[Melted], page: int, *, mention: Mention
) -> ui.LayoutView:
    """Render a page of the dossiers that are loaded in a server, each with a button that unloads it.

    `melted` are records that belong to two dossiers by a mistake of an earlier version. They are named below the list.
    """
    if not dossiers:
        return card([f"## Dossiers\nNone is loaded here. {mention('settings load')} loads one."], accent=PLAIN)
    all_pages = pages.pack([1] * len(dossiers), most=_ON_A_PAGE)
    page = pages.clamped(page, len(all_pages))
    shown = [dossiers[index] for index in all_pages[page]]
    label = pages.page_label(page, len(all_pages))
    texts = [
        "\n".join(filter(None, ["## Dossiers", f"-# {label}" if label else "", *map(_entry, shown)])),
        "\n".join(["### Records of two dossiers", *_melted(melted)]) if melted else "",
        f"-# {mention('settings load')} loads another, or one of these again.",
    ]
    buttons = [button(f"Unload {dossier.name}", custom_id("settings.unload", dossier.slug)) for dossier in shown]
    buttons += pages.turn_buttons(page, len(all_pages), "dossiers", lambda to: custom_id("settings.dossiers", to))
    return card(texts, buttons=buttons, accent=OPEN if melted else PLAIN)


def _entry(dossier: DossierEntry) -> str:
    """Render the lines of a dossier in the list: its name, when and by whom it was loaded, the number of its facts."""
    who = f" by <@{dossier.loaded_by}>" if dossier.loaded_by else ""
    newest = f"; {age(dossier.newest)}" if dossier.newest else ""
    return (
        f"**{escaped(dossier.name, 120)}**\n"
        f"loaded {dates.timestamp(dossier.loaded_at)}{who}; {plural(dossier.facts, 'fact')}{newest}"
    )


def _melted(melted: Sequence[Melted]) -> list[str]:
    """Render lines about records that belong to two dossiers by mistake: their names, and how to separate them."""
    lines = [
        f"- **{escaped(record.name, 100)}** ({KIND_WORDS[record.kind][0]}): "
        f"{joined([escaped(name, 80) for name in record.dossiers])}"
        for record in melted[:_MOST_MELTED]
    ]
    if len(melted) > _MOST_MELTED:
        lines.append(f"- and {len(melted) - _MOST_MELTED:,} more")
    return [
        "An earlier version made one record of two, because both files use the same key:",
        *lines,
        "Unload one of the two dossiers and load it again: each then has a record of its own.",
    ]


def unload_preview(unloading: Unloading) -> ui.LayoutView:
    """Render what unloading a dossier would change, with one button that unloads it and one that leads back."""
    texts = [f"## Unload {escaped(unloading.name, 150)}?\n" + "\n".join(_effects(unloading, done=False))]
    buttons: list[Button] = [
        button(
            "Unload this dossier", custom_id("settings.unload_confirmed", unloading.slug), discord.ButtonStyle.danger
        ),
        button("Keep this dossier", custom_id("settings.dossiers", 0)),
    ]
    return card(texts, buttons=buttons, accent=OPEN)


def unloaded(unloading: Unloading, *, mention: Mention) -> ui.LayoutView:
    """Render what unloading a dossier has changed."""
    texts = [
        f"## {escaped(unloading.name, 150)} was unloaded\n" + "\n".join(_effects(unloading, done=True)),
        f"-# {mention('follow list')} says what each follow lost. {mention('settings load')} loads the dossier again.",
    ]
    return card(texts, buttons=[button("All dossiers", custom_id("settings.dossiers", 0))], accent=PLAIN)


def _effects(unloading: Unloading, *, done: bool) -> list[str]:
    """Render lines that say what unloading a dossier changes. They are in the past tense if `done` is True."""

    def verb(count: int, singular: str, several: str, past: str) -> str:
        return past if done else singular if count == 1 else several

    facts, gone, follows, reminders = unloading.facts, unloading.gone, unloading.follows, unloading.reminders
    be = ("was" if facts == 1 else "were") if done else ("is" if facts == 1 else "are")
    lines = [
        f"**{plural(facts, 'fact')} {be} withdrawn.** {plural(gone, 'record')} that came from it alone "
        f"{verb(gone, 'leaves', 'leave', 'left')} lists, search and completion; histories keep all of it."
    ]
    if len(unloading.stay) == 1:
        lines.append(f"{some(unloading.stay)} {verb(1, 'keeps', '', 'kept')} its name: other facts are about it.")
    elif unloading.stay:
        lines.append(f"{some(unloading.stay)} {verb(2, '', 'keep', 'kept')} their names: other facts are about them.")
    if follows:
        lines.append(f"{plural(follows, 'follow')} {verb(follows, 'loses its', 'lose their', 'lost the')} record.")
    if reminders:
        lines.append(f"{plural(reminders, 'reminder')} {verb(reminders, 'ends', 'end', 'ended')}.")
    lines.append("Nobody is alerted. Loading it again brings all of this back, follows and reminders included.")
    return lines
