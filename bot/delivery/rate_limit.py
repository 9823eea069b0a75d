"""Rate limiters for requests to Discord, which allows a bot 50 a second."""

from __future__ import annotations

import asyncio


class RateLimiter:
    """A limiter that lets `rate` callers a second pass, in turn; after a pause up to `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._left = burst
        self._since: float | None = None
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait until it is the caller's turn."""
        async with self._turn:
            self._refill()
            if self._left < 1:
                await asyncio.sleep((1 - self._left) / self._rate)
                self._refill()
            self._left -= 1

    def count(self) -> None:
        """Take a turn without waiting, for a request that the answer to an interaction depends on.

        Whoever calls `wait` is delayed accordingly.
        """
        self._refill()
        self._left -= 1

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._since is not None:
            # A loop that simulates time can step back; that must not take away what is there.
            self._left = min(self._burst, self._left + max(0.0, now - self._since) * self._rate)
        self._since = now


class RateLimits:
    """The limiters: requests that answer no interaction wait for `requests`, those for a new DM channel for `dms` too.

    A request that an answer depends on is counted there but does not wait.
    """

    def __init__(self, requests: float = 40.0, dms: float = 0.5) -> None:
        self.requests = RateLimiter(requests, burst=5)
        self.dms = RateLimiter(dms, burst=3)  # Discord quarantines bots that open many.
