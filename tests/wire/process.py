"""A bot that runs as a process of its own, so that tests can kill it at any moment and read its output."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import Self

from tests.wire.loopback import Loopback


class BotProcess:
    """A process that runs a command with the token and the address of a loopback Discord in its environment.

    It is killed when the loopback is closed, if it still runs.
    """

    def __init__(
        self, server: Loopback, *command: str, env: dict[str, str] | None = None, cwd: str | None = None
    ) -> None:
        self.server, self.command, self.cwd = server, command, cwd
        self.env = os.environ | {"DISCORD_TOKEN": server.token, "DISCORD_API_URL": server.api_url} | (env or {})
        self._process: asyncio.subprocess.Process | None = None
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - close() ends it.
        server.cleanup.push_async_callback(self.close)

    async def launch(self) -> None:
        """Start the process, for the first time or after it has ended."""
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            env=self.env,
            cwd=self.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def start(self, timeout: float = 30.0) -> Self:
        """Launch the process and wait until the bot is ready. Raise RuntimeError when it ends or takes too long."""
        before = self.server.session
        await self.launch()
        ready = asyncio.create_task(self.server.ready(after=before, timeout=timeout))
        ended = asyncio.create_task(self.wait(timeout=None))
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        await asyncio.wait([ready, ended])
        if not ready.cancelled() and not ready.exception():
            return self
        what = f"ended with status {status}" if (status := self.returncode) is not None else f"took {timeout:g} s"
        raise RuntimeError(f"The bot {what} before it was ready:\n{self.output}")

    @property
    def returncode(self) -> int | None:
        return self._process and self._process.returncode

    @property
    def output(self) -> str:
        """Return everything that the process has written to stdout and stderr since its first start."""
        return os.pread(self._output.fileno(), os.fstat(self._output.fileno()).st_size, 0).decode(errors="replace")

    async def said(self, words: str, times: int = 1, timeout: float = 30.0) -> None:
        """Wait until the output contains some words `times` times. Raise RuntimeError when the process ends before."""
        async with asyncio.timeout(timeout):
            while self.output.count(words) < times:
                if self.returncode is not None:
                    raise RuntimeError(f"The bot ended before it said {words!r}:\n{self.output}")
                await asyncio.sleep(0.02)

    def processor_time(self) -> float:
        """Return the processor time that all threads of the process have used, in seconds."""
        if self._process is None:
            raise RuntimeError("The bot was not started.")
        user, system = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(") ")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self.returncode is None:
            self._process.send_signal(number)

    async def wait(self, timeout: float | None = 10.0) -> int:
        """Wait until the process has ended and return its exit status."""
        if self._process is None:
            raise RuntimeError("The bot was not started.")
        return await asyncio.wait_for(self._process.wait(), timeout)

    async def close(self) -> None:
        self.kill()
        if self._process:
            await self._process.wait()
        self._output.close()
