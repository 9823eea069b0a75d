"""Actors (users in a server) and what they may do there.

In a server, Discord sends the user's permissions with each interaction. In a direct message it does not. When a user
presses a button there, the bot has to request the permissions from Discord.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import discord

from bot.errors import NotAllowed, UserError
from bot.failures import NETWORK
from bot.memberships import ANSWER_WITHIN, Memberships
from bot.rate_limit import RateLimits
from data.records import Guild

TYPING_WITHIN = 0.5  # Seconds that autocomplete waits for Discord. A later answer is cached for the next keystroke.
Requirement = Literal["everyone", "editor", "manager"]
"""Who may use a component. Editors may use what everyone may, and managers may use what editors may."""


class HasEditors(Protocol):
    """A `Guild` or an `Opened` record: anything that has the id of a server's editor role."""

    @property
    def editor_role_id(self) -> int | None: ...


@dataclass(frozen=True)
class Actor:
    """A user who caused an interaction, the server that the interaction is about, and the user's permissions there.

    `manager` is True if the user has Manage Server. In a direct message, the permissions are only known if Discord was
    asked for them. If it was not, `manager` is False and `role_ids` is empty.
    """

    guild_id: int
    user_id: int
    manager: bool
    role_ids: frozenset[int]

    def may_edit(self, guild: HasEditors) -> bool:
        """Return whether the actor is an editor. Editors have the role that was chosen in /setup, or Manage Server."""
        return self.manager or (guild.editor_role_id is not None and guild.editor_role_id in self.role_ids)


def require_manager(actor: Actor) -> None:
    """Raise NotAllowed unless the actor has Manage Server."""
    if not actor.manager:
        raise NotAllowed(
            "Only someone with the permission Manage Server can do this. Nothing was changed. Ask one of them."
        )


def require_editor(actor: Actor, guild: Guild) -> None:
    """Raise NotAllowed unless the actor is an editor of the server. The error says who the editors are."""
    if not actor.may_edit(guild):
        raise NotAllowed(f"Only editors change the record. {editors_are(guild)} Nothing was changed.", marked_up=True)


def editors_are(guild: Guild) -> str:
    """Return a sentence that says who the editors of a server are, for an error message."""
    if guild.editor_role_id is None:
        return "Here these are the people with Manage Server; they can choose an editor role in /setup."
    return f"Here these are the people with the role <@&{guild.editor_role_id}> or with Manage Server."


def unanswered() -> UserError:
    """Return the error to raise when Discord does not say in time whether a user is in a server."""
    return UserError(
        "Discord did not say in time whether you are still in the server. Nothing was changed. Try again in a minute."
    )


class Permissions:
    """Finds the actor of an interaction. Permissions are never cached."""

    def __init__(self, memberships: Memberships, limits: RateLimits) -> None:
        self._memberships, self._limits = memberships, limits

    async def actor(
        self,
        interaction: discord.Interaction,
        now: datetime,
        guild_id: int | None = None,
        *,
        fetch_permissions: bool = False,
    ) -> Actor:
        """Return the actor of an interaction. `guild_id` is the server that the custom id of the button names, if any.

        If the interaction comes from a direct message, the actor's permissions are empty unless `fetch_permissions` is
        True. Then Discord is asked for them. Raise NotAllowed if the button belongs to another server, or if the user
        is not in the server. Raise UserError if Discord does not answer in time.
        """
        if interaction.guild_id is not None:
            if guild_id is not None and guild_id != interaction.guild_id:
                raise NotAllowed("This belongs to another server, so it cannot be opened here. Nothing was changed.")
            user = interaction.user
            roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
            return Actor(interaction.guild_id, user.id, interaction.permissions.manage_guild, roles)
        if guild_id is None:
            raise NotAllowed("This works in a server, not in a direct message. Nothing was changed. Open it there.")
        user_id = interaction.user.id
        if not fetch_permissions and self._memberships.recall(guild_id, user_id, now):
            return Actor(guild_id, user_id, manager=False, role_ids=frozenset())
        self._limits.requests.count()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                member = await self._memberships.fetch_member(guild_id, user_id, now)
        except (discord.DiscordException, *NETWORK):
            raise unanswered() from None
        if member is None:
            raise NotAllowed("You are no longer in the server that this belongs to. Nothing was changed.")
        if not fetch_permissions:
            return Actor(guild_id, user_id, manager=False, role_ids=frozenset())
        return Actor(guild_id, user_id, member.guild_permissions.manage_guild, frozenset(r.id for r in member.roles))
