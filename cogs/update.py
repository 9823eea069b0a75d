"""`/update`: lets editors change records through a form and a preview, with *Save* and, for a minute, *Undo*.

Filed questions are handled here too, since the remedy is often another name of a record.
"""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.components import all_chosen, chosen, component, typed
from bot.interactions.permissions import Actor, require_editor
from bot.ledger import drafts as reading
from bot.ledger.drafts import Draft, Mistakes, Task
from bot.ledger.kinds import OUTCOMES, PENDING_KINDS, STAGES, fields_of, get_field
from bot.services import drafts, guilds, people, questions, records
from bot.services.updates import UNDO_FOR
from bot.ui import drafts as views
from bot.ui import questions as question_views
from bot.ui.choices import MOST, Offered
from bot.ui.ids import number
from bot.ui.pages import clamped
from cogs.shared.answers import Interaction, dm_guild_id, show_page
from cogs.shared.records import AnyRecord, Deal, Item, Participant, RecordArgument, get_record
from data.database import Connection
from data.records import Guild, Opened

_LONGEST_NAME = 80  # Characters of the name of a new pending item.


class ItemOrNewArgument(RecordArgument):
    """A command option that takes a pending item, or the name of a new one."""

    def __init__(self) -> None:
        super().__init__("pending")

    async def completions(self, interaction: Interaction, value: str) -> list[Offered]:
        """Return the pending items that match what the user has typed, and the typed text as the name of a new item."""
        items, name = await super().completions(interaction, value), value.strip()
        if not name or len(name) > _LONGEST_NAME:
            return items
        return [*items[: MOST - 1], Offered(f"New item: {name}", "", name)]


ItemOrNew = app_commands.Transform[str, ItemOrNewArgument()]
About = app_commands.Transform[str, RecordArgument(*get_field("pending", "about").type.kinds)]


def _choices(words: dict[str, str]) -> list[app_commands.Choice[str]]:
    """Return the choices of an option from their values and the texts that users see for these."""
    return [app_commands.Choice(name=text, value=value) for value, text in words.items()]


_FIELDS = _choices({field.name: field.label for field in fields_of("deal") if field.name != "checked"})


@app_commands.guild_only()
class UpdateCog(commands.GroupCog, group_name="update", group_description="Change the record, with a source"):
    """The commands of `/update`, and the buttons, menus and forms by which editors change records.

    What an editor enters is a draft until *Save*. With `here`, a preview replaces the message of the pressed button;
    otherwise it is a new message.
    """

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="deal")
    @app_commands.describe(deal="The deal", field="What changed")
    @app_commands.choices(field=_FIELDS)
    async def deal(self, interaction: Interaction, deal: Deal, field: str) -> None:
        """Enter a value of a deal: its value, number, parties, approvals and more."""
        actor, guild, now = await self._require_editor(interaction)
        opened = await get_record(self.bot, actor.guild_id, deal, ("deal",))
        await self._open_field_form(interaction, actor, guild, opened, field, now)

    @app_commands.command(name="stage")
    @app_commands.describe(deal="The deal", stage="How far it is now, as a source says")
    @app_commands.choices(stage=_choices(STAGES))
    async def stage(self, interaction: Interaction, deal: Deal, stage: str) -> None:
        """Enter how far a deal is."""
        actor, _, now = await self._require_editor(interaction)
        opened = await get_record(self.bot, actor.guild_id, deal, ("deal",))
        await self._open_form(
            interaction, actor, reading.field_task(opened, get_field("deal", "stage")), now, value=stage
        )

    @app_commands.command(name="pending")
    @app_commands.describe(
        item="A pending item, or the name of a new one",
        about="The deal or other record that it is about",
        kind="What is waited for",
        who='Who must act: a participant, or words in "quotation marks"',
    )
    @app_commands.choices(kind=_choices(PENDING_KINDS))
    async def pending(
        self,
        interaction: Interaction,
        item: ItemOrNew,
        about: About | None = None,
        kind: str | None = None,
        who: Participant | None = None,
    ) -> None:
        """Enter what someone still has to do, with a due date or none; a known name changes that item."""
        actor, _, now = await self._require_editor(interaction)
        task, opened = await drafts.pending_task(
            self.bot.db.read, actor.guild_id, item, about=about, item_kind=kind, who=who
        )
        value = reading.prefilled(opened, get_field("pending", "due")) if opened else "none"
        await self._open_form(interaction, actor, task, now, value=value)

    @app_commands.command(name="close")
    @app_commands.describe(item="The pending item", outcome="How it ended")
    @app_commands.choices(outcome=_choices(OUTCOMES))
    async def close(self, interaction: Interaction, item: Item, outcome: str) -> None:
        """Close a pending item: what was waited for has happened, or will not."""
        actor, _, now = await self._require_editor(interaction)
        opened = await get_record(self.bot, actor.guild_id, item, ("pending",))
        await self._open_form(interaction, actor, reading.closing_task(opened), now, value=outcome)

    @app_commands.command(name="checked")
    @app_commands.describe(what="The record that you looked into")
    async def checked(self, interaction: Interaction, what: AnyRecord) -> None:
        """Note that you looked and found nothing new."""
        actor, guild, now = await self._require_editor(interaction)
        opened = await get_record(self.bot, actor.guild_id, what)
        await self._open_checked_form(interaction, actor, guild, opened, now)

    @app_commands.command(name="questions")
    async def questions(self, interaction: Interaction) -> None:
        """See the questions that were not answered as meant; a record's other name often helps."""
        actor, _, now = await self._require_editor(interaction)
        view = await self._questions_page(interaction, actor, 0, now)
        await interaction.response.send_message(view=view, ephemeral=True)

    # Components: questions that members filed with *Not what I asked*

    @component("update.questions", requires="editor")
    async def show_questions_page(self, interaction: Interaction, actor: Actor, page: str) -> None:
        """Show another page of the filed questions."""
        view = await self._questions_page(interaction, actor, number(page), self.bot.clock.now())
        await show_page(interaction, view)

    @component("update.question", requires="editor")
    async def show_question(self, interaction: Interaction, actor: Actor, page: str) -> None:
        """Show the filed question that the editor chose in the menu. `page` is the page of the list to go back to."""
        now = self.bot.clock.now()
        filed = await questions.find_filed(self.bot.db.read, actor.guild_id, number(chosen(interaction)), now=now)
        if filed is None:
            gone = "That question was handled meanwhile."
            view = await self._questions_page(interaction, actor, number(page), now, note=gone)
        else:
            view = question_views.question(filed, number(page), dm_guild_id(interaction, actor.guild_id))
        await show_page(interaction, view)

    @component("update.handled", requires="editor")
    async def mark_handled(self, interaction: Interaction, actor: Actor, question_id: str, page: str) -> None:
        """Take a filed question off the list and show the list again."""
        async with self.bot.db.write(actor.guild_id) as conn:
            first = await questions.handle(conn, actor.guild_id, number(question_id))
        note = "Handled: the question is off the list." if first else "That question was handled before."
        view = await self._questions_page(interaction, actor, number(page), self.bot.clock.now(), note=note)
        await show_page(interaction, view)

    @component("update.alias", requires="editor")
    async def open_alias_form(self, interaction: Interaction, actor: Actor, question_id: str) -> None:
        """Open the form that gives a record another name, which often makes a filed question answerable."""
        now = self.bot.clock.now()
        if await questions.find_filed(self.bot.db.read, actor.guild_id, number(question_id), now=now) is None:
            raise UserError("That question was handled meanwhile. Nothing was changed. Use /update questions again.")
        await self._open_form(interaction, actor, reading.alias_task(), now)

    # Components: buttons of cards and reminders that begin an update

    @component("update.open", requires="editor")
    async def show_fields(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show the menu of the fields of a record that can be updated."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await interaction.response.send_message(
            view=views.choose(opened, dm_guild_id(interaction, actor.guild_id)), ephemeral=True
        )

    @component("update.field", requires="editor")
    async def open_field_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that the editor chose in the menu: for a field, for closing the item, or for a check."""
        now = self.bot.clock.now()
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        name = chosen(interaction)
        if name == views.CLOSE:
            await self._open_form(interaction, actor, reading.closing_task(opened), now, here=True)
        elif name == views.CHECKED:
            await self._open_checked_form(interaction, actor, guild, opened, now, here=True)
        else:
            await self._open_field_form(interaction, actor, guild, opened, name, now, here=True)

    @component("update.close", requires="editor")
    async def open_closing_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that closes a pending item."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await self._open_form(interaction, actor, reading.closing_task(opened), self.bot.clock.now())

    @component("update.due", requires="editor")
    async def open_due_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form for the due date of a pending item."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await self._open_field_form(interaction, actor, guild, opened, "due", self.bot.clock.now())

    @component("update.checked", requires="editor")
    async def open_checked_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form which notes that an editor looked and found nothing new about a record."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await self._open_checked_form(interaction, actor, guild, opened, self.bot.clock.now())

    # Components: the form, the preview, and *Undo*

    @component("update.form", requires="editor")
    async def submit_form(self, interaction: Interaction, actor: Actor, draft_id: str, here: str = "") -> None:
        """Store what the editor typed into the form of a draft, and show the preview or the mistakes."""
        now, guild = self.bot.clock.now(), await guilds.get(self.bot.db.read, actor.guild_id)
        inputs = {
            name: value if isinstance(value, str) else "".join(value[:1]) for name, value in typed(interaction).items()
        }
        # The inputs are committed before they are parsed, so that no error loses them.
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._get_draft(conn, actor, draft_id)
            draft = await drafts.keep_typed(conn, draft, inputs, today=dates.local_date(now, guild.zone))
        await self._show_preview(interaction, actor, draft, now, here=bool(here))

    @component("update.change", requires="editor")
    async def reopen_form(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Open the form of a draft again, with what the editor typed before."""
        draft = await self._get_draft(self.bot.db.read, actor, draft_id)
        await interaction.response.send_modal(
            views.form(draft, guild_id=dm_guild_id(interaction, actor.guild_id), here=True)
        )

    @component("update.after", requires="editor")
    async def choose_stage(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        """Add the stage that the editor chose for a deal to the draft that closes one of its pending items."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._get_draft(conn, actor, draft_id)
            draft = await drafts.choose_stage(conn, draft, number(deal_id), chosen(interaction))
        await self._show_preview(interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.also", requires="editor")
    async def choose_approvals(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        """Add the approvals that the editor chose for a deal to the draft that closes one of its pending items."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._get_draft(conn, actor, draft_id)
            ids = [number(id_) for id_ in all_chosen(interaction)]
            draft = await drafts.choose_approvals(conn, draft, number(deal_id), ids)
        await self._show_preview(interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.drop", requires="editor")
    async def discard_draft(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Discard a draft without saving it."""
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._get_draft(conn, actor, draft_id)
            await drafts.drop(conn, draft)
        await interaction.response.edit_message(view=views.discarded(draft))

    @component("update.save", requires="editor")
    async def save_draft(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        """Save a draft as updates.

        If it has mistakes, show these. If one of its records has changed since the preview, show a new preview.
        """
        now, guild_id = self.bot.clock.now(), dm_guild_id(interaction, actor.guild_id)
        draft: Draft | None = None
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                draft = await self._get_draft(conn, actor, draft_id)
                saved = await drafts.save(conn, draft, now=now)
        except UserError as error:
            if draft is None:
                raise
            view = views.mistaken(draft, _texts(error), guild_id)
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

    # Shared steps

    async def _require_editor(self, interaction: Interaction) -> tuple[Actor, Guild, datetime]:
        """Return the actor, the server and the present instant. Raise NotAllowed when the actor is no editor."""
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        require_editor(actor, guild)
        return actor, guild, now

    async def _questions_page(
        self, interaction: Interaction, actor: Actor, page: int, now: datetime, *, note: str = ""
    ) -> discord.ui.LayoutView:
        """Render one page of the filed questions, or the last one when there is no such page any more."""
        rows = question_views.ROWS
        filed, total = await questions.list_filed(
            self.bot.db.read, actor.guild_id, now=now, offset=page * rows, limit=rows
        )
        if total and not filed:
            page = clamped(page, -(-total // rows))
            filed, total = await questions.list_filed(
                self.bot.db.read, actor.guild_id, now=now, offset=page * rows, limit=rows
            )
        return question_views.listed(
            filed, total, page, guild_id=dm_guild_id(interaction, actor.guild_id), note=note, mention=self.bot.mention
        )

    async def _open_field_form(
        self,
        interaction: Interaction,
        actor: Actor,
        guild: Guild,
        opened: Opened,
        name: str,
        now: datetime,
        *,
        here: bool = False,
    ) -> None:
        """Open the form for the field `name` of a record, filled in with the present value where there is one."""
        if name == "checked":
            await self._open_checked_form(interaction, actor, guild, opened, now, here=here)
            return
        field = get_field(opened.record.kind, name)
        value = reading.prefilled(opened, field)
        await self._open_form(interaction, actor, reading.field_task(opened, field), now, value=value, here=here)

    async def _open_checked_form(
        self, interaction: Interaction, actor: Actor, guild: Guild, opened: Opened, now: datetime, *, here: bool = False
    ) -> None:
        """Open the form which notes that the editor looked and found nothing new, with today as its date."""
        day = dates.local_date(now, guild.zone).isoformat()
        await self._open_form(interaction, actor, reading.checked_task(opened), now, day=day, here=here)

    async def _open_form(
        self,
        interaction: Interaction,
        actor: Actor,
        task: Task,
        now: datetime,
        *,
        value: str = "",
        day: str = "",
        here: bool = False,
    ) -> None:
        """Store a new draft and open its form. `value` and `day` are filled in as the value and its date.

        The interaction must not have been answered yet, because Discord opens a form only as the first answer.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            draft = await drafts.start(conn, actor.guild_id, person.id, task, value=value, day=day, now=now)
        await interaction.response.send_modal(
            views.form(draft, guild_id=dm_guild_id(interaction, actor.guild_id), here=here)
        )

    async def _get_draft(self, conn: Connection, actor: Actor, draft_id: str) -> Draft:
        """Return a draft of the actor. Raise UserError when it does not exist any more or is somebody else's."""
        person = await people.find(conn, actor.user_id)
        return await drafts.get(conn, actor.guild_id, draft_id, person.id if person else 0)

    async def _show_preview(
        self, interaction: Interaction, actor: Actor, draft: Draft, now: datetime, *, here: bool
    ) -> None:
        """Show the preview of a draft, or its mistakes."""
        guild_id = dm_guild_id(interaction, actor.guild_id)
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                view = views.preview(await drafts.preview(conn, draft, now=now), guild_id)
        except UserError as error:
            view = views.mistaken(draft, _texts(error), guild_id)
        if here:
            await interaction.response.edit_message(view=view)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)


def _texts(error: UserError) -> list[str]:
    """Return the texts of an error: one for each mistake in a form, or the only text of any other error."""
    return error.texts if isinstance(error, Mistakes) else [str(error)]


async def setup(bot: Attache) -> None:
    await bot.add_cog(UpdateCog(bot))
