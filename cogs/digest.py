"""`/digest`: sets, shows, previews and ends the digest of a channel or a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.channel_permissions import Postable, can_read_history, require_postable
from bot.errors import UserError
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor, require_manager, unanswered
from bot.ledger.due_dates import DEFAULT_DELIVERY_TIME, next_digest
from bot.services import deliveries, destinations, digests, follows, guilds, people, records
from bot.services.follows import ServerChoice
from bot.ui import digests as views
from bot.ui.text import UNANSWERED
from cogs.shared.answers import Interaction, answer, defer_in_dm, dm_guild_id, send_confirmation
from cogs.shared.zones import complete_zone
from data.database import Connection
from data.records import Confirmation, Destination


@dataclass(frozen=True)
class DigestOptions:
    """The options of `/digest set`, as short texts for a custom id. An option that was left out is "".

    `at` is a local time such as "0930", `zone` is an IANA name, and `days` are ISO weekdays such as "12345".
    """

    at: str = ""
    zone: str = ""
    days: str = ""

    @classmethod
    def parse(cls, at: str | None, zone: str | None, weekdays: str | None) -> DigestOptions:
        """Parse the options as the user typed them. Raise BadInput if one of them cannot be parsed."""
        return cls(
            f"{dates.parse_time_of_day(at):%H%M}" if at is not None else "",
            dates.parse_zone(zone) if zone is not None else "",
            dates.parse_weekdays(weekdays) if weekdays is not None else "",
        )


@app_commands.allowed_contexts(guilds=True, dms=True)
@app_commands.allowed_installs(guilds=True)
class DigestCog(
    commands.GroupCog,
    group_name="digest",
    group_description="One message that gathers what changed and what is open: for a channel, or for you",
):
    """The commands of `/digest`, the menu in which a user chooses a server, and a button in digests."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="set")
    @app_commands.describe(
        at=f"The time of day, such as 09:00 or 9:30 pm; {DEFAULT_DELIVERY_TIME:%H:%M} at first",
        zone="The time zone that the time is meant in, such as Asia/Kolkata",
        weekdays="Which days, such as weekdays, every day or Mon, Wed, Fri",
        channel="A channel instead of your direct messages; needs Manage Server",
    )
    @app_commands.autocomplete(zone=complete_zone)
    async def set_(
        self,
        interaction: Interaction,
        at: str | None = None,
        zone: str | None = None,
        weekdays: str | None = None,
        channel: discord.TextChannel | discord.Thread | None = None,
    ) -> None:
        """Set the digest of a channel, or your own: its time, zone and days"""
        options = DigestOptions.parse(at, zone, weekdays)
        actor = await self._ask_server(interaction, "set", options.at, options.zone, options.days)
        if actor is None:
            return
        await guilds.get(self.bot.db.read, actor.guild_id)
        if channel is not None:
            require_manager(actor)
            require_postable(channel)
        if interaction.guild_id is not None:
            await interaction.response.defer(ephemeral=True, thinking=True)
        await self._set(interaction, actor, options, channel)

    @app_commands.command(name="show")
    async def show(self, interaction: Interaction) -> None:
        """Which digests there are here, and when the next comes"""
        now = self.bot.clock.now()
        incomplete = False
        await defer_in_dm(interaction)
        if interaction.guild_id is None:
            person = await people.find(self.bot.db.read, interaction.user.id)
            personal = await destinations.list_of_person(self.bot.db.read, person.id) if person else []
            with_digest = [destination for destination in personal if destination.digest_at]
            guild_ids = (destination.guild_id for destination in with_digest)
            servers = await self.bot.memberships.still_in(guild_ids, interaction.user.id, now)
            shown = [destination for destination in with_digest if destination.guild_id in servers.joined]
            incomplete = bool(servers.unknown)
        else:
            actor = await self.bot.permissions.actor(interaction, now)
            await guilds.get(self.bot.db.read, actor.guild_id)
            shown = await digests.list_of_guild(self.bot.db.read, actor.guild_id)
            personal_destination = await self._find_destination(self.bot.db.read, actor, None)
            if personal_destination is not None and personal_destination.digest_at:
                shown.append(personal_destination)
        if not shown:
            if incomplete:
                raise unanswered()
            raise UserError(
                "There is no digest here yet. /digest set begins your own; with Manage Server you can set one for a "
                "channel."
            )
        rows = []
        for destination in shown:
            guild = await guilds.get(self.bot.db.read, destination.guild_id)
            server = guild.name if interaction.guild_id is None else ""
            rows.append((destination, server, next_digest(destination, now)))
        await answer(interaction, views.listing(rows, incomplete=incomplete))

    @app_commands.command(name="preview")
    @app_commands.describe(channel="A channel's digest instead of your own; needs Manage Server")
    async def preview(
        self, interaction: Interaction, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """The digest as it would be sent at this moment, also where none is set yet"""
        actor = await self._ask_server(interaction, "preview")
        if actor is not None:
            await self._preview(interaction, actor, channel)

    @app_commands.command(name="off")
    @app_commands.describe(channel="A channel's digest instead of your own; needs Manage Server")
    async def off(self, interaction: Interaction, channel: discord.TextChannel | discord.Thread | None = None) -> None:
        """End a digest; follows and reminders stay"""
        actor = await self._ask_server(interaction, "off")
        if actor is not None:
            await self._off(interaction, actor, channel)

    # Components

    @component("digest.server", anywhere=True)
    async def continue_in_server(self, interaction: Interaction, _: Actor | None, command: str, *options: str) -> None:
        """Run a command for the server that the user chose in the menu of `_ask_server`.

        `command` is "set", "preview" or "off". For "set", `options` are the fields of `DigestOptions`. For the others
        there are none.
        """
        now = self.bot.clock.now()
        value = chosen(interaction)
        actor = await self.bot.permissions.actor(interaction, now, int(value) if value.isdecimal() else 0)
        if command == "set":
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._set(interaction, actor, DigestOptions(*options), None)
        elif command == "preview":
            await self._preview(interaction, actor, None)
        else:
            await self._off(interaction, actor, None)

    @component("digest.follow")
    async def offer_deals(self, interaction: Interaction, actor: Actor) -> None:
        """Offer the first deals of the server, each with a button by which the user follows the deal."""
        deals, total = await records.list_kind(self.bot.db.read, actor.guild_id, "deal")
        if not deals:
            raise UserError("No deal is on the record yet, so there is none to follow. Nothing was changed.")
        view = views.deals_to_follow(deals, total, dm_guild_id(interaction, actor.guild_id))
        await interaction.response.send_message("Which one?", view=view, ephemeral=True)

    # Shared steps

    async def _ask_server(self, interaction: Interaction, command: str, *options: str) -> Actor | None:
        """Return the actor of a command. In a direct message, ask the user for the server if there are several.

        To ask, answer with a menu of servers and return None. When the user has chosen one, `continue_in_server` runs
        the command with its options.
        """
        now = self.bot.clock.now()
        if interaction.guild_id is not None:
            return await self.bot.permissions.actor(interaction, now)
        await defer_in_dm(interaction)
        servers, incomplete = await self._list_servers(interaction)
        if not servers:
            if incomplete:
                raise unanswered()
            raise UserError(
                "A digest of your own begins in the server that keeps the record. Nothing was changed. "
                "Use /digest set there; it then arrives here."
            )
        if len(servers) == 1 and not incomplete:
            return await self.bot.permissions.actor(interaction, now, servers[0].guild_id)
        await answer(
            interaction,
            "\n".join(["Of which server?", *([UNANSWERED] if incomplete else [])]),
            view=views.which_server([(server.guild_id, server.name) for server in servers], command, options),
        )
        return None

    async def _list_servers(self, interaction: Interaction) -> tuple[Sequence[ServerChoice], bool]:
        """Return (a) the servers about which the user gets direct messages and (b) whether (a) may be incomplete.

        Servers that the user has left are not in the list. It may be incomplete if Discord does not answer in time.
        """
        person = await people.find(self.bot.db.read, interaction.user.id)
        servers = await follows.list_servers_of(self.bot.db.read, person.id) if person else []
        guild_ids = (server.guild_id for server in servers)
        memberships = await self.bot.memberships.still_in(guild_ids, interaction.user.id, self.bot.clock.now())
        return [server for server in servers if server.guild_id in memberships.joined], bool(memberships.unknown)

    async def _find_destination(self, conn: Connection, actor: Actor, channel: Postable | None) -> Destination | None:
        """Return the destination of a channel. If `channel` is None, return that of the actor's direct messages.

        Return None if there is no such destination.
        """
        if channel is not None:
            return await destinations.find_channel(conn, actor.guild_id, channel.id)
        person = await people.find(conn, actor.user_id)
        return person and await destinations.find_person(conn, actor.guild_id, person.id)

    async def _get_with_digest(self, conn: Connection, actor: Actor, channel: Postable | None) -> Destination:
        """Return the destination of a channel. If `channel` is None, return that of the actor's direct messages.

        Raise UserError if the destination has no digest. Raise NotAllowed if a channel is given and the actor lacks
        Manage Server.
        """
        if channel is not None:
            require_manager(actor)
        destination = await self._find_destination(conn, actor, channel)
        if destination is None or destination.digest_at is None:
            whose = f"{channel.mention} has" if channel is not None else "You have"
            hint = "; a channel's is named in channel" if channel is None and actor.manager else ""
            raise UserError(
                f"{whose} no digest here. Nothing was changed. /digest set begins one{hint}.", marked_up=True
            )
        return destination

    async def _set(
        self, interaction: Interaction, actor: Actor, options: DigestOptions, channel: Postable | None
    ) -> None:
        """Set the digest of a channel, or the actor's own, and answer the deferred interaction."""
        now = self.bot.clock.now()
        confirmation_id: int | None = None
        personal: destinations.PersonalDestination | None = None
        async with self.bot.db.write(actor.guild_id) as conn:
            if channel is not None:
                person_id = (await people.ensure(conn, actor.user_id)).id
                destination = await destinations.ensure_channel(
                    conn, actor.guild_id, channel.id, now=now, person_id=person_id
                )
            else:
                personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
                destination, person_id = personal.place, personal.person_id
            destination = await digests.set_up(
                conn,
                destination,
                now=now,
                person_id=person_id,
                at=time.fromisoformat(options.at) if options.at else None,
                zone=options.zone or None,
                days=options.days or None,
            )
            follows_nothing = personal is not None and not await follows.list_of(conn, destination.id)
            if personal is not None:
                key = f"digest:{int(now.timestamp())}"
                confirmation_id = await deliveries.confirm_own(conn, personal, key, Confirmation("digest"), now=now)
        confirmed = await send_confirmation(self.bot.deliverer, confirmation_id)
        text = views.is_set(
            destination,
            next_digest(destination, now),
            confirmed,
            follows_nothing=follows_nothing,
            may_repeat=channel is not None and not can_read_history(channel),
        )
        await interaction.edit_original_response(content=text, view=None)

    async def _preview(self, interaction: Interaction, actor: Actor, channel: Postable | None) -> None:
        """Answer with the digest of a channel, or the actor's own, as it would be sent now.

        If a manager has no digest of their own, they see the digest of the server's channel. If there is no digest at
        all, the answer shows what a first one would contain.
        """
        now, conn = self.bot.clock.now(), self.bot.db.read
        guild = await guilds.get(conn, actor.guild_id)
        if channel is not None:
            require_manager(actor)
        channel_id = channel.id if channel is not None else None
        destination = await self._find_destination(conn, actor, channel)
        if channel_id is None and actor.manager and (destination is None or destination.digest_at is None):
            channel_id = guild.channel_id
            if channel_id:
                destination = await destinations.find_channel(conn, guild.guild_id, channel_id)
        note = ""
        if destination is None or destination.digest_at is None:
            follows_some = destination is not None and bool(await follows.list_of(conn, destination.id))
            destination = await digests.not_set_yet(
                conn, guild, destination if follows_some else None, channel_id, now=now
            )
            note = views.not_set(channel_id, follows_some=follows_some)
        day = dates.local_date(now, destination.zone)
        digest = await digests.collect(conn, destination, guild, now=now, day=day, at=now)
        note = note or views.when_sent(digest, next_digest(destination, now))
        await answer(interaction, view=views.preview(digest, note, dm_guild_id(interaction, actor.guild_id)))

    async def _off(self, interaction: Interaction, actor: Actor, channel: Postable | None) -> None:
        """End the digest of a channel, or the actor's own, and answer."""
        async with self.bot.db.write(actor.guild_id) as conn:
            destination = await self._get_with_digest(conn, actor, channel)
            await destinations.set_digest(conn, destination.id, now=self.bot.clock.now(), at=None)
        await answer(interaction, views.is_off(destination))


async def setup(bot: Attache) -> None:
    await bot.add_cog(DigestCog(bot))
