"""A run with more in it, as a new folder: whole or absent, whatever kills the process on the way."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recsys import run_files
from recsys.adapting.card import with_section
from recsys.atomic import atomic_folder
from recsys.console import progress
from recsys.exporting.keep import keep_bundle
from recsys.recommending.card import read_card, write_card
from recsys.runs import TRAINED, Run

FACTS: Final = "added"  # in the configuration's facts: what was added to the run since its training
_DRAWN: Final = (run_files.LEARNING_CURVE, run_files.RELIABILITY)
_COPIED: Final = (*TRAINED, run_files.SKILL, run_files.COUNTS)


@contextlib.contextmanager
def adapted(run: Run, output: Path, overwrite: bool, counts: Mapping[str, int]) -> Iterator[Path]:
    """Yield a folder to write the grown artifacts to; complete it with the rest of the run, and its bundle.

    Parameters
    ----------
    run:
        A finished run of the default model, whatever its masking and body.
    output:
        The new run's folder. It appears when everything in it is written, its bundle too.
    overwrite:
        Replace a folder that has something in it.
    counts:
        What is added, in words to a number ("climbs": 12), for config.json and the model card.
    """
    with atomic_folder(output, replace=overwrite) as folder:
        yield folder
        for name in (*_COPIED, *_DRAWN):
            old = run.folder / name
            if old.is_file() and not old.is_symlink() and not (folder / name).exists():
                shutil.copy2(old, folder / name)
        _tell(run, folder, counts)
        Run(folder).write_manifest(trained=True)
        if (run.folder / run_files.BUNDLE).is_dir():
            with progress("exporting the bundle"):
                keep_bundle(Run.open(folder), output.name)


def _tell(run: Run, folder: Path, counts: Mapping[str, int]) -> None:
    """config.json and the card, with what was added."""
    config = run.config
    before: dict[str, Any] = dict(config.facts.get(FACTS, {}))
    total = before | {name: before.get(name, 0) + count for name, count in counts.items()}
    config = config.model_copy(update={"facts": {**config.facts, FACTS: total}})
    Run(folder).write_config(config)
    added = ", ".join(f"{count} {name}" for name, count in total.items())
    note = f"- {added}, without training; the figures above are of the run before"
    write_card(folder, with_section(read_card(run.folder), "Added since", note))
