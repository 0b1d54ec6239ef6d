"""The bundle that a run keeps, copied: the one that would be made again, without Merlin and PyTorch."""

from __future__ import annotations

from pathlib import Path

from recsys import run_files
from recsys.atomic import atomic_folder
from recsys.columns import CLIMBER
from recsys.files import read_json
from recsys.manifest import MANIFEST, read_manifest
from recsys.recommending.bundle import BUNDLE, MODEL
from recsys.recommending.kept import open_kept
from recsys.runs import Run


def copy_kept(run: Run, output: Path, overwrite: bool = False) -> int | None:
    """Copy the run's own bundle; the bytes of its model, or None where there is none of the run as it is.

    Parameters
    ----------
    run:
        As returned by `Run.open`.
    output:
        The folder to make.
    overwrite:
        Replace a folder that has something in it.

    Raises
    ------
    RunError
        The folder is taken, or a file of the run was changed.
    """
    kept = run.folder / run_files.BUNDLE
    found = open_kept(run.folder)
    if found is None or read_json(kept / BUNDLE).get("run") != run.folder.name:
        return None
    if run.config.trains_transformer and not found.greets and CLIMBER in run.config.model.features:
        return None  # made before newcomers were read as those with like logbooks
    with atomic_folder(output, replace=overwrite) as folder:
        for name in (*read_manifest(kept), MANIFEST):
            (folder / name).write_bytes((kept / name).read_bytes())
        return model_bytes(folder)


def model_bytes(folder: Path) -> int:
    """Bytes of a bundle's network and counts, of which it may have one."""
    models = (folder / name for name in (MODEL, run_files.COUNTS))
    return sum(each.stat().st_size for each in models if each.is_file())
