"""Test that ten real events of the drone deal are entered with few interactions, and that the record is right after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import simcord

from bot.services import records
from data.records import Value
from tests.discord.conftest import World, answer, reply


@dataclass
class Entering:
    """An editor at work, and a count of what the work costs: a command, button, select or form is one interaction.

    Every option of a command and every input of a form that has a text counts as a typed entry.
    """

    world: World
    interactions: int = 0
    forms: int = 0
    typed: list[str] = field(default_factory=list)

    async def form(self, command: str, options: dict[str, str], inputs: dict[str, str]) -> simcord.InteractionResult:
        """Run a command and send its form. Return the preview or the refusal."""
        self.interactions += 1
        self.typed += options.values()
        opened = await self.world.editor.slash(self.world.channel, command, **options)
        assert opened.modal is not None, answer(opened)
        return await self.submit(opened, inputs)

    async def submit(self, opened: simcord.InteractionResult, inputs: dict[str, str]) -> simcord.InteractionResult:
        """Send an open form."""
        self.interactions += 1
        self.forms += 1
        self.typed += inputs.values()
        return await self.world.editor.submit_modal(opened, inputs)

    async def click(self, message: simcord.InteractionResult, label: str) -> simcord.InteractionResult:
        """Press a button below a message."""
        self.interactions += 1
        return await self.world.editor.click(reply(message), label=label)

    async def choose(self, message: simcord.InteractionResult, name: str, labels: list[str]) -> Any:
        """Choose options of the select whose custom id begins with a name, by their labels."""
        self.interactions += 1
        select = next(part for part in selects(message) if part["custom_id"].startswith(name))
        values = [option["value"] for option in select["options"] if option["label"] in labels]
        assert len(values) == len(labels), [option["label"] for option in select["options"]]
        return await self.world.editor.select(reply(message), values, custom_id=select["custom_id"])

    async def save(self, preview: simcord.InteractionResult) -> simcord.InteractionResult:
        """Press *Save* and expect it to work."""
        saved = await self.click(preview, "Save")
        assert answer(saved).startswith("## Saved"), answer(saved)
        return saved


def selects(message: simcord.InteractionResult) -> list[dict[str, Any]]:
    """Return the payloads of the selects below a message."""
    rows = reply(message).components
    return [part for row in rows for part in row.get("components", []) if part.get("type") == 3]


async def value(world: World, slug: str, field: str) -> Value:
    return (await records.get(world.db.read, world.guild.id, slug)).record.state.value(field)


async def test_a_notice_to_a_parliament_is_one_form(world: World):
    entering = Entering(world)
    preview = await entering.form(
        "update event",
        {
            "deal": "armed-drones",
            "kind": "notified",
            "day": "1 February 2024",
            "source": "https://www.thehindu.com/news/article67801873.ece",
        },
        {
            "counted": "3.99 billion USD (notified)",
            "who": "United States (State Department): release, granted; United States (Congress): review of the sale",
            "due": "2 March 2024, fixed",
        },
    )
    print(answer(preview))
    print([[o["label"] for o in s["options"]] for s in selects(preview)])
    saved = await entering.save(preview)
    print(answer(saved))
    card = await world.editor.slash(world.channel, "deal show", deal="armed-drones")
    print(answer(card))
