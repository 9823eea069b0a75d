"""Code that commands about records share: command options that take a record, the look-up of a record, and its card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import app_commands, ui

from bot.app import Attache
from bot.errors import BadInput, NotInRecord
from bot.interactions.cache import CachedRecord, RecordCache
from bot.interactions.permissions import Actor, require_editor
from bot.ledger.cited import shortened
from bot.ledger.kinds import KIND_WORDS, KINDS
from bot.ledger.values import quoted
from bot.ledger.words import normal, one_line
from bot.services import follows, guilds, index, record_drafts, records
from bot.services.draft_names import new_name
from bot.ui import cards
from bot.ui.choices import LIMIT, MOST, Offered, choices
from cogs.shared.answers import Interaction, dm_guild_id
from cogs.shared.drafting import open_form
from data.database import Connection
from data.records import Kind, Opened, Row

_SHORTEST_STATUS = 20  # Characters. If a choice has less room for the status line, the line is left out.


class RecordArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes a record of certain kinds, with autocompletion.

    The value is the slug of the record that the user chose in the completions, or else the text that they typed. The
    command calls `get_record` with this value.
    """

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds or KINDS

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        return one_line(value)  # Without lone surrogates, which SQLite cannot take.

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]  # the client is ours
        self, interaction: Interaction, value: str, /
    ) -> list[app_commands.Choice[str]]:
        return choices(await self.completions(interaction, value))

    async def completions(self, interaction: Interaction, value: str) -> list[Offered]:
        """Return the records that match what the user has typed, the most likely one first. In a DM, return [].

        If a new record may have the typed name, the last choice begins it.
        """
        if interaction.guild_id is None:
            return []
        matches = await index.complete(interaction.client.db.read, interaction.guild_id, value, self._kinds)
        offered = [_as_choice(row, with_kind=len(self._kinds) > 1) for row, _ in matches]
        if await self._offers_new(interaction, value, [row.name for row, _ in matches]):
            shown = new_record_choice(self._kinds[0], one_line(value))
            offered = [*offered[: MOST - 1], Offered(shown, "", shown)]
        return offered

    async def _offers_new(self, interaction: Interaction, value: str, names: Sequence[str]) -> bool:
        """Return whether the completions offer the typed text as the name of a new record.

        They do so if the user is an editor, records of this kind can be added, and none of `names` is the typed text.
        """
        name = normal(value)
        if len(self._kinds) != 1 or self._kinds[0] not in record_drafts.ADDED or not name:
            return False
        if len(new_record_choice(self._kinds[0], one_line(value))) > LIMIT or name in map(normal, names):
            return False
        if interaction.guild_id is None:
            return False
        guild = await guilds.find(interaction.client.db.read, interaction.guild_id)
        actor = await interaction.client.permissions.actor(interaction, interaction.client.clock.now())
        return guild is not None and actor.may_edit(guild)


def new_record_choice(kind: Kind, name: str) -> str:
    """Return the text of the choice that begins a new record, such as "New deal: Patrol boats"."""
    return f"New {KIND_WORDS[kind][0]}: {name}"


def _as_choice(row: Row, *, with_kind: bool) -> Offered:
    """Return a record as a choice of a completion.

    The choice shows the name of the record, and after it the kind if `with_kind` is True, or else the status line.
    """
    room = LIMIT - len(row.name) - 3
    status = shortened(row.status, room) if row.status and room >= _SHORTEST_STATUS else ""
    return Offered(row.name, KIND_WORDS[row.kind][0] if with_kind else status, row.slug)


Deal = app_commands.Transform[str, RecordArgument("deal")]
Participant = app_commands.Transform[str, RecordArgument("participant")]
Dialogue = app_commands.Transform[str, RecordArgument("dialogue")]
Topic = app_commands.Transform[str, RecordArgument("topic")]
Item = app_commands.Transform[str, RecordArgument("pending")]
AnyRecord = app_commands.Transform[str, RecordArgument()]


async def get_record(bot: Attache, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> Opened:
    """Return the record whose slug, name or alias is `text`.

    Raise NotInRecord if there is none, and BadInput if there are several. Raise UserError if the server is not set up.
    """
    if name := new_name(kinds[0], text) if len(kinds) == 1 else "":
        raise NotInRecord(f"{quoted(name)} is not in the record yet.", "Nothing was changed. /update add makes it.")
    return (await _cached(bot.db.read, bot.record_cache, guild_id, text, kinds))[0].opened


async def _cached(
    conn: Connection,
    cache: RecordCache,
    guild_id: int,
    text: str,
    kinds: Sequence[Kind],
    user_id: int | None = None,
) -> tuple[CachedRecord, bool]:
    """Return the record whose slug, name or alias is `text`, and whether the user follows it.

    Raise the same errors as `get_record`.
    """
    try:
        return await cache.open_for(conn, guild_id, text, kinds, user_id)
    except (NotInRecord, BadInput):
        await guilds.get(conn, guild_id)  # Without a setup there are no records at all, so this error says more.
        raise


async def card_of(
    interaction: Interaction,
    actor: Actor,
    opened: Opened,
    now: datetime,
    *,
    shared: bool = False,
    sharable: bool = True,
    note: str = "",
    rendered: cards.RenderedCard | None = None,
    following: bool | None = None,
) -> ui.LayoutView:
    """Return the card of a record as the actor sees it. If `shared` is True, return it as everyone sees it.

    If `sharable` is True, the card has a *Share* button. `note` is a last line. `rendered` is the text of the card if
    it is in the cache. `following` says whether the actor follows the record; if it is None, this is looked up.
    """
    conn = interaction.client.db.read
    session: Opened | None = None  # The latest session of a dialogue, which the dialogue's card includes.
    if following is None and not shared:
        follow = await follows.find_by_user(conn, actor.guild_id, actor.user_id, opened.record.slug)
        following = follow is not None
    if opened.record.kind == "dialogue":
        latest = [link.slug for link in opened.links if link.kind == "session" and not link.outward][:1]
        sessions = await records.get_many(conn, actor.guild_id, latest)
        session = sessions[0] if sessions else None
    return cards.record(
        opened,
        now=now,
        editor=actor.may_edit(opened),
        guild_id=dm_guild_id(interaction, actor.guild_id),
        shared=shared,
        sharable=sharable,
        session=session,
        note=note,
        rendered=rendered if session is None else None,
        following=bool(following),
    )


async def answer_card(interaction: Interaction, text: str, kinds: Sequence[Kind]) -> None:
    """Answer a command privately with the card of the record that `text` names.

    If `text` is the choice that begins a new record, open the form of the new record instead.
    """
    bot = interaction.client
    now = bot.clock.now()
    actor = await bot.permissions.actor(interaction, now)
    if name := new_name(kinds[0], text):
        require_editor(actor, await guilds.get(bot.db.read, actor.guild_id))
        task = await record_drafts.add_task(bot.db.read, actor.guild_id, kinds[0], name, "", asks_source=True)
        await open_form(interaction, actor, task, now)
        return
    try:
        cached, following = await _cached(bot.db.read, bot.record_cache, actor.guild_id, text, kinds, actor.user_id)
    except NotInRecord as error:
        # This command changes nothing, so the error need not say so. It names the list of such records instead.
        several = KIND_WORDS[kinds[0]][1]
        raise NotInRecord(error.refusal, f"/{kinds[0]} list shows the {several} here.") from None
    view = await card_of(interaction, actor, cached.opened, now, rendered=cached.rendered(now), following=following)
    await interaction.response.send_message(view=view, ephemeral=True)
