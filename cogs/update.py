"""/update: the one way to change the record. A form, a preview in words, Save, and Undo for a minute."""

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
from bot.ui import drafts as ui
from bot.ui import questions as question_cards
from bot.ui.choices import MOST, Offered
from bot.ui.ids import number
from bot.ui.pages import clamped
from cogs.shared.answers import turn
from cogs.shared.records import AnyRecord, Deal, Item, Participant, RecordArgument, find, in_ids
from data.database import Connection
from data.records import Guild, Opened

Interaction = discord.Interaction[Attache]


class ItemOrNewArgument(RecordArgument):
    """A command option that takes a pending item, or the name of a new one."""

    def __init__(self) -> None:
        super().__init__("pending")

    async def offered(self, interaction: Interaction, value: str) -> list[Offered]:
        found, name = await super().offered(interaction, value), value.strip()
        if not name or len(name) > 80:
            return found
        return [*found[: MOST - 1], Offered(f"New item: {name}", "", name)]


ItemOrNew = app_commands.Transform[str, ItemOrNewArgument()]
About = app_commands.Transform[str, RecordArgument(*get_field("pending", "about").type.kinds)]


def _choices(words: dict[str, str]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=text, value=value) for value, text in words.items()]


_FIELDS = _choices({field.name: field.label for field in fields_of("deal") if field.name != "checked"})


class Updates(commands.Cog):
    """The commands and components by which editors change the record."""

    update = app_commands.Group(
        name="update",
        description="Change the record, with a source",
        allowed_contexts=app_commands.AppCommandContext(guild=True),
    )

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands: each opens a form.

    @update.command(name="deal")
    @app_commands.describe(deal="The deal", field="What changed")
    @app_commands.choices(field=_FIELDS)
    async def deal(self, interaction: Interaction, deal: Deal, field: str) -> None:
        """Enter a value of a deal: its value, number, parties, approvals and more."""
        actor, guild, now = await self._editor(interaction)
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, deal, ("deal",))
        await self._ask_field(interaction, actor, guild, opened, field, now)

    @update.command(name="stage")
    @app_commands.describe(deal="The deal", stage="How far it is now, as a source says")
    @app_commands.choices(stage=_choices(STAGES))
    async def stage(self, interaction: Interaction, deal: Deal, stage: str) -> None:
        """Enter how far a deal is."""
        actor, _, now = await self._editor(interaction)
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, deal, ("deal",))
        await self._ask(interaction, actor, reading.field_task(opened, get_field("deal", "stage")), now, value=stage)

    @update.command(name="pending")
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
        actor, _, now = await self._editor(interaction)
        task, opened = await drafts.pending_task(
            self.bot.db.read, actor.guild_id, item, about=about, item_kind=kind, who=who
        )
        value = reading.prefilled(opened, get_field("pending", "due")) if opened else "none"
        await self._ask(interaction, actor, task, now, value=value)

    @update.command(name="close")
    @app_commands.describe(item="The pending item", outcome="How it ended")
    @app_commands.choices(outcome=_choices(OUTCOMES))
    async def close(self, interaction: Interaction, item: Item, outcome: str) -> None:
        """Close a pending item: what was waited for has happened, or will not."""
        actor, _, now = await self._editor(interaction)
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, item, ("pending",))
        await self._ask(interaction, actor, reading.closing_task(opened), now, value=outcome)

    @update.command(name="checked")
    @app_commands.describe(what="The record that you looked into")
    async def checked(self, interaction: Interaction, what: AnyRecord) -> None:
        """Note that you looked and found nothing new."""
        actor, guild, now = await self._editor(interaction)
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, what)
        await self._ask_checked(interaction, actor, guild, opened, now)

    # Questions that members filed with *Not what I asked*.

    @update.command(name="questions")
    async def questions(self, interaction: Interaction) -> None:
        """See the questions that were not answered as meant; a record's other name often helps."""
        actor, _, now = await self._editor(interaction)
        view = await self._questions(interaction, actor, 0, now)
        await interaction.response.send_message(view=view, ephemeral=True)

    @component("update.questions", requires="editor")
    async def on_questions(self, interaction: Interaction, actor: Actor, page: str) -> None:
        view = await self._questions(interaction, actor, number(page), self.bot.clock.now())
        await turn(interaction, view)

    @component("update.question", requires="editor")
    async def on_question(self, interaction: Interaction, actor: Actor, page: str) -> None:
        now = self.bot.clock.now()
        filed = await questions.find_filed(self.bot.db.read, actor.guild_id, number(chosen(interaction)), now=now)
        if filed is None:
            gone = "That question was handled meanwhile."
            view = await self._questions(interaction, actor, number(page), now, note=gone)
        else:
            view = question_cards.question(filed, number(page), in_ids(interaction, actor))
        await turn(interaction, view)

    @component("update.handled", requires="editor")
    async def on_handled(self, interaction: Interaction, actor: Actor, question_id: str, page: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            first = await questions.handle(conn, actor.guild_id, number(question_id))
        note = "Handled: the question is off the list." if first else "That question was handled before."
        view = await self._questions(interaction, actor, number(page), self.bot.clock.now(), note=note)
        await turn(interaction, view)

    @component("update.alias", requires="editor")
    async def on_alias(self, interaction: Interaction, actor: Actor, question_id: str) -> None:
        now = self.bot.clock.now()
        if await questions.find_filed(self.bot.db.read, actor.guild_id, number(question_id), now=now) is None:
            raise UserError("That question was handled meanwhile. Nothing was changed. Use /update questions again.")
        await self._ask(interaction, actor, reading.alias_task(), now)

    async def _questions(
        self, interaction: Interaction, actor: Actor, page: int, now: datetime, *, note: str = ""
    ) -> discord.ui.LayoutView:
        """Return one page of the filed questions; the last page when there are fewer by now."""
        rows = question_cards.ROWS
        found, total = await questions.list_filed(
            self.bot.db.read, actor.guild_id, now=now, offset=page * rows, limit=rows
        )
        if total and not found:
            page = clamped(page, -(-total // rows))
            found, total = await questions.list_filed(
                self.bot.db.read, actor.guild_id, now=now, offset=page * rows, limit=rows
            )
        return question_cards.listed(
            found, total, page, guild_id=in_ids(interaction, actor), note=note, mention=self.bot.mention
        )

    # Buttons elsewhere that begin an update: on cards and on reminders, there in direct messages too.

    @component("update.open", requires="editor")
    async def on_open(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await interaction.response.send_message(view=ui.choose(opened, in_ids(interaction, actor)), ephemeral=True)

    @component("update.field", requires="editor")
    async def on_field(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        now = self.bot.clock.now()
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        name = chosen(interaction)
        if name == ui.CLOSE:
            await self._ask(interaction, actor, reading.closing_task(opened), now, here=True)
        elif name == ui.CHECKED:
            await self._ask_checked(interaction, actor, guild, opened, now, here=True)
        else:
            await self._ask_field(interaction, actor, guild, opened, name, now, here=True)

    @component("update.close", requires="editor")
    async def on_close(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        await self._ask(interaction, actor, reading.closing_task(opened), self.bot.clock.now())

    @component("update.due", requires="editor")
    async def on_due(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await self._ask_field(interaction, actor, guild, opened, "due", self.bot.clock.now())

    @component("update.checked", requires="editor")
    async def on_checked(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        await self._ask_checked(interaction, actor, guild, opened, self.bot.clock.now())

    # The form and what answers it.

    @component("update.form", requires="editor")
    async def on_form(self, interaction: Interaction, actor: Actor, draft_id: str, here: str = "") -> None:
        now, guild = self.bot.clock.now(), await guilds.get(self.bot.db.read, actor.guild_id)
        words = {
            name: value if isinstance(value, str) else "".join(value[:1]) for name, value in typed(interaction).items()
        }
        # What was typed is kept before anything is read from it, whatever becomes of the rest.
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._draft(conn, actor, draft_id)
            draft = await drafts.keep_typed(conn, draft, words, today=dates.local_date(now, guild.zone))
        await self._show_preview(interaction, actor, draft, now, here=bool(here))

    @component("update.change", requires="editor")
    async def on_change(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        draft = await self._draft(self.bot.db.read, actor, draft_id)
        await interaction.response.send_modal(ui.form(draft, guild_id=in_ids(interaction, actor), here=True))

    @component("update.after", requires="editor")
    async def on_after(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._draft(conn, actor, draft_id)
            draft = await drafts.choose_stage(conn, draft, number(deal_id), chosen(interaction))
        await self._show_preview(interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.also", requires="editor")
    async def on_also(self, interaction: Interaction, actor: Actor, draft_id: str, deal_id: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._draft(conn, actor, draft_id)
            ids = [number(id_) for id_ in all_chosen(interaction)]
            draft = await drafts.choose_approvals(conn, draft, number(deal_id), ids)
        await self._show_preview(interaction, actor, draft, self.bot.clock.now(), here=True)

    @component("update.drop", requires="editor")
    async def on_drop(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            draft = await self._draft(conn, actor, draft_id)
            await drafts.drop(conn, draft)
        await interaction.response.edit_message(view=ui.discarded(draft))

    @component("update.save", requires="editor")
    async def on_save(self, interaction: Interaction, actor: Actor, draft_id: str) -> None:
        now, guild_id = self.bot.clock.now(), in_ids(interaction, actor)
        draft: Draft | None = None
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                draft = await self._draft(conn, actor, draft_id)
                saved = await drafts.save(conn, draft, now=now)
        except UserError as error:
            if draft is None:
                raise
            view = ui.mistaken(draft, _texts(error), guild_id)
        else:
            view = ui.preview(saved, guild_id) if saved.moved_on else ui.saved(saved, now, now + UNDO_FOR, guild_id)
        await interaction.response.edit_message(view=view)

    @component("update.undo", requires="editor")
    async def on_undo(self, interaction: Interaction, actor: Actor, batch: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            slug, name = await drafts.undo(conn, actor.guild_id, batch, now=self.bot.clock.now(), person_id=person.id)
            opened = await records.find(conn, actor.guild_id, slug)
        await interaction.response.edit_message(view=ui.undone(name, opened, in_ids(interaction, actor)))

    # Shared steps.

    async def _editor(self, interaction: Interaction) -> tuple[Actor, Guild, datetime]:
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        require_editor(actor, guild)
        return actor, guild, now

    async def _ask_field(
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
        if name == "checked":
            await self._ask_checked(interaction, actor, guild, opened, now, here=here)
            return
        field = get_field(opened.record.kind, name)
        value = reading.prefilled(opened, field)
        await self._ask(interaction, actor, reading.field_task(opened, field), now, value=value, here=here)

    async def _ask_checked(
        self, interaction: Interaction, actor: Actor, guild: Guild, opened: Opened, now: datetime, *, here: bool = False
    ) -> None:
        day = dates.local_date(now, guild.zone).isoformat()
        await self._ask(interaction, actor, reading.checked_task(opened), now, day=day, here=here)

    async def _ask(
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
        """Begin a draft and open its form. A modal has to be the first answer to an interaction."""
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            draft = await drafts.start(conn, actor.guild_id, person.id, task, value=value, day=day, now=now)
        await interaction.response.send_modal(ui.form(draft, guild_id=in_ids(interaction, actor), here=here))

    async def _draft(self, conn: Connection, actor: Actor, draft_id: str) -> Draft:
        person = await people.find(conn, actor.user_id)
        return await drafts.get(conn, actor.guild_id, draft_id, person.id if person else 0)

    async def _show_preview(
        self, interaction: Interaction, actor: Actor, draft: Draft, now: datetime, *, here: bool
    ) -> None:
        guild_id = in_ids(interaction, actor)
        try:
            async with self.bot.db.write(actor.guild_id) as conn:
                view = ui.preview(await drafts.preview(conn, draft, now=now), guild_id)
        except UserError as error:
            view = ui.mistaken(draft, _texts(error), guild_id)
        if here:
            await interaction.response.edit_message(view=view)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)


def _texts(error: UserError) -> list[str]:
    return error.texts if isinstance(error, Mistakes) else [str(error)]


async def setup(bot: Attache) -> None:
    await bot.add_cog(Updates(bot))
