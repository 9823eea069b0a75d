"""Buttons of messages that were sent by themselves (*Why this?*, mute, stop), and the resuming of paused channels."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands

from bot.app import Attache
from bot.channel_permissions import missing
from bot.errors import BadInput, NotAllowed, UserError
from bot.interactions.components import component
from bot.interactions.permissions import Actor, require_editor, require_manager
from bot.services import deliveries, destinations, follows, guilds, people, why
from bot.services.deliveries import TARGET_GONE
from bot.ui import messages
from bot.ui.ids import number
from bot.ui.layout import plain
from bot.ui.text import escaped
from data.database import Connection
from data.records import Destination, Follow

Interaction = discord.Interaction[Attache]


class SentCog(commands.Cog):
    """The buttons that say why a message came and how to stop it."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @component("sent.why")
    async def why(self, interaction: Interaction, actor: Actor, nonce: str, _marker: str = "") -> None:
        # Messages of the first release carry no marker, and their buttons go on working.
        explained = await why.explain(self.bot.db.read, actor.guild_id, nonce)
        text, buttons = messages.why(explained)
        what = "item" if explained.delivery.kind in ("reminder", "open") else "follow"
        if not await self._may(self.bot.db.read, actor, explained.destination, what) and buttons:
            who = "An editor" if what == "item" else "Someone with Manage Server"
            text, buttons = f"{text}\n-# {who} can mute or stop it.", []
        await interaction.response.send_message(text, view=plain(buttons), ephemeral=True)

    @component("sent.mute")
    async def mute(self, interaction: Interaction, actor: Actor, what: str, id_: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            if what == "follow":
                follow = await self._follow(conn, actor, id_)
                await follows.mute(conn, actor.guild_id, follow.id)
                text = (
                    f"**{escaped(follows.name_of(follow), 120)}** is muted here: nothing about it arrives at once any "
                    f"more. {self.bot.mention('follow add')} lets it speak again."
                )
            elif what == "undated":
                place = await destinations.find(conn, actor.guild_id, number(id_))
                if place is None:
                    raise _over()
                await self._require(conn, actor, place, "item")
                if not await why.mute_undated(conn, place, now=self.bot.clock.now()):
                    raise _over()
                text = f"No more lists of these items here. {self.bot.mention('remind me')} asks for one again."
            else:
                text = await self._mute_item(conn, actor, what, id_)
        await interaction.response.send_message(text, ephemeral=True)

    async def _mute_item(self, conn: Connection, actor: Actor, what: str, id_: str) -> str:
        """Mute the reminders of an item and return the answer. The id names destination and record."""
        destination_id, _, record_id = id_.partition("-")
        if what != "item" or not (destination_id.isdecimal() and record_id.isdecimal()):
            raise BadInput("This button says nothing that can be muted. Nothing was changed.")
        place = await destinations.find(conn, actor.guild_id, number(destination_id))
        if place is None:
            raise _over()
        await self._require(conn, actor, place, what)
        person = await people.ensure(conn, actor.user_id)
        await why.mute_item(conn, place, number(record_id), now=self.bot.clock.now(), person_id=person.id)
        return f"No more reminders of this item here. {self.bot.mention('remind me')} asks for them again."

    @component("sent.stop")
    async def stop(self, interaction: Interaction, actor: Actor, what: str, id_: str) -> None:
        async with self.bot.db.write(actor.guild_id) as conn:
            if what == "follow":
                follow = await self._follow(conn, actor, id_)
                await follows.remove(conn, actor.guild_id, follow.id)
                text = f"**{escaped(follows.name_of(follow), 120)}** is no longer followed here."
            elif what == "digest":
                place = await destinations.find(conn, actor.guild_id, number(id_))
                if place is None or place.digest_at is None:
                    raise _over()
                await self._require(conn, actor, place, what)
                await destinations.set_digest(conn, place.id, now=self.bot.clock.now(), at=None)
                text = f"There are no more digests here. {self.bot.mention('digest set')} begins them again."
            else:
                raise BadInput("This button says nothing that can be stopped. Nothing was changed.")
        await interaction.response.send_message(text, ephemeral=True)

    # What is held after a restore

    @component("sent.release", permissions=True)
    async def release(self, interaction: Interaction, actor: Actor, what: str) -> None:
        await self._decide(interaction, actor, what, sent=True)

    @component("sent.drop", permissions=True)
    async def drop(self, interaction: Interaction, actor: Actor, what: str) -> None:
        await self._decide(interaction, actor, what, sent=False)

    async def _decide(self, interaction: Interaction, actor: Actor, what: str, *, sent: bool) -> None:
        """Send or drop what is held: of one destination by its id, or of all "people" of the server."""
        decide, now = deliveries.release if sent else deliveries.drop, self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            if what == "people":
                require_manager(actor)
                held = await deliveries.list_held(conn, actor.guild_id)
                places = [row.destination_id for row in held if row.channel_id is None]
            else:
                place = await destinations.find(conn, actor.guild_id, number(what))
                if place is None:
                    raise _over()
                await self._require(conn, actor, place, "held")
                places = [place.id]
            count = await decide(conn, actor.guild_id, places, now=now)
        if not count:
            raise UserError("This was decided before. Nothing more was changed.")
        await interaction.response.send_message(messages.decided(count, sent=sent), ephemeral=True)

    async def _follow(self, conn: Connection, actor: Actor, id_: str) -> Follow:
        """Return the follow that a button names. Raise UserError when it is over, NotAllowed when it is another's."""
        follow = await follows.find(conn, actor.guild_id, number(id_))
        if follow is None:
            raise _over()
        await self._require(conn, actor, await destinations.get(conn, follow.destination_id), "follow")
        return follow

    async def _may(self, conn: Connection, actor: Actor, place: Destination, what: str) -> bool:
        if place.person_id is not None:
            return place.user_id == actor.user_id
        return actor.may_edit(await guilds.get(conn, actor.guild_id)) if what == "item" else actor.manager

    async def _require(self, conn: Connection, actor: Actor, place: Destination, what: str) -> None:
        """Raise NotAllowed unless the actor may change what a destination gets.

        A person's own is theirs alone. In a channel an item's reminders need an editor, the rest Manage Server.
        """
        if await self._may(conn, actor, place, what):
            return
        if place.person_id is not None:
            raise NotAllowed("This belongs to somebody else, so it stays as it is. Nothing was changed.")
        if what == "item":
            require_editor(actor, await guilds.get(conn, actor.guild_id))
        require_manager(actor)

    # A changed channel or role is tried again by itself.

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        await self._try_again(after.guild, after.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        await self._try_again(after.guild)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if after.id == after.guild.me.id:
            await self._try_again(after.guild)

    async def _try_again(self, guild: discord.Guild, channel_id: int | None = None) -> None:
        """Resume the paused channels of a server, or the changed one, where no permission is known to be missing."""
        paused = [
            place
            for place in await destinations.list_paused(self.bot.db.read, guild.id)
            if place.channel_id is not None and channel_id in (None, place.channel_id) and _may_work(guild, place)
        ]
        if paused:
            async with self.bot.db.write(guild.id) as conn:
                for place in paused:
                    await destinations.resume(conn, place.id, self.bot.clock.now())


def _may_work(guild: discord.Guild, place: Destination) -> bool:
    """Return whether sending may succeed: the bot may post there, or the cache does not know, as with a thread."""
    channel: Any = guild.get_channel_or_thread(place.channel_id or 0)
    if channel is None:
        return place.outcome != TARGET_GONE
    return not missing(channel)


def _over() -> UserError:
    return UserError("This has already ended. Nothing more was changed.")


async def setup(bot: Attache) -> None:
    await bot.add_cog(SentCog(bot))
