"""`/digest`: one message a day or week that gathers what changed and what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.channel_permissions import Postable, can_read_history, require_postable
from bot.errors import UserError
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor, require_manager, unanswered
from bot.ledger.due_dates import next_digest
from bot.services import deliveries, destinations, digests, follows, guilds, people, records
from bot.services.follows import ServerChoice
from bot.ui import digests as rendered
from bot.ui.text import UNANSWERED
from cogs.shared.answers import answer, defer_in_dm, send_first
from cogs.shared.records import in_ids
from cogs.shared.zones import complete_zone
from data.database import Connection
from data.records import Confirmation, Destination

Interaction = discord.Interaction[Attache]


@dataclass(frozen=True)
class DigestOptions:
    """The options of `/digest set`. They fit into a menu's custom id, so that nothing typed is lost on the way."""

    at: str = ""
    zone: str = ""
    days: str = ""

    @classmethod
    def read(cls, at: str | None, zone: str | None, weekdays: str | None) -> DigestOptions:
        """Parse the options. Raise BadInput before anything is asked or changed."""
        return cls(
            f"{dates.parse_time_of_day(at):%H%M}" if at is not None else "",
            dates.parse_zone(zone) if zone is not None else "",
            dates.parse_weekdays(weekdays) if weekdays is not None else "",
        )


class DigestCog(commands.Cog):
    """The digest of a channel, or one's own."""

    digest = app_commands.Group(
        name="digest",
        description="One message that gathers what changed and what is open: for a channel, or for you",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Setting

    @digest.command(name="set")
    @app_commands.describe(
        at="The time of day, such as 09:00 or 9:30 pm; 09:00 at first",
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
        asked = DigestOptions.read(at, zone, weekdays)
        actor = await self._actor(interaction, "set", asked.at, asked.zone, asked.days)
        if actor is None:
            return
        await guilds.get(self.bot.db.read, actor.guild_id)
        if channel is not None:
            require_manager(actor)
            require_postable(channel)
        if interaction.guild_id is not None:
            await interaction.response.defer(ephemeral=True, thinking=True)
        await self._set(interaction, actor, asked, channel)

    async def _set(
        self, interaction: Interaction, actor: Actor, asked: DigestOptions, channel: Postable | None
    ) -> None:
        now = self.bot.clock.now()
        planned: int | None = None
        personal: destinations.PersonalDestination | None = None
        async with self.bot.db.write(actor.guild_id) as conn:
            if channel is not None:
                person_id = (await people.ensure(conn, actor.user_id)).id
                place = await destinations.ensure_channel(
                    conn, actor.guild_id, channel.id, now=now, person_id=person_id
                )
            else:
                personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
                place, person_id = personal.place, personal.person_id
            place = await digests.set_up(
                conn,
                place,
                now=now,
                person_id=person_id,
                at=dates.parse_time_of_day(f"{asked.at[:2]}:{asked.at[2:]}") if asked.at else None,
                zone=asked.zone or None,
                days=asked.days or None,
            )
            follows_nothing = personal is not None and not await follows.list_of(conn, place.id)
            if personal is not None:
                key = f"digest:{int(now.timestamp())}"
                planned = await deliveries.confirm_own(conn, personal, key, Confirmation("digest"), now=now)
        confirmed = await send_first(self.bot.deliverer, planned)
        text = rendered.is_set(
            place,
            next_digest(place, now),
            confirmed,
            follows_nothing=follows_nothing,
            may_repeat=channel is not None and not can_read_history(channel),
        )
        await interaction.edit_original_response(content=text, view=None)

    # Looking

    @digest.command(name="show")
    async def show(self, interaction: Interaction) -> None:
        """Which digests there are here, and when the next comes"""
        now = self.bot.clock.now()
        incomplete = False
        await defer_in_dm(interaction)
        if interaction.guild_id is None:
            person = await people.find(self.bot.db.read, interaction.user.id)
            personal = await destinations.list_of_person(self.bot.db.read, person.id) if person else []
            places = [place for place in personal if place.digest_at]
            servers = await self.bot.permissions.still_in((p.guild_id for p in places), interaction.user.id, now)
            places, incomplete = [p for p in places if p.guild_id in servers.joined], bool(servers.unknown)
        else:
            actor = await self.bot.permissions.actor(interaction, now)
            await guilds.get(self.bot.db.read, actor.guild_id)
            places = await digests.list_of_guild(self.bot.db.read, actor.guild_id)
            own_place = await self._place(self.bot.db.read, actor, None)
            places += [own_place] if own_place is not None and own_place.digest_at else []
        if not places:
            if incomplete:
                raise unanswered()
            raise UserError(
                "There is no digest here yet. /digest set begins your own; with Manage Server you can set one for a "
                "channel."
            )
        rows = []
        for place in places:
            server = (await guilds.get(self.bot.db.read, place.guild_id)).name if interaction.guild_id is None else ""
            rows.append((place, server, next_digest(place, now)))
        await answer(interaction, rendered.listing(rows, incomplete=incomplete))

    @digest.command(name="preview")
    @app_commands.describe(channel="A channel's digest instead of your own; needs Manage Server")
    async def preview(
        self, interaction: Interaction, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """The digest as it would be sent at this moment, also where none is set yet"""
        actor = await self._actor(interaction, "preview")
        if actor is not None:
            await self._preview(interaction, actor, channel)

    async def _preview(self, interaction: Interaction, actor: Actor, channel: Postable | None) -> None:
        now, conn = self.bot.clock.now(), self.bot.db.read
        guild = await guilds.get(conn, actor.guild_id)
        if channel is not None:
            require_manager(actor)
        channel_id = channel.id if channel is not None else None
        place = await self._place(conn, actor, channel)
        if channel_id is None and actor.manager and (place is None or place.digest_at is None):
            channel_id = guild.channel_id  # Who manages the server sets its digest before their own.
            place = await destinations.find_channel(conn, guild.guild_id, channel_id) if channel_id else place
        note = ""
        if place is None or place.digest_at is None:
            follows_some = place is not None and bool(await follows.list_of(conn, place.id))
            place = await digests.not_set_yet(conn, guild, place if follows_some else None, channel_id, now=now)
            note = rendered.not_set(channel_id, follows_some=follows_some)
        day = dates.local_date(now, place.zone)
        planned = await digests.plan_digest(conn, place, guild, now=now, day=day, at=now)
        note = note or rendered.when_sent(planned, next_digest(place, now))
        await answer(interaction, view=rendered.preview(planned, note, in_ids(interaction, actor)))

    # Ending

    @digest.command(name="off")
    @app_commands.describe(channel="A channel's digest instead of your own; needs Manage Server")
    async def off(self, interaction: Interaction, channel: discord.TextChannel | discord.Thread | None = None) -> None:
        """End a digest; follows and reminders stay"""
        actor = await self._actor(interaction, "off")
        if actor is not None:
            await self._off(interaction, actor, channel)

    async def _off(self, interaction: Interaction, actor: Actor, channel: Postable | None) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            place = await self._with_digest(conn, actor, channel)
            await destinations.set_digest(conn, place.id, now=self.bot.clock.now(), at=None)
        await answer(interaction, rendered.is_off(place))

    # Whose digest

    async def _place(self, conn: Connection, actor: Actor, channel: Postable | None) -> Destination | None:
        if channel is not None:
            return await destinations.find_channel(conn, actor.guild_id, channel.id)
        person = await people.find(conn, actor.user_id)
        return person and await destinations.find_person(conn, actor.guild_id, person.id)

    async def _with_digest(self, conn: Connection, actor: Actor, channel: Postable | None) -> Destination:
        """Return the destination whose digest is meant: the channel's, or the actor's own.

        Raise NotAllowed without Manage Server for a channel, UserError when the destination has no digest.
        """
        if channel is not None:
            require_manager(actor)
        place = await self._place(conn, actor, channel)
        if place is None or place.digest_at is None:
            whose = f"{channel.mention} has" if channel is not None else "You have"
            hint = "; a channel's is named in channel" if channel is None and actor.manager else ""
            raise UserError(
                f"{whose} no digest here. Nothing was changed. /digest set begins one{hint}.", marked_up=True
            )
        return place

    async def _actor(self, interaction: Interaction, verb: str, *given: str) -> Actor | None:
        """Return the actor. In a DM where several servers are possible, answer with a menu of them and return None."""
        now = self.bot.clock.now()
        if interaction.guild_id is not None:
            return await self.bot.permissions.actor(interaction, now)
        await defer_in_dm(interaction)
        places, incomplete = await self._places(interaction)
        if not places:
            if incomplete:
                raise unanswered()
            raise UserError(
                "A digest of your own begins in the server that keeps the record. Nothing was changed. "
                "Use /digest set there; it then arrives here."
            )
        if len(places) == 1 and not incomplete:
            return await self.bot.permissions.actor(interaction, now, places[0].guild_id)
        await answer(
            interaction,
            "\n".join(["Of which server?", *([UNANSWERED] if incomplete else [])]),
            view=rendered.which_server([(place.guild_id, place.name) for place in places], verb, given),
        )
        return None

    async def _places(self, interaction: Interaction) -> tuple[Sequence[ServerChoice], bool]:
        """Return the servers that the person has a destination in and still is in, and whether some may be missing."""
        person = await people.find(self.bot.db.read, interaction.user.id)
        places = await follows.places_of(self.bot.db.read, person.id) if person else []
        now = self.bot.clock.now()
        servers = await self.bot.permissions.still_in((p.guild_id for p in places), interaction.user.id, now)
        return [p for p in places if p.guild_id in servers.joined], bool(servers.unknown)

    @component("digest.server", anywhere=True)
    async def server_chosen(self, interaction: Interaction, _: Actor | None, verb: str, *given: str) -> None:
        """Go on with the command whose menu asked for the server; `given` are its options."""
        now = self.bot.clock.now()
        value = chosen(interaction)
        actor = await self.bot.permissions.actor(interaction, now, int(value) if value.isdecimal() else 0)
        if verb == "set":
            asked = DigestOptions(*given)
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._set(interaction, actor, asked, None)
        elif verb == "preview":
            await self._preview(interaction, actor, None)
        else:
            await self._off(interaction, actor, None)

    # Buttons of a digest

    @component("digest.follow")
    async def follow_a_deal(self, interaction: Interaction, actor: Actor) -> None:
        found, total = await records.list_kind(self.bot.db.read, actor.guild_id, "deal")
        if not found:
            raise UserError("No deal is on the record yet, so there is none to follow. Nothing was changed.")
        view = rendered.deals_to_follow(found, total, in_ids(interaction, actor))
        await interaction.response.send_message("Which one?", view=view, ephemeral=True)


async def setup(bot: Attache) -> None:
    await bot.add_cog(DigestCog(bot))
