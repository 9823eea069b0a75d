"""The form, the preview, *Save* and *Undo* of drafts.

The commands and buttons of `cogs/update.py` begin the drafts.
"""

from __future__ import annotations

from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.components import all_chosen, chosen, component, typed
from bot.interactions.permissions import Actor
from bot.ledger.drafts import Draft, Task
from bot.services import drafts, guilds, people, records
from bot.services.updates import UNDO_FOR
from bot.ui import draft_forms
from bot.ui import drafts as views
from bot.ui.draft_questions import STAYS
from bot.ui.ids import number
from cogs.shared.answers import Interaction, dm_guild_id
from cogs.shared.drafting import get_draft, open_form, show_preview


class DraftCog(commands.Cog):
    """The forms, buttons and menus of drafts.

    If `here` is not empty, the preview of a draft replaces the message with the pressed button.
    """

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Components

    @component("update.form", requires="editor")
    async def submit_form(self, interaction: Interaction, actor: Actor, draft_id: str, here: str = "") -> None:
        """Store what the editor typed into the form of a draft. Then show the preview, or the mistakes in the form."""
        now, guild = self.bot.clock.now(), await guilds.get(self.bot.db.read, actor.guild_id)
        inputs = {
            name: value if isinstance(value, str) else "".join(value[:1]) for name, value in typed(interaction).items()
        }
        # The inputs are committed before they are parsed, so that no error loses them.
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            draft = await drafts.keep_typed(conn, draft, inputs, today=dates.local_date(now, guild.zone))
        await show_preview(self.bot, interaction, actor, draft, now, here=bool(here))

    @component("update.change", requires="editor")
    async def reopen_form(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Open the form of a draft again. It is filled in with what the editor typed before."""
        draft = await get_draft(self.bot.db.read, actor, draft_id)
        await interaction.response.send_modal(
            draft_forms.form(draft, guild_id=dm_guild_id(interaction, actor.guild_id), here=True)
        )

    @component("update.after", requires="editor")
    async def choose_stage(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        """Add a new stage of a deal to a draft that closes one of the deal's pending items.

        The editor chose the stage in a menu of the preview.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            draft = await drafts.choose_stage(conn, draft, number(deal_id), chosen(interaction))
        await show_preview(self.bot, interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.also", requires="editor")
    async def choose_approvals(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        """Add approvals of a deal to a draft that closes one of the deal's pending items.

        The editor chose the approvals in a menu of the preview.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            ids = [number(id_) for id_ in all_chosen(interaction)]
            draft = await drafts.choose_approvals(conn, draft, number(deal_id), ids)
        await show_preview(self.bot, interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.drop", requires="editor")
    async def discard_draft(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Discard a draft without saving it."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            await drafts.drop(conn, draft)
        await interaction.response.edit_message(view=views.discarded(draft))

    @component("update.save", requires="editor")
    async def save_draft(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Save a draft as updates.

        If the draft has mistakes, show these instead. If a record of the draft has changed since the preview, show a
        new preview instead.
        """
        now, guild_id = self.bot.clock.now(), dm_guild_id(interaction, actor.guild_id)
        draft: Draft | None = None
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                draft = await get_draft(conn, actor, draft_id)
                saved = await drafts.save(conn, draft, now=now)
        except UserError as error:
            if draft is None:
                raise
            view = views.mistaken(draft, error, guild_id)
        else:
            view = (
                views.preview(saved, guild_id) if saved.moved_on else views.saved(saved, now, now + UNDO_FOR, guild_id)
            )
        await interaction.response.edit_message(view=view)

    @component("update.undo", requires="editor")
    async def undo_batch(self, interaction: Interaction, actor: Actor, batch: str) -> None:
        """Withdraw the updates that one *Save* entered."""
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            slug, name = await drafts.undo(conn, actor.guild_id, batch, now=self.bot.clock.now(), person_id=person.id)
            opened = await records.find(conn, actor.guild_id, slug)
        await interaction.response.edit_message(
            view=views.undone(name, opened, dm_guild_id(interaction, actor.guild_id))
        )

    @component("update.create", requires="editor")
    async def add_missing_records(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Add new records to a draft: those that its form names and that the server does not have yet.

        *Save* then creates them.
        """
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            draft = await drafts.add_missing(conn, draft, now=now)
        await show_preview(self.bot, interaction, actor, draft, now, here=True)

    # Components: the preview of an event

    @component("update.eventstage", requires="editor")
    async def choose_event_stage(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Put the stage that the editor chose into the draft of an event. The deal has this stage after the event."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            stage = chosen(interaction)
            draft = await drafts.choose_in_event(conn, draft, stage="" if stage == STAYS else stage)
        await show_preview(self.bot, interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.eventchanges", requires="editor")
    async def choose_event_changes(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Put the changes that the editor chose into the draft of an event.

        An event can close or open pending items, and it can settle approvals.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            draft = await drafts.choose_in_event(conn, draft, changes=all_chosen(interaction))
        await show_preview(self.bot, interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.eventitem", requires="editor")
    async def choose_event_item(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Put the pending item that the editor chose into the draft of an event. It gets the due date of the event."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await get_draft(conn, actor, draft_id)
            draft = await drafts.choose_in_event(conn, draft, item=chosen(interaction))
        await show_preview(self.bot, interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.second", requires="editor")
    async def open_second_contract(self, interaction: Interaction, actor: Actor, batch: str) -> None:
        """Open the form of a second contract that was signed together with a deal.

        `batch` is the batch of updates that entered the signing of the deal.
        """
        first = await drafts.get_saved(self.bot.db.read, actor.guild_id, batch)
        name = f"Second contract beside {first.task.name}"
        task: Task = Task("", "deal", name, new=True, happening="signed", part_of=first.task.record)
        kept = {part: first.typed.get(part, "") for part in ("date", "source", "published")}
        await open_form(interaction, actor, task, self.bot.clock.now(), typed=kept)


async def setup(bot: Attache) -> None:
    await bot.add_cog(DraftCog(bot))
