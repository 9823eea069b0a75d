"""Buttons, menus and forms about sources.

Users read all facts of a source and get citations of a record's sources. Editors describe a source better, or mark it
as false.
"""

from __future__ import annotations

import io

import discord
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import BadInput
from bot.interactions.components import chosen, component, typed
from bot.interactions.permissions import Actor
from bot.ledger.source_lines import read_description
from bot.ledger.words import one_line
from bot.services import guilds, people, records, source_facts, sources, timelines
from bot.services.lists import SourceListing
from bot.ui import citations
from bot.ui import sources as views
from bot.ui.ids import number
from bot.ui.text import plural
from cogs.shared.answers import Interaction, dm_guild_id, show_page
from cogs.shared.lists import source_page


class SourceCog(commands.Cog):
    """The buttons, menus and forms about sources. No command belongs to this cog."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Components: all facts of a source, and its description

    @component("source.open", fetch_permissions=True)
    async def open_source(self, interaction: Interaction, actor: Actor, source_id: str = "") -> None:
        """Show all facts of a source.

        If a button was pressed, `source_id` is the id of the source. If a menu was used, the id is its chosen value.
        """
        source = await sources.get(self.bot.db.read, actor.guild_id, number(source_id or chosen(interaction)))
        listing = SourceListing(f"#{source.id}")
        view = await source_page(interaction, actor, listing, 0, self.bot.clock.now())
        await interaction.response.send_message(view=view, ephemeral=True)

    @component("source.describe", requires="editor")
    async def open_description_form(self, interaction: Interaction, actor: Actor, source_id: str) -> None:
        """Open the form that describes a source."""
        source = await sources.get(self.bot.db.read, actor.guild_id, number(source_id))
        await interaction.response.send_modal(views.description_form(source, dm_guild_id(interaction, actor.guild_id)))

    @component("source.described", requires="editor")
    async def describe(self, interaction: Interaction, actor: Actor, source_id: str, version: str) -> None:
        """Store the description of a source that the editor typed, and show the source.

        If the description is refused, the answer repeats all that the editor typed. It is also refused if the source
        has a newer description than `version`.
        """
        now = self.bot.clock.now()
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        inputs = {name: one_line(str(text or "")) for name, text in typed(interaction).items()}
        source = await sources.get(self.bot.db.read, actor.guild_id, number(source_id))
        better, mistakes = read_description(inputs, now=now, today=dates.local_date(now, guild.zone))
        if source.version != number(version):
            mistakes = ["Somebody else described this source meanwhile; open the form again to see how."]
        if better is None or mistakes:
            refusal = views.refused(mistakes, inputs, source.id, dm_guild_id(interaction, actor.guild_id))
            await interaction.response.send_message(view=refusal, ephemeral=True)
            return
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            await sources.describe(conn, actor.guild_id, source, better, now=now, person_id=person.id)
        note = "**Described.** It is shown like this wherever it is cited; the ledger stays as it is."
        await self._show(interaction, actor, source.id, note)

    # Components: a source that is false

    @component("source.false", requires="editor")
    async def preview_falsehood(self, interaction: Interaction, actor: Actor, source_id: str) -> None:
        """Show which updates would be withdrawn, and which would stay, if a source were marked as false."""
        source = await sources.get(self.bot.db.read, actor.guild_id, number(source_id))
        plan = await source_facts.withdrawal(self.bot.db.read, actor.guild_id, source)
        await show_page(interaction, views.false_preview(plan, dm_guild_id(interaction, actor.guild_id)))

    @component("source.why", requires="editor")
    async def open_reason_form(
        self, interaction: Interaction, actor: Actor, source_id: str, how: str, mark: str = ""
    ) -> None:
        """Open the form that asks why a source is false, or why it is not false after all.

        The arguments are passed on to `mark`, which explains them.
        """
        source = await sources.get(self.bot.db.read, actor.guild_id, number(source_id))
        form = views.reason_form(source, how, mark, dm_guild_id(interaction, actor.guild_id))
        await interaction.response.send_modal(form)

    @component("source.mark", requires="editor")
    async def mark(self, interaction: Interaction, actor: Actor, source_id: str, how: str, mark: str) -> None:
        """Mark a source as false, or remove the mark, for the reason that the editor typed.

        - `how="withdraw"`: mark the source and withdraw the updates that cite it.
        - `how="keep"`: only mark the source.
        - `how="true"`: remove the mark and bring back the updates that were withdrawn with it.

        `mark` identifies the updates that the preview showed. If they have changed since, show a new preview instead.
        """
        now, id_ = self.bot.clock.now(), number(source_id)
        reason = one_line(str(typed(interaction).get("reason") or ""))
        if not reason:
            raise BadInput("A reason is needed. Nothing was changed. Write it like: The ministry denied it.")
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            if how == "true":
                _, count = await source_facts.restore(conn, actor.guild_id, id_, reason, now=now, person_id=person.id)
                note = f"**Not marked as false any more.** {plural(count, 'update')} brought back."
                marked = True
            else:
                done = await source_facts.mark_false(
                    conn,
                    actor.guild_id,
                    id_,
                    reason,
                    mark=mark,
                    withdrawing=how == "withdraw",
                    now=now,
                    person_id=person.id,
                )
                marked = done is not None
                note = f"**Marked as false.** {plural(done[1] if done else 0, 'update')} withdrawn."
        if marked:
            await self._show(interaction, actor, id_, note)
            return
        source = await sources.get(self.bot.db.read, actor.guild_id, id_)
        plan = await source_facts.withdrawal(self.bot.db.read, actor.guild_id, source)
        moved = "**Somebody changed this meanwhile.** This is how it is now; choose again if it is right."
        view = views.false_preview(
            plan, dm_guild_id(interaction, actor.guild_id), f"{moved} {views.typed_reason(reason)}"
        )
        await show_page(interaction, view)

    # Components that cite

    @component("source.cite")
    async def cite(
        self, interaction: Interaction, actor: Actor, slug: str, form: str = "", source_id: str = ""
    ) -> None:
        """Show citations of the sources of a record.

        If `source_id` is given, cite only this source. `form` is the form of the citations; without it they are plain
        text. If they do not fit into a code block, send them as a file.
        """
        now = self.bot.clock.now()
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        only, today = number(source_id) or None, dates.local_date(now, opened.zone)
        if only is None:
            cited = citations.of_record(opened, today)
        else:  # The facts of this source may be in the history only, if newer facts have replaced them.
            timeline = await timelines.get(self.bot.db.read, actor.guild_id, slug)
            entered = [update.fact for update in timeline.updates if update.action == "set"]
            cited = citations.of_facts(opened, [fact for fact in entered if fact.source == only], today)
        chosen_form = form if form in citations.FORMS else "plain"
        text = citations.written(cited, chosen_form)
        guild_id = dm_guild_id(interaction, actor.guild_id)
        if citations.fits(text):
            view = citations.page(opened.record, text, chosen_form, only, guild_id)
            await show_page(interaction, view, new=not form)
            return
        file = discord.File(io.BytesIO(text.encode()), citations.file_name(opened.record, chosen_form))
        await interaction.response.send_message(
            f"{plural(len(cited), 'source')} to cite, as a file.",
            file=file,
            view=citations.other_forms(opened.record, chosen_form, only, guild_id),
            ephemeral=True,
        )

    # Shared steps

    async def _show(self, interaction: Interaction, actor: Actor, source_id: int, note: str) -> None:
        """Show all facts of a source, below a note."""
        listing = SourceListing(f"#{source_id}")
        view = await source_page(interaction, actor, listing, 0, self.bot.clock.now(), note=note)
        await show_page(interaction, view)


async def setup(bot: Attache) -> None:
    await bot.add_cog(SourceCog(bot))
