"""Micro-batching: requests that come together are answered by one call of the model, on one worker thread.

While the worker is busy, requests gather by themselves. Once a batch held more than one, the next waits up to
a few milliseconds for as many again; a lone client never waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from recsys.errors import OverloadError
from recsys.recommending.request import Request
from recsys.serving.backend import LoadedBundle, Row
from recsys.serving.workers import BUSY, SLOW

Answer = list[Row] | Exception


class _Waiting(NamedTuple):
    backend: LoadedBundle
    ask: Request
    answer: asyncio.Future[Answer]


class Batcher:
    """Answers requests in batches. Start it inside the event loop that will use it.

    Parameters
    ----------
    window_seconds, max_batch, max_waiting, answer_seconds:
        As in `recsys.serving.policy.Policy`.
    observe:
        Told the size of every batch.
    """

    def __init__(
        self,
        window_seconds: float,
        max_batch: int,
        max_waiting: int,
        answer_seconds: float,
        observe: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._window, self._max_batch, self._max_waiting = window_seconds, max_batch, max_waiting
        self._seconds, self._observe = answer_seconds, observe
        self._waiting: deque[_Waiting] = deque()
        self._arrived, self._enough = asyncio.Event(), asyncio.Event()
        self._wanted = 1
        self._pool = ThreadPoolExecutor(1, "model")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._run())

    @property
    def alive(self) -> bool:
        """Whether requests are being answered."""
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """Answer what waits, then end the worker."""
        while self._waiting and self.alive:
            await asyncio.sleep(0.01)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._pool.shutdown(wait=True)

    async def submit(self, backend: LoadedBundle, ask: Request) -> list[Row]:
        """The answer to one request."""
        if len(self._waiting) >= self._max_waiting:
            raise OverloadError(BUSY)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(backend, ask, future))
        self._arrived.set()
        if len(self._waiting) >= self._wanted:
            self._enough.set()
        try:
            answer = await asyncio.wait_for(future, self._seconds)
        except asyncio.TimeoutError:
            raise OverloadError(SLOW) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            await self._gather()
            batch = self._take()
            if not batch:
                continue
            self._observe(len(batch))
            try:
                answers = await loop.run_in_executor(self._pool, _answer, batch)
            except Exception as error:
                _settle_all(batch, error)
                continue
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(answer)

    async def _gather(self) -> None:
        """Wait, at most the window, for as many requests as the last batch held."""
        if self._wanted <= 1 or len(self._waiting) >= self._wanted:
            return
        self._enough.clear()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._enough.wait(), self._window)

    def _take(self) -> list[_Waiting]:
        """The next batch; requests whose client is gone are left out."""
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < self._max_batch:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        if not self._waiting:
            self._arrived.clear()
        self._wanted = max(len(batch), 1)
        return batch


def _answer(batch: Sequence[_Waiting]) -> list[Answer]:
    """One call of the model for each bundle in the batch (two only while a bundle is being replaced)."""
    answers: dict[int, Answer] = {}
    for backend in {id(each.backend): each.backend for each in batch}.values():
        indices = [i for i, each in enumerate(batch) if each.backend is backend]
        found = backend.recommend_many([batch[i].ask for i in indices])
        answers.update(zip(indices, found, strict=True))
    return [answers[i] for i in range(len(batch))]


def _settle_all(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
