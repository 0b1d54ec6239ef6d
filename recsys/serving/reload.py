"""Holds the bundle that answers, and swaps it for a new one without dropping a request.

A request keeps the backend that it began with; the old one is freed with its last request.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from recsys.errors import RecsysError
from recsys.recommending.request import Request
from recsys.serving.backend import LoadedBundle, Opener, manifest_digest, open_backend
from recsys.serving.logs import log
from recsys.serving.metrics import Metrics


class Holder:
    """The bundle in use.

    Parameters
    ----------
    folder:
        The bundle's folder, or a link to it.
    metrics:
        Where reloads are counted.
    opener:
        Opens a recommender; None is the project's own.
    hides_climbers:
        Whether no climber can be searched for.
    """

    def __init__(
        self, folder: Path, metrics: Metrics, opener: Opener | None = None, hides_climbers: bool = False
    ) -> None:
        self.folder, self._metrics, self._opener, self._hides = folder, metrics, opener, hides_climbers
        self._lock = asyncio.Lock()
        self._refused = ""
        self.current = self._take(open_backend(folder, opener))

    async def reload(self) -> bool:
        """Read the bundle again and use it; False when it was refused and the old one stays."""
        async with self._lock:
            try:
                fresh = await asyncio.to_thread(_opened, self.folder, self._opener)
            except Exception as error:
                self._refuse(error)
                return False
            self.current = self._take(fresh)
        self._refused = ""
        self._metrics.reloads.labels("used").inc()
        log("bundle reloaded", manifest=fresh.digest, climbs=fresh.n_climbs)
        return True

    async def watch(self, seconds: float) -> None:
        """Look at the manifest every so often, and reload when it is another one."""
        while True:
            await asyncio.sleep(seconds)
            digest = await asyncio.to_thread(manifest_digest, self.folder)
            if digest and digest != self.current.digest:
                await self.reload()

    def _take(self, backend: LoadedBundle) -> LoadedBundle:
        self._metrics.climbs.set(backend.n_climbs)
        backend.hides_climbers = self._hides
        return backend

    def _refuse(self, error: Exception) -> None:
        """Say once why a bundle is refused: a copy under way is looked at again and again."""
        reason = str(error) if isinstance(error, RecsysError) else type(error).__name__
        if reason != self._refused:
            self._refused = reason
            self._metrics.reloads.labels("refused").inc()
            log("bundle refused, the old one stays", logging.ERROR, reason=reason)


def _opened(folder: Path, opener: Opener | None) -> LoadedBundle:
    """A bundle that has answered once, so that the first client does not wait for that."""
    backend = open_backend(folder, opener)
    backend.recommend_many([Request(k=1)])
    return backend
