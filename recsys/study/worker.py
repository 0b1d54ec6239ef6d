"""The process of one cell: its own, so that its peak memory is its own and a crash takes nothing else along.

The study's fork server imports this module once, and with it all that is slow to import.
"""

from __future__ import annotations

import os
import resource
import sys
import traceback
import warnings
from pathlib import Path
from typing import TextIO

import torch

import recsys.model.prompted_transformer
import recsys.training.fit
import recsys.training.module  # noqa: F401
from recsys.errors import RecsysError
from recsys.orphans import end_with_parent
from recsys.study.cell import run_cell
from recsys.study.material import Material
from recsys.study.store import Outcome, Store

_MIB = 1 << 20


def work(material: Material, name: str, seed: int, folder: Path, threads: int) -> None:
    """Run a cell and keep it in the study's folder; what goes wrong is left in the cell's log."""
    end_with_parent()
    store = Store(folder)
    row = material.config.row(name)
    key = material.config.key(row, seed)
    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    with _opened(store.log(key)) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
        try:
            before = _resident()
            outcome = run_cell(material, row, seed)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            facts = {**outcome.facts, "row": name, "seed": seed, "peak_mib": max(0, peak - before) / _MIB}
            store.write(key, Outcome(outcome.ranks, facts, outcome.embeddings))
        except RecsysError as error:
            print(error, file=sys.stderr)
            raise SystemExit(2) from None
        except Exception:
            traceback.print_exc()
            raise SystemExit(1) from None
    store.log(key).unlink()


def _opened(log: Path) -> TextIO:
    """The cell's log; where the disk refuses it, one line in the study's and the end of the process."""
    try:
        return log.open("w")
    except OSError as error:
        raise SystemExit(f"{log}: {error.strerror}") from None


def _resident() -> int:
    """Bytes of memory that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
