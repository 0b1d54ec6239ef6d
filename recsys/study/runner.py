"""Runs the cells of a study that are not finished, some at a time, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from recsys.console import duration, say
from recsys.study.cells import Cell, unfinished
from recsys.study.store import Store

if TYPE_CHECKING:
    from recsys.study.material import Material


_RECENT = 10  # cells whose seconds tell how long the others may take: the first rows are the quick ones


@dataclass
class _Clock:
    """Seconds that the last cells took, for saying how long the others may."""

    total: int
    jobs: int
    done: int = 0
    spent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def line(self, cell: Cell, seconds: float, verdict: str) -> str:
        """Count a cell that ended, and say so with the time that is left."""
        self.done += 1
        self.spent.append(seconds)
        left = (self.total - self.done) * sum(self.spent) / len(self.spent) / self.jobs
        done = f"[{self.done}/{self.total}] {cell}: {verdict} in {duration(seconds)}"
        return f"{done}; about {duration(left)} left"


def run(material: Material, folder: Path, jobs: int) -> list[tuple[Cell, str]]:
    """Run every unfinished cell.

    Parameters
    ----------
    material:
        What the cells work on.
    folder:
        The study's.
    jobs:
        Cells at a time; the cores are shared out among them.

    Returns
    -------
    The cells that failed, each with the last line of its log.
    """
    todo = unfinished(material.config, folder)
    store = Store(folder)
    store.folder.mkdir(exist_ok=True)
    threads = max(1, (os.cpu_count() or 1) // jobs)
    os.environ |= {"OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}  # of the cells
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["recsys.study.worker"])
    failed, clock = [], _Clock(len(todo), jobs)
    for cell, seconds, code in _pool(context, todo, jobs, (material, folder, threads)):
        why = "" if store.has(cell.key) else _why(store, cell, code)
        if why:
            failed.append((cell, why))
        say(clock.line(cell, seconds, f"failed ({why})" if why else "done"))
    return failed


def _pool(
    context: Any, todo: Sequence[Cell], jobs: int, shared: tuple[Material, Path, int]
) -> Iterator[tuple[Cell, float, int | None]]:
    """Keep `jobs` processes busy; yields each cell that ended, its seconds and its exit code."""
    from recsys.study.worker import work

    material, folder, threads = shared
    running: dict[int, tuple[Any, Cell, float]] = {}
    queue = list(todo)
    try:
        while queue or running:
            while queue and len(running) < jobs:
                cell = queue.pop(0)
                process = context.Process(
                    target=work, args=(material, cell.row.name, cell.seed, folder, threads), daemon=True
                )
                with _apart():
                    process.start()
                running[process.sentinel] = (process, cell, time.monotonic())
            for sentinel in wait(list(running)):
                process, cell, began = running.pop(sentinel)  # type: ignore[arg-type]
                process.join()
                yield cell, time.monotonic() - began, process.exitcode
    finally:
        for process, _, _ in running.values():
            process.terminate()
            process.join()


@contextmanager
def _apart() -> Iterator[None]:
    """Let a process that starts now not run the script that this one runs: a cell needs nothing of it.

    Else a script that compares, without ``if __name__ == "__main__"`` around it, would begin anew in each.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _why(store: Store, cell: Cell, code: int | None) -> str:
    """The last line that a failed cell wrote, or how its process ended."""
    log = store.log(cell.key)
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    return lines[-1] if lines else f"its process ended with {code}"
