"""The REST interface of the loopback Discord, a small imitation on 127.0.0.1, with rate limits and injected faults.

It has no shards, threads, voice, reactions or channel webhooks, and sends no events about messages: the bot uses none.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import math
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.wire.people import DEFERRED, DEFERRED_UPDATE, EPHEMERAL, MESSAGE, MODAL, UPDATE, Answer, People
from tests.wire.world import READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL, Channel, Guild, Payload

LOADING, COMPONENTS_V2 = 1 << 7, 1 << 15  # Flags of a message.
CONTENTS = ("content", "embeds", "components", "attachments")  # A message needs at least one of these.


class Refused(Exception):
    """Raised by a handler to refuse a request, with an HTTP status, Discord's error code and a message."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.body: Payload = {"message": message, "code": code, **more}


class RateLimited(Refused):
    def __init__(self, retry_after: float, scope: str) -> None:
        is_global = scope == "global"
        super().__init__(429, 0, "You are being rate limited.", retry_after=retry_after, **{"global": is_global})
        self.headers = {"Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": scope}
        if is_global:
            self.headers["X-RateLimit-Global"] = "true"


@dataclass(eq=False)
class Request:
    """A REST request and its outcome. `status` is 0 when it got no answer.

    A request that was carried out, but whose answer a fault dropped, keeps the status of that answer.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    files: list[tuple[str, bytes]]
    ids: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    code: int = 0


@dataclass(eq=False)
class Fault:
    """A fault that a test injects into matching requests; see `Loopback.fault` for its parameters.

    `hits` counts the requests that it has hit.
    """

    method: str
    path: re.Pattern[str]
    action: int | str
    count: int | None
    skip: int
    code: int
    retry_after: float
    seconds: float
    hits: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, method: str, path: str) -> bool:
        if self.over.is_set() or method != self.method or not self.path.fullmatch(path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        self.hits += 1
        return True

    def cancel(self) -> None:
        """End the fault. Requests that it keeps hanging are cut off."""
        self.over.set()


Handler = Callable[["Loopback", Request], Any]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, template: str) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return register


class Loopback(People):
    """The loopback Discord: REST interface, gateway and users on one local address.

    Use `async with Loopback() as server`, and connect a bot to `server.api_url` with `server.token`.
    """

    def __init__(
        self,
        *,
        nonce_ttl: float = 300.0,
        rate_limits: tuple[int, float] | None = None,
        global_limit: int | None = None,
        clock: Callable[[], float] = time.time,
        away: bool = False,
    ) -> None:
        """Prepare the loopback. It listens from `start()` on, or from `arrive()` on if `away`.

        `nonce_ttl` is how many seconds a nonce is known. `rate_limits` are (messages, seconds) per channel, and
        `global_limit` is requests per second. `clock` returns seconds since 1970, for ids, timestamps and nonces.
        """
        super().__init__(clock)
        self.nonce_ttl, self.rate_limits, self.global_limit = nonce_ttl, rate_limits, global_limit
        self._away = away
        self.on_message: Callable[[Payload], Awaitable[None]] | None = None
        """A function that is called with each accepted message, before the bot gets the answer to its request."""
        self.requests: list[Request] = []
        self.unhandled: list[str] = []  # Requests for which there is no route.
        self.accepted: Counter[str] = Counter()  # nonce -> distinct messages made with it
        self.limited: Counter[str] = Counter()  # "user" or "global" -> answers with status 429
        self.dm_closed: set[int] = set()  # Users who take no direct messages.
        self.cleanup = contextlib.AsyncExitStack()  # Whatever has to end before the loopback does.
        self._faults: list[Fault] = []
        self._nonces: dict[str, tuple[float, Payload]] = {}
        self._windows: dict[str, tuple[float, int]] = {}  # rate limit -> (monotonic time of its end, requests left)
        self._crashes: list[Exception] = []  # Errors of the loopback itself.

    # Running

    async def start(self) -> Self:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/gw/", self._gateway)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.api_url, self.gateway_url = f"http://{address}/api/v10", f"ws://{address}/gw/"
        if not self._away:
            await self.arrive()
        return self

    async def arrive(self) -> None:
        """Start to accept connections at the address of the loopback."""
        await web.SockSite(self._runner, self._socket).start()

    async def close(self) -> None:
        """Close all connections. Raise the first error of the loopback itself, lest a test blame the bot for it."""
        await self.cleanup.aclose()
        for fault in self._faults:
            fault.cancel()
        for connection in list(self._connections):
            await connection.socket.close(code=1001)
        await self._runner.cleanup()
        self._socket.close()
        if self._crashes:
            raise self._crashes[0]

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def fault(
        self,
        method: str,
        path: str,
        action: int | str,
        *,
        count: int | None = 1,
        skip: int = 0,
        code: int = 0,
        retry_after: float = 1.0,
        seconds: float = 1.0,
    ) -> Fault:
        """Inject a fault into `count` matching requests (None: into all), after `skip` that pass. Return the fault.

        In `path`, `*` stands for one segment. `action` is an HTTP status to answer with; "reset" to cut the connection
        before any effect; "drop_after" to do what is asked and lose the answer; "hang" to do nothing and answer nothing
        until the fault is cancelled; or "delay" to carry out the request after `seconds`.
        """
        if not isinstance(action, int) and action not in ("reset", "drop_after", "hang", "delay"):
            raise ValueError(f"No such fault: {action}.")
        pattern = re.compile(re.escape(path).replace(r"\*", "[^/]+"))
        fault = Fault(method, pattern, action, count, skip, code, retry_after, seconds)
        self._faults.append(fault)
        return fault

    def forget_nonces(self) -> None:
        """Forget all nonces, as Discord does after some minutes."""
        self._nonces.clear()

    # REST: what every request passes through

    async def _serve(self, http: web.Request) -> web.StreamResponse:
        request = Request(http.method, http.path.removeprefix("/api/v10"), dict(http.query), *await self._read(http))
        self.requests.append(request)
        headers = {"Via": "1.1 loopback"}
        fault = next((fault for fault in self._faults if fault.strikes(request.method, request.path)), None)
        try:
            if fault and fault.action in ("reset", "hang"):
                if fault.action == "hang":
                    self.wake()
                    await fault.over.wait()
                return self._cut(http, reset=fault.action == "reset")
            if fault and fault.action == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault and fault.action == 429:
                raise RateLimited(fault.retry_after, "user")
            elif fault and isinstance(fault.action, int):
                raise Refused(fault.action, fault.code, "A fault of the test.")
            body = await self._answer(request, http.headers.get("Authorization"), headers)
            request.status = 204 if body is None else 200
        except Refused as refusal:
            request.status, request.code, body = refusal.status, refusal.code, refusal.body
            if isinstance(refusal, RateLimited):
                self.limited[refusal.headers["X-RateLimit-Scope"]] += 1
                headers |= refusal.headers
        except Exception as error:  # noqa: BLE001 - kept for close(), which raises it.
            self._crashes.append(error)
            request.status, body = 500, {"message": repr(error), "code": 0}
        finally:
            self.wake()
        if fault and fault.action == "drop_after":
            return self._cut(http)
        if body is None:
            return web.Response(status=204, headers=headers)
        # discord.py would not parse the body as JSON if its content type named a charset.
        sent = json.dumps(body).encode()
        return web.Response(body=sent, status=request.status, headers=headers, content_type="application/json")

    @staticmethod
    async def _read(http: web.Request) -> tuple[Any, list[tuple[str, bytes]]]:
        if http.content_type != "multipart/form-data":
            raw = await http.read()
            return (json.loads(raw) if raw else None), []
        form = await http.post()
        files: list[tuple[str, bytes]] = []
        for part in form.values():
            if isinstance(part, web.FileField):
                with part.file:
                    files.append((part.filename, part.file.read()))
        described = form["payload_json"]
        assert not isinstance(described, web.FileField)
        return json.loads(described), files

    @staticmethod
    def _cut(http: web.Request, *, reset: bool = False) -> web.StreamResponse:
        """End a connection without an answer, by a TCP reset if `reset`."""
        if http.transport:
            if reset:
                connection = http.transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            http.transport.abort()
        return web.Response(status=500)

    async def _answer(self, request: Request, authorization: str | None, headers: dict[str, str]) -> Any:
        # Answers to interactions need no token of the bot and do not count towards the global limit.
        if not request.path.startswith(("/interactions/", "/webhooks/")):
            if authorization != f"Bot {self.token}":
                raise Refused(401, 0, "401: Unauthorized")
            if self.global_limit is not None:
                self._count("global", self.global_limit, 1.0)
        found = (
            (pattern.fullmatch(request.path), handler)
            for method, pattern, handler in ROUTES
            if method == request.method
        )
        match, handler = next(((match, handler) for match, handler in found if match), (None, None))
        if match is None or handler is None:
            self.unhandled.append(f"{request.method} {request.path}")
            raise Refused(404, 0, "404: Not Found")
        request.ids = {name: int(part) if part.isdecimal() else part for name, part in match.groupdict().items()}
        if self.rate_limits and handler is Loopback._create_message:
            limit, seconds = self.rate_limits
            bucket = f"messages of {request.ids['channel']}"
            headers |= {"X-RateLimit-Limit": str(limit), "X-RateLimit-Bucket": "messages"}
            try:
                self._count(bucket, limit, seconds)
            finally:  # An answer with status 429 has these headers as well.
                end, left = self._windows[bucket]
                after = end - time.monotonic()
                headers |= {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset-After": f"{after:.3f}"}
                headers["X-RateLimit-Reset"] = f"{time.time() + after:.3f}"
        body = handler(self, request)
        return await body if inspect.isawaitable(body) else body

    def _count(self, bucket: str, limit: int, seconds: float) -> None:
        now = time.monotonic()  # Clients wait in real time, so the windows do not follow the test's clock.
        end, left = self._windows.get(bucket, (0.0, 0))
        if now >= end:
            end, left = now + seconds, limit
        self._windows[bucket] = (end, max(0, left - 1))
        if not left:
            raise RateLimited(round(end - now, 3), "global" if bucket == "global" else "user")

    # REST: the bot itself

    @route("GET", "/users/@me")
    def _get_me(self, request: Request) -> Payload:
        return self.users[self.application_id]

    @route("GET", "/oauth2/applications/@me")
    def _get_application(self, request: Request) -> Payload:
        names: Payload = {"id": str(self.application_id), "name": "Attaché", "description": "", "icon": None}
        public = {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64}
        return names | public | {"owner": self.users[self.application_id]}

    @route("GET", "/gateway/bot")
    def _get_gateway(self, request: Request) -> Payload:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}

    @route("GET", "/applications/{application}/commands")
    def _get_commands(self, request: Request) -> list[Payload]:
        return self.commands

    @route("PUT", "/applications/{application}/commands")
    def _put_commands(self, request: Request) -> list[Payload]:
        known = {command["name"]: command["id"] for command in self.commands}
        about = {"application_id": str(self.application_id), "version": "1", "default_member_permissions": None}
        ids = [known.get(command["name"]) or str(self.snowflake()) for command in request.body]
        self.commands = [about | command | {"id": key} for key, command in zip(ids, request.body, strict=True)]
        return self.commands

    # REST: servers, channels, messages

    @route("GET", "/guilds/{guild}")
    def _get_guild(self, request: Request) -> Payload:
        return self._guild(self._reach_guild(request))

    @route("GET", "/guilds/{guild}/roles")
    def _get_roles(self, request: Request) -> list[Payload]:
        return list(self._reach_guild(request).roles.values())

    @route("GET", "/guilds/{guild}/members/{user}")
    def _get_member(self, request: Request) -> Payload:
        guild, user = self._reach_guild(request), request.ids["user"]
        if user not in self.users:
            raise Refused(404, 10013, "Unknown User")
        if user not in guild.members:
            raise Refused(404, 10007, "Unknown Member")
        return guild.members[user]

    def _reach_guild(self, request: Request) -> Guild:
        guild = self.guilds.get(request.ids["guild"])
        if guild is None or self.application_id not in guild.members:
            raise Refused(404, 10004, "Unknown Guild")
        return guild

    @route("POST", "/users/@me/channels")
    def _open_dm(self, request: Request) -> Payload:
        user = int(request.body["recipient_id"])
        if user not in self.users or self.users[user]["bot"]:
            raise Refused(400, 50033, "Invalid Recipient(s)")
        return self._channel(self._dm_channel(user))

    @route("GET", "/channels/{channel}")
    def _get_channel(self, request: Request) -> Payload:
        return self._channel(self._reach(request))

    def _reach(self, request: Request, permission: int = 0) -> Channel:
        channel = self.channels.get(request.ids["channel"])
        if channel is None:
            raise Refused(404, 10003, "Unknown Channel")
        allowed = self.permissions(self.application_id, channel)
        if not allowed & VIEW_CHANNEL:
            raise Refused(403, 50001, "Missing Access")
        if allowed & permission != permission:
            raise Refused(403, 50013, "Missing Permissions")
        return channel

    @route("GET", "/channels/{channel}/messages")
    def _get_history(self, request: Request) -> list[Payload]:
        channel, query = self._reach(request), request.query
        if not self.permissions(self.application_id, channel) & READ_MESSAGE_HISTORY:
            return []
        limit = int(query.get("limit", 50))
        ids = list(channel.messages)
        if "before" in query:
            ids = [old for old in ids if old < int(query["before"])][-limit:]
        elif "after" in query:
            ids = [new for new in ids if new > int(query["after"])][:limit]
        elif "around" in query:
            newest_first = [old for old in reversed(ids) if old < int(query["around"])]
            older = newest_first[: limit // 2][::-1]
            ids = older + [new for new in ids if new >= int(query["around"])][: limit - len(older)]
        return [channel.messages[found] for found in reversed(ids[-limit:])]

    @route("POST", "/channels/{channel}/messages")
    async def _create_message(self, request: Request) -> Payload:
        channel, body = self._reach(request, SEND_MESSAGES), request.body
        if channel.recipient in self.dm_closed:
            raise Refused(403, 50007, "Cannot send messages to this user")
        nonce = body.get("nonce")
        if nonce is None:
            message = self._add_message(channel, body, request.files)
        else:
            nonce, enforced = str(nonce), body.get("enforce_nonce")
            if len(nonce) > 25:
                raise Refused(400, 50035, "Invalid Form Body")
            since, known = self._nonces.get(nonce, (0.0, None))
            if known and enforced and self.clock() - since < self.nonce_ttl:
                return self._still_there(known) | {"nonce": body["nonce"]}
            message = self._add_message(channel, body, request.files)
            self._nonces[nonce] = (self.clock(), message)
            self.accepted[nonce] += 1
        if self.on_message:
            await self.on_message(message)
        return message | ({} if nonce is None else {"nonce": body["nonce"]})

    def _still_there(self, message: Payload) -> Payload:
        channel = self.channels.get(int(message["channel_id"]))
        if not message["flags"] & EPHEMERAL and (channel is None or int(message["id"]) not in channel.messages):
            raise Refused(404, 10008, "Unknown Message")
        return message

    def _find(self, request: Request, permission: int = 0) -> Payload:
        message = self._reach(request, permission).messages.get(request.ids["message"])
        if message is None:
            raise Refused(404, 10008, "Unknown Message")
        return message

    @route("GET", "/channels/{channel}/messages/{message}")
    def _get_message(self, request: Request) -> Payload:
        return self._find(request, READ_MESSAGE_HISTORY)

    @route("PATCH", "/channels/{channel}/messages/{message}")
    def _patch_message(self, request: Request) -> Payload:
        return self._edit(self._find(request), request)

    @route("DELETE", "/channels/{channel}/messages/{message}")
    def _delete_message(self, request: Request) -> None:
        self.delete(self._find(request))

    def delete(self, message: Payload) -> None:
        """Delete a message, as the bot or a moderator does."""
        self.channels[int(message["channel_id"])].messages.pop(int(message["id"]), None)

    def _add_message(
        self, channel: Channel, body: Payload, files: list[tuple[str, bytes]], *, loading: bool = False, **more: Any
    ) -> Payload:
        new = self.snowflake()
        message: Payload = {
            "id": str(new),
            "channel_id": str(channel.id),
            "author": self.users[self.application_id],
            "type": 0,
            "timestamp": self.timestamp(),
            "edited_timestamp": None,
            "flags": LOADING if loading else 0,
            "content": "",
            "embeds": [],
            "components": [],
            "attachments": [],
            "pinned": False,
            "tts": False,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            **more,
        }
        self._fill(message, body, files)
        if not message["flags"] & EPHEMERAL:
            channel.messages[new] = message
        return message

    def _edit(self, message: Payload, request: Request) -> Payload:
        self._fill(message, request.body, request.files, settled=~LOADING)
        message["edited_timestamp"] = self.timestamp()
        return message

    def _fill(self, message: Payload, body: Payload, files: list[tuple[str, bytes]], *, settled: int = ~0) -> None:
        """Set the fields of a message to those in a request body. `settled` is a mask for the message's flags.

        Raise Refused, and change nothing, when Discord would not accept the message.
        """
        new: Payload = {key: body[key] or [] for key in ("embeds", "components") if key in body}
        if "content" in body:
            new["content"] = body["content"] or ""
        kept = {str(attachment.get("id")) for attachment in body.get("attachments") or ()}
        attachments = [old for old in message["attachments"] if "attachments" not in body or old["id"] in kept]
        for name, content in files:
            key = str(self.snowflake())
            url = f"{self.api_url}/attachments/{key}/{name}"
            attachments.append({"id": key, "filename": name, "size": len(content), "url": url, "proxy_url": url})
        new |= {"attachments": attachments, "flags": (message["flags"] | (body.get("flags") or 0)) & settled}
        whole = message | new
        if len(whole["content"]) > 2000 or (whole["flags"] & COMPONENTS_V2 and (whole["content"] or whole["embeds"])):
            raise Refused(400, 50035, "Invalid Form Body")
        if not whole["flags"] & LOADING and not any(whole[key] for key in CONTENTS):
            raise Refused(400, 50006, "Cannot send an empty message")
        message.update(new)

    # REST: answers to interactions

    @route("POST", "/interactions/{interaction}/{token}/callback")
    def _callback(self, request: Request) -> Payload:
        answer = self._answers.get(request.ids["token"])
        if answer is None or answer.id != request.ids["interaction"]:
            raise Refused(404, 10062, "Unknown interaction")
        if answer.type is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        kind, data = request.body["type"], request.body.get("data") or {}
        if kind in (MESSAGE, DEFERRED):
            answer.message = self._respond(answer, data, request.files, loading=kind == DEFERRED)
        elif kind in (DEFERRED_UPDATE, UPDATE) and answer.source:
            answer.message = answer.source
            if kind == UPDATE:
                self._fill(answer.source, data, request.files)
        elif kind == MODAL:
            self._modals[answer.user, data["custom_id"]] = answer
        else:
            raise Refused(400, 50035, "Invalid Form Body")
        answer.type, answer.data = kind, data
        interaction: Payload = {"id": str(answer.id), "type": answer.kind}
        resource: Payload = {"type": kind}
        if answer.message:
            about = {"loading": kind == DEFERRED, "ephemeral": answer.ephemeral, "id": answer.message["id"]}
            interaction |= {f"response_message_{name}": value for name, value in about.items()}
            resource["message"] = answer.message
        return {"interaction": interaction, "resource": resource}

    def _respond(
        self, answer: Answer, data: Payload, files: list[tuple[str, bytes]], *, loading: bool = False
    ) -> Payload:
        by = str(self.application_id)
        return self._add_message(answer.channel, data, files, loading=loading, application_id=by, webhook_id=by)

    def _hook(self, request: Request) -> Answer:
        answer = self._answers.get(request.ids["token"])
        if answer is None or answer.type is None:
            raise Refused(404, 10015, "Unknown Webhook")
        return answer

    def _hook_message(self, request: Request) -> tuple[Answer, Payload]:
        answer, wanted = self._hook(request), request.ids["message"]
        for message in (answer.message, *answer.followups):
            if message and (int(message["id"]) == wanted or (wanted == "@original" and message is answer.message)):
                return answer, self._still_there(message)
        raise Refused(404, 10008, "Unknown Message")

    @route("POST", "/webhooks/{application}/{token}")
    def _follow_up(self, request: Request) -> Payload:
        answer = self._hook(request)
        if answer.message and answer.message["flags"] & LOADING:  # The first follow-up replaces "thinking".
            answer.edits.append(request.body)
            return self._edit(answer.message, request)
        answer.followups.append(self._respond(answer, request.body, request.files))
        return answer.followups[-1]

    @route("GET", "/webhooks/{application}/{token}/messages/{message}")
    def _get_response(self, request: Request) -> Payload:
        return self._hook_message(request)[1]

    @route("PATCH", "/webhooks/{application}/{token}/messages/{message}")
    def _patch_response(self, request: Request) -> Payload:
        answer, message = self._hook_message(request)
        edited = self._edit(message, request)
        answer.edits.append(request.body)
        return edited

    @route("DELETE", "/webhooks/{application}/{token}/messages/{message}")
    def _delete_response(self, request: Request) -> None:
        answer, message = self._hook_message(request)
        self.delete(message)
        if message is answer.message:
            answer.message, answer.deleted = None, True
        else:
            answer.followups.remove(message)
