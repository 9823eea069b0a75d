"""`/update`: lets editors change records through a form and a preview, with *Save* and, for a minute, *Undo*.

Editors also handle filed questions here. Often, a question can be answered once a record has another name.
"""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands
from msgspec.structs import replace

from bot import dates
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor
from bot.ledger import drafts as reading
from bot.ledger import record_forms
from bot.ledger.happenings import HAPPENINGS
from bot.ledger.kinds import OUTCOMES, PENDING_KINDS, STAGES, fields_of, get_field
from bot.ledger.words import one_line
from bot.services import (
    corrections,
    event_drafts,
    guilds,
    merging,
    pending_drafts,
    people,
    questions,
    record_drafts,
    records,
    removals,
    updates,
)
from bot.ui import corrections as correction_views
from bot.ui import draft_forms
from bot.ui import questions as question_views
from bot.ui.choices import MOST, Offered, choice_of
from bot.ui.ids import number
from bot.ui.pages import clamped
from cogs.shared.answers import Interaction, dm_guild_id, show_page
from cogs.shared.drafting import answered_as_closed, open_checked_form, open_field_form, open_form, require_editing
from cogs.shared.event_options import Day, SourceOption
from cogs.shared.fixed_choices import ChoiceArgument
from cogs.shared.records import AnyRecord, Deal, Item, Participant, RecordArgument, get_record
from data.records import Guild

_NEW = "new item:"
_LONGEST_NAME = 80  # Characters of the name of a new pending item.


class ItemOrNewArgument(RecordArgument):
    """A command option that takes a pending item, or the name of a new one."""

    def __init__(self) -> None:
        super().__init__("pending")

    async def completions(self, interaction: Interaction, value: str) -> list[Offered]:
        """Return the pending items that match what the user has typed.

        The typed text itself is the last choice: it begins a new item of that name.
        """
        items, name = await super().completions(interaction, value), value.strip()
        if not name or len(name) > _LONGEST_NAME:
            return items
        return [*items[: MOST - 1], Offered(f"New item: {name}", "", name)]

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        text = await super().transform(interaction, value)
        return text[len(_NEW) :].strip() if text.casefold().startswith(_NEW) else text


ItemOrNew = app_commands.Transform[str, ItemOrNewArgument()]
About = app_commands.Transform[str, RecordArgument(*get_field("pending", "about").type.kinds)]


_HAPPENINGS = {name: happening.label for name, happening in HAPPENINGS.items()}
HappeningKind = app_commands.Transform[str, ChoiceArgument(_HAPPENINGS)]
Added = app_commands.Transform[str, ChoiceArgument(record_drafts.ADDED)]
DealField = app_commands.Transform[
    str, ChoiceArgument({field.name: field.label for field in fields_of("deal") if field.name != "checked"})
]
Stage = app_commands.Transform[str, ChoiceArgument(STAGES)]
PendingKind = app_commands.Transform[str, ChoiceArgument(PENDING_KINDS)]
Outcome = app_commands.Transform[str, ChoiceArgument(OUTCOMES)]


@app_commands.guild_only()
class UpdateCog(commands.GroupCog, group_name="update", group_description="Change the record, with a source"):
    """The commands of `/update`, and the buttons, menus and forms by which editors change records.

    What an editor enters is a draft until *Save*. `here=True` means that the preview of the draft replaces the message
    with the pressed button. Otherwise the preview is a new message.
    """

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="event")
    @app_commands.describe(
        deal="The deal, or the name of a new one",
        kind="What happened",
        day="When it happened; left out: as in your last update of the past hour",
        source="A link or title; left out: that of your last update of the past hour",
    )
    async def event(
        self,
        interaction: Interaction,
        deal: Deal,
        kind: HappeningKind,
        day: Day | None = None,
        source: SourceOption | None = None,
    ) -> None:
        """Enter what happened to a deal: one form and one preview for all that it changes."""
        actor, guild, now = await require_editing(interaction)
        typed = await self._read_day_and_source(actor, guild, day, source, now)
        task = await event_drafts.event_task(self.bot.db.read, actor.guild_id, deal, kind)
        await open_form(interaction, actor, task, now, typed=typed)

    @app_commands.command(name="add")
    @app_commands.describe(
        kind="What is new",
        name="Its name; a note has none",
        about="The record that it is about or belongs to",
        day="The day of the news; left out: as in your last update of the past hour",
        source="A link or title; left out: that of your last update of the past hour",
    )
    async def add(
        self,
        interaction: Interaction,
        kind: Added,
        name: str = "",
        about: AnyRecord | None = None,
        day: Day | None = None,
        source: SourceOption | None = None,
    ) -> None:
        """Add a record, with a source: a participant, a deal, a session and more; or a note about a record."""
        actor, guild, now = await require_editing(interaction)
        typed = await self._read_day_and_source(actor, guild, day, source, now)
        task = await record_drafts.add_task(self.bot.db.read, actor.guild_id, kind, one_line(name), about or "")
        await open_form(interaction, actor, task, now, typed=typed | record_forms.first_texts(task, typed["date"]))

    @app_commands.command(name="deal")
    @app_commands.describe(deal="The deal", field="What changed")
    async def deal(self, interaction: Interaction, deal: Deal, field: DealField) -> None:
        """Enter a value of a deal: its value, number, parties, approvals and more."""
        actor, guild, now = await require_editing(interaction)
        opened = await get_record(self.bot, actor.guild_id, deal, ("deal",))
        await open_field_form(interaction, actor, guild, opened, field, now)

    @app_commands.command(name="stage")
    @app_commands.describe(deal="The deal", stage="How far it is now, as a source says")
    async def stage(self, interaction: Interaction, deal: Deal, stage: Stage) -> None:
        """Enter how far a deal is."""
        actor, _, now = await require_editing(interaction)
        opened = await get_record(self.bot, actor.guild_id, deal, ("deal",))
        await open_form(interaction, actor, reading.field_task(opened, get_field("deal", "stage")), now, value=stage)

    @app_commands.command(name="pending")
    @app_commands.describe(
        item="A pending item, or the name of a new one",
        about="The deal or other record that it is about",
        kind="What is waited for",
        who='Who must act: a participant, or words in "quotation marks"',
    )
    async def pending(
        self,
        interaction: Interaction,
        item: ItemOrNew,
        about: About | None = None,
        kind: PendingKind | None = None,
        who: Participant | None = None,
    ) -> None:
        """Enter what someone still has to do, with a due date or none; a known name changes that item."""
        actor, _, now = await require_editing(interaction)
        task, opened = await pending_drafts.pending_task(
            self.bot.db.read, actor.guild_id, item, about=about, item_kind=kind, who=who
        )
        value = reading.prefilled(opened, get_field("pending", "due")) if opened else "none"
        await open_form(interaction, actor, task, now, value=value)

    @app_commands.command(name="close")
    @app_commands.describe(item="The pending item", outcome="How it ended")
    async def close(self, interaction: Interaction, item: Item, outcome: Outcome) -> None:
        """Close a pending item: what was waited for has happened, or will not."""
        actor, _, now = await require_editing(interaction)
        opened = await get_record(self.bot, actor.guild_id, item, ("pending",))
        await open_form(interaction, actor, reading.closing_task(opened), now, value=outcome)

    @app_commands.command(name="checked")
    @app_commands.describe(what="The record that you looked into")
    async def checked(self, interaction: Interaction, what: AnyRecord) -> None:
        """Note that you looked and found nothing new."""
        actor, guild, now = await require_editing(interaction)
        opened = await get_record(self.bot, actor.guild_id, what)
        await open_checked_form(interaction, actor, guild, opened, now)

    @app_commands.command(name="questions")
    async def questions(self, interaction: Interaction) -> None:
        """See the questions that were not answered as meant; a record's other name often helps."""
        actor, _, now = await require_editing(interaction)
        view = await self._questions_page(interaction, actor, 0, now)
        await interaction.response.send_message(view=view, ephemeral=True)

    @app_commands.command(name="merge")
    @app_commands.describe(
        duplicate="The record that is there twice", into="The record that stays", reason="Why they are the same"
    )
    async def merge(
        self,
        interaction: Interaction,
        duplicate: AnyRecord,
        into: AnyRecord,
        reason: app_commands.Range[str, 1, 500],
    ) -> None:
        """Merge a duplicate into another record of its kind; its name keeps working"""
        actor, _, now = await require_editing(interaction)
        first = await get_record(self.bot, actor.guild_id, duplicate)
        second = await get_record(self.bot, actor.guild_id, into)
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            correction = await removals.begin_merge(conn, actor.guild_id, person.id, first, second, reason, now=now)
            seen = await corrections.preview(conn, correction, now=now)
        await interaction.response.send_message(view=correction_views.preview(seen, None), ephemeral=True)

    @app_commands.command(name="removed")
    async def removed(self, interaction: Interaction) -> None:
        """See the records that were removed or merged, and bring one back"""
        actor, _, _ = await require_editing(interaction)
        rows = await removals.list_removed(self.bot.db.read, actor.guild_id)
        merged = await merging.list_merged(self.bot.db.read, actor.guild_id)
        view = correction_views.removed(
            [(row.kind, row.slug, row.name) for row in rows], [(row.kind, row.slug, row.name) for row in merged], None
        )
        await interaction.response.send_message(view=view, ephemeral=True)

    # Components: questions that members filed with *Not what I asked*

    @component("update.questions", requires="editor")
    async def show_questions_page(self, interaction: Interaction, actor: Actor, page: str) -> None:
        """Show another page of the filed questions."""
        view = await self._questions_page(interaction, actor, number(page), self.bot.clock.now())
        await show_page(interaction, view)

    @component("update.question", requires="editor")
    async def show_question(self, interaction: Interaction, actor: Actor, page: str) -> None:
        """Show the filed question that the editor chose in the menu.

        The button *All questions* leads back to page `page` of the list.
        """
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
        """Take a filed question off the list. Then show page `page` of the list again."""
        async with self.bot.db.write(actor.guild_id) as conn:
            first = await questions.handle(conn, actor.guild_id, number(question_id))
        note = "Handled: the question is off the list." if first else "That question was handled before."
        view = await self._questions_page(interaction, actor, number(page), self.bot.clock.now(), note=note)
        await show_page(interaction, view)

    @component("update.alias", requires="editor")
    async def open_alias_form(self, interaction: Interaction, actor: Actor, question_id: str) -> None:
        """Open the form that gives a record another name. With this name, the filed question can often be answered."""
        now = self.bot.clock.now()
        if await questions.find_filed(self.bot.db.read, actor.guild_id, number(question_id), now=now) is None:
            raise UserError("That question was handled meanwhile. Nothing was changed. Use /update questions again.")
        await open_form(interaction, actor, reading.alias_task(), now)

    # Components: buttons of cards and reminders that begin an update

    @component("update.open", requires="editor")
    async def show_fields(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show the menu from which an editor chooses the field of a record to update."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await interaction.response.send_message(
            view=draft_forms.choose(opened, dm_guild_id(interaction, actor.guild_id)), ephemeral=True
        )

    @component("update.happened", requires="editor")
    async def show_happenings(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show the menu from which an editor chooses what happened to a deal."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await interaction.response.send_message(
            view=draft_forms.choose_happening(opened, dm_guild_id(interaction, actor.guild_id)), ephemeral=True
        )

    @component("update.happening", requires="editor")
    async def open_event_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form of the event that the editor chose in the menu. The form also asks for day and source."""
        happening = choice_of(_HAPPENINGS, chosen(interaction))
        task = await event_drafts.event_task(self.bot.db.read, actor.guild_id, slug, happening)
        await open_form(interaction, actor, replace(task, asks_source=True), self.bot.clock.now(), here=True)

    @component("update.field", requires="editor")
    async def open_field_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that the editor chose in the menu: for a field, for closing the item, or for a check.

        A check notes that the editor looked and found nothing new.
        """
        now = self.bot.clock.now()
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        name = chosen(interaction)
        if name in ("due", draft_forms.CHECKED) and await answered_as_closed(interaction, actor, opened):
            return
        if name == draft_forms.CLOSE:
            await open_form(interaction, actor, reading.closing_task(opened), now, here=True)
        elif name == draft_forms.CHECKED:
            await open_checked_form(interaction, actor, guild, opened, now, here=True)
        else:
            await open_field_form(interaction, actor, guild, opened, name, now, here=True)

    @component("update.value", requires="editor")
    async def show_value(self, interaction: Interaction, actor: Actor, slug: str, field: str) -> None:
        """Show the value that the editor chose in the menu of a field's values.

        If they chose *Another one* instead, open an empty form.
        """
        now, guild_id = self.bot.clock.now(), dm_guild_id(interaction, actor.guild_id)
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        row = get_field(opened.record.kind, field)
        if chosen(interaction) == draft_forms.ANOTHER:
            await open_form(interaction, actor, reading.field_task(opened, row), now, here=True)
            return
        update = await updates.get_live(self.bot.db.read, actor.guild_id, number(chosen(interaction)))
        opened = await records.get(self.bot.db.read, actor.guild_id, update.record)
        row = get_field(opened.record.kind, update.field)
        await interaction.response.edit_message(view=draft_forms.chosen_value(opened, row, update, guild_id))

    @component("update.revise", requires="editor")
    async def open_revision_form(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Open the form for a new value in place of an old one. The form is filled in with the old value."""
        update = await updates.get_live(self.bot.db.read, actor.guild_id, number(update_id))
        opened = await records.get(self.bot.db.read, actor.guild_id, update.record)
        value = get_field(opened.record.kind, update.field).type.typed(update.fact.value, opened.names)
        task = reading.changing_task(opened, update)
        await open_form(interaction, actor, task, self.bot.clock.now(), value=value, here=True)

    @component("update.end", requires="editor")
    async def open_ending_form(self, interaction: Interaction, actor: Actor, update_id: str) -> None:
        """Open the form for the end of a value. It asks since when the value is no longer true, and for the source."""
        update = await updates.get_live(self.bot.db.read, actor.guild_id, number(update_id))
        opened = await records.get(self.bot.db.read, actor.guild_id, update.record)
        await open_form(interaction, actor, reading.ending_task(opened, update), self.bot.clock.now(), here=True)

    @component("update.close", requires="editor")
    async def open_closing_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that closes a pending item."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        if await answered_as_closed(interaction, actor, opened):
            return
        await open_form(interaction, actor, reading.closing_task(opened), self.bot.clock.now())

    @component("update.due", requires="editor")
    async def open_due_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form for the due date of a pending item."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        if await answered_as_closed(interaction, actor, opened):
            return
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await open_field_form(interaction, actor, guild, opened, "due", self.bot.clock.now())

    @component("update.checked", requires="editor")
    async def open_checked_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form with which an editor notes that they looked and found nothing new about a record."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        if await answered_as_closed(interaction, actor, opened):
            return
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await open_checked_form(interaction, actor, guild, opened, self.bot.clock.now())

    @component("update.reopen", requires="editor")
    async def open_reopening_form(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Open the form that reopens a closed pending item. It asks for the new due date, which may be "none"."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await open_form(interaction, actor, reading.reopening_task(opened), self.bot.clock.now(), value="none")

    # Shared steps

    async def _read_day_and_source(
        self, actor: Actor, guild: Guild, day: str | None, source: str | None, now: datetime
    ) -> dict[str, str]:
        """Return the day and the source of a command as they are typed into its form.

        An option that was left out is taken from the actor's last update of the past hour. Raise UserError when there
        is none, or when the text of an option cannot be used.
        """
        person = await people.find(self.bot.db.read, actor.user_id)
        return await event_drafts.day_and_source(
            self.bot.db.read,
            actor.guild_id,
            person.id if person else 0,
            reading.fixed_day(day, dates.local_date(now, guild.zone)) if day else "",
            source or "",
            now=now,
        )

    async def _questions_page(
        self, interaction: Interaction, actor: Actor, page: int, now: datetime, *, note: str = ""
    ) -> discord.ui.LayoutView:
        """Render one page of the filed questions. If the list has no such page any more, render its last page.

        `note` is a line above the list.
        """
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


async def setup(bot: Attache) -> None:
    await bot.add_cog(UpdateCog(bot))
