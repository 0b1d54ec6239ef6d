"""What takes long, on threads of its own: few at once, few that wait, none longer than an answer may take."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

from recsys.errors import OverloadError

BUSY: Final = "the service is busy; try again in a moment"
SLOW: Final = "the service took too long to answer; try again in a moment"
_Answer = TypeVar("_Answer")


class _Asked(Generic[_Answer]):
    """Work that waits for a thread; nobody waits for it any more once it is `dropped`."""

    def __init__(self, work: Callable[..., _Answer], given: tuple[Any, ...]) -> None:
        self._work, self._given, self._context = work, given, contextvars.copy_context()
        self.dropped = False

    def __call__(self) -> _Answer | None:
        return None if self.dropped else self._context.run(self._work, *self._given)


class Workers:
    """Threads of one kind of work. What was begun is finished, and what nobody waits for is not begun.

    Parameters
    ----------
    name:
        Of the threads.
    at_once:
        Threads.
    waiting:
        Requests that may wait for one; the next is told to come back. Who gave up has his place in memory
        until a thread is free, and is counted.
    seconds:
        Seconds that a request may take, its waiting included.
    """

    def __init__(self, name: str, at_once: int, waiting: int, seconds: float) -> None:
        self._pool, self._most, self._seconds = ThreadPoolExecutor(at_once, name), at_once + waiting, seconds
        self._under_way: set[Future[Any]] = set()

    async def run(self, work: Callable[..., _Answer], *given: Any) -> _Answer | None:
        """What `work` answers; an `OverloadError` where there is no room or no time."""
        if len(self._under_way) >= self._most:
            raise OverloadError(BUSY)
        asked = _Asked(work, given)
        future = self._pool.submit(asked)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._seconds)
        except asyncio.TimeoutError:
            raise OverloadError(SLOW) from None
        finally:
            asked.dropped = True

    def stop(self) -> None:
        """Take no more; what was begun is finished."""
        self._pool.shutdown(wait=False, cancel_futures=True)
