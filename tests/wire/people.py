"""The users of the loopback Discord, a local imitation: they send commands, press buttons and wait for the answers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.wire.gateway import Gateway
from tests.wire.world import Channel, Payload

EPHEMERAL = 1 << 6  # a flag of a message
# Kinds of interactions, and of answers to them.
COMMAND, COMPONENT, FORM = 2, 3, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9


@dataclass(eq=False)
class Answer:
    """An interaction, and everything that the bot has answered to it so far."""

    id: int
    token: str
    kind: int  # The type of the interaction: COMMAND, COMPONENT or FORM.
    user: int
    channel: Channel
    source: Payload | None  # The message with the component that was used.
    type: int | None = None  # The type of the bot's callback, or None before it.
    data: Payload = field(default_factory=dict)
    message: Payload | None = None  # The original response, or `source` when the bot edits that.
    edits: list[Payload] = field(default_factory=list)
    followups: list[Payload] = field(default_factory=list)
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.message and self.message["flags"] & EPHEMERAL)

    @property
    def complete(self) -> bool:
        """Return whether the bot has answered with more than a deferral, which shows "thinking"."""
        return self.type is not None and (self.type != DEFERRED or bool(self.edits or self.followups or self.deleted))

    @property
    def text(self) -> str:
        return read_text(self.message) if self.message else ""


def walk(components: Iterable[Payload]) -> Iterator[Payload]:
    """Yield every component of a message or form, each before the components inside it."""
    for component in components:
        yield component
        inner = [component.get("accessory"), component.get("component"), *component.get("components", ())]
        yield from walk(part for part in inner if part)


def read_text(message: Payload) -> str:
    """Return the content of a message, its text components and the labels of its buttons, one below the other."""
    parts = [message["content"]]
    for component in walk(message["components"]):
        parts += [component.get("content"), component.get("label")]
    return "\n".join(part for part in parts if part)


class People(Gateway):
    """The part of the loopback Discord through which its users interact with the bot."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.commands: list[Payload] = []  # The commands that the bot has published.
        self._answers: dict[str, Answer] = {}  # By the token of the interaction.
        self._modals: dict[tuple[int, str], Answer] = {}  # Open forms: (user, custom id) -> the answer that opened it.

    async def slash(self, user: int, guild: int | None, channel: int | None, command: str, /, **options: Any) -> Answer:
        """Send a command such as "deal show" and wait for the answer. Without a channel, it is sent in the user's DM.

        Raise LookupError when the bot has not published such a command, or not with these options.
        """
        place = self.channels[channel] if channel else self._dm_channel(user)
        if guild != (place.guild and place.guild.id):
            raise LookupError("That channel is not in that server.")
        name, *path = command.split()
        offered = next((known for known in self.commands if known["name"] == name), None)
        data: Payload = {"id": offered["id"] if offered else None, "name": name, "type": 1, "resolved": {}}
        level = data
        for word in path:
            offered = next((part for part in (offered or {}).get("options", ()) if part["name"] == word), None)
            inner = {"name": word, "type": (offered or {}).get("type")}
            level["options"] = [inner]
            level = inner
        if offered is None:
            raise LookupError(f"The bot offers no command /{command}.")
        known = {option["name"]: option for option in offered.get("options", ())}
        missing = {name for name, option in known.items() if option.get("required")} - set(options)
        if missing or not set(options) <= set(known):
            raise LookupError(f"/{command} takes {sorted(known)}, and needs {sorted(missing)} besides what was given.")
        level["options"] = [self._option(data, place, known[name], value) for name, value in options.items()]
        return await self._interact(COMMAND, data, user, place)

    def _option(self, data: Payload, place: Channel, option: Payload, value: Any) -> Payload:
        """Return an option as Discord sends it. Describe a user, channel or role in `data["resolved"]`."""
        kind = option["type"]
        if kind in (6, 7, 8):
            described: dict[str, Payload] = data["resolved"]
            key, members = str(value), place.guild.members if place.guild else {}
            if kind == 6:
                described.setdefault("users", {})[key] = self.users[value]
                if value in members:
                    described.setdefault("members", {})[key] = members[value] | {"permissions": "0"}
            elif kind == 7:
                allowed = str(self.permissions(self.application_id, self.channels[value]))
                about = self._channel(self.channels[value]) | {"permissions": allowed}
                described.setdefault("channels", {})[key] = about
            elif place.guild:
                described.setdefault("roles", {})[key] = place.guild.roles[value]
            value = key
        return {"name": option["name"], "type": kind, "value": value}

    async def click(self, user: int, message: Payload, custom_id: str, *values: str) -> Answer:
        """Press a button or choose values in a select, and wait for the answer."""
        component = next((part for part in walk(message["components"]) if part.get("custom_id") == custom_id), None)
        if component is None or component.get("disabled"):
            offered = [part["custom_id"] for part in walk(message["components"]) if "custom_id" in part]
            raise LookupError(f"The message has no {custom_id} to press, only {offered}.")
        data: Payload = {"custom_id": custom_id, "component_type": component["type"]}
        if component["type"] != 2:
            data["values"] = list(values)
        return await self._interact(COMPONENT, data, user, self.channels[int(message["channel_id"])], message)

    async def submit(self, user: int, custom_id: str, fields: dict[str, Any]) -> Answer:
        """Submit a form that the bot has opened for the user, and wait for the answer.

        Fields that are not given keep their prefilled values.
        """
        opened = self._modals.get((user, custom_id))
        if opened is None:
            raise LookupError(f"No form {custom_id} was opened; there are {list(self._modals)}.")
        form = opened.data["components"]
        unknown = set(fields) - {part.get("custom_id") for part in walk(form)}
        if unknown:
            raise LookupError(f"The form has no {sorted(unknown)}.")
        data = {"custom_id": custom_id, "components": [self._filled(part, fields) for part in form]}
        return await self._interact(FORM, data, user, opened.channel, opened.source)

    def _filled(self, component: Payload, fields: dict[str, Any]) -> Payload:
        sent = {"type": component["type"]}
        if "components" in component:
            sent["components"] = [self._filled(part, fields) for part in component["components"]]
        elif "component" in component:
            sent["component"] = self._filled(component["component"], fields)
        elif "custom_id" in component:
            sent["custom_id"] = component["custom_id"]
            key, default = ("value", component.get("value", "")) if component["type"] == 4 else ("values", [])
            sent[key] = fields.get(component["custom_id"], default)
        return sent

    async def _interact(
        self, kind: int, data: Payload, user: int, channel: Channel, source: Payload | None = None
    ) -> Answer:
        answer = Answer(self.snowflake(), secrets.token_hex(20), kind, user, channel, source)
        self._answers[answer.token] = answer
        guild = channel.guild
        where: Payload = {"user": self.users[user], "context": 1}
        if guild:
            member = guild.members[user] | {"permissions": str(self.permissions(user, channel))}
            about = {"id": str(guild.id), "locale": "en-US", "features": []}
            where = {"guild_id": str(guild.id), "guild": about, "guild_locale": "en-US", "member": member, "context": 0}
        bot = {"application_id": str(self.application_id), "version": 1, "locale": "en-US", "entitlements": []}
        what = {"id": str(answer.id), "token": answer.token, "type": kind, "data": data}
        what |= {"message": source} if source else {}
        where |= {"channel_id": str(channel.id), "channel": self._channel(channel)}
        where["app_permissions"] = str(self.permissions(self.application_id, channel))
        where["authorizing_integration_owners"] = {"0": str(guild.id) if guild else "0"}
        event = bot | what | where | {"attachment_size_limit": 10 * 1024 * 1024}
        self.dispatch("INTERACTION_CREATE", event)
        try:
            await self.until(lambda: answer.complete)
        except TimeoutError:
            state = "only the thinking dots" if answer.type else "no answer"
            raise TimeoutError(f"After {self.timeout:g} s there is {state} to {data}.") from None
        return answer
