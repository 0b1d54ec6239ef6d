"""Processes that end with the one that began them, also where that one was killed and could not tell them."""

from __future__ import annotations

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """End this process, a `multiprocessing` one, once the process that asked for it has ended.

    A pipe to it tells, and not a parent's number: a fork server's children have the server for their parent.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait, args=(parent,), daemon=True, name="end-with-parent").start()


def _wait(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)  # the main thread may be deep in a library: nobody is left to read its answer
