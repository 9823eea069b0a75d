"""`/follow`: begins, lists and ends follows (subscriptions to a record), and shows the log of deliveries."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.channel_permissions import Postable, require_postable
from bot.errors import BadInput, NotAllowed, UserError
from bot.interactions.components import component
from bot.interactions.permissions import ANSWER_WITHIN, TYPING_WITHIN, Actor, require_manager, unanswered
from bot.ledger.due_dates import DEFAULT_DELIVERY_TIME
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.services import deliveries, destinations, follows, guilds, index, people, records
from bot.services.follows import EVERYTHING
from bot.ui import follows as views
from bot.ui.choices import MOST, Offered, choices
from bot.ui.follows import DestinationEntry
from bot.ui.ids import number
from cogs.shared.answers import Interaction, answer, defer_in_dm, dm_guild_id, send_confirmation
from cogs.shared.records import get_record
from data.database import Connection
from data.records import Confirmation, Destination, Follow

_MOST_LOGGED = 8  # Destinations in the answer to /follow log.
_LOG_LINES = 24  # Deliveries in that answer. Each destination gets an equal share of them, but at least 3.


@app_commands.allowed_contexts(guilds=True, dms=True)
@app_commands.allowed_installs(guilds=True)
class FollowCog(
    commands.GroupCog,
    group_name="follow",
    group_description="Be told what changes: follow a record, by direct message or in a channel",
):
    """The commands of `/follow`, and the buttons that begin, change or end a follow."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="add")
    @app_commands.describe(
        what="A record, or everything",
        channel="Tell a channel instead of you; needs Manage Server",
        role="A role to mention in that channel when a milestone happens",
    )
    async def add(
        self,
        interaction: Interaction,
        what: str,
        channel: discord.TextChannel | discord.Thread | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Follow a record: its milestones arrive when they happen"""
        if interaction.guild_id is None:
            raise UserError(
                "A follow begins in the server that keeps the record. Nothing was changed. Use /follow add there; "
                "what you follow then arrives here."
            )
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        await guilds.get(self.bot.db.read, actor.guild_id)
        slug = await self._parse_slug(actor.guild_id, what)
        if role is not None and channel is None:
            raise BadInput("A role is mentioned in a channel. Nothing was changed. Choose a channel as well.")
        if channel is not None:
            require_manager(actor)
            require_postable(channel)
        if role is not None and channel is not None:
            _require_mentionable(role, channel, everything=slug is None)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._begin_follow(interaction, actor, slug, channel and channel.id, role and role.id)

    @add.autocomplete("what")
    async def complete_record(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None:
            return []
        matches = await index.complete(self.bot.db.read, interaction.guild_id, current, limit=MOST - 1)
        offered = [Offered(row.name, KIND_WORDS[row.kind][0], row.slug) for row, _ in matches]
        if EVERYTHING.startswith(normal(current)):
            offered.insert(0, Offered("everything in this server's record", "", EVERYTHING))
        return choices(offered)

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """What you follow here, and with Manage Server what the channels follow"""
        await defer_in_dm(interaction)
        visible, incomplete = await self._list_visible(interaction)
        entries = [
            replace(entry, lost=await follows.lost_by(self.bot.db.read, entry.destination.id))
            for entry in visible
            if entry.follows or entry.destination.digest_at
        ]
        if not entries:
            if incomplete:
                raise unanswered()
            raise UserError(
                "You follow nothing yet. /follow add begins one: a deal, a participant, a topic, or everything. "
                "Cards have a button for it, too."
            )
        in_dm = interaction.guild_id is None
        await answer(interaction, view=views.listing(entries, in_dm=in_dm, incomplete=incomplete))

    @app_commands.command(name="log")
    async def log(self, interaction: Interaction) -> None:
        """What became of each message that was due: delivered, held, and why"""
        conn, now = self.bot.db.read, self.bot.clock.now()
        await defer_in_dm(interaction)
        entries, incomplete = await self._list_visible(interaction)
        if not entries:
            if incomplete:
                raise unanswered()
            raise UserError("Nothing is set up for you yet, so nothing was due. /follow add begins a follow.")
        share = max(3, _LOG_LINES // len(entries))
        logs = [
            (entry, await deliveries.log(conn, entry.destination.guild_id, entry.destination.id, share))
            for entry in entries[:_MOST_LOGGED]
        ]
        guild_ids = {entry.destination.guild_id for entry, _ in logs}
        held = {row.destination_id: row for guild_id in guild_ids for row in await deliveries.list_held(conn, guild_id)}
        in_dm = interaction.guild_id is None
        await answer(interaction, view=views.log(logs, held, in_dm=in_dm, incomplete=incomplete, now=now))

    @app_commands.command(name="remove")
    @app_commands.describe(what="What is no longer to be followed", channel="The channel that follows it")
    async def remove(
        self, interaction: Interaction, what: str, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """End a follow"""
        await defer_in_dm(interaction)
        removable, incomplete = await self._list_removable(interaction, channel)
        matching = [
            (entry, follow)
            for entry, follow in removable
            if what in (follow.slug, follows.name_of(follow)) or normal(what) == normal(follows.name_of(follow))
        ]
        if not matching:
            if incomplete:
                raise unanswered()
            raise UserError(
                f"{quoted(what)} is not among what is followed. Nothing was changed. /follow list shows it."
            )
        if len(matching) > 1:
            await answer(interaction, "Which one?", view=views.remove_buttons(matching[:MOST]))
            return
        ((entry, follow),) = matching
        actor = await self.bot.permissions.actor(
            interaction, self.bot.clock.now(), dm_guild_id(interaction, entry.destination.guild_id)
        )
        await answer(interaction, await self._end_follow(actor, follow.id))

    @remove.autocomplete("what")
    async def complete_follow(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = normal(current)
        removable, _ = await self._list_removable(interaction, interaction.namespace.channel, TYPING_WITHIN)
        return choices(
            Offered(follows.name_of(follow), entry.server, follow.slug or EVERYTHING)
            for entry, follow in removable
            if typed in normal(follows.name_of(follow))
        )

    # Components

    @component("follow.add")
    async def follow_record(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Let the user follow a record by direct message. If they follow it already, offer to stop."""
        await records.get(self.bot.db.read, actor.guild_id, slug)
        if not await self._offer_to_stop(interaction, actor, slug):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._begin_follow(interaction, actor, slug, None, None)

    @component("follow.show")
    async def show_follow(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show how the user follows a record, with a button to stop. If the follow has ended meanwhile, say so."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        if not await self._offer_to_stop(interaction, actor, slug):
            text, view = views.not_following(opened.record, dm_guild_id(interaction, actor.guild_id))
            await interaction.response.send_message(text, view=view, ephemeral=True)

    @component("follow.digest")
    async def start_digest(self, interaction: Interaction, actor: Actor, destination_id: str) -> None:
        """Set a digest with the default time for a destination that has none."""
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            destination = await self._get_changeable(conn, actor, number(destination_id))
            if destination.digest_at is None:
                destination = await destinations.set_digest(conn, destination.id, now=now, at=DEFAULT_DELIVERY_TIME)
        text = views.digest_started(destination, self.bot.mention("digest set"))
        await interaction.response.send_message(text, ephemeral=True)

    @component("follow.quiet")
    async def use_digest_only(self, interaction: Interaction, actor: Actor, follow_id: str) -> None:
        """Stop the alerts of a follow, so that changes are only in the digest. If there is no digest, set one."""
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            follow = await follows.find(conn, actor.guild_id, number(follow_id))
            if follow is None:
                raise _follow_ended()
            destination = await self._get_changeable(conn, actor, follow.destination_id)
            await follows.use_digest_only(conn, actor.guild_id, follow.id)
            if destination.digest_at is None:
                destination = await destinations.set_digest(conn, destination.id, now=now, at=DEFAULT_DELIVERY_TIME)
        await interaction.response.send_message(views.digest_only(destination), ephemeral=True)

    @component("follow.remove")
    async def remove_follow(self, interaction: Interaction, actor: Actor, follow_id: str) -> None:
        """End a follow. The answer replaces the message with the button."""
        await interaction.response.edit_message(content=await self._end_follow(actor, number(follow_id)), view=None)

    # Shared steps

    async def _parse_slug(self, guild_id: int, what: str) -> str | None:
        """Return the slug of the record that the user typed or chose, or None for "everything"."""
        if normal(what) == EVERYTHING:
            return None
        return (await get_record(self.bot, guild_id, what)).record.slug

    async def _begin_follow(
        self, interaction: Interaction, actor: Actor, slug: str | None, channel_id: int | None, role_id: int | None
    ) -> None:
        """Store a follow and answer the deferred interaction.

        If `slug` is None, everything is followed. If `channel_id` is None, the actor follows by direct message.
        Otherwise the channel follows. An actor who has never got a message about the server gets a confirmation by
        direct message.
        """
        now = self.bot.clock.now()
        confirmation_id: int | None = None
        async with self.bot.db.write(actor.guild_id) as conn:
            if channel_id is not None:
                person = await people.ensure(conn, actor.user_id)
                destination = await destinations.ensure_channel(
                    conn, actor.guild_id, channel_id, now=now, person_id=person.id
                )
                follow = await follows.add(conn, destination, slug, now=now, role_id=role_id)
            else:
                personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
                destination = personal.place
                follow = await follows.add(conn, destination, slug, now=now, role_id=role_id)
                confirmation_id = await deliveries.confirm_own(
                    conn, personal, f"first:{follow.id}", Confirmation("follow", slug=slug), now=now
                )
        confirmed = await send_confirmation(self.bot.deliverer, confirmation_id)
        view = views.added(follow, destination, confirmed, dm_guild_id(interaction, actor.guild_id))
        await interaction.edit_original_response(view=view)

    async def _offer_to_stop(self, interaction: Interaction, actor: Actor, slug: str) -> bool:
        """Return whether the user follows a record. If they do, first answer with that fact and a button to stop."""
        follow = await follows.find_by_user(self.bot.db.read, actor.guild_id, actor.user_id, slug)
        if follow is None:
            return False
        destination = await destinations.get(self.bot.db.read, follow.destination_id)
        text, view = views.following(follow, destination, dm_guild_id(interaction, actor.guild_id))
        await interaction.response.send_message(text, view=view, ephemeral=True)
        return True

    async def _get_changeable(self, conn: Connection, actor: Actor, destination_id: int) -> Destination:
        """Return a destination that the actor may change. Raise NotAllowed for any other destination.

        Actors may change their own direct messages. With Manage Server, they may change channels too.
        """
        destination = await destinations.find(conn, actor.guild_id, destination_id)
        if destination is None or (destination.person_id is not None and destination.user_id != actor.user_id):
            raise NotAllowed("This belongs to somebody else, so it stays as it is. Nothing was changed.")
        if destination.channel_id is not None:
            require_manager(actor)
        return destination

    async def _list_visible(
        self, interaction: Interaction, within: float = ANSWER_WITHIN
    ) -> tuple[list[DestinationEntry], bool]:
        """Return (a) the destinations that the user may see and (b) whether some may be missing.

        Direct messages come first. In a server, users see their own direct messages and the channels that they set up.
        Users with Manage Server see all channels. In a direct message, users see their direct messages about every
        server that they are still in. Some may be missing if Discord does not confirm within `within` seconds that the
        user is in a server.
        """
        conn, now, incomplete = self.bot.db.read, self.bot.clock.now(), False
        person = await people.find(conn, interaction.user.id)
        if interaction.guild_id is None:
            personal = await destinations.list_of_person(conn, person.id) if person else []
            guild_ids = (destination.guild_id for destination in personal)
            servers = await self.bot.memberships.still_in(guild_ids, interaction.user.id, now, within)
            visible = [destination for destination in personal if destination.guild_id in servers.joined]
            incomplete = bool(servers.unknown)
        else:
            actor = await self.bot.permissions.actor(interaction, now)
            await guilds.get(conn, actor.guild_id)
            visible = [
                destination
                for destination in await destinations.list_of_guild(conn, actor.guild_id)
                if destination.user_id == actor.user_id
                or (
                    destination.channel_id is not None
                    and (actor.manager or (person and destination.set_up_by == person.id))
                )
            ]
        visible.sort(key=lambda destination: destination.channel_id is not None)
        entries: list[DestinationEntry] = []
        for destination in visible:
            guild = await guilds.get(conn, destination.guild_id)
            entries.append(DestinationEntry(destination, guild.name, await follows.list_of(conn, destination.id)))
        return entries, incomplete

    async def _list_removable(
        self, interaction: Interaction, channel: discord.abc.Snowflake | None, within: float = ANSWER_WITHIN
    ) -> tuple[list[tuple[DestinationEntry, Follow]], bool]:
        """Return (a) the follows that the user can end and (b) whether some may be missing.

        If `channel` is None, these are the follows of the user's direct messages. Otherwise they are those of the
        channel.
        """
        entries, incomplete = await self._list_visible(interaction, within)
        removable = [
            (entry, follow)
            for entry in entries
            if (entry.destination.channel_id == channel.id if channel else entry.destination.person_id is not None)
            for follow in entry.follows
        ]
        return removable, incomplete

    async def _end_follow(self, actor: Actor, follow_id: int) -> str:
        """End a follow and return the answer. Raise a UserError if it has ended already or the actor may not end it."""
        async with self.bot.db.write(actor.guild_id) as conn:
            follow = await follows.find(conn, actor.guild_id, follow_id)
            if follow is None:
                raise _follow_ended()
            destination = await self._get_changeable(conn, actor, follow.destination_id)
            await follows.remove(conn, actor.guild_id, follow_id)
            remaining = len(await follows.list_of(conn, destination.id))
        return views.removed(follow, destination, remaining)


def _follow_ended() -> UserError:
    return UserError("This follow has already ended. Nothing more was changed. /follow list shows those that stand.")


def _require_mentionable(role: discord.Role, channel: Postable, *, everything: bool) -> None:
    """Raise a UserError if Discord would refuse a mention of the role, or if the mention would reach nobody."""
    if everything:
        raise UserError(
            "Everything is told in a digest, and digests mention nobody. Nothing was changed. Leave the role out, or "
            "follow one record."
        )
    if role.is_default():
        raise UserError("@everyone is never mentioned. Nothing was changed. Choose a role that people take on.")
    if not role.mentionable and not channel.permissions_for(channel.guild.me).mention_everyone:
        raise UserError(
            f"A mention of {role.mention} would ping nobody: Attaché may not mention it. Nothing was changed. Switch "
            "on “Allow anyone to @mention this role” in the role's settings, or choose another one.",
            marked_up=True,
        )


async def setup(bot: Attache) -> None:
    await bot.add_cog(FollowCog(bot))
