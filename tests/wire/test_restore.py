"""Tests of restoring a backup after more messages were sent: none is lost, and none is sent twice without a note."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.backup import backup, restore
from bot.rate_limit import RateLimits
from bot.services import deliveries, derived, destinations, digests, people, records, reminders, updates
from bot.services.updates import Change
from data.database import Database
from data.migrate import migrate
from data.records import Outcome
from tests.builders import count_of, due_value, on_day
from tests.wire import world
from tests.wire.live_server import LiveServer, connect
from tests.wire.loopback import Loopback
from tests.wire.sending import SETTLED, MovedClock

CHANNELS, UPDATES = 6, 30
DUE = (CHANNELS + 2) * UPDATES
REPEAT = "it was due before the bot's database was restored"


class Drill(LiveServer):
    """A live server with six channels and two people who follow the deal, whose database is backed up and restored.

    `copy` is the path of the backup. `places` maps the ids of channels, also those of DMs, to their destinations.
    """

    copy: Path
    places: dict[int, int]

    async def begin(self) -> None:
        """Enter updates for 240 alerts, half of which are due now and the others a minute later."""
        for batch_of in (0, 60):
            await self.move(self.clock.now() + timedelta(seconds=batch_of), UPDATES // 2)
        self.clock.pass_(seconds=SETTLED.total_seconds())

    async def run(self, *, copy_at: int, stop_at: int) -> None:
        """Send until `stop_at` messages have arrived. Back the database up after `copy_at` of them."""
        arrived, stopped = 0, asyncio.Event()

        async def on_message(_: world.Payload) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == copy_at:
                await asyncio.to_thread(backup, self.db.path, self.copy)
            if arrived == stop_at:
                stopped.set()

        self.server.on_message = on_message
        if copy_at == 0:
            backup(self.db.path, self.copy)
        for later in (0, 60):
            sending = asyncio.create_task(self.tick(seconds=later))
            stopping = asyncio.create_task(stopped.wait())
            await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if stopped.is_set():
                await self.bot.deliverer.close()
            await sending
        self.server.on_message = None

    async def put_back(self, **later: float) -> None:
        """Restore the backup and start a new bot on it, after 20 minutes or the time given by `later`.

        Discord has forgotten all nonces by then.
        """
        await self.bot.deliverer.close()
        await self.bot.close()
        await self.db.close()
        self.clock.pass_(**(later or {"minutes": 20}))
        self.server.forget_nonces()
        restore(self.copy, self.db.path, now=self.clock.now())
        self.db = await Database.open(self.db.path)
        await derived.bring_up_to_date(self.db)
        self.bot = await connect(self)

    def told(self) -> dict[int, list[str]]:
        """Return the first line of each message by channel id, oldest first. Direct messages are included."""
        return {
            channel.id: [first_line(message) for message in channel.messages.values()]
            for channel in self.server.channels.values()
        }

    def messages(self) -> list[world.Payload]:
        return [message for channel in self.server.channels.values() for message in channel.messages.values()]

    def forget_markers(self) -> None:
        """Remove the markers from all sent messages. The first release put only a nonce into its messages."""
        for message in self.messages():
            message["components"] = without_markers(message["components"])

    async def outcomes(self) -> Counter[tuple[str, str, str]]:
        rows = await self.db.read.execute_fetchall("SELECT state, held, outcome FROM delivery")
        return Counter((state, held, outcome) for state, held, outcome in rows)


def first_line(message: world.Payload) -> str:
    return message["content"].splitlines()[0] if message["content"] else texts(message["components"])


def texts(components: Any) -> str:
    return "\n".join(part.get("content", "") or texts(part.get("components", [])) for part in components)


def without_markers(components: list[Any]) -> list[Any]:
    for part in components:
        if str(part.get("custom_id", "")).startswith("sent.why:"):
            part["custom_id"] = ":".join(part["custom_id"].split(":")[:4])
        without_markers(part.get("components", []))
    return components


@pytest.fixture
async def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drill]:
    monkeypatch.setattr(
        "bot.app.RateLimits", lambda: RateLimits(requests=10_000, dms=10_000)
    )  # The drill is not about speed.
    clock = MovedClock()
    async with Loopback(clock=clock.seconds) as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        db = await Database.open(tmp_path / "attache.db")
        found = Drill(server, db)
        try:
            await migrate(db)
            found.clock, found.copy = clock, tmp_path / "copy.db"
            await found.set_up(clock.now())
            channels = [server.add_channel(found.guild, f"deals-{i}") for i in range(CHANNELS)]
            found.channel = channels[0]
            found.places = {channel: await found.follow(clock.now(), channel) for channel in channels}
            for user in (found.owner, found.member):
                found.places[server._dm_channel(user).id] = await found.follow(clock.now(), user=user)
            found.place = found.places[found.channel]
            found.bot = await connect(found)
            yield found
            await found.bot.deliverer.close()
            await server.cleanup.aclose()
        finally:
            await found.db.close()


@pytest.mark.parametrize(
    ("copy_at", "stop_at"),
    [(0, DUE), (50, DUE), (170, DUE), (DUE, DUE), (0, 150), (50, 199)],
)
async def test_after_a_restore_each_message_has_come_once_and_in_order(drill: Drill, copy_at: int, stop_at: int):
    await drill.begin()
    await drill.run(copy_at=copy_at, stop_at=stop_at)
    assert stop_at <= len(drill.messages()) <= min(DUE, stop_at + CHANNELS + 2)
    await drill.put_back()
    await drill.tick()
    told = drill.told()
    assert set(map(len, told.values())) == {UPDATES}
    assert len(set(map(tuple, told.values()))) == 1
    assert await drill.outcomes() == {("settled", "", "delivered"): DUE}
    assert not any(REPEAT in message["content"] for message in drill.messages())
    await drill.tick(hours=1)
    assert len(drill.messages()) == DUE


@pytest.mark.parametrize("copy_at", [0, 170])
async def test_a_second_restore_of_the_same_copy_repeats_nothing_either(drill: Drill, copy_at: int):
    await drill.begin()
    await drill.run(copy_at=copy_at, stop_at=190)
    for _ in range(2):
        await drill.put_back()
        await drill.tick()
    assert Counter(map(len, drill.told().values())) == {UPDATES: CHANNELS + 2}
    assert await drill.outcomes() == {("settled", "", "delivered"): DUE}


async def test_a_crash_amid_the_search_after_a_restore_changes_nothing(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=0, stop_at=150)
    await drill.put_back()
    hang = drill.server.fault("GET", "/channels/*/messages", "hang", skip=3)
    searching = asyncio.create_task(drill.tick())
    await drill.server.until(lambda: hang.hits)
    await drill.bot.deliverer.close()
    await searching
    hang.cancel()
    drill.clock.pass_(minutes=5)
    await drill.restart()
    await drill.tick()
    assert Counter(map(len, drill.told().values())) == {UPDATES: CHANNELS + 2}
    assert await drill.outcomes() == {("settled", "", "delivered"): DUE}


async def test_where_the_history_cannot_be_read_a_repeat_says_that_it_may_be_one(drill: Drill):
    blind = list(drill.places)[:2]
    for channel in blind:
        drill.server.overwrite(channel, drill.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await drill.begin()
    await drill.run(copy_at=0, stop_at=DUE)
    await drill.put_back()
    await drill.tick()
    for channel in drill.places:
        sent = drill.sent(channel)
        repeats = [message for message in sent if REPEAT in message["content"]]
        assert len(repeats) == (UPDATES if channel in blind else 0)
        assert len(sent) == UPDATES + len(repeats)


async def test_what_falls_due_after_the_restore_is_sent_without_a_search(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=DUE, stop_at=DUE)
    await drill.put_back()
    await drill.tick()
    looks = drill.looks()
    await drill.owe()
    await drill.tick()
    assert len(drill.messages()) == DUE + CHANNELS + 2
    assert drill.looks() == looks


# Messages of the first release


async def test_what_the_first_release_may_have_sent_is_held_and_each_place_decides(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=50, stop_at=199)
    drill.forget_markers()
    before = drill.told()
    await drill.put_back()
    await drill.tick()
    # Deliveries planned in the copy are recognised by their nonces. The second half was planned anew and is held.
    half = UPDATES // 2
    assert drill.told() == before
    assert await drill.outcomes() == {("settled", "", "delivered"): DUE // 2, ("planned", "held", ""): DUE // 2}
    held = await deliveries.list_held(drill.db.read, drill.guild)
    assert [one.count for one in held] == [half] * (CHANNELS + 2)
    assert await deliveries.oldest_due(drill.db.read, drill.guild, drill.clock.now()) is None
    assert await deliveries.next_due(drill.db.read, drill.clock.now()) is None

    sent_to, dropped_for = (
        drill.places[drill.channel],
        [place for place in drill.places.values() if place != drill.place],
    )
    async with drill.db.write(drill.guild) as conn:
        assert await deliveries.release(conn, drill.guild, [sent_to], now=drill.clock.now()) == half
        assert await deliveries.drop(conn, drill.guild, dropped_for, now=drill.clock.now()) == DUE // 2 - half
        assert await deliveries.release(conn, drill.guild, [sent_to], now=drill.clock.now()) == 0
    await drill.tick()
    added = drill.sent()[len(before[drill.channel]) :]
    assert len(added) == half
    assert all(REPEAT in message["content"] for message in added)
    assert {channel: told for channel, told in drill.told().items() if channel != drill.channel} == {
        channel: told for channel, told in before.items() if channel != drill.channel
    }
    assert await drill.outcomes() == {
        ("settled", "", "delivered"): DUE // 2 + half,
        ("settled", "", Outcome.DROPPED): DUE // 2 - half,
    }


async def test_what_the_first_release_cannot_have_sent_is_not_held(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=0, stop_at=DUE // 2)
    drill.forget_markers()
    drill.clock.pass_(days=1)
    drill.copy = drill.copy.with_name("later.db")
    backup(drill.db.path, drill.copy)
    await drill.put_back()
    await drill.tick()
    # Each message without a marker belongs to a delivery in the copy, so none can be an unknown one.
    assert await drill.outcomes() == {("settled", "", "delivered"): DUE}
    assert Counter(map(len, drill.told().values())) == {UPDATES: CHANNELS + 2}


async def test_what_nobody_decides_about_ends_after_ninety_days_and_holds_up_nothing(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=0, stop_at=DUE)
    drill.forget_markers()
    await drill.put_back()
    await drill.tick()
    assert await drill.outcomes() == {("planned", "held", ""): DUE}
    await drill.owe()
    await drill.tick()
    assert len(drill.messages()) == DUE + CHANNELS + 2
    async with drill.db.write(None) as conn:
        await deliveries.clean_up(conn, drill.clock.now() + timedelta(days=89))
    assert (await drill.outcomes())["planned", "held", ""] == DUE
    async with drill.db.write(None) as conn:
        await deliveries.clean_up(conn, drill.clock.now() + timedelta(days=91))
    assert (await drill.outcomes())["settled", "", Outcome.DROPPED] == DUE


# Reminders and digests


async def add_item(drill: Drill, slug: str, due_in: int) -> None:
    on = drill.clock.now().date()
    day = on_day(on)
    due_on = str(on + timedelta(days=due_in))
    due = due_value(due_on, "fixed")
    fields = {"name": slug.title(), "state": "open", "item_kind": "signature", "basis": "stated", "due": due}
    changes = [Change(slug, "pending", field, value, day, drill.source) for field, value in fields.items()]
    async with drill.db.write(drill.guild) as conn:
        await updates.append(conn, drill.guild, changes, now=drill.clock.now(), person_id=1, origin="editor")


async def remind(drill: Drill, slug: str | None, at: datetime | None = None) -> None:
    """Set a reminder for the member: of the pending item `slug`, or of a fixed text at the instant `at`."""
    now = drill.clock.now()
    async with drill.db.write(drill.guild) as conn:
        own = await destinations.ensure_own(conn, drill.guild, drill.member, now=now)
        if slug is not None:
            opened = await records.get(conn, drill.guild, slug)
            await reminders.join(conn, own.place, opened, now=now, person_id=own.person_id)
        elif at is not None:
            await reminders.set_words(conn, own.place, "Call the ministry", at, now=now, person_id=own.person_id)


async def live(drill: Drill, days: float) -> None:
    """Let `days` days pass, with a tick of the bot each hour."""
    for _ in range(int(days * 24)):
        await drill.tick(hours=1)


def reminded(drill: Drill, words: str) -> list[str]:
    return [message["content"] for message in drill.server.dm(drill.member) if words in message["content"]]


@pytest.mark.parametrize("down", [0.1, 30.0])
async def test_reminders_of_items_and_of_ones_own_words_come_once(drill: Drill, down: float):
    """Lose reminders with the restore, so that deliveries planned afterwards get other row ids than before."""
    await add_item(drill, "treaty", 9)
    await remind(drill, "treaty")
    at = drill.clock.now() + timedelta(days=2)
    await remind(drill, None, at)
    drill.clock.pass_(seconds=1)
    await remind(drill, None, at)  # The same words at the same instant are two reminders.
    backup(drill.db.path, drill.copy)
    for i in range(3):
        await add_item(drill, f"other-{i}", 3)
        await remind(drill, f"other-{i}")
    await live(drill, 3)
    sent = {words: reminded(drill, words) for words in ("Treaty", "Call the ministry")}
    assert [len(found) for found in sent.values()] == [1, 2]
    await drill.put_back(hours=down)
    await drill.tick()
    assert {words: reminded(drill, words) for words in sent} == sent
    await live(drill, 8 - down / 24)
    assert len(reminded(drill, "Treaty")) == 4  # Seven and two days before, on its day, and when it has passed.
    assert len(reminded(drill, "Call the ministry")) == 2


async def test_of_two_equal_reminders_the_one_that_was_not_sent_is_sent(drill: Drill):
    at = drill.clock.now() + timedelta(hours=1)
    for _ in range(2):
        drill.clock.pass_(seconds=1)
        await remind(drill, None, at)
    backup(drill.db.path, drill.copy)
    await drill.tick(hours=2)
    drill.server.delete(drill.server.dm(drill.member)[-1])
    await drill.put_back()
    await drill.tick()
    assert len(reminded(drill, "Call the ministry")) == 2


async def digest_at(drill: Drill, at: time) -> None:
    async with drill.db.write(drill.guild) as conn:
        person = await people.ensure(conn, drill.owner)
        place = await destinations.get(conn, drill.place)
        await digests.set_up(conn, place, now=drill.clock.now(), person_id=person.id, at=at, days="1234567")


def digests_in(drill: Drill) -> list[str]:
    return [first_line(message) for message in drill.sent() if message["content"] == ""]


async def test_a_digest_comes_once_and_what_it_had_not_read_comes_in_the_next(drill: Drill):
    await digest_at(drill, time(13))
    await drill.enter(drill.clock.now(), ("quantity", count_of("31")))
    await live(drill, 1)
    assert len(digests_in(drill)) == 1  # The first one lists everything.
    await drill.enter(drill.clock.now(), ("quantity", count_of("32")))
    drill.clock.pass_(minutes=59, seconds=30)
    await drill.enter(drill.clock.now(), ("model", "MQ-9B"))  # Can still be undone when the digest is due in 30 s.
    backup(drill.db.path, drill.copy)
    await drill.tick(seconds=30)
    *_, second = digests_in(drill)
    assert "32" in second
    assert "MQ-9B" not in second
    await drill.put_back(hours=2)
    await drill.tick()
    assert len(digests_in(drill)) == 2
    await live(drill, 1)
    *_, third = digests_in(drill)
    assert len(digests_in(drill)) == 3
    assert "MQ-9B" in third
    assert "32" not in third


async def test_what_an_earlier_digest_told_is_not_told_again_days_later(drill: Drill):
    await digest_at(drill, time(13))
    await drill.enter(drill.clock.now(), ("quantity", count_of("31")))
    await live(drill, 1)
    await drill.enter(drill.clock.now(), ("quantity", count_of("32")))
    backup(drill.db.path, drill.copy)
    await live(drill, 3)
    assert len(digests_in(drill)) == 2  # Two days had no news and thus no digest.
    await drill.put_back()
    await drill.tick()
    await live(drill, 2)
    assert len(digests_in(drill)) == 2
    await drill.enter(drill.clock.now(), ("model", "MQ-9B"))
    await live(drill, 1)
    *_, last = digests_in(drill)
    assert len(digests_in(drill)) == 3
    assert "32" not in last


async def test_mondays_list_comes_once(drill: Drill):
    async with drill.db.write(drill.guild) as conn:
        await conn.execute("UPDATE guild SET channel_id = ?", (drill.channel,))
        await destinations.schedule_guild(conn, drill.guild, drill.clock.now())
    on = drill.clock.now().date()
    changes = [
        Change("treaty", "pending", field, value, on_day(on), drill.source)
        for field, value in {"name": "Treaty", "state": "open", "item_kind": "signature"}.items()
    ]
    async with drill.db.write(drill.guild) as conn:
        await updates.append(conn, drill.guild, changes, now=drill.clock.now(), person_id=1, origin="editor")
    backup(drill.db.path, drill.copy)
    await live(drill, 7)
    listed = [message for message in drill.sent() if message["content"].startswith("**Still open")]
    assert len(listed) == 1
    await drill.put_back(days=1)
    await drill.tick()
    assert [message for message in drill.sent() if message["content"].startswith("**Still open")] == listed


async def test_why_this_works_on_what_was_sent_before_the_restore(drill: Drill):
    await drill.begin()
    await drill.run(copy_at=0, stop_at=DUE)
    await drill.put_back()
    await drill.tick()
    (message, *_) = drill.sent()
    nonce = json.dumps(message["components"]).split("sent.why:v1:")[1].split(":")[1]
    found = await deliveries.find_by_nonce(drill.db.read, drill.guild, nonce)
    assert found is not None
    assert found.message_id == int(message["id"])
