"""A simulated Discord with one server, a manager, an editor and a member in it, and the real bot."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.app import Attache
from bot.errors import UserError
from bot.services import derived, dossiers, guilds, people, sources, updates
from bot.services.updates import Change
from bot.ui.layout import plain
from data.database import Database
from tests.builders import on_day

# simcord counts a bookkeeping callback of its own as work and waits 50 ms on most actions; the name is private to it.
simcord.Env._settle_internal.__kwdefaults__["idle"] = 0.001  # pyright: ignore[reportOptionalSubscript]  # it has them


_LOADED: dict[tuple[str, int, int], dict[str, list[tuple[Any, ...]]]] = {}
"""The rows that a dossier made, by its name, the server and who loaded it."""


class EnvClock:
    """The simulated Discord's clock, so that the bot and Discord agree."""

    env: simcord.Env

    def now(self) -> datetime:
        return self.env.now()


class World:
    """The bot in a simulated Discord, with what a test needs to press buttons and read messages."""

    def __init__(self, env: simcord.Env, bot: Attache, db: Database, clock: EnvClock) -> None:
        self.env, self.bot, self.db, self.clock = env, bot, db, clock
        self.owner = env.create_user("mira")
        self.guild = env.create_guild("Newsroom", owner=self.owner)
        self.channel = self.guild.create_text_channel("news")
        self.editors = self.guild.create_role("Editors")
        self.manager = simcord.MemberActor(env, self.guild, self.owner)
        self.editor = self.guild.add_member(env.create_user("edda"), roles=[self.editors])
        self.member = self.guild.add_member(env.create_user("memo"))

    @property
    def now(self) -> datetime:
        return self.env.now()

    async def restart(self, shard_count: int = 1) -> None:
        """End the process and start it again on the same file."""
        path = self.db.path
        await self.bot.deliverer.close()
        await self.db.close()
        self.db = await Database.open(path)
        self.bot = Attache(self.db, self.clock, shard_count=shard_count)
        await self.env.restart_bot(self.bot)

    async def tick(self, seconds: float = 0) -> None:
        """Let time pass, and let the scheduler tick once at its end."""
        if seconds:
            await self.env.advance_time(seconds)
        await self.bot.deliverer.tick(self.env.now())
        await self.env.settle()

    async def set_up(self, dossier: str | None = "india-us-2plus2-2023") -> None:
        """Bring the server to the state after /setup, without its message: zone, channel, role and starter dossier."""
        async with self.db.write(self.guild.id) as conn:
            person = await people.ensure(conn, self.owner.id)
            await guilds.ensure(conn, self.guild.id, name="Newsroom", owner_id=self.owner.id)
            await guilds.configure(
                conn,
                self.guild.id,
                now=self.now,
                person_id=person.id,
                zone="Asia/Kolkata",
                channel_id=self.channel.id,
                editor_role_id=self.editors.id,
            )
        if dossier:
            await self._load(dossier, person.id)

    async def _load(self, name: str, person_id: int) -> None:
        """Load a shipped dossier. All new worlds have the same ids, so the rows of the first load are copied later."""
        key = (name, self.guild.id, person_id)
        if key in _LOADED:
            async with self.db.write(self.guild.id) as conn:
                for table, rows in _LOADED[key].items():
                    columns = "(rowid, tags, name, body)" if table == "search_index" else ""
                    marks = ", ".join("?" * len(rows[0]))
                    await conn.executemany(f"INSERT INTO {table} {columns} VALUES ({marks})", rows)
            return
        async with self.db.write(self.guild.id) as conn:
            dossier = dossiers.read_shipped(name, now=self.now)
            await dossiers.load(conn, self.guild.id, dossier, now=self.now, person_id=person_id)
        with contextlib.closing(sqlite3.connect(self.db.path)) as file:
            _LOADED[key] = {
                table: file.execute(f"SELECT {'rowid, ' * (table == 'search_index')}* FROM {table}").fetchall()
                for table in ("source", "record", "ledger", "link", "name", "spelling", "state_history", "search_index")
            }


def parts(components: Any) -> Iterator[dict[str, Any]]:
    """Return every component of a message, nested ones too, as Discord was sent them."""
    for found in components or []:
        part = found if isinstance(found, dict) else found.to_dict()  # Channel messages hold discord.py's objects.
        yield part
        yield from parts(part.get("components"))
        if "accessory" in part:
            yield from parts([part["accessory"]])


def text_of(message: Any) -> str:
    """Return all that a person reads in a message: its content and its text components."""
    content = getattr(message, "content", "") or ""
    return "\n".join(filter(None, [content, *(p["content"] for p in parts(message.components) if p.get("type") == 10)]))


def labels_of(message: Any) -> list[str]:
    return [p.get("label", "") for p in parts(message.components) if p.get("type") == 2]


def id_of(message: Any, label: str) -> str:
    """Return the custom id of the button with that label."""
    return next(p["custom_id"] for p in parts(message.components) if p.get("type") == 2 and p.get("label") == label)


def answer(result: simcord.InteractionResult) -> str:
    """Return the text that a command or button answered, after checking that there is one and that no view listens."""
    assert result.acknowledged, "the interaction was never answered"
    assert result.response is not None
    return text_of(result.response)


def reply(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """Return the message that a command or press answered with, to press its buttons."""
    assert result.acknowledged, "the interaction was never answered"
    assert result.response is not None
    return result.response


def me(world: World) -> discord.ClientUser:
    """Return the bot as a user of the simulated Discord."""
    assert world.env.bot.user is not None
    return world.env.bot.user


def dms(world: World) -> list[discord.Message]:
    """Return the direct messages that the member has, the oldest first."""
    return world.member.user.dm_channel.history()


async def posted(world: World, *buttons: discord.ui.Button) -> discord.Message:
    """Post a message of the bot in the channel with these buttons, as an alert or a reminder has them."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send("A message", view=plain(list(buttons)))


async def move(world: World, stage: str, slug: str = "armed-drones") -> None:
    """Enter the stage of a deal as an editor, now."""
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="Example news")
        change = Change(slug, "deal", "stage", stage, on_day("2023-11-20"), source, "paragraph 3", "reported")
        await updates.append(conn, world.guild.id, [change], now=world.now, person_id=1, origin="editor")


async def go_to(world: World, moment: datetime) -> None:
    """Let time pass until this moment, and let the scheduler tick once then."""
    await world.tick((moment - world.now).total_seconds())


@pytest.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[World]:
    """Yield a world in which the bot was just invited and nobody ran /setup yet."""
    db = await Database.open(tmp_path / "attache.db")
    await derived.bring_up_to_date(db)
    clock = EnvClock()
    bot = Attache(db, clock, shard_count=1)
    env = simcord.Env(bot, settle_timeout=8)  # Above the slowest work on a busy machine, below any timer of the bot.
    clock.env = env
    await env.start()
    world = World(env, bot, db, clock)
    await env.settle()
    try:
        yield world
    finally:
        await world.bot.deliverer.close()
        await env.shutdown()
        await world.db.close()
    assert not world.bot._connection._view_store._views, "a view was stored: it was sent before it was finished"
    # A command's sentence for the person is no fault of the bot, though discord.py raises it.
    faults = [error for error in env.errors if not isinstance(error.__cause__ or error, UserError)]
    if faults:
        raise BaseExceptionGroup("the bot failed during the test", faults)


@pytest.fixture
async def world(empty_world: World) -> World:
    """Yield a world after /setup with the starter dossier."""
    await empty_world.set_up()
    return empty_world
