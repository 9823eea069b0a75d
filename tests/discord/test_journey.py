"""Tests that a member's visit, from a first card to the digest, survives a restart of the bot between any two steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import dates
from tests.discord.conftest import World, answer, id_of, parts, text_of

V2 = 1 << 15  # Discord: the message is made of components alone.


def arrived(world: World) -> list[Any]:
    """Return all messages that the bot sent unprompted: those in the channel and in the member's direct messages."""
    return [*world.channel.history(), *world.member.user.dm_channel.history()]


async def test_a_restart_between_every_two_steps_loses_nothing(world: World):
    member, editor = world.member, world.editor
    card = await member.slash(world.channel, "deal show", deal="armed-drones")
    assert "Waiting for U.S. government clearances" in answer(card)

    assert card.response is not None
    await world.restart()
    assert "more than $3 billion" in answer(await member.click(card.response, label="All facts"))

    await world.restart()
    followed = await member.click(card.response, custom_id=id_of(card.response, "Follow"))
    assert "You now follow" in answer(followed)

    await world.restart()
    assert "You will be reminded" in answer(await member.slash(world.channel, "remind me", item="drone-clearances"))

    await world.restart()
    digest = await world.manager.slash(
        world.channel, "digest set", at="09:00", zone="Asia/Kolkata", weekdays="every day", channel=world.channel
    )
    assert "09:00" in answer(digest)

    await world.restart()
    form = await editor.slash(world.channel, "update pending", item="drone-clearances")
    today = world.now.date()
    due = today + timedelta(days=7)
    typed = {
        "value": f"{due.isoformat()}, announced",
        "date": today.isoformat(),
        "source": "https://example.org/briefing, paragraph 3",
        "published": "undated",
        "reason": "",
    }
    await world.restart()
    preview = await editor.submit_modal(form, typed)
    assert dates.format_day(due) in answer(preview)
    assert preview.response is not None

    await world.restart()
    assert "Saved" in answer(await editor.click(preview.response, label="Save"))

    await world.restart()
    await world.tick(90)
    alerts = [text_of(message) for message in arrived(world) if "due" in text_of(message).casefold()]
    assert len(alerts) == 1, "the member follows the deal, the channel does not"

    await world.tick(4 * 3600)  # From half past five in the morning to half past nine.
    for _ in range(9):
        await world.restart()
        await world.tick(24 * 3600)
    texts = [text_of(message) for message in arrived(world)]
    for told, times in (("Due in 2 days", 1), ("Due today", 2), ("Overdue", 2)):
        found = [text for text in texts if text.startswith(f"**{told}: Clearances for the 31 drones")]
        assert len(found) == times, f"{told}: the day itself and overdue in the channel too, the rest to the member"
    digests = [text.splitlines()[0] for text in texts if text.startswith("## Digest")]
    assert digests
    assert len(digests) == len(set(digests)), "one digest a day"

    for message in arrived(world):
        if not message.flags.value & V2:
            assert message.content, "a notification shows nothing but the content"
        assert not any(part.get("disabled") for part in parts(message.components))
