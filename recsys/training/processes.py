"""Training in several processes: started here, or by ``torchrun`` on one machine or several.

With ``--devices 2`` alone, the trainer starts the processes and this one goes on when they have ended. Under
``torchrun`` every process runs ``train.py``: the first prepares the data, tells the others to train, and
evaluates and writes alone; the others open what it prepared, train with it, and end. All see one folder.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from recsys import errors
from recsys.config.training import TrainingConfig
from recsys.errors import RunError, UsageError

_LONGEST: Final = dt.timedelta(hours=12)  # that the others wait for the first to prepare the data
_OURS: Final = re.compile(r"recsys\.errors\.(RunError|DivergedError|UsageError): (.+)")
_SMALLER: Final = "lower `batch_size`, `length`, `d_model` or `layers`, and start anew with `overwrite`"
_LOST_PEER: Final = re.compile(r"gloo|nccl|peer|DistBackendError|DistNetworkError|TCPStore", re.IGNORECASE)


def launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``torchrun`` started this process, and others with it."""
    return "TORCHELASTIC_RUN_ID" in environment and int(environment.get("WORLD_SIZE", "1")) > 1


def leads(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the process that prepares, evaluates, writes and talks."""
    return not launched(environment) or environment["RANK"] == "0"


def layout(config: TrainingConfig, environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Devices of each node, and nodes: as ``torchrun`` started them, else as the settings say.

    Raises
    ------
    UsageError
        Several nodes without ``torchrun``, or other numbers than it was given.
    """
    if not launched(environment):
        if config.nodes > 1:
            raise UsageError(
                f"`nodes` {config.nodes}: start it on each node with torchrun --nnodes {config.nodes} "
                f"--nproc-per-node {config.devices} ... train.py"
            )
        return config.devices, 1
    found = int(environment["LOCAL_WORLD_SIZE"]), int(environment["GROUP_WORLD_SIZE"])
    for name, asked, there in zip(("devices", "nodes"), (config.devices, config.nodes), found, strict=True):
        if asked not in (1, there):
            raise UsageError(f"`{name}` {asked}: torchrun started {there}; leave it out")
    return found


def announce(folder: Path, going_on: bool) -> None:
    """Tell the processes that wait whether there is something to train; the first of ``torchrun``'s does."""
    if launched():
        with or_run_error(folder):
            _joined().broadcast_object_list([going_on], src=0)


def told(folder: Path) -> bool:
    """Wait for `announce`; what it said."""
    with or_run_error(folder):
        said: list[Any] = [None]
        _joined().broadcast_object_list(said, src=0)
        return bool(said[0])


@contextmanager
def or_run_error(folder: Path | None) -> Iterator[None]:
    """Turn what is raised when a process of a training is lost, lacks memory or fails, into one line.

    Raises
    ------
    RunError
        A process was killed or its connection lost, or memory ran out. Its kin where a process raised one.
    """
    from torch.multiprocessing.spawn import ProcessException, ProcessExitedException

    try:
        yield
    except (ProcessException, RuntimeError, MemoryError) as error:
        ours = _OURS.search(str(error))
        if ours:
            raise getattr(errors, ours[1])(ours[2].strip()) from None
        if errors.lacks_memory(error):
            raise RunError(f"{_where(folder)}memory ran out in training; {_SMALLER}") from None
        if not isinstance(error, ProcessExitedException) and not _LOST_PEER.search(str(error)):
            raise
        raise lost("a process of the training", _how(error), folder) from None


def hush_lightning() -> None:
    """Hide Lightning's tips and its notes on workers, on devices that are not used, and on the end."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)


def lost(process: str, how: str, folder: Path | None) -> RunError:
    """The error of a process, in words, that ended before its time, and what is left to go on with."""
    from recsys.training.checkpoints import any_kept

    kept = folder is not None and any_kept(folder)
    remedy = "the last whole epoch is kept: continue with `resume`" if kept else "start it again"
    return RunError(f"{_where(folder)}{process} ended ({how}); {remedy}")


def _how(error: Exception) -> str:
    signal, index = getattr(error, "signal_name", None), getattr(error, "error_index", None)
    how = "its connection was lost" if index is None else f"process {index}"
    return how + (f", killed by {signal}" if signal else "")


def _where(folder: Path | None) -> str:
    return "" if folder is None else f"{folder}: "


def _joined() -> Any:
    """torch.distributed, this process and the others joined."""
    import torch

    if not torch.distributed.is_initialized():
        backend = "nccl" if torch.cuda.is_available() else "gloo"
        torch.distributed.init_process_group(backend, timeout=_LONGEST)
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    return torch.distributed
