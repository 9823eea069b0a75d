"""The discord.py client of the bot: loads the cogs, publishes the commands, and answers interactions that fail."""

from __future__ import annotations

import gc
import logging
import sys
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import failures
from bot.clock import Clock
from bot.delivery.worker import Deliverer
from bot.errors import UserError
from bot.interactions.cache import ANSWERS_CACHED, AnswerCache, PageCache, RecordCache
from bot.interactions.components import ComponentRouter
from bot.interactions.permissions import Permissions
from bot.ledger.values import quoted
from bot.memberships import Memberships
from bot.rate_limit import RateLimits
from bot.ui.text import error_text, escaped
from data.database import Database

log = logging.getLogger(__name__)

# In the order in which they are loaded.
COGS = (
    "cogs.ask",
    "cogs.record",
    "cogs.deal",
    "cogs.participant",
    "cogs.dialogue",
    "cogs.topic",
    "cogs.pending",
    "cogs.search",
    "cogs.update",
    "cogs.draft",
    "cogs.correct",
    "cogs.source",
    "cogs.follow",
    "cogs.remind",
    "cogs.digest",
    "cogs.sent",
    "cogs.me",
    "cogs.help",
    "cogs.setup",
    "cogs.settings",
)

PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, read_message_history=True, send_messages_in_threads=True
)
"""The permissions that the bot needs in a server, and that its invitation asks for."""


class Tree(app_commands.CommandTree["Attache"]):
    """The command tree. When a command raises an error, `answer_error` answers the interaction."""

    async def on_error(self, interaction: discord.Interaction[Attache], error: app_commands.AppCommandError) -> None:
        await answer_error(interaction, error)


class Attache(commands.AutoShardedBot):
    """The bot, with its database, its caches, its component router and its deliverer.

    Its only intent is `guilds`: it reads no messages and caches no members. One process runs all shards. If
    `shard_count` is None, Discord decides how many shards there are.
    """

    def __init__(
        self, db: Database, clock: Clock, *, cogs: tuple[str, ...] = COGS, shard_count: int | None = None
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            shard_count=shard_count,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=30,
            guild_ready_timeout=0.5,  # Seconds. A server that arrives later is marked as unavailable until it does.
        )
        self.db = db
        self.clock = clock
        limits = RateLimits()
        self.memberships = Memberships(self, limits)
        self.permissions = Permissions(self.memberships, limits)
        self.components = ComponentRouter(db, clock, self.permissions)
        self.record_cache = RecordCache()
        self.answer_cache = AnswerCache(ANSWERS_CACHED)
        self.page_cache = PageCache()
        self.deliverer = Deliverer(self, db, clock, self.memberships, limits)
        self.command_ids: dict[str, int] = {}  # By the name of the command or of its group; for mentions.
        self._cogs_to_load = cogs
        # discord.py itself logs failed autocompletions, with a traceback. Expected ones, such as choices that come too
        # late, get a line instead.
        logging.getLogger("discord.app_commands.tree").addFilter(_ONE_LINE)

    async def setup_hook(self) -> None:
        """Load every cog, then publish the commands. Raise ExtensionError, which ends the program, if a cog fails."""
        for name in self._cogs_to_load:
            await self.load_extension(name)
        for cog in self.cogs.values():
            self.components.add(cog)
        await self.publish_commands()
        # The objects that exist now stay for good. Frozen, they are skipped by full garbage collections, which would
        # otherwise take 20 to 45 ms each, and the bot answers nobody meanwhile.
        gc.collect()
        gc.freeze()

    async def publish_commands(self) -> None:
        """Publish the commands if Discord has an older version of them. Keep the ids of the commands for mentions."""
        assert self.application_id is not None  # Known since login.
        # CommandTree.fetch_commands misreads contexts: [0], only in servers, comes back as [], and [0, 1] as [0]
        # (discord.py 2.7.1, measured). All commands would seem to differ, and be published at each start.
        published_before = await self.http.get_global_commands(self.application_id)
        ours = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        if _shapes(published_before) == _shapes(ours):
            self.command_ids = {command["name"]: int(command["id"]) for command in published_before}
            return
        published = await self.tree.sync()
        self.command_ids = {command.name: command.id for command in published}
        log.info("published %d commands", len(published))

    def mention(self, command: str) -> str:
        """Return a clickable mention of a command such as "deal show". Return plain text while its id is not known."""
        id_ = self.command_ids.get(command.partition(" ")[0])
        return f"</{command}:{id_}>" if id_ else f"`/{command}`"

    async def on_interaction(self, interaction: discord.Interaction[Attache]) -> None:
        if interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            try:
                await self.components.handle(interaction)
            except Exception as error:  # noqa: BLE001  # All errors are answered and logged in one function.
                await answer_error(interaction, error)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log an exception that an event listener raised. discord.py calls this while it handles the exception."""
        error = sys.exc_info()[1]
        assert error is not None
        failures.report(log, error, "%s was not dealt with", event_method)


_ONE_LINE = failures.OneLine()


def _shapes(commands_: list[Any]) -> dict[tuple[Any, Any], Any]:
    """Return the comparable form of each command, by the command's name and type. The commands are Discord's JSON."""
    return {(command["name"], command.get("type", 1)): _shape(command) for command in commands_}


_DEFAULTS: dict[str, Any] = {
    "type": 1,
    "description": "",
    "options": [],
    "choices": [],
    "required": False,
    "autocomplete": False,
    "nsfw": False,
    "default_member_permissions": None,
    "contexts": None,
    "integration_types": [0],
    "channel_types": [],
    "min_value": None,
    "max_value": None,
    "min_length": None,
    "max_length": None,
    "name": "",
    "value": None,
}
"""The keys by which commands, options and choices are compared, each with Discord's default for a missing key."""


def _shape(part: dict[str, Any]) -> dict[str, Any]:
    """Return the comparable form of a command, option or choice: the keys of `_DEFAULTS` with their values.

    A missing key gets its default. Keys that only Discord adds, such as ids and versions, are left out.
    """
    shape: dict[str, Any] = {}
    for key, default in _DEFAULTS.items():
        value = part.get(key)
        value = default if value is None else value
        if key in ("options", "choices"):
            value = [_shape(inner) for inner in value]
        elif key == "default_member_permissions" and value is not None:
            value = int(value)
        elif key in ("channel_types", "contexts", "integration_types") and value is not None:
            value = sorted(int(item) for item in value)
        shape[key] = value
    return shape


_WRAPPERS = (app_commands.CommandInvokeError, app_commands.TransformerError)
"""The errors in which discord.py wraps the error that a command or a transformer raised."""


async def answer_error(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the user in a private message that an interaction failed, even if it has been answered. Never raise.

    A UserError is shown and not logged. An expected failure (of Discord, the network or the disk) is logged in one
    line. A bug is logged with its traceback; the user is shown the reference of the log entry.
    """
    while isinstance(error, _WRAPPERS) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    failure = ""
    if isinstance(error, UserError):
        text = error_text(error)
    elif isinstance(error, app_commands.TransformerError):
        text = (
            f"{escaped(quoted(str(error.value)))} cannot be used here. Nothing was changed. "
            "Choose from the list while typing."
        )
    elif isinstance(error, app_commands.CheckFailure):
        text = "You may not use this here. Nothing was changed."
    elif failures.is_disk_failure(error):
        failure = f"{failures.describe(error)}; "
        text = (
            "The disk of this bot is full or cannot be written, so nothing was changed. Tell whoever runs it, then try "
            "again."
        )
    elif failures.describe(error) is not None:
        failure = f"{failures.describe(error)}; "
        text = (
            "Discord did not take that just now. If you were saving something, look whether it is there before you try "
            "again."
        )
    else:
        reference = failures.report(log, error, "%s failed", _name(interaction))
        text = (
            "Something went wrong on this side. If you were saving something, look whether it is there before you try "
            f"again; if it stays, tell whoever runs this bot the reference `{reference}`."
        )
    unsent = await _send_private(interaction, text)
    if unsent is not None:
        log.warning(
            "%s: %san error could not be told: %s",
            _name(interaction),
            failure,
            failures.describe(unsent) or repr(unsent),
        )
    elif failure:
        log.warning("%s: %sthe person was told", _name(interaction), failure)


async def _send_private(interaction: discord.Interaction, text: str) -> Exception | None:
    """Send a private message as the first or a further answer. Return the exception if that fails, else None."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except (discord.DiscordException, *failures.NETWORK) as error:
        return error
    return None


def _name(interaction: discord.Interaction) -> str:
    """Return the name of the command or component for the log: "/deal show", or "record.open"."""
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return str((interaction.data or {}).get("custom_id", "an interaction")).partition(":")[0]
