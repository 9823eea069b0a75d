"""Tests of publishing commands to Discord: only when they changed, within its limits, and visible where they work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from discord import app_commands

from tests.discord.conftest import World

IN_DM = {"help", "me", "follow", "remind", "digest"}
FOR_MANAGERS = {"setup", "settings"}


def published(world: World) -> list[Any]:
    """Return the requests that published commands to Discord."""
    return [r for r in world.env.http_requests if r.method in ("PUT", "POST") and r.path.endswith("/commands")]


def asked(world: World) -> list[Any]:
    return [r for r in world.env.http_requests if r.method == "GET" and r.path.endswith("/commands")]


def leaves(options: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the options of a command, including those of its sub-commands."""
    for option in options:
        yield option
        yield from leaves(option.get("options", []))


def payloads(world: World) -> list[dict[str, Any]]:
    return [command.to_dict(world.bot.tree) for command in world.bot.tree.get_commands()]


def characters(payload: dict[str, Any]) -> int:
    """Return the size of a command by Discord's count, which is limited to 8,000 characters.

    Names, descriptions and values of the command and of all its options and choices count.
    """
    own = sum(len(str(payload.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(characters(part) for key in ("options", "choices") for part in payload.get(key) or [])


async def test_commands_are_published_once_and_asked_for_at_each_start(empty_world: World):
    assert len(published(empty_world)) == 1
    assert len(asked(empty_world)) == 1
    await empty_world.restart()
    await empty_world.restart()
    assert len(published(empty_world)) == 1
    assert len(asked(empty_world)) == 3
    assert "setup" in empty_world.bot.command_ids


async def test_a_command_that_differs_is_published_again(empty_world: World):
    (command,) = [c for c in empty_world.bot.tree.get_commands() if c.name == "help"]
    assert isinstance(command, app_commands.Command)
    command.description = "Something else"
    await empty_world.bot.publish_commands()
    assert len(published(empty_world)) == 2
    await empty_world.bot.publish_commands()
    assert len(published(empty_world)) == 2
    empty_world.bot.tree.remove_command("help")
    await empty_world.bot.publish_commands()
    assert len(published(empty_world)) == 3


async def test_every_command_fits_discords_limits(empty_world: World):
    found = payloads(empty_world)
    assert len([payload for payload in found if payload.get("type", 1) == 1]) <= 100
    for payload in found:
        assert characters(payload) <= 8000, payload["name"]
        assert len(json.dumps(payload, ensure_ascii=False)) <= 8000, payload["name"]
        for part in (payload, *leaves(payload.get("options", []))):
            assert len(part.get("options", [])) <= 25, part["name"]
            assert len(part.get("choices") or []) <= 25, part["name"]
            if part.get("type") != 3 or "description" in part:
                assert 1 <= len(part["description"]) <= 100, part["name"]
            assert part.get("description") not in ("…", "..."), f"{part['name']} says nothing about itself"


async def test_every_command_has_a_docstring(empty_world: World):
    for command in empty_world.bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            assert (command.callback.__doc__ or "").strip(), command.qualified_name


async def test_only_setup_and_settings_are_hidden_and_only_by_manage_server(empty_world: World):
    hidden = {
        p["name"]: p["default_member_permissions"] for p in payloads(empty_world) if p["default_member_permissions"]
    }
    assert hidden == dict.fromkeys(FOR_MANAGERS, 1 << 5)


async def test_only_what_works_in_the_dm_is_offered_there(empty_world: World):
    for payload in payloads(empty_world):
        contexts = set(payload["contexts"] or [])
        assert contexts == ({0, 1} if payload["name"] in IN_DM else {0}), payload["name"]
    offered = {name.split()[0] for name in empty_world.member.user.available_commands()}
    assert offered == IN_DM & {payload["name"] for payload in payloads(empty_world)}
