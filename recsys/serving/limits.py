"""A token bucket a client, in a table that cannot grow without end."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_MOST_CLIENTS: Final = 10_000


class Buckets:
    """Counts what clients ask for; the client that was quiet longest is forgotten first.

    Parameters
    ----------
    rate:
        Tokens a second; 0 is no limit.
    burst:
        Tokens in a full bucket.
    clock:
        Seconds, never backwards.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._table: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> int:
        """Take one token; 0 when there was one, else the whole seconds until there is."""
        if self._rate <= 0:
            return 0
        now = self._clock()
        tokens, since = self._table.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        enough = tokens >= 1
        self._table[client] = (tokens - 1 if enough else tokens, now)
        if len(self._table) > _MOST_CLIENTS:
            self._table.popitem(last=False)
        return 0 if enough else max(1, math.ceil((1 - tokens) / self._rate))

    def charge(self, client: str, tokens: float) -> None:
        """Take more tokens from a client, also those that it has yet to get."""
        left, since = self._table.get(client, (self._burst, self._clock()))
        if self._rate > 0:
            self._table[client] = (left - tokens, since)
