"""Helpers for tests of record lookups in the simulated Discord: commands, menus, and additional records."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import simcord

from bot import dates
from bot.services import sources, updates
from bot.services.updates import Change
from data.records import Party
from tests.discord.conftest import World, parts, text_of

DAY = dates.parse_fact_date("5 March 2024")
NASTY = "**x** <@1> @everyone </a:1> `y` [z](https://example.org)"


def menu(message: Any) -> list[str]:
    """Return the values of all select options in a message."""
    return [option["value"] for part in parts(message.components) for option in part.get("options", [])]


def drawn(message: discord.Message) -> str:
    """Return the text of the components of a message in a channel, without its content."""
    return text_of(SimpleNamespace(components=[part.to_dict() for part in message.components]))


async def ask(world: World, command: str, **options: Any) -> simcord.InteractionResult:
    return await world.member.slash(world.channel, command, **options)


async def enter(world: World, *changes: tuple[str, str, str, Any], url: str = "") -> None:
    """Enter updates as an editor. Each is a tuple of slug, kind, field and value."""
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="A second report", url=url)
        entered = [Change(slug, kind, field, value, DAY, source, "page 3") for slug, kind, field, value in changes]
        await updates.append(conn, world.guild.id, entered, now=world.now, person_id=1, origin="editor")


async def add_deals(world: World, count: int) -> None:
    await enter(
        world,
        *[(f"deal-{n}", "deal", "name", f"Made-up deal {n:02}") for n in range(count)],
        *[(f"deal-{n}", "deal", "party", Party("india", "buyer")) for n in range(count)],
    )
