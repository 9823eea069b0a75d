"""The demo's world: a server, people to look as, the bot as it always runs, and a clock that can jump."""

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
"""What a visitor is offered to ask first, and what the answers hold; the last one is not in the record."""
AVATAR = Path(__file__).parent.parent.parent / "docs" / "avatar.png"
# simcord waits at most this long for an answer, and for every timer that is shorter; the bot has none but pacing.
SETTLE_TIMEOUT = 8.0

# simcord counts a bookkeeping callback of its own as work and waits 50 ms on most actions; the name is private to it.
simcord.Env._settle_internal.__kwdefaults__["idle"] = 0.001  # pyright: ignore[reportOptionalSubscript]  # it has them


class DemoClock:
    """The simulated Discord's clock, so that the bot and Discord agree on the time."""

    env: simcord.Env

    def now(self) -> datetime:
        return self.env.now()


class Skip(commands.Cog):
    """The command `/demo skip`, which only the demo has."""

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
    """The running demo. `advance` lets time pass and sends what falls due on the way."""

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
        """Step the clock to each instant at which something falls due, and finally to `until`."""
        while self.env.now() < until:
            due = await next_due(self.db.read, self.env.now()) or until
            step = min(until, max(due, self.env.now() + timedelta(seconds=1)))
            # simcord's own limit for one jump is settle_timeout of real time; an hour takes a fraction of it.
            await self.env.advance_time(min((step - self.env.now()).total_seconds(), 3600))
            if due <= self.env.now():
                await self.tick()

    async def tick(self) -> None:
        """Send what is due now, as a tick of the scheduler does; here the simulated clock decides when."""
        await self.bot.deliverer.tick(self.env.now())
        await self.env.settle()

    async def suggest(self) -> None:
        """Post the last message of the first screen: questions to type. The page opens at the bot's newest message."""
        questions = "\n".join(f"- {question}" for question in QUESTIONS)
        channel = self.bot.get_partial_messageable(self.channel.id)
        await channel.send(
            f"**New here? Type {self.bot.mention('ask')}, press Enter, then one of these:**\n{questions}"
        )

    async def set_up(self) -> None:
        """Do by commands what a manager does in the first five minutes, dated the day before yesterday."""
        await self.manager.slash(
            self.channel, "setup", zone=ZONE, channel=self.channel, role=self.editors, digest="09:00"
        )
        await self.manager.slash(self.channel, "follow add", what="armed-drones", channel=self.channel)


def _refusals_are_no_faults(env: simcord.Env) -> Callable[..., Coroutine[Any, Any, None]]:
    """Replace simcord's error handling of commands, which shows each refusal in words as a crash of the bot."""

    async def on_error(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        if not isinstance(error.__cause__ or error, UserError):
            env._record_error(error)
        await answer_error(interaction, error)

    return on_error


@asynccontextmanager
async def demo_world() -> AsyncIterator[DemoWorld]:
    """Yield a new world in a temporary folder, set up and brought to the present, so that it has a first digest."""
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
                bot.tree.on_error = _refusals_are_no_faults(env)  # pyright: ignore[reportAttributeAccessIssue]  # as simcord does
                now = SystemClock().now()
                # Three days back there is always a weekday morning between the set-up and today.
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
