"""Rate limiters for requests to Discord, which allows a bot 50 requests a second."""

from __future__ import annotations

import asyncio


class RateLimiter:
    """A token bucket that limits requests: on average `rate` a second pass, and after a pause up to `burst` at once.

    Requests that have to wait pass in the order in which they came.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._refilled_at: float | None = None  # On the clock of the event loop.
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait until a request may be made, then count it."""
        async with self._turn:
            self._refill()
            if self._tokens < 1:
                await asyncio.sleep((1 - self._tokens) / self._rate)
                self._refill()
            self._tokens -= 1

    def count(self) -> None:
        """Count a request without waiting. It is for requests on which the answer to an interaction depends.

        Later calls of `wait` take longer because of it.
        """
        self._refill()
        self._tokens -= 1

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._refilled_at is not None:
            # The clock of a simulated loop can step back, which must not take tokens away.
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._refilled_at) * self._rate)
        self._refilled_at = now


class RateLimits:
    """The two rate limiters of the bot: `requests` counts all requests, and `dms` those that open a DM channel.

    A request that opens a DM channel waits for both limiters. A request that answers an interaction is counted, but
    does not wait.
    """

    def __init__(self, requests: float = 40.0, dms: float = 0.5) -> None:
        self.requests = RateLimiter(requests, burst=5)
        self.dms = RateLimiter(dms, burst=3)  # Discord quarantines bots that open many.
