"""The buttons of delivered messages (*Why this?*, mute, stop), and the buttons that send or drop held messages.

This cog also resumes a paused channel when a change in the server lets the bot write there again.
"""

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
from bot.ui import messages as views
from bot.ui.ids import number
from bot.ui.layout import plain
from bot.ui.text import escaped
from cogs.shared.answers import Interaction
from data.database import Connection
from data.records import Destination, Follow, Outcome


class SentCog(commands.Cog):
    """The buttons of delivered messages, and the events after which paused channels are resumed.

    The buttons mute or stop something. Their custom ids say what, by a code (`target`) and an id. The codes are:

    - "follow": a follow.
    - "digest": the digest of a destination.
    - "item": a destination's reminders of a pending item.
    - "undated": a destination's reminders of all items without a due date.
    """

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Components

    @component("sent.why")
    async def explain(self, interaction: Interaction, actor: Actor, nonce: str, _marker: str = "") -> None:
        """Answer why a message was delivered, with buttons to mute or stop such messages.

        `_marker` is not used here. It is in the custom id so that a search after a restore can recognise the message.
        In messages of the first release it is "".
        """
        explained = await why.explain(self.bot.db.read, actor.guild_id, nonce)
        text, buttons = views.why(explained)
        target = "item" if explained.delivery.kind in ("reminder", "open") else "follow"
        if not await self._may_change(self.bot.db.read, actor, explained.destination, target) and buttons:
            who = "An editor" if target == "item" else "Someone with Manage Server"
            text, buttons = f"{text}\n-# {who} can mute or stop it.", []
        await interaction.response.send_message(text, view=plain(buttons), ephemeral=True)

    @component("sent.mute")
    async def mute(self, interaction: Interaction, actor: Actor, target: str, id_: str, record_id: str = "") -> None:
        """Mute a follow, the reminders of an item, or the reminders of all items without a due date.

        `target` says which of these. `id_` is the id of the follow, or else of the destination. `record_id` is the id
        of the item.
        """
        async with self.bot.db.write(actor.guild_id) as conn:
            if target == "follow":
                follow = await self._get_follow(conn, actor, id_)
                await follows.mute(conn, actor.guild_id, follow.id)
                text = (
                    f"**{escaped(follows.name_of(follow), 120)}** is muted here: nothing about it arrives at once any "
                    f"more. {self.bot.mention('follow add')} lets it speak again."
                )
            elif target == "undated":
                destination = await self._get_destination(conn, actor, id_)
                await self._require_may_change(conn, actor, destination, "item")
                if not await why.mute_undated(conn, destination, now=self.bot.clock.now()):
                    raise _already_ended()
                text = f"No more lists of these items here. {self.bot.mention('remind me')} asks for one again."
            else:
                text = await self._mute_item(conn, actor, target, id_, record_id)
        await interaction.response.send_message(text, ephemeral=True)

    @component("sent.stop")
    async def stop(self, interaction: Interaction, actor: Actor, target: str, id_: str) -> None:
        """End the follow or the digest that `target` and `id_` identify."""
        async with self.bot.db.write(actor.guild_id) as conn:
            if target == "follow":
                follow = await self._get_follow(conn, actor, id_)
                await follows.remove(conn, actor.guild_id, follow.id)
                text = f"**{escaped(follows.name_of(follow), 120)}** is no longer followed here."
            elif target == "digest":
                destination = await self._get_destination(conn, actor, id_)
                if destination.digest_at is None:
                    raise _already_ended()
                await self._require_may_change(conn, actor, destination, target)
                await destinations.set_digest(conn, destination.id, now=self.bot.clock.now(), at=None)
                text = f"There are no more digests here. {self.bot.mention('digest set')} begins them again."
            else:
                raise BadInput("This button says nothing that can be stopped. Nothing was changed.")
        await interaction.response.send_message(text, ephemeral=True)

    @component("sent.release", fetch_permissions=True)
    async def release_held(self, interaction: Interaction, actor: Actor, whose: str) -> None:
        """Send messages that were held because they may have been sent before a restore.

        `whose` is the id of a destination, or "people" for all users of the server.
        """
        await self._decide(interaction, actor, whose, sent=True)

    @component("sent.drop", fetch_permissions=True)
    async def drop_held(self, interaction: Interaction, actor: Actor, whose: str) -> None:
        """Drop messages that were held because they may have been sent before a restore.

        `whose` is the id of a destination, or "people" for all users of the server.
        """
        await self._decide(interaction, actor, whose, sent=False)

    # Events: each change of a permission may let the bot write in a paused channel again

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        await self._resume_paused(after.guild, after.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        await self._resume_paused(after.guild)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if after.id == after.guild.me.id:
            await self._resume_paused(after.guild)

    # Shared steps

    async def _mute_item(self, conn: Connection, actor: Actor, target: str, destination_id: str, record_id: str) -> str:
        """Mute the reminders of an item at a destination and return the answer."""
        if target != "item" or not number(record_id):
            raise BadInput("This button says nothing that can be muted. Nothing was changed.")
        destination = await self._get_destination(conn, actor, destination_id)
        await self._require_may_change(conn, actor, destination, target)
        person = await people.ensure(conn, actor.user_id)
        await why.mute_item(conn, destination, number(record_id), now=self.bot.clock.now(), person_id=person.id)
        return f"No more reminders of this item here. {self.bot.mention('remind me')} asks for them again."

    async def _decide(self, interaction: Interaction, actor: Actor, whose: str, *, sent: bool) -> None:
        """Send or drop the held messages of some destinations, and answer.

        `whose` is the id of one destination, or "people" for the direct messages of all users of the server.
        """
        decide, now = deliveries.release if sent else deliveries.drop, self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            if whose == "people":
                require_manager(actor)
                held = await deliveries.list_held(conn, actor.guild_id)
                destination_ids = [row.destination_id for row in held if row.channel_id is None]
            else:
                destination = await self._get_destination(conn, actor, whose)
                await self._require_may_change(conn, actor, destination, "held")
                destination_ids = [destination.id]
            count = await decide(conn, actor.guild_id, destination_ids, now=now)
        if not count:
            raise UserError("This was decided before. Nothing more was changed.")
        await interaction.response.send_message(views.decided(count, sent=sent), ephemeral=True)

    async def _get_destination(self, conn: Connection, actor: Actor, id_: str) -> Destination:
        """Return the destination with an id. Raise UserError if the server has no such destination any more."""
        destination = await destinations.find(conn, actor.guild_id, number(id_))
        if destination is None:
            raise _already_ended()
        return destination

    async def _get_follow(self, conn: Connection, actor: Actor, id_: str) -> Follow:
        """Return the follow with an id. Raise a UserError if it has ended or if the actor may not change it."""
        follow = await follows.find(conn, actor.guild_id, number(id_))
        if follow is None:
            raise _already_ended()
        destination = await destinations.get(conn, follow.destination_id)
        await self._require_may_change(conn, actor, destination, "follow")
        return follow

    async def _may_change(self, conn: Connection, actor: Actor, destination: Destination, target: str) -> bool:
        """Return whether the actor may change which messages a destination gets.

        Only the user may change their direct messages. In a channel, users with Manage Server may change everything.
        Editors may change only the reminders of items, for which `target` is "item".
        """
        if destination.person_id is not None:
            return destination.user_id == actor.user_id
        return actor.may_edit(await guilds.get(conn, actor.guild_id)) if target == "item" else actor.manager

    async def _require_may_change(self, conn: Connection, actor: Actor, destination: Destination, target: str) -> None:
        """Raise NotAllowed if `_may_change` returns False. The error says who may change the destination."""
        if await self._may_change(conn, actor, destination, target):
            return
        if destination.person_id is not None:
            raise NotAllowed("This belongs to somebody else, so it stays as it is. Nothing was changed.")
        if target == "item":
            require_editor(actor, await guilds.get(conn, actor.guild_id))
        require_manager(actor)

    async def _resume_paused(self, guild: discord.Guild, channel_id: int | None = None) -> None:
        """Resume the paused channels of a server, if the bot may be able to post in them again.

        If `channel_id` is given, only that channel is resumed.
        """
        resumable = [
            destination
            for destination in await destinations.list_paused(self.bot.db.read, guild.id)
            if destination.channel_id is not None
            and channel_id in (None, destination.channel_id)
            and _may_succeed(guild, destination)
        ]
        if resumable:
            async with self.bot.db.write(guild.id) as conn:
                for destination in resumable:
                    await destinations.resume(conn, destination.id, self.bot.clock.now())


def _may_succeed(guild: discord.Guild, destination: Destination) -> bool:
    """Return whether a message to a channel may succeed, as far as the cache of discord.py tells.

    The cache has no archived threads, so a channel that is not in the cache may still exist. For such a channel, return
    True unless the last delivery failed because the channel was deleted.
    """
    channel: Any = guild.get_channel_or_thread(destination.channel_id or 0)
    if channel is None:
        return destination.outcome != Outcome.TARGET_GONE
    return not missing(channel)


def _already_ended() -> UserError:
    return UserError("This has already ended. Nothing more was changed.")


async def setup(bot: Attache) -> None:
    await bot.add_cog(SentCog(bot))
