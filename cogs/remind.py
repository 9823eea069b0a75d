"""`/remind`: sets, lists, snoozes and cancels reminders of pending items, and of a user's own words."""

from __future__ import annotations

from datetime import datetime

from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import BadInput, NotAllowed, NotInRecord, UserError
from bot.interactions.components import chosen, component, typed
from bot.interactions.permissions import ANSWER_WITHIN, TYPING_WITHIN, Actor, unanswered
from bot.ledger.words import normal
from bot.message_contents import PersonalReminder
from bot.services import deliveries, destinations, guilds, people, records, reminders
from bot.ui import reminders as views
from bot.ui.choices import Offered, choices
from bot.ui.ids import number
from bot.ui.text import clip, escaped
from cogs.shared.answers import Interaction, answer, defer_in_dm, dm_guild_id, send_confirmation
from cogs.shared.records import Item, get_record
from data.database import Connection
from data.records import Confirmation, Destination, Opened, Reminder

_MOST_ITEMS = 10  # The most items of which one button sets reminders.


@app_commands.allowed_contexts(guilds=True, dms=True)
@app_commands.allowed_installs(guilds=True)
class RemindCog(
    commands.GroupCog,
    group_name="remind",
    group_description="Be reminded: of a pending item before, on and after its day, or of your own words at a time",
):
    """The commands of `/remind`, and the buttons that set, snooze and cancel a reminder.

    The custom ids of the buttons identify a reminder by a code (`target`) and a `key`. The codes are:

    - "pi": the user's reminder of a pending item. The key is the item's slug.
    - "ci": a channel's reminder of a pending item. The key is the item's slug.
    - "ni": a new reminder for a user who may not snooze the channel's reminder. The key is the item's slug.
    - "pw": a reminder with the user's own words. The key is the reminder's id.
    """

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="me")
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
            opened = await get_record(self.bot, actor.guild_id, item, ("pending",))
            await self._remind_of_items(interaction, actor, [opened])
            return
        if text is None:
            raise BadInput(
                "There is nothing to remind you of yet. Nothing was changed. Choose an item, or write text and when."
            )
        if moment is None:
            raise BadInput("When? Nothing was changed. Write it in when, like in 3 days or next Friday 9am.")
        await self._remind_of_words(interaction, actor, text, moment, now)

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """Your reminders, what comes next first"""
        await defer_in_dm(interaction)
        personal, incomplete = await self._list_personal(interaction)
        if not personal:
            if incomplete:
                raise unanswered()
            raise UserError(
                "You have no reminders here. /remind me sets one, and the cards of pending items have a button for it."
            )
        in_dm = interaction.guild_id is None
        await answer(interaction, view=views.listing(personal, None, in_dm=in_dm, incomplete=incomplete))

    @app_commands.command(name="snooze")
    @app_commands.describe(reminder="One of your reminders", until="Counted from now: in 3 days, tomorrow 14:00")
    async def snooze(self, interaction: Interaction, reminder: str, until: str) -> None:
        """Silence one of your reminders until a time"""
        personal = await self._get_personal(interaction, reminder)
        now = self.bot.clock.now()
        at = dates.parse_instant(until, now=now, zone=personal.zone)
        async with self.bot.db.write(personal.guild_id) as conn:
            await reminders.snooze(conn, personal.reminder, at, now=now)
        await answer(interaction, views.snoozed(personal.title, at, "pi"))

    @app_commands.command(name="cancel")
    @app_commands.describe(reminder="One of your reminders")
    async def cancel(self, interaction: Interaction, reminder: str) -> None:
        """End one of your reminders"""
        personal = await self._get_personal(interaction, reminder)
        async with self.bot.db.write(personal.guild_id) as conn:
            await reminders.cancel(conn, personal.reminder, now=self.bot.clock.now())
        await answer(interaction, _cancelled(personal.title))

    @snooze.autocomplete("reminder")
    @cancel.autocomplete("reminder")
    async def complete_reminder(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is not None and await guilds.find(self.bot.db.read, interaction.guild_id) is None:
            return []
        typed_name = normal(current)
        personal, _ = await self._list_personal(interaction, TYPING_WITHIN)
        return choices(
            Offered(reminder.title, reminder.server, str(reminder.reminder.id), _due_words(reminder.reminder.at))
            for reminder in personal
            if typed_name in normal(reminder.title)
        )

    # Components

    @component("remind.me")
    async def remind_of_record(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Remind the user of a pending item, or of the open items about another record."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        items = [opened]
        if opened.record.kind != "pending":
            about = [link.slug for link in opened.links if link.kind == "pending" and link.open and not link.outward]
            items = await records.get_many(self.bot.db.read, actor.guild_id, about[:_MOST_ITEMS])
            if not items:
                raise UserError(
                    f"Nothing is open about {opened.record.name}, so there is nothing to be reminded of. "
                    "Nothing was changed. Following it tells you when that changes."
                )
        await self._remind_of_items(interaction, actor, items)

    @component("remind.pick", anywhere=True)
    async def show_reminder(self, interaction: Interaction, actor: Actor | None) -> None:
        """Show the reminder that the user chose in their list, with buttons to snooze and to cancel it."""
        personal = await self._get_personal(interaction, chosen(interaction))
        reminder = personal.reminder
        target, key = ("pi", reminder.slug) if reminder.slug else ("pw", str(reminder.id))
        guild_id = dm_guild_id(interaction, personal.guild_id)
        text, view = views.snooze_choices(target, key, personal.title, guild_id, cancel=target)
        await answer(interaction, text, view=view)

    @component("remind.snooze")
    async def offer_snooze(self, interaction: Interaction, actor: Actor, target: str, key: str) -> None:
        """Ask until when a reminder is to be silent.

        Only editors can snooze a channel's reminder. Other users are offered a reminder of their own, by direct
        message.
        """
        if target == "ci" and not actor.may_edit(await guilds.get(self.bot.db.read, actor.guild_id)):
            target = "ni"
        name = await self._get_title(actor, target, key)
        text, view = views.snooze_choices(target, key, name, dm_guild_id(interaction, actor.guild_id))
        await interaction.response.send_message(text, view=view, ephemeral=True)

    @component("remind.until")
    async def snooze_by_button(self, interaction: Interaction, actor: Actor, target: str, key: str, code: str) -> None:
        """Snooze a reminder until the time of the pressed button, and replace the buttons by the answer.

        `code` is a key of `SNOOZES`, such as "1d".
        """
        if code not in views.SNOOZES:
            raise BadInput("This button names no time. Nothing was changed. Use /remind snooze instead.")
        text = await self._snooze(interaction, actor, target, key, views.SNOOZES[code].words)
        await interaction.response.edit_message(content=text, view=None)

    @component("remind.form")
    async def open_snooze_form(self, interaction: Interaction, actor: Actor, target: str, key: str) -> None:
        """Open the form in which the user types until when a reminder is to be silent."""
        await self._get_title(actor, target, key)
        await interaction.response.send_modal(views.until_form(target, key, dm_guild_id(interaction, actor.guild_id)))

    @component("remind.typed")
    async def snooze_by_form(self, interaction: Interaction, actor: Actor, target: str, key: str) -> None:
        """Snooze a reminder until the time that the user typed into the form."""
        text = await self._snooze(interaction, actor, target, key, str(typed(interaction).get("until", "")))
        await interaction.response.send_message(text, ephemeral=True)

    @component("remind.cancel")
    async def cancel_by_button(self, interaction: Interaction, actor: Actor, target: str, key: str) -> None:
        """End a reminder of the user. The answer replaces the message with the button."""
        async with self.bot.db.write(actor.guild_id) as conn:
            get = self._get_words_reminder if target == "pw" else self._get_item_reminder
            reminder = await get(conn, actor, key)
            await reminders.cancel(conn, reminder, now=self.bot.clock.now())
        text = _cancelled(reminder.name or reminder.words)
        await interaction.response.edit_message(content=text, view=None)

    # Shared steps

    async def _remind_of_items(self, interaction: Interaction, actor: Actor, items: list[Opened]) -> None:
        """Set the user's reminders of some pending items and answer. Raise a UserError if an item is closed."""
        for opened in items:
            reminders.check_open(opened)
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = self.bot.clock.now()
        joined: list[tuple[Opened, bool]] = []
        async with self.bot.db.write(actor.guild_id) as conn:
            await guilds.get(conn, actor.guild_id)
            personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
            for opened in items:
                is_new = await reminders.join(conn, personal.place, opened, now=now, person_id=personal.person_id)
                joined.append((opened, is_new))
            slug = items[0].record.slug
            confirmation_id = await deliveries.confirm_own(
                conn, personal, _confirmation_key(slug, now), Confirmation("remind", slug=slug), now=now
            )
        confirmed = await send_confirmation(self.bot.deliverer, confirmation_id)
        guild_id = dm_guild_id(interaction, actor.guild_id)
        text, view = views.joined_items(joined, personal.place, confirmed, guild_id)
        await interaction.edit_original_response(content=text, view=view)

    async def _remind_of_words(
        self, interaction: Interaction, actor: Actor, text: str, moment: str, now: datetime
    ) -> None:
        """Set a reminder with the user's own words at a typed time, and answer.

        The time is parsed in the zone of the user's direct messages about the server. If there are none yet, it is
        parsed in the user's zone. If the user has no zone, it is parsed in the server's zone. Raise BadInput if the
        text or the time cannot be used.
        """
        guild = await guilds.get(self.bot.db.read, actor.guild_id)
        person = await people.find(self.bot.db.read, actor.user_id)
        known = person and await destinations.find_person(self.bot.db.read, actor.guild_id, person.id)
        zone = known.zone if known else (person and person.zone) or guild.zone
        at = dates.parse_instant(moment, now=now, zone=zone)
        reminders.check_words(text)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.bot.db.write(actor.guild_id) as conn:
            personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
            reminder = await reminders.set_words(conn, personal.place, text, at, now=now, person_id=personal.person_id)
            confirms = Confirmation("remind", name=clip(" ".join(reminder.words.split()), 100))
            confirmation_id = await deliveries.confirm_own(
                conn, personal, _confirmation_key(reminder.id, now), confirms, now=now
            )
        confirmed = await send_confirmation(self.bot.deliverer, confirmation_id)
        content, view = views.words_set(reminder, confirmed, dm_guild_id(interaction, actor.guild_id))
        await interaction.edit_original_response(content=content, view=view)

    async def _list_personal(
        self, interaction: Interaction, within: float = ANSWER_WITHIN
    ) -> tuple[list[PersonalReminder], bool]:
        """Return (a) the user's reminders and (b) whether some may be missing.

        In a server, the list has the reminders from that server. In a direct message, it has the reminders from every
        server that the user is still in. Some may be missing if Discord does not answer within `within` seconds.
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
        servers = await self.bot.memberships.still_in(
            (reminder.guild_id for reminder in personal), interaction.user.id, now, within
        )
        return [reminder for reminder in personal if reminder.guild_id in servers.joined], bool(servers.unknown)

    async def _get_personal(self, interaction: Interaction, text: str) -> PersonalReminder:
        """Return the user's reminder whose id is `text` or whose title begins with `text`. Defer the answer in a DM.

        Raise NotInRecord if no reminder fits, and BadInput if several do. Raise UserError if Discord does not answer in
        time.
        """
        await defer_in_dm(interaction)
        personal, incomplete = await self._list_personal(interaction)
        try:
            return reminders.pick(personal, text)
        except NotInRecord:
            if incomplete:
                raise unanswered() from None
            raise

    async def _get_title(self, actor: Actor, target: str, key: str) -> str:
        """Return the words of a reminder, or the name of its item. Raise a UserError if the reminder has ended."""
        if target == "pw":
            return (await self._get_words_reminder(self.bot.db.read, actor, key)).words
        opened = await records.get(self.bot.db.read, actor.guild_id, key)
        reminders.check_open(opened)
        if target == "pi":
            await self._get_item_reminder(self.bot.db.read, actor, key)
        return opened.record.name

    async def _snooze(self, interaction: Interaction, actor: Actor, target: str, key: str, until: str) -> str:
        """Snooze a reminder and return the answer. `until` is a typed time such as "in 3 days"."""
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            if target == "pw":
                reminder = await self._get_words_reminder(conn, actor, key)
                destination = await destinations.get(conn, reminder.destination_id)
                at = dates.parse_instant(until, now=now, zone=destination.zone)
                await reminders.snooze(conn, reminder, at, now=now)
                return views.snoozed(reminder.words, at, target)
            opened = await records.get(conn, actor.guild_id, key)
            reminders.check_open(opened)
            person = await people.ensure(conn, actor.user_id)
            if target == "ci":
                destination = await self._get_channel_destination(conn, interaction, actor)
            elif target == "ni":
                destination = await destinations.ensure_person(conn, actor.guild_id, person.id, now=now)
            else:
                reminder = await self._get_item_reminder(conn, actor, key)
                destination = await destinations.get(conn, reminder.destination_id)
            at = dates.parse_instant(until, now=now, zone=destination.zone)
            await reminders.snooze_item(conn, destination, opened, at, now=now, person_id=person.id)
            return views.snoozed(opened.record.name, at, target)

    async def _get_channel_destination(self, conn: Connection, interaction: Interaction, actor: Actor) -> Destination:
        """Return the destination whose reminder the actor snoozes: a channel.

        It is the channel with the pressed button if this channel is a destination. Otherwise it is the server's
        channel. Raise NotAllowed if the actor is no editor. Raise UserError if neither channel is a destination.
        """
        guild = await guilds.get(conn, actor.guild_id)
        if not actor.may_edit(guild):
            raise NotAllowed("Only editors snooze what a channel hears. Nothing was changed. /remind me sets your own.")
        for channel_id in (interaction.channel_id, guild.channel_id):
            destination = channel_id and await destinations.find_channel(conn, actor.guild_id, channel_id)
            if destination:
                return destination
        raise UserError("No reminders come to this channel. Nothing was changed.")

    async def _get_words_reminder(self, conn: Connection, actor: Actor, key: str) -> Reminder:
        """Return the actor's reminder with their own words. `key` is the reminder's id.

        Raise UserError if the reminder has ended, and NotAllowed if it belongs to somebody else.
        """
        reminder = await reminders.find(conn, actor.guild_id, number(key))
        if reminder is None:
            raise _reminder_ended()
        destination = await destinations.get(conn, reminder.destination_id)
        if destination.user_id != actor.user_id:
            raise NotAllowed("This reminder is somebody else's. Nothing was changed. /remind list shows yours.")
        return reminder

    async def _get_item_reminder(self, conn: Connection, actor: Actor, slug: str) -> Reminder:
        """Return the actor's reminder of a pending item. Raise UserError if the reminder has ended."""
        person = await people.find(conn, actor.user_id)
        destination = person and await destinations.find_person(conn, actor.guild_id, person.id)
        reminder = await reminders.find_item(conn, destination.id, slug) if destination else None
        if reminder is None:
            raise _reminder_ended()
        return reminder


def _confirmation_key(reminder: str | int, now: datetime) -> str:
    """Return the key of the delivery that confirms a new reminder. `reminder` is an item's slug or a reminder's id."""
    return f"remind:{reminder}:{int(now.timestamp())}"


def _due_words(at: datetime | None) -> str:
    """Return an instant as "3 March 2025 09:00 UTC", or "" when `at` is None."""
    return f"{dates.format_day(at.date(), weekday=False)} {at:%H:%M} UTC" if at else ""


def _reminder_ended() -> UserError:
    return UserError(
        "This reminder has been cancelled already. Nothing more was changed. /remind me sets it again, /remind list "
        "shows those that stand."
    )


def _cancelled(name: str) -> str:
    return f"You are no longer reminded of **{escaped(name, 150)}**."


async def setup(bot: Attache) -> None:
    await bot.add_cog(RemindCog(bot))
