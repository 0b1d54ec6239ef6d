"""Several networks, each trained by itself: at the same time, or one after another.

Small networks gain little from a second thread, and lose by it where the machine has other work. So as many
networks as there are threads are trained at once, the first in this process and each other in a fork of it. A
fork has what was prepared without a copy, and leaves its checkpoints in the run's folder, as if it had been
trained here. Weights and figures are those of one after another with as many threads each.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import torch

from recsys.config.training import TrainingConfig
from recsys.console import progress, say
from recsys.orphans import end_with_parent
from recsys.training.fit import choose_device, fit, load_best
from recsys.training.module import NextClimb
from recsys.training.processes import launched, lost

Training = tuple[NextClimb, str]
"""What the trainer trains, and its part of the checkpoints and logs (`recsys.training.fit.fit`)."""

_PATIENCE: Final = 10.0  # seconds in which a fork that is not needed any more ends by itself


def fit_each(
    trainings: Sequence[Training], config: TrainingConfig, folder: Path, resume: bool
) -> list[dict[str, Any]]:
    """Train each to its end: what `recsys.training.fit.fit` returns of each, in their order.

    Raises
    ------
    RunError
        A fork was killed; and what `fit` raises, here or in a fork.
    """
    at_once = _at_once(len(trainings), config)
    found = []
    for start in range(0, len(trainings), at_once):
        found += _side_by_side(trainings[start : start + at_once], config, folder, resume)
    return found


def _at_once(networks: int, config: TrainingConfig) -> int:
    """How many are trained at a time: a thread each, where a fork is as safe as those of torch's DataLoader.

    It is not where CUDA was begun, nor outside of Linux; and a worker of a study may fork nothing.
    """
    if multiprocessing.current_process().daemon:
        return 1
    alone = config.devices * config.nodes == 1 and not launched() and not config.stream and not config.compile
    if not alone or choose_device(config)[0] != "cpu" or sys.platform != "linux":
        return 1
    return max(1, min(networks, torch.get_num_threads()))


def _side_by_side(
    trainings: Sequence[Training], config: TrainingConfig, folder: Path, resume: bool
) -> list[dict[str, Any]]:
    """Train each at the same time, all but the first in a fork."""
    for module, _ in trainings:
        if module.label:
            say(module.label)
    (first, part), *others = trainings
    with _one_thread(bool(others)):
        forks: list[_Fork] = []
        try:
            forks += (_Fork(module, config, folder, resume, own) for module, own in others)
            found = [fit(first, config, folder, resume, part)]
            found += [each.ended() for each in forks]
        finally:
            for each in forks:
                each.stop()
    return found


@contextmanager
def _one_thread(where: bool) -> Iterator[None]:
    """One of torch's threads for this process and the forks made within, `where` there are some.

    A fork has none of the threads that its parent's OpenMP began, and may wait for them for ever.
    """
    threads = torch.get_num_threads()
    if where:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Fork:
    """A training in a fork of this process."""

    def __init__(
        self, module: NextClimb, config: TrainingConfig, folder: Path, resume: bool, part: str
    ) -> None:
        self.module, self.folder, self.part = module, folder, part
        context = multiprocessing.get_context("fork")
        self.answer, told = context.Pipe(duplex=False)
        self.process = context.Process(target=_train, args=(told, module, config, folder, resume, part))
        self.process.start()
        told.close()

    def ended(self) -> dict[str, Any]:
        """Wait for its end, take its best weights over, and return what `fit` did there."""
        with progress(self.module.label):
            try:
                found = self.answer.recv()
            except EOFError:
                found = None
        if isinstance(found, BaseException):
            raise found
        if found is None:
            self.process.join()
            how = _how(self.process.exitcode)
            raise lost(f"the process of {self.module.label}", how, self.folder)
        load_best(self.module, self.folder, self.part)
        return dict(found)

    def stop(self) -> None:
        """End it, if it has not ended; a checkpoint that it writes is whole or absent."""
        self.process.terminate()
        self.process.join(_PATIENCE)
        self.process.kill()
        self.process.join()


def _how(code: int | None) -> str:
    return f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"


def _train(
    told: Connection, module: NextClimb, config: TrainingConfig, folder: Path, resume: bool, part: str
) -> None:
    """In the fork: what `fit` returns or raises goes to the one that forked."""
    end_with_parent()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a terminal's Ctrl-C: the other is told too, and ends this one
    if sys.stderr.isatty():  # the bar there is the other's
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    try:
        told.send(fit(module, config, folder, resume, part))
    except KeyboardInterrupt:
        pass  # it was stopped: nobody waits for an answer
    except Exception as error:
        told.send(error)
