"""Renders the part of a draft's preview below the changes: warnings, and selects of further changes of the deals."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.ledger.cited import cited, plain
from bot.ledger.closing import DealQuestion, consent
from bot.ledger.drafts import EventOption, Preview
from bot.ledger.kinds import STAGES
from bot.ui.ids import custom_id
from bot.ui.layout import Select
from bot.ui.text import clip, escaped, joined, plural, sentence

_LEFT_NAMED = 3
_WARNINGS = 4
_OPTIONS = 25  # Discord: options of a select.

STAYS = "stays"
"""The value of the option "The stage stays as it is" in a select of stages."""


def left_lines(seen: Preview) -> list[str]:
    """Return the warnings that an editor should read before saving.

    They are about (a) likely mistakes in the draft, (b) approvals and pending items that stay open although the draft
    makes their deal signed or completed.
    """
    lines = [f"**Before you save:** {escaped(warning, 200)}." for warning in seen.warnings[:_WARNINGS]]
    if len(seen.warnings) > _WARNINGS:
        lines.append(f"-# And {plural(len(seen.warnings) - _WARNINGS, 'more warning')} of this sort.")
    deals = max(len(seen.left), 1)
    most, limit = max(_LEFT_NAMED // deals, 1), 120 // deals  # Several deals together get the room of one.
    for open_parts in seen.left:
        of = f" of {escaped(open_parts.name, 60)}" if len(seen.left) > 1 else ""
        parts = [
            (open_parts.unheard, "approval", "{they} will be listed as having no outcome reported"),
            (open_parts.approvals, "approval", "the deal goes on waiting for {them}"),
            (open_parts.items, "pending item", "{they} will stay open"),
        ]
        for words, noun, then in parts:
            if words:
                single = len(words) == 1
                stays = then.format(they="it" if single else "they", them="it" if single else "them")
                named = [escaped(item, limit) for item in words[:most]]
                more = [f"{len(words) - most:,} more"] if len(words) > most else []
                text = f"{plural(len(words), noun)}{of} {'is' if single else 'are'} still open; {stays}"
                lines.append(f"**Before you save:** {text}: {'; '.join([*named, *more])}")
    return lines


def question(asked: Sequence[DealQuestion]) -> str:
    """Return the sentences above the selects about deals: what an editor can choose in them.

    Return "" if no deal has a select.
    """
    last = [escaped(each.name, 60) for each in asked if each.last and each.stages]
    asks = list(dict.fromkeys(ask for each in asked for ask in _asks(each, several=len(asked) > 1)))
    texts: list[str] = []
    if last:
        how_far = "How far is the deal now?" if len(last) == 1 else "How far are these deals now?"
        texts.append(f"No approval of {joined(last, 'or')} is open any more. {how_far}")
        texts.append("Choose below what the source says; nothing has to be chosen.")
    elif asks:
        texts.append(f"If the source also says {joined(asks, 'or')}, choose it below; nothing has to be chosen.")
    for each in asked:
        more = len(each.approvals) - _OPTIONS
        if more > 0:
            of = escaped(each.name, 60)
            texts.append(f"{plural(more, 'more open approval')} of {of} can be entered with /update deal.")
    return " ".join(texts)


def _asks(asked: DealQuestion, *, several: bool) -> list[str]:
    """Return what an editor can choose about a deal, as clauses that follow "If the source also says".

    `several` says that the preview asks about several deals.
    """
    asks = ["how far these deals are now" if several else "how far the deal is now"] if asked.stages else []
    return [*asks, *([f"that other approvals were {asked.state}"] if asked.approvals else [])]


def selects(seen: Preview, guild_id: int | None) -> list[Select]:
    """Return up to two selects for each deal that the preview asks about.

    One select has the stages that the deal may have reached. The other has its open approvals; those that an editor
    chooses get the state `DealQuestion.state`, such as "granted".
    """
    chooser: list[Select] = []
    for asked in seen.asked:
        of = clip(asked.name, 60) if len(seen.asked) > 1 else ""
        if asked.stages:
            stays = discord.SelectOption(
                label=f"The stage of {of} stays as it is" if of else "The stage stays as it is",
                value=STAYS,
                description=clip(plain([asked.stage]), 100),
                default=not asked.chosen,
            )
            chooser.append(
                Select(
                    custom_id=custom_id("update.after", seen.draft.id, asked.id, guild_id=guild_id),
                    placeholder=f"The stage of {of} after this" if of else "The deal's stage after this",
                    options=[stays, *(_stage_option(asked, step, why) for step, why in asked.stages.items())],
                )
            )
        if asked.approvals:
            options = [
                discord.SelectOption(
                    label=clip(sentence(consent(fact.value, asked.names)), 100),
                    value=str(fact.update),
                    description=clip(plain([cited(fact.value.state, fact)]), 100),
                    default=fact.update in asked.also,
                )
                for fact in asked.approvals[:_OPTIONS]
            ]
            also = f"Also {asked.state}, says this source"
            chooser.append(
                Select(
                    custom_id=custom_id("update.also", seen.draft.id, asked.id, guild_id=guild_id),
                    placeholder=f"{also}, of {of}" if of else also,
                    options=options,
                    min_values=0,
                    max_values=len(options),
                )
            )
    return chooser


def _stage_option(asked: DealQuestion, step: str, why: str) -> discord.SelectOption:
    if not why and asked.last and step == "approved":
        why = "No approval is open any more"
    return discord.SelectOption(label=STAGES[step], value=step, description=why or None, default=step == asked.chosen)


def event_question(seen: Preview) -> str:
    """Return the sentence that explains the selects below the preview of an event. Return "" if there are none."""
    event = seen.event
    if event is None or not (event.stages or event.options or event.items):
        return ""
    return "Below are the usual changes that go with this event. Choose others if the source says otherwise."


def event_selects(seen: Preview, guild_id: int | None) -> list[Select]:
    """Return the selects below the preview of an event.

    They ask (a) for the stage of the deal after the event, (b) what else the event changes, and (c) which pending item
    the typed due date belongs to. A select without anything to choose is left out.
    """
    event = seen.event
    if event is None:
        return []
    chooser: list[Select] = []
    if event.stages:
        stays = discord.SelectOption(
            label="The stage stays as it is" if event.now else "No stage is reported",
            value=STAYS,
            description=clip(event.now, 100) or None,
            default=not event.stage,
        )
        steps = [
            discord.SelectOption(label=f"Stage: {STAGES[step]}", value=step, default=step == event.stage)
            for step in event.stages
        ]
        chooser.append(
            Select(
                custom_id=custom_id("update.eventstage", seen.draft.id, guild_id=guild_id),
                placeholder="The deal's stage after this",
                options=[stays, *steps],
            )
        )
    if event.options:
        options = [_event_option(option) for option in event.options[:_OPTIONS]]
        chooser.append(
            Select(
                custom_id=custom_id("update.eventchanges", seen.draft.id, guild_id=guild_id),
                placeholder="What this changes too",
                options=options,
                min_values=0,
                max_values=len(options),
            )
        )
    if event.items:
        chooser.append(
            Select(
                custom_id=custom_id("update.eventitem", seen.draft.id, guild_id=guild_id),
                placeholder="Whose date this is",
                options=[_event_option(option) for option in event.items[:_OPTIONS]],
            )
        )
    return chooser


def _event_option(option: EventOption) -> discord.SelectOption:
    return discord.SelectOption(
        label=clip(option.label, 100),
        value=option.value,
        description=clip(option.beside, 100) or None,
        default=option.chosen,
    )
