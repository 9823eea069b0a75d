"""`/follow`: being told of a record, by direct message or in a channel."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.channel_permissions import require_postable
from bot.errors import BadInput, NotAllowed, UserError
from bot.interactions.components import component
from bot.interactions.permissions import ANSWER_WITHIN, TYPING_WITHIN, Actor, require_manager, unanswered
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.services import deliveries, destinations, follows, guilds, index, people, records
from bot.services.follows import EVERYTHING
from bot.ui import follows as views
from bot.ui.choices import MOST, Offered, choices
from bot.ui.ids import custom_id, number
from bot.ui.layout import button, plain
from bot.ui.text import clip
from cogs.shared.answers import answer, defer_in_dm, send_first
from cogs.shared.records import find
from data.database import Connection
from data.records import Confirmation, Destination, Follow

Interaction = discord.Interaction[Attache]


class FollowCog(commands.Cog):
    """The commands and buttons that follow a record: a deal, a participant, a topic, or everything."""

    follow = app_commands.Group(
        name="follow",
        description="Be told what changes: follow a record, by direct message or in a channel",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Following

    @follow.command(name="add")
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
        slug = await self._slug(actor.guild_id, what)
        if role is not None and channel is None:
            raise BadInput("A role is mentioned in a channel. Nothing was changed. Choose a channel as well.")
        if channel is not None:
            require_manager(actor)
            require_postable(channel)
        if role is not None and channel is not None:
            _require_pinging(role, channel, everything=slug is None)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._add(interaction, actor, slug, channel and channel.id, role and role.id)

    @component("follow.add")
    async def on_add(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Follow a record by a button. A person who follows it already is told so, with a button to stop."""
        await records.get(self.bot.db.read, actor.guild_id, slug)
        if not await self._tell_own(interaction, actor, slug):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._add(interaction, actor, slug, None, None)

    @component("follow.show")
    async def on_show(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show what arrives of a followed record and how to stop it. The follow may have ended since."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        if not await self._tell_own(interaction, actor, slug):
            guild_id = actor.guild_id if interaction.guild_id is None else None
            text, view = views.not_following(opened.record, guild_id)
            await interaction.response.send_message(text, view=view, ephemeral=True)

    async def _tell_own(self, interaction: Interaction, actor: Actor, slug: str) -> bool:
        """Tell a person that they follow the record, with a button to stop. Return False when they do not."""
        follow = await follows.find_own(self.bot.db.read, actor.guild_id, actor.user_id, slug)
        if follow is None:
            return False
        place = await destinations.get(self.bot.db.read, follow.destination_id)
        guild_id = actor.guild_id if interaction.guild_id is None else None
        text, view = views.following(follow, place, guild_id)
        await interaction.response.send_message(text, view=view, ephemeral=True)
        return True

    async def _add(
        self, interaction: Interaction, actor: Actor, slug: str | None, channel_id: int | None, role_id: int | None
    ) -> None:
        now = self.bot.clock.now()
        planned: int | None = None
        async with self.bot.db.write(actor.guild_id) as conn:
            if channel_id is not None:
                person = await people.ensure(conn, actor.user_id)
                place = await destinations.ensure_channel(
                    conn, actor.guild_id, channel_id, now=now, person_id=person.id
                )
                follow = await follows.add(conn, place, slug, now=now, role_id=role_id)
            else:
                personal = await destinations.ensure_own(conn, actor.guild_id, actor.user_id, now=now)
                place = personal.place
                follow = await follows.add(conn, place, slug, now=now, role_id=role_id)
                confirms = Confirmation("follow", slug=slug)
                planned = await deliveries.confirm_own(conn, personal, f"first:{follow.id}", confirms, now=now)
        confirmed = await send_first(self.bot.deliverer, planned)
        guild_id = actor.guild_id if interaction.guild_id is None else None
        await interaction.edit_original_response(view=views.added(follow, place, confirmed, guild_id))

    async def _slug(self, guild_id: int, what: str) -> str | None:
        """Return the slug of the record that was typed or chosen, or None for everything."""
        if normal(what) == EVERYTHING:
            return None
        return (await find(self.bot.db.read, self.bot.record_cache, guild_id, what)).record.slug

    @add.autocomplete("what")
    async def _complete_record(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None:
            return []
        matches = await index.complete(self.bot.db.read, interaction.guild_id, current, limit=MOST - 1)
        offered = [Offered(row.name, KIND_WORDS[row.kind][0], row.slug) for row, _ in matches]
        if EVERYTHING.startswith(normal(current)):
            offered.insert(0, Offered("everything in this server's record", "", EVERYTHING))
        return choices(offered)

    @component("follow.digest")
    async def add_digest(self, interaction: Interaction, actor: Actor, destination_id: str) -> None:
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            place = await self._own(conn, actor, number(destination_id))
            if place.digest_at is None:
                place = await destinations.set_digest(conn, place.id, now=now, at=destinations.DEFAULT_DELIVERY_TIME)
        where = f"<#{place.channel_id}>" if place.channel_id else "your direct messages"
        days = dates.format_weekdays(place.digest_days)
        await interaction.response.send_message(
            f"A digest comes to {where} when something changed: {days} at {place.digest_at} ({place.zone}). "
            f"{self.bot.mention('digest set')} changes time and days.",
            ephemeral=True,
        )

    @component("follow.quiet")
    async def digest_only(self, interaction: Interaction, actor: Actor, follow_id: str) -> None:
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            follow = await follows.find(conn, actor.guild_id, number(follow_id))
            if follow is None:
                raise _over()
            place = await self._own(conn, actor, follow.destination_id)
            await follows.digest_only(conn, actor.guild_id, follow.id)
            if place.digest_at is None:
                place = await destinations.set_digest(conn, place.id, now=now, at=destinations.DEFAULT_DELIVERY_TIME)
        await interaction.response.send_message(
            "Nothing arrives at once any more; it is all in the digest, "
            f"{dates.format_weekdays(place.digest_days)} at {place.digest_at} ({place.zone}).",
            ephemeral=True,
        )

    async def _own(self, conn: Connection, actor: Actor, destination_id: int) -> Destination:
        """Return a destination that the actor may change: their own, or a channel's with Manage Server.

        Raise NotAllowed for any other.
        """
        place = await destinations.find(conn, actor.guild_id, destination_id)
        if place is None or (place.person_id is not None and place.user_id != actor.user_id):
            raise NotAllowed("This belongs to somebody else, so it stays as it is. Nothing was changed.")
        if place.channel_id is not None:
            require_manager(actor)
        return place

    # Looking

    @follow.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """What you follow here, and with Manage Server what the channels follow"""
        await defer_in_dm(interaction)
        entries, incomplete = await self._places(interaction)
        places = [place for place in entries if place.follows or place.destination.digest_at]
        if not places:
            if incomplete:
                raise unanswered()
            raise UserError(
                "You follow nothing yet. /follow add begins one: a deal, a participant, a topic, or everything. "
                "Cards have a button for it, too."
            )
        in_dm = interaction.guild_id is None
        await answer(interaction, view=views.listing(places, in_dm=in_dm, incomplete=incomplete))

    @follow.command(name="log")
    async def log(self, interaction: Interaction) -> None:
        """What became of each message that was due: delivered, held, and why"""
        conn, now = self.bot.db.read, self.bot.clock.now()
        await defer_in_dm(interaction)
        places, incomplete = await self._places(interaction)
        if not places:
            if incomplete:
                raise unanswered()
            raise UserError("Nothing is set up for you yet, so nothing was due. /follow add begins a follow.")
        share = max(3, 24 // len(places))
        logs = [
            (place, await deliveries.log(conn, place.destination.guild_id, place.destination.id, share))
            for place in places[:8]
        ]
        servers = {place.destination.guild_id for place, _ in logs}
        held = {row.destination_id: row for guild_id in servers for row in await deliveries.list_held(conn, guild_id)}
        in_dm = interaction.guild_id is None
        await answer(interaction, view=views.log(logs, held, in_dm=in_dm, incomplete=incomplete, now=now))

    async def _places(
        self, interaction: Interaction, within: float = ANSWER_WITHIN
    ) -> tuple[list[views.DestinationEntry], bool]:
        """Return the actor's own destinations, in a server also those that they manage or set up.

        Return also whether some may be missing, because Discord did not say in time whether they still are a member.
        """
        conn, now, incomplete = self.bot.db.read, self.bot.clock.now(), False
        person = await people.find(conn, interaction.user.id)
        if interaction.guild_id is None:
            personal = await destinations.list_of_person(conn, person.id) if person else []
            # Who left a server is told nothing more of it.
            servers = await self.bot.permissions.still_in(
                (p.guild_id for p in personal), interaction.user.id, now, within
            )
            places, incomplete = [p for p in personal if p.guild_id in servers.joined], bool(servers.unknown)
        else:
            actor = await self.bot.permissions.actor(interaction, now)
            await guilds.get(conn, actor.guild_id)
            places = [
                place
                for place in await destinations.list_of_guild(conn, actor.guild_id)
                if place.user_id == actor.user_id
                or (place.channel_id is not None and (actor.manager or (person and place.set_up_by == person.id)))
            ]
        places.sort(key=lambda place: place.channel_id is not None)
        entries: list[views.DestinationEntry] = []
        for place in places:
            guild = await guilds.get(conn, place.guild_id)
            entries.append(views.DestinationEntry(place, guild.name, await follows.list_of(conn, place.id)))
        return entries, incomplete

    # Ending

    @follow.command(name="remove")
    @app_commands.describe(what="What is no longer to be followed", channel="The channel that follows it")
    async def remove(
        self, interaction: Interaction, what: str, channel: discord.TextChannel | discord.Thread | None = None
    ) -> None:
        """End a follow"""
        await defer_in_dm(interaction)
        offered, incomplete = await self._follows(interaction, channel)
        matching = [
            (place, follow)
            for place, follow in offered
            if what in (follow.slug, follows.name_of(follow)) or normal(what) == normal(follows.name_of(follow))
        ]
        if not matching:
            if incomplete:
                raise unanswered()
            raise UserError(
                f"{quoted(what)} is not among what is followed. Nothing was changed. /follow list shows it."
            )
        if len(matching) > 1:
            buttons = [
                button(
                    _label(place, follow), custom_id("follow.remove", follow.id, guild_id=place.destination.guild_id)
                )
                for place, follow in matching[:MOST]
            ]
            await answer(interaction, "Which one?", view=plain(buttons))
            return
        ((place, follow),) = matching
        guild_id = place.destination.guild_id
        actor = await self.bot.permissions.actor(
            interaction, self.bot.clock.now(), guild_id if interaction.guild_id is None else None
        )
        await answer(interaction, await self._remove(actor, follow.id))

    @remove.autocomplete("what")
    async def _complete_follow(self, interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        asked = normal(current)
        offered, _ = await self._follows(interaction, interaction.namespace.channel, TYPING_WITHIN)
        return choices(
            Offered(follows.name_of(follow), place.server, follow.slug or EVERYTHING)
            for place, follow in offered
            if asked in normal(follows.name_of(follow))
        )

    async def _follows(
        self, interaction: Interaction, channel: discord.abc.Snowflake | None, within: float = ANSWER_WITHIN
    ) -> tuple[list[tuple[views.DestinationEntry, Follow]], bool]:
        """Return the follows that the actor can end, their own or a channel's, and whether some may be missing."""
        places, incomplete = await self._places(interaction, within)
        endable = [
            (place, follow)
            for place in places
            if (place.destination.channel_id == channel.id if channel else place.destination.person_id is not None)
            for follow in place.follows
        ]
        return endable, incomplete

    @component("follow.remove")
    async def on_remove(self, interaction: Interaction, actor: Actor, follow_id: str) -> None:
        await interaction.response.edit_message(content=await self._remove(actor, number(follow_id)), view=None)

    async def _remove(self, actor: Actor, follow_id: int) -> str:
        async with self.bot.db.write(actor.guild_id) as conn:
            follow = await follows.find(conn, actor.guild_id, follow_id)
            if follow is None:
                raise _over()
            place = await self._own(conn, actor, follow.destination_id)
            await follows.remove(conn, actor.guild_id, follow_id)
            remaining = len(await follows.list_of(conn, place.id))
        return views.removed(follow, place, remaining)


def _over() -> UserError:
    return UserError("This follow has already ended. Nothing more was changed. /follow list shows those that stand.")


def _label(place: views.DestinationEntry, follow: Follow) -> str:
    return clip(f"{follows.name_of(follow)} ({place.server})", 80)


def _require_pinging(role: discord.Role, channel: discord.TextChannel | discord.Thread, *, everything: bool) -> None:
    """Raise a UserError when a mention of the role would be refused or would reach nobody."""
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
