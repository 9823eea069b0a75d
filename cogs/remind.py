"""`/remind`: being reminded of a pending item, or of one's own words at a time."""

from __future__ import annotations

from datetime import datetime

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import BadInput, NotAllowed, NotInRecord, UserError
from bot.interactions.components import chosen, component, typed
from bot.interactions.permissions import ANSWER_WITHIN, TYPING_WITHIN, Actor, unanswered
from bot.ledger.due_dates import OpenItem, PersonalReminder, item_of
from bot.ledger.words import normal
from bot.services import deliveries, destinations, guilds, people, records, reminders
from bot.ui import reminders as rendered
from bot.ui.choices import Offered, choices
from bot.ui.ids import number
from bot.ui.text import clip, escaped
from cogs.shared.answers import answer, defer_in_dm, send_first
from cogs.shared.records import Item, find, in_ids
from data.database import Connection
from data.records import Confirmation, Destination, Opened, Reminder

Interaction = discord.Interaction[Attache]
_JOINED_AT_ONCE = 10


class RemindCog(commands.Cog):
    """Reminders of pending items and of one's own words."""

    remind = app_commands.Group(
        name="remind",
        description="Be reminded: of a pending item before, on and after its day, or of your own words at a time",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Setting

    @remind.command(name="me")
    @app_commands.describe(
        item="A pending item; its own dates say when",
        text="Your own words instead",
        moment="When to remind you of your words: in 3 days, next Friday 9am, 2026-12-01 14:00",
    )
    @app_commands.rename(moment="when")
    async def me(
        self, interaction: Interaction, item: Item | None = None, text: str | None = None, moment: str | None = None
    ) -> None:
        """Be reminded of a pending item, or of your own words at a time"""
        if interaction.guild_id is None:
            raise UserError(
                "A reminder begins in the server that it is about. Nothing was changed. Use /remind me there; "
                "the reminder then arrives here."
            )
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        if item is not None:
            if text is not None or moment is not None:
                raise BadInput(
                    "A pending item is told at its own dates. Nothing was changed. Give the item alone, or your own "
                    "words in text with a time in when."
                )
            await self._join(
                interaction,
                actor,
                [await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, item, ("pending",))],
            )
            return
        if text is None:
            raise BadInput(
                "There is nothing to remind you of yet. Nothing was changed. Choose an item, or write text and when."
            )
        if moment is None:
            raise BadInput("When? Nothing was changed. Write it in when, like in 3 days or next Friday 9am.")
        await self._set_words(interaction, actor, text, moment, now)

    @component("remind.me")
    async def on_me(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Set reminders by a card's button: of the item itself, or of all open items about another record."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        items = [opened]
        if opened.record.kind != "pending":
            about = [link.slug for link in opened.links if link.kind == "pending" and link.open and not link.outward]
            items = await records.get_many(self.bot.db.read, actor.guild_id, about[:_JOINED_AT_ONCE])
            if not items:
                raise UserError(
                    f"Nothing is open about {opened.record.name}, so there is nothing to be reminded of. "
                    "Nothing was changed. Following it tells you when that changes."
                )
        await self._join(interaction, actor, items)

    async def _join(self, interaction: Interaction, actor: Actor, items: list[Opened]) -> None:
        for opened in items:
            reminders.check_open(opened)
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = self.bot.clock.now()
        joined: list[tuple[OpenItem, bool]] = []
        async with self.bot.db.write(actor.guild_id) as conn:
            guild = await guilds.get(conn, actor.guild_id)
            mine = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
            for opened in items:
                is_new = await reminders.join(conn, mine.place, opened, now=now, person_id=mine.person_id)
                item = item_of(opened.record, guild.zone)
                joined.append((OpenItem(item, opened, news=False), is_new))
            slug = items[0].record.slug
            confirms = Confirmation("remind", slug=slug)
            planned = await deliveries.confirm_own(conn, mine, _first_key(slug, now), confirms, now=now)
        confirmed = await send_first(self.bot.deliverer, planned)
        text, view = rendered.joined_items(joined, mine.place, confirmed, in_ids(interaction, actor))
        await interaction.edit_original_response(content=text, view=view)

    async def _set_words(self, interaction: Interaction, actor: Actor, text: str, moment: str, now: datetime) -> None:
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        person = await people.find(self.bot.db.read, actor.user_id)
        known = person and await destinations.find_person(self.bot.db.read, actor.guild_id, person.id)
        zone = known.zone if known else (person and person.zone) or guild.zone
        at = dates.parse_instant(moment, now=now, zone=zone)
        reminders.check_words(text)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.db.write(actor.guild_id) as conn:
            mine = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
            reminder = await reminders.set_words(conn, mine.place, text, at, now=now, person_id=mine.person_id)
            confirms = Confirmation("remind", name=clip(" ".join(reminder.words.split()), 100))
            planned = await deliveries.confirm_own(conn, mine, _first_key(reminder.id, now), confirms, now=now)
        confirmed = await send_first(self.bot.deliverer, planned)
        content, view = rendered.words_set(reminder, confirmed, in_ids(interaction, actor))
        await interaction.edit_original_response(content=content, view=view)

    # Looking

    @remind.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """Your reminders, what comes next first"""
        await defer_in_dm(interaction)
        personal, incomplete = await self._personal(interaction)
        if not personal:
            if incomplete:
                raise unanswered()
            raise UserError(
                "You have no reminders here. /remind me sets one, and the cards of pending items have a button for it."
            )
        in_dm = interaction.guild_id is None
        await answer(interaction, view=rendered.listing(personal, None, in_dm=in_dm, incomplete=incomplete))

    async def _personal(
        self, interaction: Interaction, within: float = ANSWER_WITHIN
    ) -> tuple[list[PersonalReminder], bool]:
        """Return the actor's reminders in this server; in a DM those of every server that they are in.

        Return also whether some may be missing, because Discord did not say in time whether they still are a member.
        """
        if interaction.guild_id is not None:
            await guilds.get(self.bot.db.read, interaction.guild_id)
        person = await people.find(self.bot.db.read, interaction.user.id)
        if person is None:
            return [], False
        personal = await reminders.list_of_person(self.bot.db.read, person.id, interaction.guild_id)
        if interaction.guild_id is not None:
            return personal, False
        now = self.bot.clock.now()
        servers = await self.bot.permissions.still_in(
            (reminder.guild_id for reminder in personal), interaction.user.id, now, within
        )
        return [reminder for reminder in personal if reminder.guild_id in servers.joined], bool(servers.unknown)

    async def _find_personal(self, interaction: Interaction, text: str) -> PersonalReminder:
        await defer_in_dm(interaction)
        personal, incomplete = await self._personal(interaction)
        try:
            return reminders.pick(personal, text)
        except NotInRecord:
            if incomplete:
                raise unanswered() from None
            raise

    @component("remind.pick", anywhere=True)
    async def pick(self, interaction: Interaction, actor: Actor | None) -> None:
        """Show the reminder that was chosen in the list, with buttons to snooze and to cancel it."""
        personal = await self._find_personal(interaction, chosen(interaction))
        where, key = ("pi", personal.reminder.slug) if personal.reminder.slug else ("pw", str(personal.reminder.id))
        guild_id = personal.guild_id if interaction.guild_id is None else None
        text, view = rendered.snooze_choices(where, key or "", personal.title, guild_id, cancel=where)
        await answer(interaction, text, view=view)

    # Snoozing and cancelling by command

    @remind.command(name="snooze")
    @app_commands.describe(reminder="One of your reminders", until="Counted from now: in 3 days, tomorrow 14:00")
    async def snooze(self, interaction: Interaction, reminder: str, until: str) -> None:
        """Silence one of your reminders until a time"""
        personal = await self._find_personal(interaction, reminder)
        now = self.bot.clock.now()
        at = dates.parse_instant(until, now=now, zone=personal.zone)
        async with self.bot.db.write(personal.guild_id) as conn:
            await reminders.snooze(conn, personal.reminder, at, now=now)
        await answer(interaction, rendered.snoozed(personal.title, at, "pi"))

    @remind.command(name="cancel")
    @app_commands.describe(reminder="One of your reminders")
    async def cancel(self, interaction: Interaction, reminder: str) -> None:
        """End one of your reminders"""
        personal = await self._find_personal(interaction, reminder)
        async with self.bot.db.write(personal.guild_id) as conn:
            await reminders.cancel(conn, personal.reminder, now=self.bot.clock.now())
        await answer(interaction, _cancelled(personal.title))

    @snooze.autocomplete("reminder")
    @cancel.autocomplete("reminder")
    async def _complete(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is not None and await guilds.find(self.bot.db.read, interaction.guild_id) is None:
            return []
        asked = normal(current)
        personal, _ = await self._personal(interaction, TYPING_WITHIN)
        return choices(
            Offered(reminder.title, reminder.server, str(reminder.reminder.id), _moment(reminder.reminder.at))
            for reminder in personal
            if asked in normal(reminder.title)
        )

    # Buttons and menus. `where` and `key` name what is meant: "ci" an item for the channel, "pi" one of one's own
    # items, "ni" an item of which one wants a copy, each with its slug; "pw" own words, with the reminder's id.

    @component("remind.snooze")
    async def on_snooze(self, interaction: Interaction, actor: Actor, where: str, key: str) -> None:
        if where == "ci" and not actor.may_edit(await guilds.get(self.bot.db.read, actor.guild_id)):
            where = "ni"
        name = await self._name(actor, where, key)
        text, view = rendered.snooze_choices(where, key, name, in_ids(interaction, actor))
        await interaction.response.send_message(text, view=view, ephemeral=True)

    @component("remind.until")
    async def on_until(self, interaction: Interaction, actor: Actor, where: str, key: str, code: str) -> None:
        if code not in rendered.SNOOZES:
            raise BadInput("This button names no time. Nothing was changed. Use /remind snooze instead.")
        text = await self._snooze(interaction, actor, where, key, rendered.SNOOZES[code])
        await interaction.response.edit_message(content=text, view=None)

    @component("remind.form")
    async def on_form(self, interaction: Interaction, actor: Actor, where: str, key: str) -> None:
        await self._name(actor, where, key)
        await interaction.response.send_modal(rendered.until_form(where, key, in_ids(interaction, actor)))

    @component("remind.typed")
    async def on_typed(self, interaction: Interaction, actor: Actor, where: str, key: str) -> None:
        text = await self._snooze(interaction, actor, where, key, str(typed(interaction).get("until", "")))
        await interaction.response.send_message(text, ephemeral=True)

    async def _name(self, actor: Actor, where: str, key: str) -> str:
        """Return what the reminder is called. Raise a UserError when it is over."""
        if where == "pw":
            return (await self._words(self.bot.db.read, actor, key)).words
        opened = await records.get(self.bot.db.read, actor.guild_id, key)
        reminders.check_open(opened)
        if where == "pi":
            await self._joined(self.bot.db.read, actor, key)
        return opened.record.name

    async def _snooze(self, interaction: Interaction, actor: Actor, where: str, key: str, words: str) -> str:
        """Snooze a reminder until the time that `words` say, counted from now. Return the answer."""
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            if where == "pw":
                reminder = await self._words(conn, actor, key)
                place = await destinations.get(conn, reminder.destination_id)
                at = dates.parse_instant(words, now=now, zone=place.zone)
                await reminders.snooze(conn, reminder, at, now=now)
                return rendered.snoozed(reminder.words, at, where)
            opened = await records.get(conn, actor.guild_id, key)
            reminders.check_open(opened)
            person = await people.ensure(conn, actor.user_id)
            if where == "ci":
                place = await self._channel(conn, interaction, actor)
            elif where == "ni":
                place = await destinations.ensure_person(conn, actor.guild_id, person.id, now=now)
            else:
                joined = await self._joined(conn, actor, key)
                place = await destinations.get(conn, joined.destination_id)
            at = dates.parse_instant(words, now=now, zone=place.zone)
            await reminders.snooze_item(conn, place, opened, at, now=now, person_id=person.id)
            return rendered.snoozed(opened.record.name, at, where)

    async def _channel(self, conn: Connection, interaction: Interaction, actor: Actor) -> Destination:
        """Return the channel whose reminders an editor snoozes: the one that the button is in, else the server's."""
        guild = await guilds.get(conn, actor.guild_id)
        if not actor.may_edit(guild):
            raise NotAllowed("Only editors snooze what a channel hears. Nothing was changed. /remind me sets your own.")
        for channel_id in (interaction.channel_id, guild.channel_id):
            place = channel_id and await destinations.find_channel(conn, actor.guild_id, channel_id)
            if place:
                return place
        raise UserError("No reminders come to this channel. Nothing was changed.")

    @component("remind.cancel")
    async def on_cancel(self, interaction: Interaction, actor: Actor, where: str, key: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            words = where == "pw"
            reminder = await self._words(conn, actor, key) if words else await self._joined(conn, actor, key)
            await reminders.cancel(conn, reminder, now=self.bot.clock.now())
        text = _cancelled(reminder.name or reminder.words)
        await interaction.response.edit_message(content=text, view=None)

    async def _words(self, conn: Connection, actor: Actor, key: str) -> Reminder:
        """Return a reminder of the actor's own words in this server by its id.

        Raise a UserError when it is over, NotAllowed when it is somebody else's.
        """
        reminder = await reminders.find(conn, actor.guild_id, number(key))
        if reminder is None:
            raise _over()
        place = await destinations.get(conn, reminder.destination_id)
        if place.user_id != actor.user_id:
            raise NotAllowed("This reminder is somebody else's. Nothing was changed. /remind list shows yours.")
        return reminder

    async def _joined(self, conn: Connection, actor: Actor, slug: str) -> Reminder:
        """Return the actor's own reminder of an item. Raise a UserError when it is over."""
        person = await people.find(conn, actor.user_id)
        place = person and await destinations.find_person(conn, actor.guild_id, person.id)
        reminder = await reminders.find_item(conn, place.id, slug) if place else None
        if reminder is None:
            raise _over()
        return reminder


def _first_key(what: str | int, now: datetime) -> str:
    """Return the key of the confirmation that a new reminder, of an item or of own words, is sent with."""
    return f"remind:{what}:{int(now.timestamp())}"


def _moment(at: datetime | None) -> str:
    """Return when a reminder of own words comes, to tell equal ones apart; "" for one of an item."""
    return f"{dates.format_day(at.date(), weekday=False)} {at:%H:%M} UTC" if at else ""


def _over() -> UserError:
    return UserError(
        "This reminder has been cancelled already. Nothing more was changed. /remind me sets it again, /remind list "
        "shows those that stand."
    )


def _cancelled(name: str) -> str:
    return f"You are no longer reminded of **{escaped(name, 150)}**."


async def setup(bot: Attache) -> None:
    await bot.add_cog(RemindCog(bot))
