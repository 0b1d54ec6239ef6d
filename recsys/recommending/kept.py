"""The bundle that a run keeps of itself, so that asking the run needs neither PyTorch nor Merlin.

It lies in ``RUN/bundle`` and names the manifest of the run that it was made of. After any change to the run
the bundle is stale and is ignored. `recsys.exporting.keep` makes it when a training ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recsys import run_files
from recsys.errors import RecsysError
from recsys.files import read_json
from recsys.manifest import MANIFEST, check_manifest, sha256
from recsys.recommending.bundle import BUNDLE, READ, Bundle

OF: Final = "manifest"  # in bundle.json: SHA-256 of the manifest of the run that it was made of


def open_kept(run: Path) -> Bundle | None:
    """The bundle that a run keeps, both manifests checked; None where it has none of its present state.

    Raises
    ------
    RunError
        A file of the run was changed.
    """
    folder = run / run_files.BUNDLE
    if not (folder / BUNDLE).is_file() or not (run / MANIFEST).is_file():
        return None
    check_manifest(run)
    try:
        about = read_json(folder / BUNDLE)
        if about[OF] != sha256(run / MANIFEST) or about["format"] not in READ:
            return None
        return Bundle.open(folder)
    except (RecsysError, KeyError, TypeError):
        return None  # half copied, or changed: the run itself still answers
