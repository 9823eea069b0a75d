"""Who may do what: read from the interaction in a server, from Discord itself for a press in a DM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import discord

from bot.errors import NotAllowed
from bot.pacing import Pace
from data.records import Desk

MEMBERSHIP_KEPT = timedelta(hours=1)
May = Literal["everyone", "editor", "manager"]


class Edited(Protocol):
    """What knows its editors' role: a server's settings, or a record that was opened."""

    @property
    def editor_role_id(self) -> int | None: ...


@dataclass(frozen=True)
class Caller:
    """Who asks, in which server, with which rights there."""

    guild_id: int
    user_id: int
    manager: bool
    role_ids: frozenset[int]

    def may_edit(self, desk: Edited) -> bool:
        """Editors have the role chosen in /setup; who has Manage Server always is one."""
        return self.manager or (desk.editor_role_id is not None and desk.editor_role_id in self.role_ids)


def require_manager(caller: Caller) -> None:
    if not caller.manager:
        raise NotAllowed(
            "Only someone with the permission Manage Server can do this. Nothing was changed. Ask one of them."
        )


def require_editor(caller: Caller, desk: Desk) -> None:
    if not caller.may_edit(desk):
        raise NotAllowed(f"Only editors change the record. {editors_are(desk)} Nothing was changed.", marked_up=True)


def editors_are(desk: Desk) -> str:
    """Who the editors of a server are, as a sentence."""
    if desk.editor_role_id is None:
        return "Here these are the people with Manage Server; they can choose an editor role in /setup."
    return f"Here these are the people with the role <@&{desk.editor_role_id}> or with Manage Server."


class Rights:
    """Looks rights up. Memberships asked of Discord are kept for an hour."""

    def __init__(self, bot: discord.Client, pace: Pace) -> None:
        self._bot, self._pace = bot, pace
        self._members: dict[tuple[int, int], tuple[datetime, discord.Member]] = {}

    async def caller(self, interaction: discord.Interaction, now: datetime, guild_id: int | None = None) -> Caller:
        """Who pressed or typed. `guild_id` is what a button in a DM names; NotAllowed when the person is not there."""
        if interaction.guild_id is not None:
            if guild_id is not None and guild_id != interaction.guild_id:
                raise NotAllowed("This belongs to another server, so it cannot be opened here. Nothing was changed.")
            user = interaction.user
            roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
            return Caller(interaction.guild_id, user.id, interaction.permissions.manage_guild, roles)
        if guild_id is None:
            raise NotAllowed("This works in a server, not in a direct message. Nothing was changed. Open it there.")
        member = await self.member(guild_id, interaction.user.id, now)
        if member is None:
            raise NotAllowed("You are no longer in the server that this belongs to. Nothing was changed.")
        return Caller(guild_id, member.id, member.guild_permissions.manage_guild, frozenset(r.id for r in member.roles))

    async def member(self, guild_id: int, user_id: int, now: datetime) -> discord.Member | None:
        """The member as Discord tells, or None when the person or the bot is not in that server.

        Only members are remembered: who comes back is known at once.
        """
        key = (guild_id, user_id)
        known = self._members.get(key)
        if known is not None and now - known[0] < MEMBERSHIP_KEPT:
            return known[1]
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            return None
        await self._pace.requests.wait()
        try:
            member = await guild.fetch_member(user_id)
        except discord.NotFound:
            return None
        if len(self._members) > 10_000:
            self._members.clear()
        self._members[key] = (now, member)
        return member
