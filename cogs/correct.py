"""Lets editors correct, withdraw and bring back updates, and remove records.

No command belongs to this cog. Editors begin in the menu of a history, of *All facts*, or of *Update* on a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.components import all_chosen, chosen, component, typed
from bot.interactions.permissions import Actor
from bot.ledger.corrections import Act, Correction
from bot.ledger.drafts import Mistakes, fixed_day
from bot.ledger.kinds import Field, get_field
from bot.services import corrections, entered_updates, guilds, merging, people, records, removals
from bot.services.updates import UNDO_FOR
from bot.ui import corrections as views
from bot.ui.ids import number
from cogs.shared.answers import Interaction, dm_guild_id, show_page
from data.database import Connection


class CorrectCog(commands.Cog):
    """The menus, buttons and forms with which editors correct what was never true. No command belongs to this cog."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Components: what is to be corrected

    @component("correct.open", requires="editor")
    async def open_chosen(self, interaction: Interaction, actor: Actor) -> None:
        """Show the update that the editor chose in a menu. If they chose several, open the form that withdraws them."""
        ids = [number(text) for text in all_chosen(interaction)]
        if len(ids) == 1:
            await self._show(interaction, actor, ids[0])
        else:
            await self._begin(interaction, actor, "withdraw", ids)

    @component("correct.show", requires="editor")
    async def show_update(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Show an update, with buttons for what can be done with it: correct it, withdraw it or bring it back."""
        await self._show(interaction, actor, number(update_id))

    @component("correct.by", requires="editor")
    async def show_by_editor(self, interaction: Interaction, actor: Actor, person_id: str) -> None:
        """Show the newest updates of one editor in this server."""
        async with self.bot.db.write(actor.guild_id) as conn:
            entered = await entered_updates.entered_by(conn, actor.guild_id, number(person_id))
        user_id = entered[0].user_id if entered else None
        view = views.by_editor(entered, user_id, dm_guild_id(interaction, actor.guild_id))
        await show_page(interaction, view)

    @component("correct.correct", requires="editor")
    async def open_correction(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Open the form that corrects an update. It is filled in with the content of the update."""
        await self._begin(interaction, actor, "correct", [number(update_id)], here=True)

    @component("correct.withdraw", requires="editor")
    async def open_withdrawal(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Open the form that withdraws an update."""
        await self._begin(interaction, actor, "withdraw", [number(update_id)], here=True)

    @component("correct.back", requires="editor")
    async def open_bringing_back(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Open the form that brings back a withdrawn update."""
        await self._begin(interaction, actor, "bring back", [number(update_id)], here=True)

    @component("correct.remove", requires="editor")
    async def open_removal(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that removes a record."""
        async with self.bot.db.write(actor.guild_id) as conn:
            opened = await records.get(conn, actor.guild_id, slug)
            person = await people.ensure(conn, actor.user_id)
            correction = await removals.begin_removal(conn, actor.guild_id, person.id, opened, now=self.bot.clock.now())
        await self._send_form(interaction, actor, correction, None, here=True)

    @component("correct.return", requires="editor")
    async def open_return(self, interaction: Interaction, actor: Actor, slug: str = "") -> None:
        """Open the form that brings back a removed record.

        If a button was pressed, `slug` is the slug of the record. If a menu was used, the slug is its chosen value.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            correction = await removals.begin_return(
                conn, actor.guild_id, person.id, slug or chosen(interaction), now=self.bot.clock.now()
            )
        await self._send_form(interaction, actor, correction, None, here=True)

    @component("correct.separate", requires="editor")
    async def separate(self, interaction: Interaction, actor: Actor) -> None:
        """Undo the merge of a duplicate into another record. The editor chose the duplicate in a menu."""
        slug = chosen(interaction)
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            name = await merging.separate(conn, actor.guild_id, slug, now=self.bot.clock.now(), person_id=person.id)
            opened = await records.get(conn, actor.guild_id, slug)
        view = views.separated(opened.record.name, slug, name, dm_guild_id(interaction, actor.guild_id))
        await interaction.response.edit_message(view=view)

    # Components: the form, the preview, and *Undo*

    @component("correct.form", requires="editor")
    async def submit_form(self, interaction: Interaction, actor: Actor, correction_id: str, here: str = "") -> None:
        """Store what the editor typed into the form of a correction. Then show the preview or the mistakes.

        If `here` is not empty, the preview or the mistakes replace the message with the pressed button.
        """
        now, guild = self.bot.clock.now(), await guilds.get(self.bot.db.read, actor.guild_id)
        inputs = {
            name: value if isinstance(value, str) else "".join(value[:1]) for name, value in typed(interaction).items()
        }
        today = dates.local_date(now, guild.zone)
        inputs |= {name: fixed_day(inputs[name], today) for name in ("date", "published") if name in inputs}
        # The inputs are committed before they are parsed, so that no error loses them.
        async with self.bot.db.write(actor.guild_id) as conn:
            correction = await self._get(conn, actor, correction_id)
            correction = await corrections.keep_typed(conn, correction, inputs)
        await self._show_preview(interaction, actor, correction, now, here=bool(here))

    @component("correct.change", requires="editor")
    async def reopen_form(self, interaction: Interaction, actor: Actor, correction_id: str) -> None:
        """Open the form of a correction again. It is filled in with what the editor typed before."""
        correction = await self._get(self.bot.db.read, actor, correction_id)
        field = None
        if correction.task.corrects is not None:
            entered = await entered_updates.get_update(self.bot.db.read, actor.guild_id, correction.task.corrects)
            field = get_field(entered.kind, entered.update.field)
        await self._send_form(interaction, actor, correction, field, here=True)

    @component("correct.also", requires="editor")
    async def choose_also(self, interaction: Interaction, actor: Actor, correction_id: str) -> None:
        """Add more updates to a correction. It withdraws them too.

        The editor chose these updates in a menu of the preview.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            correction = await self._get(conn, actor, correction_id)
            ids = {number(text) for text in all_chosen(interaction)}
            correction = await corrections.choose(conn, correction, ids)
        await self._show_preview(interaction, actor, correction, self.bot.clock.now(), here=True)

    @component("correct.drop", requires="editor")
    async def discard(self, interaction: Interaction, actor: Actor, correction_id: str) -> None:
        """Discard a correction without saving it."""
        async with self.bot.db.write(actor.guild_id) as conn:
            await corrections.drop(conn, await self._get(conn, actor, correction_id))
        await interaction.response.edit_message(view=views.discarded())

    @component("correct.save", requires="editor")
    async def save(self, interaction: Interaction, actor: Actor, correction_id: str) -> None:
        """Save a correction.

        If the correction has mistakes, show these instead. If a record of the correction has changed since the preview,
        show a new preview instead.
        """
        now, guild_id = self.bot.clock.now(), dm_guild_id(interaction, actor.guild_id)
        correction: Correction | None = None
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                correction = await self._get(conn, actor, correction_id)
                seen = await corrections.save(conn, correction, now=now)
        except UserError as error:
            if correction is None:
                raise
            view = views.mistaken(correction, _texts(error), guild_id)
        else:
            view = views.preview(seen, guild_id) if seen.moved_on else views.saved(seen, now, now + UNDO_FOR, guild_id)
        await interaction.response.edit_message(view=view)

    @component("correct.undo", requires="editor")
    async def undo(self, interaction: Interaction, actor: Actor, batch: str) -> None:
        """Undo a correction that was just saved."""
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            task = await corrections.undo(conn, actor.guild_id, batch, now=self.bot.clock.now(), person_id=person.id)
        view = views.undone(task.name, dm_guild_id(interaction, actor.guild_id), task.record)
        await interaction.response.edit_message(view=view)

    # Shared steps

    async def _show(self, interaction: Interaction, actor: Actor, update_id: int) -> None:
        """Show an update in a new message. The message also lists the updates that may be wrong if this one is."""
        conn = self.bot.db.read
        entered = await entered_updates.get_update(conn, actor.guild_id, update_id)
        resting, together = await entered_updates.related(conn, actor.guild_id, [update_id])
        view = views.details(
            entered,
            await entered_updates.describe(conn, actor.guild_id, resting),
            await entered_updates.describe(conn, actor.guild_id, together),
            dm_guild_id(interaction, actor.guild_id),
        )
        await show_page(interaction, view, new=True)

    async def _begin(
        self, interaction: Interaction, actor: Actor, act: Act, update_ids: Sequence[int], *, here: bool = False
    ) -> None:
        """Store a new correction of these updates and open its form.

        The interaction must not have been answered yet, because Discord opens a form only as the first answer.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            correction = await corrections.begin(
                conn, actor.guild_id, person.id, act, update_ids, now=self.bot.clock.now()
            )
            field = None
            if act == "correct":
                entered = await entered_updates.get_update(conn, actor.guild_id, update_ids[0])
                field = get_field(entered.kind, entered.update.field)
        await self._send_form(interaction, actor, correction, field, here=here)

    async def _send_form(
        self, interaction: Interaction, actor: Actor, correction: Correction, field: Field | None, *, here: bool
    ) -> None:
        """Open the form of a correction. If `field` is None, the form only asks for the reason."""
        guild_id = dm_guild_id(interaction, actor.guild_id)
        await interaction.response.send_modal(views.form(correction, field, guild_id=guild_id, here=here))

    async def _get(self, conn: Connection, actor: Actor, correction_id: str) -> Correction:
        """Return a correction that the actor began. Raise UserError if it is gone or if somebody else began it."""
        person = await people.find(conn, actor.user_id)
        return await corrections.get(conn, actor.guild_id, number(correction_id), person.id if person else 0)

    async def _show_preview(
        self, interaction: Interaction, actor: Actor, correction: Correction, now: datetime, *, here: bool
    ) -> None:
        """Show the preview of a correction, or its mistakes."""
        guild_id = dm_guild_id(interaction, actor.guild_id)
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                view = views.preview(await corrections.preview(conn, correction, now=now), guild_id)
        except UserError as error:
            view = views.mistaken(correction, _texts(error), guild_id)
        if here:
            await interaction.response.edit_message(view=view)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)


def _texts(error: UserError) -> list[str]:
    """Return the texts of an error. If it reports mistakes in a form, each mistake has its own text."""
    return error.texts if isinstance(error, Mistakes) else [str(error)]


async def setup(bot: Attache) -> None:
    await bot.add_cog(CorrectCog(bot))
