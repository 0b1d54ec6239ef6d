"""A training in a run's folder: ``train.py`` and `recsys.train` refuse, resume and tell alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import recsys
from recsys.training import pipeline
from recsys.training.resolve import configured
from tests.builders.commands import call

TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2", "RANK": "0"}


class Reached(Exception):  # noqa: N818
    """The training began."""


def reached(*_: Any, **__: Any) -> None:
    raise Reached


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a run that was started on a.csv."""
    folder = tmp_path / "run"
    folder.mkdir()
    made, _ = configured({"data": str(tmp_path / "a.csv"), "epochs": 3})
    (folder / "config.json").write_text(json.dumps(made.model_dump(mode="json")))
    (folder / "manifest.json").touch()
    return folder


def test_resuming_with_other_data_is_refused_in_python_too(
    begun: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "train_run", reached)
    other = begun.parent / "b.csv"
    with pytest.raises(recsys.UsageError, match=rf"data {other}: {begun} was started with .*a\.csv"):
        recsys.train(other, output=begun, resume=True)
    assert call("train.py", "--data", other, "--output", begun, "--resume") == 2
    assert f"--data {other}: {begun} was started with" in capsys.readouterr().err
    with pytest.raises(recsys.UsageError, match="seed 4"):
        recsys.train(begun.parent / "a.csv", output=begun, resume=True, seed=4)
    for data in (begun.parent / "a.csv", pd.DataFrame({"climb_id": ["x"]})):
        with pytest.raises(Reached):
            recsys.train(data, output=begun, resume=True, epochs=5)


def test_torchrun_starts_train_py_and_no_run_that_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "train_run", reached)
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(recsys.UsageError, match=r"start train\.py with torchrun"):
        recsys.train("a.csv", output=tmp_path / "run")
    assert call("train.py", "--data", "a.csv", "--continue", "runs/a", "--output", tmp_path / "run") == 2
    assert "--continue goes on with a run on one machine" in capsys.readouterr().err


def test_an_interrupted_training_says_how_to_go_on(
    begun: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "train_run", interrupted)
    assert call("train.py", "--data", begun.parent / "a.csv", "--output", begun, "--resume") == 130
    told = f"{begun}: keeps what is trained; continue with: --output {begun} --resume"
    assert told in capsys.readouterr().err


def test_a_run_that_goes_on_is_opened_before_anything_heavy(tmp_path: Path) -> None:
    with pytest.raises(recsys.RunError, match="nowhere: not a run"):
        recsys.train("a.csv", output=tmp_path / "run", continue_from=tmp_path / "nowhere")


@pytest.mark.parametrize("below", ["deeper", "bundle/x"])
def test_no_run_is_trained_within_another(
    begun: Path, below: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is copied, exported and replaced as a whole."""
    monkeypatch.setattr(pipeline, "train_run", reached)
    inside = begun / below
    with pytest.raises(Reached):  # many a project has a config.json and a manifest.json
        recsys.train(begun.parent / "a.csv", output=inside)
    for name in ("schema.pbtxt", "sends.parquet"):
        (begun / name).touch()
    with pytest.raises(recsys.UsageError, match=rf"output {inside}: lies in {begun}, which is a run"):
        recsys.train(begun.parent / "a.csv", output=inside)
    assert call("train.py", "--data", begun.parent / "a.csv", "--output", inside) == 2
    assert "choose another folder" in capsys.readouterr().err
    with pytest.raises(Reached):
        recsys.train(begun.parent / "a.csv", output=begun.parent / "beside")
