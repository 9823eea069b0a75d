"""Functions that the cogs for updates share: they check who may edit, open forms, and show previews of drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from bot import dates
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.permissions import Actor, require_editor
from bot.ledger import drafts as reading
from bot.ledger.drafts import Draft, Task
from bot.ledger.kinds import get_field
from bot.services import drafts, guilds, people
from bot.ui import draft_forms
from bot.ui import drafts as views
from cogs.shared.answers import Interaction, dm_guild_id
from data.database import Connection
from data.records import Guild, Opened, Value


async def require_editing(interaction: Interaction) -> tuple[Actor, Guild, datetime]:
    """Return the actor, the server and the present instant. Raise NotAllowed if the actor is no editor."""
    bot = interaction.client
    now = bot.clock.now()
    actor = await bot.permissions.actor(interaction, now)
    guild = await guilds.get(bot.db.read, actor.guild_id)
    require_editor(actor, guild)
    return actor, guild, now


async def answered_as_closed(interaction: Interaction, actor: Actor, opened: Opened) -> bool:
    """Return whether a record is a closed pending item. If it is, first answer the interaction with this fact.

    It is for buttons that only make sense for an open item, such as the button that sets the due date.
    """
    if opened.record.kind != "pending" or opened.record.open:
        return False
    view = views.closed(opened, dm_guild_id(interaction, actor.guild_id))
    await interaction.response.send_message(view=view, ephemeral=True)
    return True


async def open_field_form(
    interaction: Interaction,
    actor: Actor,
    guild: Guild,
    opened: Opened,
    name: str,
    now: datetime,
    *,
    here: bool = False,
) -> None:
    """Open the form for the field `name` of a record, filled in with the present value.

    If the field can have several values and has some, show a menu of its values instead. The user chooses the one to
    change.
    """
    if name == "checked":
        await open_checked_form(interaction, actor, guild, opened, now, here=here)
        return
    field = get_field(opened.record.kind, name)
    if field.rule != "replace" and opened.record.state.facts(field.name):
        view = draft_forms.choose_value(opened, field, dm_guild_id(interaction, actor.guild_id))
        if here:
            await interaction.response.edit_message(view=view)
        else:
            await interaction.response.send_message(view=view, ephemeral=True)
        return
    value = reading.prefilled(opened, field)
    task = replace(reading.field_task(opened, field), started_from=reading.started_from(opened, field))
    await open_form(interaction, actor, task, now, value=value, here=here)


async def open_checked_form(
    interaction: Interaction, actor: Actor, guild: Guild, opened: Opened, now: datetime, *, here: bool = False
) -> None:
    """Open the form with which the editor notes that they looked and found nothing new. Its date is today."""
    day = dates.local_date(now, guild.zone).isoformat()
    await open_form(interaction, actor, reading.checked_task(opened), now, day=day, here=here)


async def open_form(
    interaction: Interaction,
    actor: Actor,
    task: Task[Value],
    now: datetime,
    *,
    value: str = "",
    day: str = "",
    typed: Mapping[str, str] | None = None,
    here: bool = False,
) -> None:
    """Store a new draft and open its form. The form is filled in with `value`, `day` and `typed`.

    `typed` has texts by the name of the input. The interaction must not have been answered yet, because Discord opens a
    form only as the first answer.
    """
    async with interaction.client.db.write(actor.guild_id) as conn:
        person = await people.ensure(conn, actor.user_id)
        draft = await drafts.start(conn, actor.guild_id, person.id, task, value=value, day=day, typed=typed, now=now)
    await interaction.response.send_modal(
        draft_forms.form(draft, guild_id=dm_guild_id(interaction, actor.guild_id), here=here)
    )


async def get_draft(conn: Connection, actor: Actor, draft_id: str) -> Draft:
    """Return a draft that the actor began. Raise UserError if it is gone or if somebody else began it."""
    person = await people.find(conn, actor.user_id)
    return await drafts.get(conn, actor.guild_id, draft_id, person.id if person else 0)


async def show_preview(
    bot: Attache, interaction: Interaction, actor: Actor, draft: Draft, now: datetime, *, here: bool
) -> None:
    """Show the preview of a draft, or the mistakes in its form.

    If `here` is True, this replaces the message with the pressed button. Otherwise it is a new private message.
    """
    guild_id = dm_guild_id(interaction, actor.guild_id)
    try:
        async with bot.db.write(actor.guild_id) as conn:
            view = views.preview(await drafts.preview(conn, draft, now=now), guild_id)
    except UserError as error:
        view = views.mistaken(draft, error, guild_id)
    if here:
        await interaction.response.edit_message(view=view)
    else:
        await interaction.response.send_message(view=view, ephemeral=True)
