"""Tests, with discord.py as the client, that the loopback behaves like Discord in all that the bot relies on."""

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
class LoggedIn:
    """A loopback Discord with one server, and a discord.py client that is logged in but not connected."""

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
async def logged_in(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoggedIn]:
    async with Loopback() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        owner, member = server.add_user("asha"), server.add_user("ben")
        guild = server.add_guild("Newsroom", owner)
        channel = server.add_channel(guild, "deals")
        server.join(guild, member)
        server.invite(guild)
        # discord.py waits 2 s before on_ready by default, and takes a server that it joins meanwhile for an old one.
        async with discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.01) as client:
            await client.login(server.token)
            yield LoggedIn(server, client, owner, member, guild, channel)


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
async def connected(logged_in: LoggedIn) -> AsyncIterator[LoggedIn]:
    """Yield the fixture `logged_in` after its client has published some commands and connected to the gateway."""
    tree = app_commands.CommandTree(logged_in.client)
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
    connection = asyncio.create_task(logged_in.client.connect())
    await logged_in.server.ready()
    await logged_in.client.wait_until_ready()
    yield logged_in
    await logged_in.client.close()
    await connection


# The nonce


async def test_the_same_nonce_gives_the_same_message_whatever_the_channel(logged_in: LoggedIn) -> None:
    other = logged_in.client.get_partial_messageable(logged_in.server.add_channel(logged_in.guild, "other"))
    first = await logged_in.place.send("one", nonce="n1")
    again = await logged_in.place.send("one", nonce="n1")
    elsewhere = await other.send("two", nonce="n1")
    assert first.id == again.id == elsewhere.id
    assert again.nonce == "n1"
    assert await logged_in.history() == ["one"]
    assert logged_in.server.accepted == {"n1": 1}
    assert logged_in.server.messages(other.id) == []


async def test_after_its_window_a_nonce_makes_a_second_message(logged_in: LoggedIn) -> None:
    started, passed = logged_in.server.clock(), 0.0
    logged_in.server.clock = lambda: started + passed
    await logged_in.place.send("one", nonce="n1")
    passed = logged_in.server.nonce_ttl - 1
    await logged_in.place.send("one", nonce="n1")
    assert logged_in.server.accepted["n1"] == 1
    passed = logged_in.server.nonce_ttl
    await logged_in.place.send("one", nonce="n1")
    assert logged_in.server.accepted["n1"] == 2
    logged_in.server.forget_nonces()
    await logged_in.place.send("one", nonce="n1")
    assert len(logged_in.server.messages(logged_in.channel)) == 3


async def test_the_nonce_of_a_deleted_message_is_answered_by_unknown_message(logged_in: LoggedIn) -> None:
    await (await logged_in.place.send("one", nonce="n1")).delete()
    with pytest.raises(discord.NotFound) as refused:
        await logged_in.place.send("one", nonce="n1")
    assert refused.value.code == 10008
    assert logged_in.server.messages(logged_in.channel) == []


async def test_history_tells_no_nonce(logged_in: LoggedIn) -> None:
    sent = await logged_in.place.send("one", nonce="n1")
    [read] = [message async for message in logged_in.place.history()]
    assert (sent.nonce, read.nonce, (await logged_in.place.fetch_message(read.id)).nonce) == ("n1", None, None)


# Lost, refused and late


async def test_a_reply_lost_after_its_effect_leaves_the_message_in_the_history(logged_in: LoggedIn) -> None:
    logged_in.server.fault("POST", "/channels/*/messages", "drop_after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await logged_in.place.send("one", nonce="n1")
    assert await logged_in.history() == ["one"]
    await logged_in.place.send("one", nonce="n1")
    assert await logged_in.history() == ["one"]


async def test_a_reset_comes_before_any_effect(logged_in: LoggedIn) -> None:
    logged_in.server.fault("POST", "/channels/*/messages", "reset")
    with pytest.raises(aiohttp.ClientOSError):
        await logged_in.place.send("one")
    assert await logged_in.history() == []


async def test_a_request_that_hangs_is_not_done_and_ends_when_the_fault_does(logged_in: LoggedIn) -> None:
    fault = logged_in.server.fault("POST", "/channels/*/messages", "hang")
    sending = asyncio.create_task(logged_in.place.send("one"))
    await logged_in.server.until(lambda: fault.hits)
    assert await logged_in.history() == []
    fault.cancel()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await sending
    assert logged_in.server.messages(logged_in.channel) == []


async def test_a_delayed_request_is_done_all_the_same(logged_in: LoggedIn) -> None:
    fault = logged_in.server.fault("POST", "/channels/*/messages", "delay", seconds=0.01)
    await logged_in.place.send("one")
    assert (fault.hits, await logged_in.history()) == (1, ["one"])


async def test_a_fault_skips_strikes_and_is_over(logged_in: LoggedIn) -> None:
    fault = logged_in.server.fault("POST", f"/channels/{logged_in.channel}/messages", 403, skip=1, count=2, code=50013)
    outcomes = []
    for text in ("one", "two", "three", "four"):
        try:
            outcomes.append((await logged_in.place.send(text)).content)
        except discord.Forbidden as refused:
            outcomes.append(refused.code)
    assert outcomes == ["one", 50013, 50013, "four"]
    assert fault.hits == 2


async def test_discord_py_waits_for_retry_after_and_sends_again(logged_in: LoggedIn) -> None:
    logged_in.server.fault("POST", "/channels/*/messages", 429, retry_after=0.01)
    await logged_in.place.send("one")
    assert [request.status for request in logged_in.server.requests if request.method == "POST"] == [429, 200]
    assert await logged_in.history() == ["one"]


@pytest.mark.parametrize("scope", ["user", "global"])
async def test_over_the_limit_is_told_with_its_headers_and_has_no_effect(logged_in: LoggedIn, scope: str) -> None:
    if scope == "user":
        logged_in.server.rate_limits = (2, 60.0)
    else:
        logged_in.server.global_limit = 2
    url, headers = (
        f"{logged_in.server.api_url}/channels/{logged_in.channel}/messages",
        {"Authorization": f"Bot {logged_in.server.token}"},
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
    assert logged_in.server.limited == {scope: 1}
    assert len(logged_in.server.messages(logged_in.channel)) == 2


async def test_discord_py_keeps_within_the_limit_of_a_channel(logged_in: LoggedIn) -> None:
    logged_in.server.rate_limits = (2, 0.05)
    await asyncio.gather(*(logged_in.place.send(str(number)) for number in range(5)))
    assert sorted(await logged_in.history()) == ["0", "1", "2", "3", "4"]


async def test_a_wrong_token_is_refused(logged_in: LoggedIn) -> None:
    async with discord.Client(intents=discord.Intents.none()) as stranger:
        with pytest.raises(discord.LoginFailure):
            await stranger.login("another.token.altogether")


async def test_a_route_that_is_not_there_is_noted(logged_in: LoggedIn) -> None:
    with pytest.raises(discord.NotFound):
        await logged_in.client.http.request(Route("GET", "/voice/regions"))
    assert logged_in.server.unhandled == ["GET /voice/regions"]


# Who may what


async def test_without_read_message_history_the_history_is_empty(logged_in: LoggedIn) -> None:
    await logged_in.place.send("one")
    logged_in.deny(world.READ_MESSAGE_HISTORY)
    assert await logged_in.history() == []
    assert len(logged_in.server.messages(logged_in.channel)) == 1


@pytest.mark.parametrize(
    ("permission", "code"), [(world.VIEW_CHANNEL, 50001), (world.SEND_MESSAGES, 50013)], ids=["view", "send"]
)
async def test_sending_needs_view_and_send(logged_in: LoggedIn, permission: int, code: int) -> None:
    logged_in.deny(permission)
    with pytest.raises(discord.Forbidden) as refused:
        await logged_in.place.send("one")
    assert refused.value.code == code


async def test_history_without_view_is_forbidden_and_of_no_channel_not_found(logged_in: LoggedIn) -> None:
    logged_in.deny(world.VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden) as refused:
        await logged_in.history()
    assert refused.value.code == 50001
    logged_in.server.remove_channel(logged_in.channel)
    with pytest.raises(discord.NotFound) as missing:
        await logged_in.history()
    assert missing.value.code == 10003


async def test_overwrites_count_everyone_then_roles_then_the_member(logged_in: LoggedIn) -> None:
    server, view, send = logged_in.server, world.VIEW_CHANNEL, world.SEND_MESSAGES
    channel = server.channels[logged_in.channel]
    editor, muted = server.add_role(logged_in.guild, "editor"), server.add_role(logged_in.guild, "muted")
    server.join(logged_in.guild, logged_in.member, editor, muted)

    def may(permission: int) -> bool:
        return bool(server.permissions(logged_in.member, channel) & permission)

    server.overwrite(logged_in.channel, logged_in.guild, deny=send)
    assert (may(view), may(send)) == (True, False)
    server.overwrite(logged_in.channel, editor, allow=send)
    server.overwrite(logged_in.channel, muted, deny=send)
    assert may(send)
    server.overwrite(logged_in.channel, logged_in.member, deny=view)
    assert (may(view), may(send)) == (False, False)
    server.join(logged_in.guild, logged_in.member, server.add_role(logged_in.guild, "admin", world.ADMINISTRATOR))
    assert (may(view), may(send)) == (True, True)
    assert server.permissions(logged_in.owner, channel) == world.ALL_PERMISSIONS
    assert server.permissions(server.add_user("stranger"), channel) == 0


async def test_a_dm_is_opened_once_and_a_closed_one_refuses(logged_in: LoggedIn) -> None:
    user = await logged_in.client.http.start_private_message(logged_in.member)
    assert user == await logged_in.client.http.start_private_message(logged_in.member)
    dm = logged_in.client.get_partial_messageable(int(user["id"]))
    await dm.send("Hello")
    assert [message["content"] for message in logged_in.server.dm(logged_in.member)] == ["Hello"]
    logged_in.server.dm_closed.add(logged_in.member)
    with pytest.raises(discord.Forbidden) as refused:
        await dm.send("Hello?")
    assert refused.value.code == 50007
    assert [message.content async for message in dm.history()] == ["Hello"]


async def test_a_member_who_left_is_unknown_and_so_is_a_server_the_bot_left(logged_in: LoggedIn) -> None:
    guild = await logged_in.client.fetch_guild(logged_in.guild, with_counts=False)
    assert (await guild.fetch_member(logged_in.member)).name == "ben"
    logged_in.server.leave(logged_in.guild, logged_in.member)
    with pytest.raises(discord.NotFound) as gone:
        await guild.fetch_member(logged_in.member)
    assert gone.value.code == 10007
    logged_in.server.remove_bot(logged_in.guild)
    with pytest.raises(discord.NotFound) as lost:
        await guild.fetch_roles()
    assert lost.value.code == 10004
    with pytest.raises(discord.Forbidden) as outside:
        await logged_in.place.send("one")
    assert outside.value.code == 50001


# Messages


async def test_history_pages_by_before_after_around_and_limit(logged_in: LoggedIn) -> None:
    sent = [await logged_in.place.send(str(number)) for number in range(5)]

    async def read(**where: object) -> str:
        raw = await logged_in.client.http.request(
            Route("GET", "/channels/{channel_id}/messages", channel_id=logged_in.channel), params=where
        )
        return "".join(message["content"] for message in raw)

    assert await read() == "43210"
    assert await read(limit=2) == "43"
    assert await read(before=sent[3].id, limit=2) == "21"
    assert await read(after=sent[0].id, limit=2) == "21"
    assert await read(around=sent[2].id, limit=3) == "321"


async def test_flags_components_and_files_come_back_with_the_history(logged_in: LoggedIn) -> None:
    view = Buttons()
    view.stop()
    file = discord.File(__file__, "notes.txt")
    await logged_in.place.send("Due today", view=view, silent=True, file=file)
    [message] = [message async for message in logged_in.place.history()]
    assert message.flags.suppress_notifications
    [row] = message.components
    assert isinstance(row, discord.ActionRow)
    assert [button.custom_id for button in row.children] == ["accept", "change"]
    assert [attachment.filename for attachment in message.attachments] == ["notes.txt"]
    edited = await message.edit(content="Done", view=None, attachments=[])
    assert (edited.content, edited.components, edited.attachments) == ("Done", [], [])
    assert edited.edited_at is not None


@pytest.mark.parametrize(("content", "code"), [("", 50006), ("x" * 2001, 50035)], ids=["empty", "too long"])
async def test_a_message_discord_would_not_take_is_refused(logged_in: LoggedIn, content: str, code: int) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await logged_in.place.send(content)
    assert (refused.value.status, refused.value.code) == (400, code)


# People


async def test_a_slash_command_is_answered_privately(connected: LoggedIn) -> None:
    answer = await connected.server.slash(
        connected.member, connected.guild, connected.channel, "deal show", deal="MQ-9B", where=connected.channel
    )
    assert (answer.type, answer.ephemeral, answer.text) == (people.MESSAGE, True, "MQ-9B in deals")
    assert connected.server.messages(connected.channel) == []
    assert connected.server.unhandled == []


async def test_a_command_works_in_the_dm_too(connected: LoggedIn) -> None:
    answer = await connected.server.slash(connected.member, None, None, "deal show", deal="MQ-9B")
    assert answer.text == "MQ-9B in None"


async def test_a_person_can_only_type_what_the_bot_offers(connected: LoggedIn) -> None:
    for command, options in {"deal hide": {}, "deal show": {}, "deal slow": {"deal": "MQ-9B"}}.items():
        with pytest.raises(LookupError):
            await connected.server.slash(connected.member, connected.guild, connected.channel, command, **options)


async def test_a_deferred_answer_is_awaited_to_its_end(connected: LoggedIn) -> None:
    answer = await connected.server.slash(connected.member, connected.guild, connected.channel, "deal slow")
    await connected.server.until(lambda: answer.followups)
    assert (answer.type, answer.text, answer.ephemeral) == (people.DEFERRED, "At last", False)
    assert [edit["content"] for edit in answer.edits] == ["At last"]
    assert [followup["content"] for followup in answer.followups] == ["And this"]
    assert [message["content"] for message in connected.server.messages(connected.channel)] == ["At last"]


async def test_a_press_changes_the_message(connected: LoggedIn) -> None:
    asked = await connected.server.slash(connected.member, connected.guild, connected.channel, "deal ask")
    assert asked.message
    assert asked.text == "Well?\nAccept\nChange"
    greyed = asked.message | {"components": [{"type": 2, "custom_id": "accept", "disabled": True}]}
    with pytest.raises(LookupError):
        await connected.server.click(connected.member, greyed, "accept")
    pressed = await connected.server.click(connected.member, asked.message, "accept")
    assert (pressed.type, pressed.text) == (people.UPDATE, "Accepted")
    assert [message["content"] for message in connected.server.messages(connected.channel)] == ["Accepted"]
    with pytest.raises(LookupError):
        await connected.server.click(connected.member, asked.message, "accept")


async def test_a_form_is_opened_filled_and_sent(connected: LoggedIn) -> None:
    asked = await connected.server.slash(connected.member, connected.guild, connected.channel, "deal ask")
    assert asked.message
    assert (await connected.server.click(connected.member, asked.message, "change")).type == people.MODAL
    sent = await connected.server.submit(connected.member, "form", {"why": "it was said"})
    assert sent.text == "signed because it was said"
    with pytest.raises(LookupError):
        await connected.server.submit(connected.owner, "form", {})


async def test_no_answer_in_time_is_an_error(connected: LoggedIn) -> None:
    connected.server.fault("POST", "/interactions/*/*/callback", "drop_after", count=None)
    connected.server.fault("PATCH", "/webhooks/*/*/messages/@original", 404)
    connected.server.timeout = 0.1
    with pytest.raises(TimeoutError, match="only the thinking dots"):
        await connected.server.slash(connected.member, connected.guild, connected.channel, "deal slow")


# The gateway


async def test_the_bot_is_told_what_happens_to_its_surroundings(connected: LoggedIn) -> None:
    guild = connected.client.get_guild(connected.guild)
    assert guild
    assert [channel.name for channel in guild.text_channels] == ["deals"]
    assert guild.me.id == connected.server.application_id
    for event, act in {
        "guild_channel_create": lambda: connected.server.add_channel(connected.guild, "new"),
        "guild_channel_update": lambda: connected.deny(world.SEND_MESSAGES),
        "guild_channel_delete": lambda: connected.server.remove_channel(connected.channel),
        "guild_role_create": lambda: connected.server.add_role(connected.guild, "editor"),
        "guild_remove": lambda: connected.server.remove_bot(connected.guild),
        "guild_join": lambda: connected.server.invite(connected.guild),
    }.items():
        told = asyncio.ensure_future(connected.client.wait_for(event, timeout=5))
        await asyncio.sleep(0)  # The waiting has to begin first.
        act()
        await told
    assert [channel.name for channel in connected.client.guilds[0].text_channels] == ["new"]
    assert connected.server.session
    arrivals = [event["data"] for event in connected.server.session.events if event["t"] == "GUILD_CREATE"]
    assert [guild.get("unavailable") for guild in arrivals] == [False, None]  # there at the start; joined since


async def test_what_happened_while_the_connection_was_cut_comes_with_resume(connected: LoggedIn) -> None:
    session = connected.server.session
    assert session
    connected.server.disconnect()
    await connected.server.until(lambda: session.connection is None)
    joined = asyncio.ensure_future(connected.client.wait_for("guild_channel_create", timeout=5))
    connected.server.add_channel(connected.guild, "meanwhile")
    assert (await joined).name == "meanwhile"
    assert connected.server.session is session


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


async def test_a_bot_can_be_killed_between_acceptance_and_reply(logged_in: LoggedIn) -> None:
    bot = BotProcess(logged_in.server, sys.executable, "-c", SMALL_BOT, env={"TEXT": "one"})

    async def kill(message: world.Payload) -> None:
        bot.kill()
        await bot.wait()

    logged_in.server.on_message = kill
    await bot.launch()
    await logged_in.server.until(
        lambda: logged_in.server.accepted["n1"] and logged_in.server.requests[-1].status, timeout=30
    )
    assert await bot.wait() == -9
    assert await logged_in.history() == ["one"]

    await bot.start()
    await logged_in.server.until(
        lambda: len([r for r in logged_in.server.requests if r.method == "POST" and r.status]) == 2
    )
    assert await logged_in.history() == ["one"]
    bot.terminate()
    assert await bot.wait() == -15


async def test_a_bot_that_ends_before_it_is_ready_is_told_with_its_last_words(logged_in: LoggedIn) -> None:
    bot = BotProcess(logged_in.server, sys.executable, "-c", "import sys; sys.exit('No token, no bot.')")
    with pytest.raises(RuntimeError, match=r"status 1 before it was ready:\nNo token, no bot\."):
        await bot.start()
