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
    """Looks rights up. That somebody is a member is kept for an hour, what they may do is not."""

    def __init__(self, bot: discord.Client, pace: Pace) -> None:
        self._bot, self._pace = bot, pace
        self._members: dict[tuple[int, int], datetime] = {}

    async def caller(
        self, interaction: discord.Interaction, now: datetime, guild_id: int | None = None, *, rights: bool = False
    ) -> Caller:
        """Who pressed or typed. `guild_id` is what a button in a DM names; NotAllowed when the person is not there.

        A DM says nothing of roles, so there the caller has none, unless `rights` asks Discord for them as they are now.
        """
        if interaction.guild_id is not None:
            if guild_id is not None and guild_id != interaction.guild_id:
                raise NotAllowed("This belongs to another server, so it cannot be opened here. Nothing was changed.")
            user = interaction.user
            roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
            return Caller(interaction.guild_id, user.id, interaction.permissions.manage_guild, roles)
        if guild_id is None:
            raise NotAllowed("This works in a server, not in a direct message. Nothing was changed. Open it there.")
        user_id = interaction.user.id
        if not rights and self._is_kept(guild_id, user_id, now):
            return Caller(guild_id, user_id, manager=False, role_ids=frozenset())
        member = await self._fetch(guild_id, user_id, now)
        if member is None:
            raise NotAllowed("You are no longer in the server that this belongs to. Nothing was changed.")
        if not rights:
            return Caller(guild_id, user_id, manager=False, role_ids=frozenset())
        return Caller(guild_id, user_id, member.guild_permissions.manage_guild, frozenset(r.id for r in member.roles))

    async def is_member(self, guild_id: int, user_id: int, now: datetime) -> bool:
        """Whether the person, and the bot, is in that server, as Discord told within the last hour.

        Only members are remembered: who comes back is known at once.
        """
        return self._is_kept(guild_id, user_id, now) or await self._fetch(guild_id, user_id, now) is not None

    def _is_kept(self, guild_id: int, user_id: int, now: datetime) -> bool:
        asked = self._members.get((guild_id, user_id))
        return asked is not None and now - asked < MEMBERSHIP_KEPT

    async def _fetch(self, guild_id: int, user_id: int, now: datetime) -> discord.Member | None:
        """The member as Discord tells now, or None when the person or the bot is not in that server."""
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            return None
        await self._pace.requests.wait()
        try:
            member = await guild.fetch_member(user_id)
        except discord.NotFound:
            self._members.pop((guild_id, user_id), None)
            return None
        if len(self._members) > 10_000:
            self._members.clear()
        self._members[guild_id, user_id] = now
        return member
