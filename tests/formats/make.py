"""A run with its bundle and a study, tiny, as this version writes them: to be kept when a format changes.

    python -m tests.formats.make 2        writes tests/formats/run-2.tar.xz and study-2.tar.xz

Without NVTabular's pickle, checkpoints, logs and pictures, none of which is read back. `expected.json` holds
what the run and the bundle answered when they were made.
"""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ASKED = 5
UNREAD = (
    "checkpoints",
    "logs",
    "learning_curve.png",
    "reliability.png",
    "bundle",
    ".lock",
    "workflow/workflow.pkl",
)
SMALL = {"d_model": 8, "layers": 1, "climb_dim": 8, "length": 5}


def make(number: int) -> None:
    from recsys.logbooks.simulate import simulate

    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # so that no path of this machine is in a configuration
        sends = simulate("bc", seed=0, scale=0.015).drop(columns="sequence")
        sends.to_parquet("sends.parquet", index=False)
        make_run(Path("run"))
        make_study(Path("study"))
        for name in ("run", "study"):
            with tarfile.open(HERE / f"{name}-{number}.tar.xz", "w:xz", preset=9) as archive:
                archive.add(name, filter=anonymous)


def make_run(folder: Path) -> None:
    from recsys.config.run import RunConfig
    from recsys.exporting.keep import keep_bundle
    from recsys.files import write_json
    from recsys.runs import Run
    from recsys.training.pipeline import train_run

    training = {"epochs": 1, "batch_size": 64, "accelerator": "cpu"}
    model = {**SMALL, "streams": "two"}  # days as sets: the third format of a bundle
    train_run(RunConfig(data="sends.parquet", model=model, training=training), folder)
    lighten(folder, trained=True)
    assert keep_bundle(Run.open(folder))
    write_json(folder / "expected.json", answers(folder))


def answers(folder: Path) -> dict[str, list[list[object]]]:
    """The first climbs, and their scores, for a climber of a run, by the run and by its bundle."""
    from recsys.recommending.bundle import Bundle
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.request import Request
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    found = {}
    for name, backend in (
        ("run", TrainedRun(Run.open(folder))),
        ("bundle", Bundle.open(folder / "bundle")),
    ):
        items = Recommender(backend).recommend(Request(climber=backend.climbers[0], k=ASKED))
        found[name] = [[each.climb_id, each.score] for each in items]
    return found


def make_study(folder: Path) -> None:
    from recsys.study.config import configured
    from recsys.study.study import study

    config = configured(
        {"data": "sends.parquet", "accelerator": "cpu"}, rows=("popularity", "item-knn"), seeds=1, length=5
    )
    study(config, folder, jobs=1)
    for name in ("report.html", "report.md", "results.csv"):
        (folder / name).unlink()
    lighten(folder, trained=False)


def lighten(folder: Path, trained: bool) -> None:
    from recsys.runs import Run

    for name in UNREAD:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    Run(folder).write_manifest(trained)


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    make(int(sys.argv[1]))
