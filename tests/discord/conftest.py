"""Fixtures and helpers that run the real bot in simcord, a simulated Discord with one server and three people."""

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

# simcord takes a callback of its own for work in progress, and waits 50 ms after most actions. This private default of
# its method shortens the wait.
simcord.Env._settle_internal.__kwdefaults__["idle"] = 0.001  # pyright: ignore[reportOptionalSubscript]  # not None


_LOADED: dict[tuple[str, int, int], dict[str, list[tuple[Any, ...]]]] = {}
"""The rows, by table, that loading a dossier made. A key is dossier name, server id and row id of the person."""

_LOADED_TABLES = (
    *("source", "record", "ledger", "link", "name", "spelling", "state_history", "search_index"),
    *("dossier", "dossier_record"),
)


class EnvClock:
    """The clock given to the bot. It tells the time of the simulated Discord."""

    env: simcord.Env

    def now(self) -> datetime:
        return self.env.now()


class World:
    """The bot in a simulated Discord, with the server, the channel and the people that tests act through.

    `manager` owns the server, `editor` has the editor role, and `member` has no role.
    """

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
        """Replace the bot by a new one on the same database, as when its process ends and is started again."""
        path = self.db.path
        await self.bot.deliverer.close()
        await self.db.close()
        self.db = await Database.open(path)
        self.bot = Attache(self.db, self.clock, shard_count=shard_count)
        await self.env.restart_bot(self.bot)

    async def tick(self, seconds: float = 0) -> None:
        """Let simulated time pass. Then run one tick of the scheduler, which sends what is due."""
        if seconds:
            await self.env.advance_time(seconds)
        await self.bot.deliverer.tick(self.env.now())
        await self.env.settle()

    async def set_up(self, dossier: str | None = "india-us-2plus2-2023") -> None:
        """Set the server up directly in the database, as /setup does: zone, channel, editor role and dossier."""
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
        """Load a shipped dossier, by copying the rows of an earlier load if there was one.

        Copying is fast. It works because every new world has the same ids.
        """
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
                for table in _LOADED_TABLES
            }


def parts(components: Any) -> Iterator[dict[str, Any]]:
    """Yield the payload of every component of a message, including nested ones."""
    for component in components or []:
        # Messages in channels have discord.py's objects, answers to interactions have payloads.
        part = component if isinstance(component, dict) else component.to_dict()
        yield part
        yield from parts(part.get("components"))
        if "accessory" in part:
            yield from parts([part["accessory"]])


def text_of(message: Any) -> str:
    """Return the text of a message: its content and its text components, one below the other."""
    content = getattr(message, "content", "") or ""
    return "\n".join(filter(None, [content, *(p["content"] for p in parts(message.components) if p.get("type") == 10)]))


def labels_of(message: Any) -> list[str]:
    return [p.get("label", "") for p in parts(message.components) if p.get("type") == 2]


def id_of(message: Any, label: str) -> str:
    """Return the custom id of the first button with this label."""
    return next(p["custom_id"] for p in parts(message.components) if p.get("type") == 2 and p.get("label") == label)


def answer(result: simcord.InteractionResult) -> str:
    """Return the text of the answer to a command or component. Fail if there was no answer."""
    assert result.acknowledged, "the interaction was never answered"
    assert result.response is not None
    return text_of(result.response)


def reply(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """Return the message that answered a command or component. Fail if there was no answer."""
    assert result.acknowledged, "the interaction was never answered"
    assert result.response is not None
    return result.response


def me(world: World) -> discord.ClientUser:
    """Return the bot's own user in the simulated Discord."""
    assert world.env.bot.user is not None
    return world.env.bot.user


def dms(world: World) -> list[discord.Message]:
    """Return all messages in the DM channel between the bot and `world.member`, the oldest first."""
    return world.member.user.dm_channel.history()


async def posted(world: World, *buttons: discord.ui.Button) -> discord.Message:
    """Post a message of the bot in the channel with these buttons below it, and return the message."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send("A message", view=plain(list(buttons)))


async def move(world: World, stage: str, slug: str = "armed-drones") -> None:
    """Enter a new stage of a deal as an editor, with a fact date of 20 November 2023."""
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="Example news")
        change = Change(slug, "deal", "stage", stage, on_day("2023-11-20"), source, "paragraph 3", "reported")
        await updates.append(conn, world.guild.id, [change], now=world.now, person_id=1, origin="editor")


async def go_to(world: World, moment: datetime) -> None:
    """Let simulated time pass until a moment, and run one tick of the scheduler then."""
    await world.tick((moment - world.now).total_seconds())


@pytest.fixture
async def empty_world(tmp_path: Path) -> AsyncIterator[World]:
    """Yield a world in which the bot has joined the server but nobody has run /setup.

    After the test, fail if discord.py stored a view or if the bot raised an error that is not a UserError.
    """
    db = await Database.open(tmp_path / "attache.db")
    await derived.bring_up_to_date(db)
    clock = EnvClock()
    bot = Attache(db, clock, shard_count=1)
    env = simcord.Env(
        bot, settle_timeout=8
    )  # Longer than any work takes on a busy machine, and shorter than any timer of the bot.
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
    # discord.py reports a UserError as well, but it is an answer to the person and no fault of the bot.
    faults = [error for error in env.errors if not isinstance(error.__cause__ or error, UserError)]
    if faults:
        raise BaseExceptionGroup("the bot failed during the test", faults)


@pytest.fixture
async def world(empty_world: World) -> World:
    """Return a world whose server is set up, with the records of the starter dossier."""
    await empty_world.set_up()
    return empty_world
