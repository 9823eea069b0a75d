"""The demo's world: a simulated Discord server with members, the real bot, and a clock that can skip ahead."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord
import simcord
from discord import app_commands
from discord.ext import commands
from simcord.backend.cdn import CDN_BASE

from bot.app import Attache, answer_error
from bot.clock import SystemClock
from bot.delivery.kinds import next_due
from bot.errors import UserError
from bot.services import derived
from data.database import Database

ZONE = "Asia/Kolkata"
QUESTIONS = {
    "Who must act on the drones?": ("U.S. government", "10 November 2023", "sentence 5"),
    "What did Blinken say about the Indo-Pacific?": ("Antony Blinken", "free, open, prosperous", "sentence 7"),
    "When will the drones be delivered?": ("not in the record", "Waiting for U.S. government clearances"),
}
"""Questions that a visitor is invited to ask. Each comes with texts that its answer must contain."""
AVATAR = Path(__file__).parent.parent.parent / "docs" / "avatar.png"
# In seconds, how long simcord waits for the bot to finish an action. It also waits for timers shorter than that; the
# bot's only ones are those of its rate limiters.
SETTLE_TIMEOUT = 8.0

# After most actions simcord waits 50 ms for a callback of its own. This shortens the wait, by a private name.
simcord.Env._settle_internal.__kwdefaults__["idle"] = 0.001  # pyright: ignore[reportOptionalSubscript]  # it has them


class DemoClock:
    """A `Clock` that shows the time of the simulated Discord, so that Discord and the bot have the same time."""

    env: simcord.Env

    def now(self) -> datetime:
        return self.env.now()


class Skip(commands.Cog):
    """The command `/demo skip`, which lets time pass. It puts the time to skip into the queue `asked`."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[timedelta] = asyncio.Queue()

    demo = app_commands.Group(name="demo", description="Only in this demo: let time pass", guild_only=True)

    @demo.command()
    @app_commands.describe(by="How much time passes")
    @app_commands.choices(
        by=[
            app_commands.Choice(name="an hour", value=1),
            app_commands.Choice(name="a day", value=24),
            app_commands.Choice(name="a week", value=24 * 7),
        ]
    )
    async def skip(self, interaction: discord.Interaction, by: app_commands.Choice[int]) -> None:
        """Jump ahead: reminders and digests that fall due arrive"""
        await interaction.response.send_message(
            f"Time jumps ahead by {by.name}. What falls due arrives in this channel in a moment.", ephemeral=True
        )
        self.asked.put_nowait(timedelta(hours=by.value))


class DemoWorld:
    """The running demo: the simulated Discord, the bot, and a server with a manager, an editor and a member."""

    def __init__(self, env: simcord.Env, bot: Attache, db: Database, skip: Skip) -> None:
        self.env, self.bot, self.db, self.skip = env, bot, db, skip
        owner = env.create_user("maya", global_name="Maya (manager)")
        self.guild = env.create_guild("Foreign desk", owner=owner)
        self.channel = self.guild.create_text_channel("deals", topic="What was agreed, what is still open")
        self.editors = self.guild.create_role("Editors")
        self.manager = simcord.MemberActor(env, self.guild, owner)
        self.editor = self.guild.add_member(env.create_user("esha", global_name="Esha (editor)"), roles=[self.editors])
        self.member = self.guild.add_member(env.create_user("max", global_name="Max (member)"))
        bot_user = env.backend.bot_user
        self.pictures = {f"{CDN_BASE}/avatars/{bot_user.id}/{bot_user.avatar}.png": (AVATAR.name, AVATAR.read_bytes())}

    async def advance(self, until: datetime) -> None:
        """Advance the clock to `until`. On the way, send each delivery at the instant at which it is due."""
        while self.env.now() < until:
            due = await next_due(self.db.read, self.env.now()) or until
            step = min(until, max(due, self.env.now() + timedelta(seconds=1)))
            # At most an hour at a time: a step may take no longer than settle_timeout in real time.
            await self.env.advance_time(min((step - self.env.now()).total_seconds(), 3600))
            if due <= self.env.now():
                await self.tick()

    async def tick(self) -> None:
        """Send all deliveries that are due by the simulated clock, as the scheduler does outside the demo."""
        await self.bot.deliverer.tick(self.env.now())
        await self.env.settle()

    async def suggest(self) -> None:
        """Post a message with questions to try. It comes last, since the page opens at the bot's newest message."""
        questions = "\n".join(f"- {question}" for question in QUESTIONS)
        channel = self.bot.get_partial_messageable(self.channel.id)
        await channel.send(
            f"**New here? Type {self.bot.mention('ask')}, press Enter, then one of these:**\n{questions}"
        )

    async def set_up(self) -> None:
        """Set up the server with the commands that a manager uses in the first five minutes."""
        await self.manager.slash(
            self.channel, "setup", zone=ZONE, channel=self.channel, role=self.editors, digest="09:00"
        )
        await self.manager.slash(self.channel, "follow add", what="armed-drones", channel=self.channel)


def _error_handler(env: simcord.Env) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return a handler for command errors. Unlike simcord's own, it does not report a UserError as a crash."""

    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        if not isinstance(error.__cause__ or error, UserError):
            env._record_error(error)
        await answer_error(interaction, error)

    return on_error


@asynccontextmanager
async def demo_world() -> AsyncIterator[DemoWorld]:
    """Yield a running demo with a database in a temporary folder.

    Its clock has run through the last three days, so that a first digest has been sent.
    """
    logging.getLogger("discord").setLevel(logging.WARNING)
    clock, skip = DemoClock(), Skip()
    with TemporaryDirectory(prefix="attache-demo-") as folder:
        db = await Database.open(Path(folder) / "demo.db")
        try:
            await derived.bring_up_to_date(db)
            bot = Attache(db, clock, shard_count=1)
            await bot.add_cog(skip)
            env = simcord.Env(bot, settle_timeout=SETTLE_TIMEOUT, check_errors=False)
            env.backend.bot_user.name = "Attaché"
            env.backend.bot_user.avatar = "attache"
            clock.env = env
            await env.start()
            try:
                bot.tree.on_error = _error_handler(env)  # pyright: ignore[reportAttributeAccessIssue]  # as simcord does
                now = SystemClock().now()
                # In three days there is always a weekday morning, when a digest is sent.
                await env.advance_time((now - timedelta(days=3) - env.now()).total_seconds())
                world = DemoWorld(env, bot, db, skip)
                await world.set_up()
                await world.advance(now)
                await world.suggest()
                yield world
            finally:
                await bot.deliverer.close()
                await env.shutdown()
        finally:
            await db.close()
