"""The gateway (websocket) of the loopback Discord, a local imitation: IDENTIFY, RESUME, heartbeats and events."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.wire.world import Payload, World

GUILDS_INTENT = 1 << 0


class Connection:
    """A gateway websocket. `send` puts frames in a queue without waiting, and `write` sends them in order."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self.queue: asyncio.Queue[Payload] = asyncio.Queue()
        self.deflate = zlib.compressobj() if compressed else None

    def send(self, op: int, data: Any = None, **more: Any) -> None:
        self.queue.put_nowait({"op": op, "d": data, **more})

    async def write(self) -> None:
        while True:
            frame = json.dumps(await self.queue.get())
            if self.deflate is None:
                await self.socket.send_str(frame)
            else:
                packed = self.deflate.compress(frame.encode()) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(packed)


@dataclass(eq=False)
class Session:
    """A gateway session with the events sent in it. It outlives its connection, and RESUME replays missed events."""

    intents: int
    connection: Connection | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    events: list[Payload] = field(default_factory=list)
    startup: int = 0  # The number of events at the start: READY and a GUILD_CREATE for each server.
    ready: bool = False  # Whether the bot has read all of these.

    def send(self, event: str, data: Payload) -> None:
        self.events.append({"t": event, "s": len(self.events) + 1, "data": data})
        self.replay(len(self.events) - 1)

    def replay(self, seen: int) -> None:
        if self.connection:
            for event in self.events[seen:]:
                self.connection.send(0, event["data"], t=event["t"], s=event["s"])


class Gateway(World):
    """The part of the loopback Discord to which a bot connects by websocket. It serves one bot with one shard."""

    gateway_url: str

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.token = base64.b64encode(str(self.application_id).encode()).decode().rstrip("=") + ".loop.back"
        self.session: Session | None = None
        self._connections: set[Connection] = set()

    async def ready(self, after: Session | None = None, timeout: float | None = None) -> Session:
        """Wait until a bot has read READY and all its servers, in a session other than `after`. Return the session."""
        await self.until(lambda: self.session is not after and self.session and self.session.ready, timeout)
        assert self.session
        return self.session

    def dispatch(self, event: str, data: Payload) -> None:
        """Send an event to the bot if its intents ask for it. A disconnected bot gets the event when it resumes."""
        if self.session and (event == "INTERACTION_CREATE" or self.session.intents & GUILDS_INTENT):
            self.session.send(event, data)

    def disconnect(self) -> None:
        """Cut all gateway connections. The session stays, so the bot can resume it."""
        for connection in self._connections:
            if connection.socket._req and (transport := connection.socket._req.transport):
                transport.abort()

    async def _gateway(self, http: web.Request) -> web.StreamResponse:
        compression = http.query.get("compress")
        if compression not in (None, "zlib-stream"):
            raise web.HTTPBadRequest(text="This gateway knows zlib-stream and no compression.")
        websocket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await websocket.prepare(http)
        connection = Connection(websocket, compressed=compression is not None)
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(10, {"heartbeat_interval": 41_250})
        try:
            async for frame in websocket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    await self._receive(connection, json.loads(frame.data))
        finally:
            self._connections.discard(connection)
            if self.session and self.session.connection is connection:
                self.session.connection = None
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
            self.wake()
        return websocket

    async def _receive(self, connection: Connection, frame: Payload) -> None:
        op, data = frame["op"], frame["d"]
        if op == 1:
            connection.send(11)
            session = self.session
            if session and session.connection is connection and data and data >= session.startup:
                session.ready = True
        elif op == 2 and data["token"] != self.token:
            await connection.socket.close(code=4004)
        elif op == 2:
            self.session = Session(data["intents"], connection)
            self._greet(self.session)
            connection.send(1)  # The bot answers with a heartbeat, which tells how far it has read.
        elif op == 6:
            session = self.session
            if session is None or session.id != data["session_id"] or data["token"] != self.token:
                connection.send(9, False)
            else:
                session.connection = connection
                session.replay(data["seq"])
                session.send("RESUMED", {})
        self.wake()

    def _greet(self, session: Session) -> None:
        guilds = [guild for guild in self.guilds.values() if self.application_id in guild.members]
        ready = {
            "v": 10,
            "user": self.users[self.application_id],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": [0, 1],
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "application": {"id": str(self.application_id), "flags": 0},
        }
        session.send("READY", ready)
        if session.intents & GUILDS_INTENT:
            for guild in guilds:
                # Without "unavailable", the bot would take the server for one that it has just joined.
                session.send("GUILD_CREATE", self._guild_create(guild) | {"unavailable": False})
        session.startup = len(session.events)
