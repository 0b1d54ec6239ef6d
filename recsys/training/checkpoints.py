"""Checkpoints: written whole or not at all, read with what is damaged told, chosen by the best score."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.errors import RunError
from recsys.files import open_plain

BEST: Final = "best"
LAST: Final = "last"
_PARTS: Final = {"state_dict", "epoch", "callbacks", "optimizer_states", "lr_schedulers", "loops"}


class AtomicCheckpointIO(TorchCheckpointIO):
    """Checkpoints that a kill at any moment leaves whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write under a temporary name, then move into place."""
        with atomic_path(Path(path)) as temporary, temporary.open("wb") as file:
            torch.save(checkpoint, file)  # given a path it would write the temporary name into the file


class RunCheckpoint(ModelCheckpoint):
    """Checkpoints whose folder is where the run is now: it may have been moved since it was killed."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the scores as they were, and the paths as they are."""
        folder = str(self.dirpath)

        def moved(path: str) -> str:
            return str(Path(folder) / Path(path).name) if path else path

        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        state = {**state_dict, "dirpath": folder, **{name: moved(state_dict[name]) for name in paths}}
        state["best_k_models"] = {moved(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict(state)


def checkpoint_of(folder: Path, name: str, part: str = "") -> Path:
    """Where a run keeps the checkpoint `BEST` or `LAST`, of several networks that of `part`."""
    return folder / run_files.CHECKPOINTS / part / f"{name}.ckpt"


def any_kept(folder: Path) -> bool:
    """Whether a run can be resumed from a checkpoint, of whichever of its networks."""
    return any((folder / run_files.CHECKPOINTS).rglob(f"{LAST}.ckpt"))


def read_checkpoint(path: Path, state: dict[str, torch.Tensor]) -> dict[str, Any]:
    """A checkpoint of a network whose state is like `state`; its checksums are compared.

    Raises
    ------
    RunError
        It cannot be read, was damaged, or is another network's.
    """
    try:
        with (
            open_plain(path) as file,
            zipfile.ZipFile(file) as archive,
        ):  # torch itself reads without comparing
            damaged = archive.testzip()
        found: Any = {} if damaged else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        name = type(error).__name__
        raise RunError(f"{path}: not a readable checkpoint ({name}); {_remedy(path)}") from None
    if damaged or not isinstance(found, dict) or not found.keys() >= _PARTS:
        raise RunError(f"{path}: was damaged ({damaged or 'parts are missing'}); {_remedy(path)}")
    kept = found["state_dict"]
    shapes = {name: tuple(value.shape) for name, value in kept.items()}
    if shapes != {name: tuple(value.shape) for name, value in state.items()}:
        raise RunError(f"{path}: is of another network; {_remedy(path)}")
    return dict(found)


def _remedy(path: Path) -> str:
    best = path.with_name(f"{BEST}.ckpt")
    if path.stem == LAST and best.is_file():
        return f"copy {best} over it to go on from the best epoch, or start anew with `overwrite`"
    return "start anew with `overwrite`"
