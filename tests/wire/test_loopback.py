"""The loopback behaves as Discord does, as far as the bot leans on it; discord.py itself is the client."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire import people, world
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess


@dataclass
class Desk:
    """One server with a channel, its owner, a member, and a client that is logged in."""

    server: Loopback
    client: discord.Client
    owner: int
    member: int
    guild: int
    channel: int

    @property
    def place(self) -> discord.PartialMessageable:
        return self.client.get_partial_messageable(self.channel)

    def deny(self, permission: int) -> None:
        self.server.overwrite(self.channel, self.server.application_id, deny=permission)

    async def history(self) -> list[str]:
        return [message.content async for message in self.place.history()]


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with Loopback() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        owner, member = server.add_user("asha"), server.add_user("ben")
        guild = server.add_guild("Desk", owner)
        channel = server.add_channel(guild, "deals")
        server.join(guild, member)
        server.invite(guild)
        # With its usual 2 s before on_ready, discord.py would take a server joined meanwhile for an old one.
        async with discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.01) as client:
            await client.login(server.token)
            yield Desk(server, client, owner, member, guild, channel)


class FormOfTwo(discord.ui.Modal, title="Two fields"):
    stage = discord.ui.TextInput(label="Stage", custom_id="stage", default="signed")
    why = discord.ui.TextInput(label="Why", custom_id="why")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"{self.stage.value} because {self.why.value}", ephemeral=True)


class Buttons(discord.ui.View):
    @discord.ui.button(label="Accept", custom_id="accept")
    async def accept(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="Accepted", view=None)

    @discord.ui.button(label="Change", custom_id="change")
    async def change(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await interaction.response.send_modal(FormOfTwo(custom_id="form"))


@pytest.fixture
async def live(desk: Desk) -> AsyncIterator[Desk]:
    """The same desk, its client connected to the gateway and with some commands."""
    tree = app_commands.CommandTree(desk.client)
    deal = app_commands.Group(name="deal", description="Deals")

    @deal.command(name="show", description="Shows a deal")
    async def show(interaction: discord.Interaction, deal: str, where: discord.TextChannel | None = None) -> None:
        await interaction.response.send_message(f"{deal} in {where and where.name}", ephemeral=True)

    @deal.command(name="slow", description="Thinks first")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="At last")
        await interaction.followup.send("And this", ephemeral=True)

    @deal.command(name="ask", description="Has buttons")
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Well?", view=Buttons())

    tree.add_command(deal)
    await tree.sync()
    connection = asyncio.create_task(desk.client.connect())
    await desk.server.ready()
    await desk.client.wait_until_ready()
    yield desk
    await desk.client.close()
    await connection


# The nonce


async def test_the_same_nonce_gives_the_same_message_whatever_the_channel(desk: Desk) -> None:
    other = desk.client.get_partial_messageable(desk.server.add_channel(desk.guild, "other"))
    first = await desk.place.send("one", nonce="n1")
    again = await desk.place.send("one", nonce="n1")
    elsewhere = await other.send("two", nonce="n1")
    assert first.id == again.id == elsewhere.id
    assert again.nonce == "n1"
    assert await desk.history() == ["one"]
    assert desk.server.accepted == {"n1": 1}
    assert desk.server.messages(other.id) == []


async def test_after_its_window_a_nonce_makes_a_second_message(desk: Desk) -> None:
    started, passed = desk.server.clock(), 0.0
    desk.server.clock = lambda: started + passed
    await desk.place.send("one", nonce="n1")
    passed = desk.server.nonce_ttl - 1
    await desk.place.send("one", nonce="n1")
    assert desk.server.accepted["n1"] == 1
    passed = desk.server.nonce_ttl
    await desk.place.send("one", nonce="n1")
    assert desk.server.accepted["n1"] == 2
    desk.server.forget_nonces()
    await desk.place.send("one", nonce="n1")
    assert len(desk.server.messages(desk.channel)) == 3


async def test_the_nonce_of_a_deleted_message_is_answered_by_unknown_message(desk: Desk) -> None:
    await (await desk.place.send("one", nonce="n1")).delete()
    with pytest.raises(discord.NotFound) as refused:
        await desk.place.send("one", nonce="n1")
    assert refused.value.code == 10008
    assert desk.server.messages(desk.channel) == []


async def test_history_tells_no_nonce(desk: Desk) -> None:
    sent = await desk.place.send("one", nonce="n1")
    [read] = [message async for message in desk.place.history()]
    assert (sent.nonce, read.nonce, (await desk.place.fetch_message(read.id)).nonce) == ("n1", None, None)


# Lost, refused and late


async def test_a_reply_lost_after_its_effect_leaves_the_message_in_the_history(desk: Desk) -> None:
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await desk.place.send("one", nonce="n1")
    assert await desk.history() == ["one"]
    await desk.place.send("one", nonce="n1")
    assert await desk.history() == ["one"]


async def test_a_reset_comes_before_any_effect(desk: Desk) -> None:
    desk.server.fault("POST", "/channels/*/messages", "reset")
    with pytest.raises(aiohttp.ClientOSError):
        await desk.place.send("one")
    assert await desk.history() == []


async def test_a_request_that_hangs_is_not_done_and_ends_when_the_fault_does(desk: Desk) -> None:
    fault = desk.server.fault("POST", "/channels/*/messages", "hang")
    sending = asyncio.create_task(desk.place.send("one"))
    await desk.server.until(lambda: fault.hits)
    assert await desk.history() == []
    fault.cancel()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await sending
    assert desk.server.messages(desk.channel) == []


async def test_a_delayed_request_is_done_all_the_same(desk: Desk) -> None:
    fault = desk.server.fault("POST", "/channels/*/messages", "delay", seconds=0.01)
    await desk.place.send("one")
    assert (fault.hits, await desk.history()) == (1, ["one"])


async def test_a_fault_skips_strikes_and_is_over(desk: Desk) -> None:
    fault = desk.server.fault("POST", f"/channels/{desk.channel}/messages", 403, skip=1, count=2, code=50013)
    outcomes = []
    for text in ("one", "two", "three", "four"):
        try:
            outcomes.append((await desk.place.send(text)).content)
        except discord.Forbidden as refused:
            outcomes.append(refused.code)
    assert outcomes == ["one", 50013, 50013, "four"]
    assert fault.hits == 2


async def test_discord_py_waits_for_retry_after_and_sends_again(desk: Desk) -> None:
    desk.server.fault("POST", "/channels/*/messages", 429, retry_after=0.01)
    await desk.place.send("one")
    assert [request.status for request in desk.server.requests if request.method == "POST"] == [429, 200]
    assert await desk.history() == ["one"]


@pytest.mark.parametrize("scope", ["user", "global"])
async def test_over_the_limit_is_told_with_its_headers_and_has_no_effect(desk: Desk, scope: str) -> None:
    if scope == "user":
        desk.server.rate_limits = (2, 60.0)
    else:
        desk.server.global_limit = 2
    url, headers = (
        f"{desk.server.api_url}/channels/{desk.channel}/messages",
        {"Authorization": f"Bot {desk.server.token}"},
    )
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.post(url, json={"content": "one"}) as answer:
                assert answer.status == 200
        async with session.post(url, json={"content": "one"}) as answer:
            told = await answer.json()
    assert answer.status == 429
    assert answer.headers["Via"]
    assert answer.headers["X-RateLimit-Scope"] == scope
    assert 0 < told["retry_after"] <= int(answer.headers["Retry-After"])
    assert told["global"] is (scope == "global")
    assert ("X-RateLimit-Remaining" in answer.headers) is (scope == "user")
    assert desk.server.limited == {scope: 1}
    assert len(desk.server.messages(desk.channel)) == 2


async def test_discord_py_keeps_within_the_limit_of_a_channel(desk: Desk) -> None:
    desk.server.rate_limits = (2, 0.05)
    await asyncio.gather(*(desk.place.send(str(number)) for number in range(5)))
    assert sorted(await desk.history()) == ["0", "1", "2", "3", "4"]


async def test_a_wrong_token_is_refused(desk: Desk) -> None:
    async with discord.Client(intents=discord.Intents.none()) as stranger:
        with pytest.raises(discord.LoginFailure):
            await stranger.login("another.token.altogether")


async def test_a_route_that_is_not_there_is_noted(desk: Desk) -> None:
    with pytest.raises(discord.NotFound):
        await desk.client.http.request(Route("GET", "/voice/regions"))
    assert desk.server.unhandled == ["GET /voice/regions"]


# Who may what


async def test_without_read_message_history_the_history_is_empty(desk: Desk) -> None:
    await desk.place.send("one")
    desk.deny(world.READ_MESSAGE_HISTORY)
    assert await desk.history() == []
    assert len(desk.server.messages(desk.channel)) == 1


@pytest.mark.parametrize(
    ("permission", "code"), [(world.VIEW_CHANNEL, 50001), (world.SEND_MESSAGES, 50013)], ids=["view", "send"]
)
async def test_sending_needs_view_and_send(desk: Desk, permission: int, code: int) -> None:
    desk.deny(permission)
    with pytest.raises(discord.Forbidden) as refused:
        await desk.place.send("one")
    assert refused.value.code == code


async def test_history_without_view_is_forbidden_and_of_no_channel_not_found(desk: Desk) -> None:
    desk.deny(world.VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden) as refused:
        await desk.history()
    assert refused.value.code == 50001
    desk.server.remove_channel(desk.channel)
    with pytest.raises(discord.NotFound) as missing:
        await desk.history()
    assert missing.value.code == 10003


async def test_overwrites_count_everyone_then_roles_then_the_member(desk: Desk) -> None:
    server, view, send = desk.server, world.VIEW_CHANNEL, world.SEND_MESSAGES
    channel = server.channels[desk.channel]
    editor, muted = server.add_role(desk.guild, "editor"), server.add_role(desk.guild, "muted")
    server.join(desk.guild, desk.member, editor, muted)

    def may(permission: int) -> bool:
        return bool(server.permissions(desk.member, channel) & permission)

    server.overwrite(desk.channel, desk.guild, deny=send)
    assert (may(view), may(send)) == (True, False)
    server.overwrite(desk.channel, editor, allow=send)
    server.overwrite(desk.channel, muted, deny=send)
    assert may(send)
    server.overwrite(desk.channel, desk.member, deny=view)
    assert (may(view), may(send)) == (False, False)
    server.join(desk.guild, desk.member, server.add_role(desk.guild, "admin", world.ADMINISTRATOR))
    assert (may(view), may(send)) == (True, True)
    assert server.permissions(desk.owner, channel) == world.ALL_PERMISSIONS
    assert server.permissions(server.add_user("stranger"), channel) == 0


async def test_a_dm_is_opened_once_and_a_closed_one_refuses(desk: Desk) -> None:
    user = await desk.client.http.start_private_message(desk.member)
    assert user == await desk.client.http.start_private_message(desk.member)
    dm = desk.client.get_partial_messageable(int(user["id"]))
    await dm.send("Hello")
    assert [message["content"] for message in desk.server.dm(desk.member)] == ["Hello"]
    desk.server.dm_closed.add(desk.member)
    with pytest.raises(discord.Forbidden) as refused:
        await dm.send("Hello?")
    assert refused.value.code == 50007
    assert [message.content async for message in dm.history()] == ["Hello"]


async def test_a_member_who_left_is_unknown_and_so_is_a_server_the_bot_left(desk: Desk) -> None:
    guild = await desk.client.fetch_guild(desk.guild, with_counts=False)
    assert (await guild.fetch_member(desk.member)).name == "ben"
    desk.server.leave(desk.guild, desk.member)
    with pytest.raises(discord.NotFound) as gone:
        await guild.fetch_member(desk.member)
    assert gone.value.code == 10007
    desk.server.remove_bot(desk.guild)
    with pytest.raises(discord.NotFound) as lost:
        await guild.fetch_roles()
    assert lost.value.code == 10004
    with pytest.raises(discord.Forbidden) as outside:
        await desk.place.send("one")
    assert outside.value.code == 50001


# Messages


async def test_history_pages_by_before_after_around_and_limit(desk: Desk) -> None:
    sent = [await desk.place.send(str(number)) for number in range(5)]

    async def read(**where: object) -> str:
        raw = await desk.client.http.request(
            Route("GET", "/channels/{channel_id}/messages", channel_id=desk.channel), params=where
        )
        return "".join(message["content"] for message in raw)

    assert await read() == "43210"
    assert await read(limit=2) == "43"
    assert await read(before=sent[3].id, limit=2) == "21"
    assert await read(after=sent[0].id, limit=2) == "21"
    assert await read(around=sent[2].id, limit=3) == "321"


async def test_flags_components_and_files_come_back_with_the_history(desk: Desk) -> None:
    view = Buttons()
    view.stop()
    file = discord.File(__file__, "notes.txt")
    await desk.place.send("Due today", view=view, silent=True, file=file)
    [message] = [message async for message in desk.place.history()]
    assert message.flags.suppress_notifications
    [row] = message.components
    assert isinstance(row, discord.ActionRow)
    assert [button.custom_id for button in row.children] == ["accept", "change"]
    assert [attachment.filename for attachment in message.attachments] == ["notes.txt"]
    edited = await message.edit(content="Done", view=None, attachments=[])
    assert (edited.content, edited.components, edited.attachments) == ("Done", [], [])
    assert edited.edited_at is not None


@pytest.mark.parametrize(("content", "code"), [("", 50006), ("x" * 2001, 50035)], ids=["empty", "too long"])
async def test_a_message_discord_would_not_take_is_refused(desk: Desk, content: str, code: int) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await desk.place.send(content)
    assert (refused.value.status, refused.value.code) == (400, code)


# People


async def test_a_slash_command_is_answered_privately(live: Desk) -> None:
    answer = await live.server.slash(
        live.member, live.guild, live.channel, "deal show", deal="MQ-9B", where=live.channel
    )
    assert (answer.type, answer.ephemeral, answer.text) == (people.MESSAGE, True, "MQ-9B in deals")
    assert live.server.messages(live.channel) == []
    assert live.server.unhandled == []


async def test_a_command_works_in_the_dm_too(live: Desk) -> None:
    answer = await live.server.slash(live.member, None, None, "deal show", deal="MQ-9B")
    assert answer.text == "MQ-9B in None"


async def test_a_person_can_only_type_what_the_bot_offers(live: Desk) -> None:
    for command, options in {"deal hide": {}, "deal show": {}, "deal slow": {"deal": "MQ-9B"}}.items():
        with pytest.raises(LookupError):
            await live.server.slash(live.member, live.guild, live.channel, command, **options)


async def test_a_deferred_answer_is_awaited_to_its_end(live: Desk) -> None:
    answer = await live.server.slash(live.member, live.guild, live.channel, "deal slow")
    await live.server.until(lambda: answer.followups)
    assert (answer.type, answer.text, answer.ephemeral) == (people.DEFERRED, "At last", False)
    assert [edit["content"] for edit in answer.edits] == ["At last"]
    assert [followup["content"] for followup in answer.followups] == ["And this"]
    assert [message["content"] for message in live.server.messages(live.channel)] == ["At last"]


async def test_a_press_changes_the_message(live: Desk) -> None:
    asked = await live.server.slash(live.member, live.guild, live.channel, "deal ask")
    assert asked.message
    assert asked.text == "Well?\nAccept\nChange"
    greyed = asked.message | {"components": [{"type": 2, "custom_id": "accept", "disabled": True}]}
    with pytest.raises(LookupError):
        await live.server.click(live.member, greyed, "accept")
    pressed = await live.server.click(live.member, asked.message, "accept")
    assert (pressed.type, pressed.text) == (people.UPDATE, "Accepted")
    assert [message["content"] for message in live.server.messages(live.channel)] == ["Accepted"]
    with pytest.raises(LookupError):
        await live.server.click(live.member, asked.message, "accept")


async def test_a_form_is_opened_filled_and_sent(live: Desk) -> None:
    asked = await live.server.slash(live.member, live.guild, live.channel, "deal ask")
    assert asked.message
    assert (await live.server.click(live.member, asked.message, "change")).type == people.MODAL
    sent = await live.server.submit(live.member, "form", {"why": "it was said"})
    assert sent.text == "signed because it was said"
    with pytest.raises(LookupError):
        await live.server.submit(live.owner, "form", {})


async def test_no_answer_in_time_is_an_error(live: Desk) -> None:
    live.server.fault("POST", "/interactions/*/*/callback", "drop_after", count=None)
    live.server.fault("PATCH", "/webhooks/*/*/messages/@original", 404)
    live.server.timeout = 0.1
    with pytest.raises(TimeoutError, match="only the thinking dots"):
        await live.server.slash(live.member, live.guild, live.channel, "deal slow")


# The gateway


async def test_the_bot_is_told_what_happens_to_its_surroundings(live: Desk) -> None:
    guild = live.client.get_guild(live.guild)
    assert guild
    assert [channel.name for channel in guild.text_channels] == ["deals"]
    assert guild.me.id == live.server.application_id
    for event, act in {
        "guild_channel_create": lambda: live.server.add_channel(live.guild, "new"),
        "guild_channel_update": lambda: live.deny(world.SEND_MESSAGES),
        "guild_channel_delete": lambda: live.server.remove_channel(live.channel),
        "guild_role_create": lambda: live.server.add_role(live.guild, "editor"),
        "guild_remove": lambda: live.server.remove_bot(live.guild),
        "guild_join": lambda: live.server.invite(live.guild),
    }.items():
        told = asyncio.ensure_future(live.client.wait_for(event, timeout=5))
        await asyncio.sleep(0)  # The waiting has to begin first.
        act()
        await told
    assert [channel.name for channel in live.client.guilds[0].text_channels] == ["new"]
    assert live.server.session
    arrivals = [event["data"] for event in live.server.session.events if event["t"] == "GUILD_CREATE"]
    assert [guild.get("unavailable") for guild in arrivals] == [False, None]  # there at the start; joined since


async def test_what_happened_while_the_connection_was_cut_comes_with_resume(live: Desk) -> None:
    session = live.server.session
    assert session
    live.server.disconnect()
    await live.server.until(lambda: session.connection is None)
    joined = asyncio.ensure_future(live.client.wait_for("guild_channel_create", timeout=5))
    live.server.add_channel(live.guild, "meanwhile")
    assert (await joined).name == "meanwhile"
    assert live.server.session is session


# A process

SMALL_BOT = """
import asyncio, os, discord
from discord.http import Route
Route.BASE = os.environ["DISCORD_API_URL"]
class Bot(discord.AutoShardedClient):
    async def on_guild_available(self, guild):
        await guild.text_channels[0].send(os.environ["TEXT"], nonce="n1")
Bot(intents=discord.Intents(guilds=True)).run(os.environ["DISCORD_TOKEN"])
"""


async def test_a_bot_can_be_killed_between_acceptance_and_reply(desk: Desk) -> None:
    bot = BotProcess(desk.server, sys.executable, "-c", SMALL_BOT, env={"TEXT": "one"})

    async def kill(message: world.Payload) -> None:
        bot.kill()
        await bot.wait()

    desk.server.on_message = kill
    await bot.launch()
    await desk.server.until(lambda: desk.server.accepted["n1"] and desk.server.requests[-1].status, timeout=30)
    assert await bot.wait() == -9
    assert await desk.history() == ["one"]

    await bot.start()
    await desk.server.until(lambda: len([r for r in desk.server.requests if r.method == "POST" and r.status]) == 2)
    assert await desk.history() == ["one"]
    bot.terminate()
    assert await bot.wait() == -15


async def test_a_bot_that_ends_before_it_is_ready_is_told_with_its_last_words(desk: Desk) -> None:
    bot = BotProcess(desk.server, sys.executable, "-c", "import sys; sys.exit('No token, no bot.')")
    with pytest.raises(RuntimeError, match=r"status 1 before it was ready:\nNo token, no bot\."):
        await bot.start()
