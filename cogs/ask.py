"""/ask: a question in plain words, answered from the record or not at all."""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.ask.lexicon import lexicon
from bot.errors import BadInput
from bot.interactions.cache import CachedAnswer, quarter_of
from bot.interactions.components import component
from bot.interactions.permissions import Actor
from bot.ledger.words import one_line
from bot.services import asking, guilds, questions, records
from bot.ui import answers
from bot.ui.ids import number
from cogs.shared.answers import Interaction, answer, dm_guild_id, is_private, require_may_post, show_page

LONGEST = 6000  # Discord: the most that an option can hold.
_CARRIED, _CARRIED_WITH_RECORD = 78, 28
"""The longest question that a button carries itself, in the 100 units of an id; and beside a record's slug (50)."""
_COLON = "\x1f"  # Stands for a colon, which parts an id; it is no character of a question.
_DIGITS = 5


class Ask(commands.Cog):
    """The command that answers questions, and the buttons under its answers."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Reads the lexicon, so that the first question does not wait for it and a faulty one stops the start."""
        lexicon()

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(
        question="Your question in plain words, for example about a deal, who must act or who said what"
    )
    async def ask(self, interaction: Interaction, question: app_commands.Range[str, 1, LONGEST]) -> None:
        """Ask a question in plain words; the answer comes from the record, with its source"""
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        text = one_line(question)
        made = await self._answer(interaction, actor.guild_id, text, now)
        key = _carried(text, _CARRIED_WITH_RECORD if made.finding.options else _CARRIED)
        row = None if key else questions.new_id()
        try:
            await answer(interaction, view=answers.answer(made.finding, made.text, key=key or str(row)))
        finally:
            # A write waits for the disk, and nobody has to wait for it: who presses within that moment asks again. An
            # answer can have arrived though its sending failed, and its buttons are to work then too.
            if row is not None or not made.finding.answered:
                async with self.bot.db.write(actor.guild_id) as conn:
                    await questions.keep_asked(
                        conn,
                        actor.guild_id,
                        text,
                        now=now,
                        user_id=actor.user_id,
                        unanswered=not made.finding.answered,
                        question_id=row,
                    )

    @component("ask.which")
    async def which(self, interaction: Interaction, actor: Actor, key: str, slug: str) -> None:
        """One of several records was meant: the answer about it takes the place of the question back."""
        now = self.bot.clock.now()
        made = await self._answer(interaction, actor.guild_id, await self._asked(actor, key, now), now, slug)
        guild_id = dm_guild_id(interaction, actor.guild_id)
        await show_page(interaction, answers.answer(made.finding, made.text, key=key, chosen=slug, guild_id=guild_id))

    @component("ask.sources")
    async def sources(self, interaction: Interaction, actor: Actor, key: str, chosen: str, page: str = "") -> None:
        """Every fact behind the answer."""
        now = self.bot.clock.now()
        made = await self._answer(interaction, actor.guild_id, await self._asked(actor, key, now), now, chosen)
        named = await records.get_many(self.bot.db.read, actor.guild_id, answers.beside(made.finding))
        view = answers.sources(
            made.finding,
            named,
            number(page, _DIGITS),
            key=key,
            chosen=chosen,
            now=now,
            guild_id=dm_guild_id(interaction, actor.guild_id),
        )
        await show_page(interaction, view, new=not page)

    @component("ask.share")
    async def share(self, interaction: Interaction, actor: Actor, key: str, chosen: str) -> None:
        """Posts the answer where the presser may write. The private one loses its button, so it is shared once."""
        require_may_post(interaction)
        now = self.bot.clock.now()
        made = await self._answer(interaction, actor.guild_id, await self._asked(actor, key, now), now, chosen)
        told = answers.answer(*made, key=key, chosen=chosen, sharable=False, note="-# Shared in this channel.")
        by = f"-# Asked and shared by <@{actor.user_id}>"
        public = answers.answer(*made, key=key, chosen=chosen, shared=True, note=by)
        if is_private(interaction):
            await interaction.response.edit_message(view=told)
            await interaction.followup.send(view=public)
        else:
            await interaction.response.send_message(view=public)

    @component("ask.missed")
    async def missed(self, interaction: Interaction, actor: Actor, key: str) -> None:
        """Hands the question to the editors of the server."""
        now = self.bot.clock.now()
        text = await self._asked(actor, key, now)
        async with self.bot.db.write(actor.guild_id) as conn:
            await guilds.get(conn, actor.guild_id)  # A server that deleted everything keeps no questions either.
            await questions.file(conn, actor.guild_id, text, now=now, user_id=actor.user_id)
        await interaction.response.send_message(
            "Filed for the editors of this server, for at most 90 days. They see the question, not who asked; nothing "
            f"leaves the server. Meanwhile {self.bot.mention('search')} finds records by their words.",
            ephemeral=True,
        )

    async def _answer(
        self, interaction: Interaction, guild_id: int, text: str, now: datetime, chosen: str = ""
    ) -> CachedAnswer:
        """The answer to a question, kept from the last time while nothing has changed since."""
        db = self.bot.db
        stands = await records.standing(db.read, guild_id)
        if stands is None or not stands.newest:
            await guilds.get(db.read, guild_id)
            raise BadInput(
                "There is no record here yet, so there is nothing to ask about. Someone with Manage Server can load a "
                "dossier with /settings load."
            )
        key, depends_on = (guild_id, text, chosen), (stands, quarter_of(now))
        cached = self.bot.answer_cache.get(key, depends_on)
        if cached is not None:
            return cached
        understood = await asking.understand(db.read, guild_id, text, now=now, zone=stands.zone)
        conn = db.read
        if understood.takes_long:
            conn = db.aside
            if interaction.type is discord.InteractionType.application_command:
                await interaction.response.defer(ephemeral=True, thinking=True)
        found = await asking.find(conn, guild_id, understood, chosen=chosen)
        return self.bot.answer_cache.put(key, depends_on, CachedAnswer(found, answers.draw(text, found, now=now)))

    async def _asked(self, actor: Actor, key: str, now: datetime) -> str:
        """The question that a button carries or names."""
        if key.startswith("=") and key[1:].strip():
            return key[1:].replace(_COLON, ":")
        return await questions.get_asked(self.bot.db.read, actor.guild_id, number(key), now=now)


def _carried(text: str, most: int) -> str:
    """What the buttons carry of a short question: itself, so that they work for ever; "" when it is too long."""
    return f"={text.replace(':', _COLON)}" if len(text.encode("utf-16-le")) <= 2 * most else ""


async def setup(bot: Attache) -> None:
    await bot.add_cog(Ask(bot))
