"""A run that was trained by a mapping takes sends and climbs in its own columns, untold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.builders.commands import call

FILMS = {"climber_id": "viewer", "climb_id": "film", "date": "seen", "region": "genre", "grade": "age"}


@pytest.fixture(scope="module")
def films(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as if it had been trained by a mapping that no columns tell."""
    from recsys.runs import Run

    folder = tmp_path_factory.mktemp("films") / "run"
    shutil.copytree(run, folder)
    copied = Run(folder)
    config = copied.config
    mapping = {"name": "films", "columns": FILMS}
    copied.write_config(config.model_copy(update={"facts": {**config.facts, "mapping": mapping}}))
    copied.write_manifest(trained=True)
    return folder


def sends(run: Path, path: Path) -> Path:
    """Sends of somebody who is new, as the owner of the films writes them."""
    known = pd.read_parquet(run.parent / "sends.parquet").head(30)
    late = (pd.to_datetime(known["date"]) + pd.Timedelta(days=2000)).dt.strftime("%Y-%m-%d")
    known = known.assign(climber_id="somebody", date=late)
    known[list(FILMS)].rename(columns=FILMS).to_csv(path, index=False)
    return path


def test_every_command_that_takes_sends_reads_the_runs_columns(run, films, tmp_path, monkeypatch, capsys):
    from recsys.adapting import climbers, continuing
    from recsys.monitoring import monitor

    taken: dict[str, pd.DataFrame] = {}

    def add(_, read, *__):
        taken["adapt"] = read.frame
        return 1

    def prepare(source, settings, names, run):
        taken["train"] = continuing._read(source, settings, run.folder, tmp_path / "rejects.csv").frame
        raise RuntimeError("read")

    def new(frame, *_):
        taken["monitor"] = frame
        return frame.head(0)

    monkeypatch.setattr(climbers, "add_climbers", add)
    monkeypatch.setattr(continuing, "_prepare", prepare)
    monkeypatch.setattr(monitor, "_new", new)
    path = sends(run, tmp_path / "new.csv")
    assert call("recsys", "adapt", films, path, "-o", tmp_path / "x") == 0
    call("recsys", "monitor", films, path)
    with pytest.raises(RuntimeError, match="read"):
        call("train.py", "--continue", films, "--data", path, "--output", tmp_path / "y")
    assert {name: len(frame) for name, frame in taken.items()} == {"adapt": 30, "train": 30, "monitor": 30}
    bad = tmp_path / "bad.csv"
    bad.write_text("viewer,movie,seen\na,b,2024-05-01\n")
    capsys.readouterr()
    assert call("recsys", "adapt", films, bad, "-o", tmp_path / "x") == 2
    said = capsys.readouterr().err
    assert "no column 'film'" in said
    assert "or map the names with --schema" in said


def test_climbs_are_listed_in_the_runs_columns_and_a_bad_list_is_told_before_merlin(
    run, films, tmp_path, monkeypatch, capsys
):
    import sys

    from recsys.adapting import climbs

    taken: list[pd.DataFrame] = []
    monkeypatch.setattr(climbs, "add_climbs", lambda _, read, *__: taken.append(read) or len(read))
    path = tmp_path / "new.csv"
    path.write_text("film,genre,age,studio\n7,Drama,V4,x\n")
    words = ["adapt", films, "--climbs", path, "-o", tmp_path / "x"]
    assert call("recsys", *words) == 0
    assert "nothing is read of studio" in capsys.readouterr().err
    assert (taken[0].climb_id[0], taken[0].region[0], taken[0].grade[0]) == ("7", "Drama", "V4")
    path.write_text("film,age\n7,teens\n")
    monkeypatch.setitem(sys.modules, "recsys.adapting.climbs", None)  # importing it would fail
    assert call("recsys", *words) == 2
    assert "such as V" in capsys.readouterr().err


def test_a_bundle_is_told_from_a_run(run, tmp_path, capsys):
    assert call("recsys", "adapt", run / "bundle", tmp_path / "x.csv", "-o", tmp_path / "y") == 2
    assert "is a bundle" in capsys.readouterr().err
