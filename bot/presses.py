"""The one road of buttons, selects and forms: custom id, handler, rights, call. It works after a restart and in DMs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from bot.errors import UserError
from bot.rights import Caller, May, require_editor, require_manager
from bot.services import desks
from bot.ui import ids

if TYPE_CHECKING:
    from bot.app import Attache

Handler = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Press:
    """What a handler registers: the first word of its custom ids, who may press, and whether a server is needed.

    `rights` says that the handler looks at the caller's rights itself.
    """

    name: str
    may: May
    anywhere: bool
    rights: bool


def press(
    name: str, *, may: May = "everyone", anywhere: bool = False, rights: bool = False
) -> Callable[[Handler], Handler]:
    """Marks a cog's method as the handler of presses called `name`.

    It is called with the interaction, the caller and the arguments of the id. With `anywhere` it also takes presses
    in a DM that name no server; the caller is None there. What everyone may press tells in a DM of no rights, unless
    `rights` asks for them.
    """

    def mark(handler: Handler) -> Handler:
        handler.__press__ = Press(name, may, anywhere, rights or may != "everyone")  # pyright: ignore[reportFunctionMemberAccess]  # read in `add`
        return handler

    return mark


def typed(interaction: discord.Interaction) -> dict[str, Any]:
    """What a form holds: each field's text (or chosen values) by its custom id."""
    found: dict[str, Any] = {}
    waiting: list[Any] = list((interaction.data or {}).get("components", []))
    while waiting:
        part = waiting.pop()
        waiting += part.get("components", [])
        if "component" in part:
            waiting.append(part["component"])
        if "custom_id" in part and ("value" in part or "values" in part):
            found[part["custom_id"]] = part.get("value", part.get("values"))
    return found


def chosen(interaction: discord.Interaction) -> str:
    """The one value of a select."""
    return (all_chosen(interaction) or [""])[0]


def all_chosen(interaction: discord.Interaction) -> list[str]:
    """Return the values of a select that takes several, or none."""
    return list((interaction.data or {}).get("values") or [])


class Presses:
    """All handlers by name. The list is what the tests of rights walk."""

    def __init__(self, bot: Attache) -> None:
        self._bot = bot
        self.handlers: dict[str, tuple[Press, Handler]] = {}

    def add(self, cog: commands.Cog) -> None:
        """Registers the marked methods of a cog; ValueError when a name is taken."""
        for attribute in dir(type(cog)):
            marked = getattr(getattr(type(cog), attribute), "__press__", None)
            if marked is None:
                continue
            if marked.name in self.handlers:
                raise ValueError(f"two handlers for presses called {marked.name}")
            self.handlers[marked.name] = (marked, getattr(cog, attribute))

    async def handle(self, interaction: discord.Interaction) -> None:
        """Answers one press or form. Raises what the handler raises; the bot's one error path answers that."""
        pressed = ids.parse(str((interaction.data or {}).get("custom_id", "")))
        if pressed is None or pressed.version != ids.VERSION or pressed.name not in self.handlers:
            raise _from_another_version()
        marked, handler = self.handlers[pressed.name]
        now = self._bot.clock.now()
        caller: Caller | None = None
        if not marked.anywhere or interaction.guild_id is not None or pressed.guild_id is not None:
            caller = await self._bot.rights.caller(interaction, now, pressed.guild_id, rights=marked.rights)
            if marked.may == "manager":
                require_manager(caller)
            elif marked.may == "editor":
                require_editor(caller, await desks.get(self._bot.db.read, caller.guild_id))
        try:
            inspect.signature(handler).bind(interaction, caller, *pressed.arguments)
        except TypeError:
            raise _from_another_version() from None
        await handler(interaction, caller, *pressed.arguments)


def _from_another_version() -> UserError:
    return UserError(
        "This button is from another version of Attaché and does nothing any more. Nothing was changed. "
        "Use the command instead; /help lists them."
    )
