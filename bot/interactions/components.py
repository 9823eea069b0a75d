"""The router that passes each button, select and modal to its handler, by its custom id and the user's permissions.

All state is in the custom id, so a button works after a restart and in a direct message. The view store of discord.py
is not used: views and modals are stopped before they are sent, and `Attache.on_interaction` passes every component and
modal to this router. The reasons, as measured on discord.py 2.7.1:

- An ephemeral view that mixes a `DynamicItem` with a plain select unregisters the pattern of the item for the whole
  process when the view times out. From then on, the buttons of all other messages do nothing.
- A modal that is submitted after a restart is discarded. `on_interaction` still gets it with all that was typed.
- Each message with a view of `timeout=None` leaks one entry of the store.
- Exceptions in callbacks of a `DynamicItem` are only logged, so the user sees "This interaction failed".
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord
from discord.ext import commands

from bot.clock import Clock
from bot.errors import UserError
from bot.interactions.permissions import Actor, Permissions, Requirement, require_editor, require_manager
from bot.services import guilds
from bot.ui import ids
from data.database import Database

Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class ComponentRule:
    """The registration of a component handler. The attributes are the arguments of `component`, with one exception.

    If `requires` is "editor" or "manager", `fetch_permissions` is always True.
    """

    name: str
    requires: Requirement
    anywhere: bool
    fetch_permissions: bool


def component(
    name: str, *, requires: Requirement = "everyone", anywhere: bool = False, fetch_permissions: bool = False
) -> Callable[[Handler], Handler]:
    """Mark a cog's method as the handler of the components and modals whose custom id begins with `name`.

    The handler gets the interaction, the actor and the arguments in the custom id. `requires` says who may use the
    component. If `anywhere` is True, the custom id of a component in a direct message need not name a server. If it
    names none, the handler gets None as the actor.

    An interaction in a direct message does not contain the user's permissions. The router asks Discord for them if
    `requires` is "editor" or "manager". A handler that checks permissions itself sets `fetch_permissions`. Then the
    router also asks.
    """

    def mark(handler: Handler) -> Handler:
        handler.__component__ = ComponentRule(name, requires, anywhere, fetch_permissions or requires != "everyone")  # pyright: ignore[reportFunctionMemberAccess]  # read in `add`
        return handler

    return mark


def typed(interaction: discord.Interaction) -> dict[str, Any]:
    """Return what the user entered in a submitted modal. The keys are the custom ids of the fields.

    Each value is a text. For a select, it is the list of the chosen values.
    """
    values: dict[str, Any] = {}
    waiting: list[Any] = list((interaction.data or {}).get("components", []))
    while waiting:
        part = waiting.pop()
        waiting += part.get("components", [])
        if "component" in part:
            waiting.append(part["component"])
        if "custom_id" in part and ("value" in part or "values" in part):
            values[part["custom_id"]] = part.get("value", part.get("values"))
    return values


def chosen(interaction: discord.Interaction) -> str:
    """Return the value that the user chose in a select. Return "" if they chose none."""
    return (all_chosen(interaction) or [""])[0]


def all_chosen(interaction: discord.Interaction) -> list[str]:
    """Return all values that the user chose in a select. The list may be empty."""
    return list((interaction.data or {}).get("values") or [])


class ComponentRouter:
    """Checks the user's permissions for each component or modal, then calls its handler."""

    def __init__(self, db: Database, clock: Clock, permissions: Permissions) -> None:
        self._db, self._clock, self._permissions = db, clock, permissions
        self.handlers: dict[str, tuple[ComponentRule, Handler]] = {}  # By name. Tests of permissions use it.

    def add(self, cog: commands.Cog) -> None:
        """Register the methods of a cog that `component` marks. Raise ValueError if two handlers have the same name."""
        for attribute in dir(type(cog)):
            rule = getattr(getattr(type(cog), attribute), "__component__", None)
            if rule is None:
                continue
            if rule.name in self.handlers:
                raise ValueError(f"two handlers for components called {rule.name}")
            self.handlers[rule.name] = (rule, getattr(cog, attribute))

    async def handle(self, interaction: discord.Interaction) -> None:
        """Call the handler of a component or modal.

        Raise UserError if the custom id has no handler, and NotAllowed if the user may not use the component. Errors
        that the handler raises are passed on.
        """
        id_ = ids.parse(str((interaction.data or {}).get("custom_id", "")))
        if id_ is None or id_.version != ids.VERSION or id_.name not in self.handlers:
            raise _from_another_version()
        rule, handler = self.handlers[id_.name]
        now = self._clock.now()
        actor: Actor | None = None
        if not rule.anywhere or interaction.guild_id is not None or id_.guild_id is not None:
            actor = await self._permissions.actor(
                interaction, now, id_.guild_id, fetch_permissions=rule.fetch_permissions
            )
            if rule.requires == "manager":
                require_manager(actor)
            elif rule.requires == "editor":
                require_editor(actor, await guilds.get(self._db.read, actor.guild_id))
        try:
            inspect.signature(handler).bind(interaction, actor, *id_.arguments)
        except TypeError:
            raise _from_another_version() from None
        await handler(interaction, actor, *id_.arguments)


def _from_another_version() -> UserError:
    return UserError(
        "This button is from another version of Attaché and does nothing any more. Nothing was changed. "
        "Use the command instead; /help lists them."
    )
