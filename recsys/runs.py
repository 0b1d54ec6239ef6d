"""A run's folder: its configuration, its model, who is writing to it, and whether it is still what it was.

    runs/NAME/config.json  model.safetensors  workflow/  schema.pbtxt  sends.parquet  climbs.parquet
              metrics.json  MODEL_CARD.md  manifest.json  checkpoints/  logs/  bundle/

`model.npz` and `method.json` stand beside the weights (`recsys.recommending.answering`); a method that counts
has no weights.

NVTabular's pickle in workflow/ is for Merlin's tools: here the workflow is rebuilt from its description
(`workflows.sends.description`). `manifest.json` holds the SHA-256 of every file that is loaded to recommend,
and a folder that departs from it is refused before anything is.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, Final

from pydantic import ValidationError

from recsys import run_files
from recsys.config.run import RunConfig, as_stored
from recsys.config.training import LAST_RATE, RATE
from recsys.errors import RunError, UsageError
from recsys.files import read_json, write_json
from recsys.formats import stamped, unstamped
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.remembered import remembered
from recsys.manifest import MANIFEST, check_manifest, write_manifest
from recsys.nouns import speak
from recsys.stores import local_folder
from recsys.temporaries import sweep_within

PREPARED = (run_files.CONFIG, run_files.SCHEMA, run_files.SENDS, run_files.CLIMBS, f"{run_files.WORKFLOW}/")
MODELS: Final = (run_files.WEIGHTS, run_files.COUNTS)  # a run has one of them, or both
TRAINED = (run_files.METRICS, run_files.METHOD)
RESUMABLE: Final = frozenset({RATE, LAST_RATE, "epochs", "compile"})  # what resuming may change
OWN = (
    *PREPARED,
    *TRAINED,
    *MODELS,
    run_files.SKILL,
    run_files.CARD,
    run_files.RESUMED,
    run_files.LEARNING_CURVE,
    run_files.RELIABILITY,
    run_files.START,
    run_files.CHECKPOINTS,
    run_files.SHARDS,
    run_files.LOGS,
    run_files.BUNDLE,
)  # what `clear` removes, beside the manifest
LOCK = ".lock"
# Where a crash leaves something half written.
_SWEPT: Final = ("", run_files.CHECKPOINTS, run_files.WORKFLOW, "cells")
_OF_EACH: Final = f"{run_files.CHECKPOINTS}/[0-9]*"  # network of several


def check_outside(
    folder: Path, output: Path, what: str = "run", remedy: str = "choose another folder"
) -> None:
    """A `UsageError` where what is made of a run or a bundle would be its own folder, lie in it, or hold it.

    Who is forgotten there later would take it along unasked, and an overwritten folder goes as a whole.
    """
    own, new = folder.resolve(), output.resolve()
    if new == own:
        raise UsageError(f"`output` {output}: is the {what} itself; {remedy}")
    if own in new.parents or new in own.parents:
        where = "lies in" if own in new.parents else "holds"
        raise UsageError(f"`output` {output}: {where} {folder}; choose another folder")


class Run:
    """Reads and writes a run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check_export(self, output: Path) -> None:
        """`check_outside` of a bundle, but for the one that a run keeps in its own folder."""
        if output.resolve() != (self.folder / run_files.BUNDLE).resolve():
            check_outside(self.folder, output)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """A finished run, its manifest checked; of an address in an object store its copy in the cache.

        Raises
        ------
        RunError
            The folder is not a run, the run is not finished, or a file of it was changed.
        """
        folder = local_folder(folder)
        run = cls(folder)
        if (folder / run_files.OF_BUNDLE).is_file():
            raise RunError(f"{folder}: is a bundle, which holds no run; give the run that it was made of")
        if not run.started:
            raise RunError(
                f"{folder}: not a run (no {run._lacks}); train one with: python train.py --output {folder}"
            )
        if not run.finished:
            raise RunError(f"{folder}: its training has not finished; continue it with `resume`{run._ending}")
        speak(run.config.facts)
        return run

    @property
    def started(self) -> bool:
        """Whether the folder holds a run: preparing writes its configuration, then the manifest, last.

        A configuration without a manifest is what a crash between the two leaves, and no run; beside what was
        trained it is one whose manifest was lost.
        """
        later = (MANIFEST, *TRAINED, *MODELS, run_files.CHECKPOINTS)
        return (self.folder / run_files.CONFIG).is_file() and any(
            (self.folder / name).exists() for name in later
        )

    def taken(self) -> RunError:
        """What is raised where a run is in the way of a new one."""
        return RunError(
            f"{self.folder}: holds a run already; continue it with `resume`, replace it with `overwrite`, "
            "or choose another `output`"
        )

    @property
    def _lacks(self) -> str:
        return MANIFEST if (self.folder / run_files.CONFIG).is_file() else run_files.CONFIG

    @property
    def _ending(self) -> str:
        """How to end a training with the best epochs so far, where there are some."""
        best = f"{run_files.CHECKPOINTS}/best.ckpt"
        if (self.folder / best).is_file():
            return (
                f"; for the best epoch so far ({best}) as it is, `resume` with no more `epochs` than are "
                "trained (`epochs` 1 tells how many)"
            )
        each = sorted(self.folder.glob(f"{_OF_EACH}/best.ckpt"))
        if not each:
            return ""
        places = ", ".join(str(path.relative_to(self.folder)) for path in each)
        return (
            f"; for the best epoch so far of each network ({places}) as it is, `resume` with `epochs` 1: "
            "one that has not begun is trained for one"
        )

    @property
    def finished(self) -> bool:
        """Whether the manifest holds, and covers all that is loaded to recommend.

        Raises
        ------
        RunError
            A file that the manifest covers was changed, or the manifest leaves out what was prepared.
        """
        covered = self.covered
        lacking = [name for name in PREPARED if name not in covered]
        if lacking:
            raise RunError(f"{self.folder}: its manifest does not cover {lacking[0]}; copy the folder again")
        return run_files.METRICS in covered and not covered.isdisjoint(MODELS)

    @property
    def covered(self) -> set[str]:
        """What the manifest vouches for; a `RunError` where something of it was changed."""
        return set(check_manifest(self.folder))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for writing; a second process is refused, a killed one leaves nothing behind."""
        self._refuse_foreign()
        new = [each for each in (self.folder, *self.folder.parents) if not each.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        with _lock_file(self.folder / LOCK) as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunError(
                    f"{self.folder}: another process is writing to it; choose another folder"
                ) from None
            for place in (*map(self.folder.joinpath, _SWEPT), *self.folder.glob(_OF_EACH)):
                sweep_within(place)
            try:
                yield
            finally:
                _remove_if_unused(self.folder, new)

    def clear(self, made_up: bool = False) -> None:
        """Remove a former run's files, config.json first so that what is left is no run.

        Sends that were `made_up` for the new one just now stay.
        """
        former = () if made_up else (run_files.SIMULATED,)
        for name in (run_files.CONFIG, MANIFEST, run_files.REJECTS, *former, *OWN):
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _refuse_foreign(self) -> None:
        """Refuse a folder with something in it that is no run's: it may be somebody's work."""
        if self.folder.exists() and not self.folder.is_dir():
            raise RunError(f"{self.folder}: is a file; choose another folder")
        if not self.folder.exists() or (self.folder / LOCK).exists() or self.started:
            return
        if any(self.folder.iterdir()):
            raise RunError(f"{self.folder}: holds files that are no run's; choose another folder")

    @property
    def config(self) -> RunConfig:
        """The configuration that the run was started with, and what was changed when it was resumed."""
        path = self.folder / run_files.CONFIG
        try:
            values = as_stored(unstamped(path, run_files.CONFIG, read_json(path)))
            config: RunConfig = RunConfig.model_validate(values)
            if not (self.folder / run_files.RESUMED).is_file():
                return config
            path = self.folder / run_files.RESUMED
            changed = _table(path, unstamped(path, run_files.RESUMED, read_json(path)))
            training = type(config.training).model_validate({**config.training.model_dump(), **changed})
            return config.model_copy(update={"training": training})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise RunError(
                f"{path}: {field}: {first['msg'].lower()}; the run is of another version: train it again, or "
                "load it with the version that trained it"
            ) from None

    @property
    def mapping(self) -> ColumnMapping | None:
        """What its sends were read by, and what comes later is; None: the contract."""
        config = self.config
        return remembered(config.facts, config.schema_name)

    @property
    def metrics(self) -> dict[str, Any]:
        """What metrics.json holds, but for its format."""
        path = self.folder / run_files.METRICS
        return _table(path, unstamped(path, run_files.METRICS, read_json(path)))

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Write metrics.json."""
        write_json(self.folder / run_files.METRICS, stamped(run_files.METRICS, metrics))

    def write_config(self, config: RunConfig) -> None:
        """Write config.json, when all that it tells of is there; the manifest comes next."""
        write_json(
            self.folder / run_files.CONFIG, stamped(run_files.CONFIG, json.loads(config.model_dump_json()))
        )

    def change(self, config: RunConfig, names: Collection[str]) -> None:
        """Write resumed.json: from now on the training goes by these settings, of `RESUMABLE`.

        A file of its own, and not config.json: no crash leaves that and the manifest at odds.
        """
        old = self.config.training.model_dump()
        new = {name: getattr(config.training, name) for name in sorted(RESUMABLE & set(names))}
        if any(old[name] != value for name, value in new.items()):
            kept = {name: old[name] for name in sorted(RESUMABLE)} | new
            if LAST_RATE not in new and (kept[LAST_RATE] or 0) >= kept[RATE]:
                kept[LAST_RATE] = None  # what was asked for before would have a lowered rate rise
            write_json(self.folder / run_files.RESUMED, stamped(run_files.RESUMED, kept))

    def write_manifest(self, trained: bool) -> None:
        """Record the SHA-256 of everything that is loaded to recommend, and of the model card."""
        names = (*TRAINED, *MODELS, run_files.SKILL, run_files.CARD, run_files.RESUMED)
        kept = [name for name in names if (self.folder / name).is_file()]
        write_manifest(self.folder, [*PREPARED, *(kept if trained else ())])


def _table(path: Path, values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RunError(f"{path}: is no table of names and values; restore it, or train anew")
    return values


def _lock_file(path: Path) -> IO[str]:
    """The lock's file, made if it is not there, never emptied; a link or another odd thing is refused."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        raise RunError(f"{path}: cannot be opened ({error.strerror}); choose another folder") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RunError(f"{path}: is no file; remove it")
    return os.fdopen(descriptor, "r+")


def _remove_if_unused(folder: Path, made: list[Path]) -> None:
    """Take away the folders that were made for a run which never began, the innermost first."""
    if [each.name for each in folder.iterdir()] == [LOCK]:
        (folder / LOCK).unlink()
        with contextlib.suppress(OSError):  # one that another run lies in by now: it stays, and what holds it
            for path in made:
                path.rmdir()
