"""`/help`: shows a user their first three steps, and the commands that they can use, by group."""

from __future__ import annotations

from collections.abc import Iterator

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor
from bot.services import guilds
from bot.ui.help import Command, Stand, Who, group_card, help_card, in_group
from cogs.shared.answers import Interaction, show_page

_FOR_EDITORS = ("update",)
"""The names of the command groups that only editors can use."""


class HelpCog(commands.Cog):
    """The command `/help`, and the menu of command groups in its answer."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="help")
    @app_commands.allowed_contexts(guilds=True, dms=True)
    async def help_(self, interaction: Interaction) -> None:
        """Your first three steps, and every command."""
        actor = None
        if interaction.guild_id is not None:
            actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        await self._show(interaction, actor)

    # Components

    @component("help.group", anywhere=True)
    async def show_group(self, interaction: Interaction, actor: Actor | None, shown: str) -> None:
        """Show the commands of the group that the user chose in the menu.

        If the menu is in the first answer, `shown` is "" and the commands come in a new message. Otherwise they replace
        the message of the menu.
        """
        who, _ = await self._audience(actor)
        usable = list(self._usable_commands(who))
        key = chosen(interaction)
        if not in_group(key, usable):
            # The groups or the user's permissions have changed since the menu was rendered.
            await self._show(interaction, actor)
            return
        await show_page(interaction, group_card(key, usable, mention=self.bot.mention), new=not shown)

    # Shared steps

    async def _show(self, interaction: Interaction, actor: Actor | None) -> None:
        """Answer with a user's first steps and the menu of command groups. `actor` is None in a direct message."""
        who, stand = await self._audience(actor)
        view = help_card(who, stand, list(self._usable_commands(who)), mention=self.bot.mention)
        await interaction.response.send_message(view=view, ephemeral=True)

    async def _audience(self, actor: Actor | None) -> tuple[Who, Stand]:
        """Return (a) what kind of user the actor is and (b) the state of their server.

        `actor` is None in a direct message.
        """
        if actor is None:
            return "dm", "ready"
        guild = await guilds.find(self.bot.db.read, actor.guild_id)
        may_edit = guild is not None and actor.may_edit(guild)
        who: Who = "manager" if actor.manager else "editor" if may_edit else "member"
        if guild is None or guild.set_up_at is None:
            return who, "new"
        return who, "paused" if guild.left_at is not None else "ready"

    def _usable_commands(self, who: Who) -> Iterator[Command]:
        """Yield the commands that a kind of user can use, sorted by name."""
        for command in sorted(self.bot.tree.walk_commands(), key=lambda command: command.qualified_name):
            if isinstance(command, app_commands.Group):
                continue
            top = command.root_parent or command
            contexts = top.allowed_contexts
            if who == "dm" and contexts is not None and not contexts.dm_channel:
                continue
            if who != "manager" and top.default_permissions is not None:
                continue
            if who == "member" and top.name in _FOR_EDITORS:
                continue
            yield Command(command.qualified_name, command.description)


async def setup(bot: Attache) -> None:
    await bot.add_cog(HelpCog(bot))
