"""A whole run on a small simulated community: what it leaves, what it refuses, and that it can be resumed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys.config.run import RunConfig
from recsys.errors import RunError, UsageError
from recsys.runs import Run
from tests.builders.commands import call

ROOT = Path(__file__).parents[2]
SMALL = ["--d-model", "16", "--layers", "1", "--climb-dim", "16", "--batch-size", "64"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    from recsys.logbooks.simulate import simulate

    path = tmp_path_factory.mktemp("data") / "sends.parquet"
    simulate("bc", seed=0, scale=0.04).to_parquet(path, index=False)
    return path


def config(data: Path, **changes) -> RunConfig:
    model = {"d_model": 16, "layers": 1, "climb_dim": 16}
    training = {"epochs": 4, "batch_size": 64, "accelerator": "cpu"}
    return RunConfig(data=str(data), model=model, training=training, **changes)


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory) -> tuple[Path, dict]:
    from recsys.training.pipeline import train_run

    folder = tmp_path_factory.mktemp("runs") / "small"
    return folder, train_run(config(data), folder)


def test_a_target_s_date_alone_can_be_given(finished):
    import numpy as np

    from recsys.columns import ATTRIBUTES
    from recsys.sequences.cases import Cases
    from recsys.sequences.prepare import load_prepared
    from recsys.training.kept import load_method

    folder, metrics = finished
    run, prepared = Run.open(folder), load_prepared(folder)
    method = load_method(run, prepared)
    cases = Cases.of(prepared.sequences, prepared.parts, "test", most=20)

    def scores(given):
        return method.scorer(cases, given).scores(np.arange(20))

    assert np.array_equal(scores(frozenset(ATTRIBUTES)), scores(True))
    assert np.array_equal(scores(frozenset()), scores(False))
    dated = scores(frozenset(["elapsed_days"]))
    assert not np.array_equal(dated, scores(True))
    assert not np.array_equal(dated, scores(False))
    assert "prompted, dated" in metrics["protocol"]["now"]
    assert metrics["prompted"]["mrr@20"] > metrics["dated"]["mrr@20"]  # which names no grade and no region


def test_run_leaves_what_the_contract_names(finished):
    folder, metrics = finished
    names = "config.json model.safetensors workflow schema.pbtxt metrics.json MODEL_CARD.md checkpoints logs"
    assert all((folder / name).exists() for name in names.split())
    assert {"format": 1, **metrics} == json.loads((folder / "metrics.json").read_text())
    assert metrics["split"] == "test"
    assert set(metrics["seconds"]) == {"preprocess", "train", "evaluate"}
    expected = ["accuracy", "recall@5", "recall@10", "recall@20", "ndcg@10", "ndcg@20", "mrr@20", "ci95"]
    for block in ("prompted", "dated", "unprompted", "popularity", "random"):
        assert list(metrics[block]) == expected
    assert metrics["protocol"]["exclude_seen"] is True
    assert "SIMULATED" in (folder / "MODEL_CARD.md").read_text()


def test_no_pickle_but_the_workflow(finished):
    folder, _ = finished
    loaded = set(json.loads((folder / "manifest.json").read_text())["files"])
    assert {name for name in loaded if name.endswith(".pkl")} == {"workflow/workflow.pkl"}
    assert {"model.safetensors", "config.json", "schema.pbtxt", "sends.parquet", "climbs.parquet"} <= loaded
    assert "MODEL_CARD.md" in loaded


def test_stored_sends_hold_no_texts(finished):
    import pandas as pd

    sends = pd.read_parquet(finished[0] / "sends.parquet")
    assert set(sends["comment"].dropna()) == {"yes"}


def test_evaluating_again_gives_the_same(finished):
    from recsys.sequences.prepare import load_prepared
    from recsys.training.kept import load_method
    from recsys.training.suite import evaluate_run

    folder, metrics = finished
    run = Run.open(folder)
    prepared = load_prepared(folder)
    again = evaluate_run(load_method(run, prepared), prepared, 10, True, 0)
    for block in ("prompted", "unprompted", "popularity", "random"):
        assert again[block] == metrics[block]


TIMED = {"metrics.json", "workflow/metadata.json"}
"""What holds times: seconds in the one, in the other when NVTabular saved it."""
PLACED = {"workflow/workflow.pkl", "checkpoints/best.ckpt", "checkpoints/last.ckpt"}
"""What holds the path that it was written to."""
HASHED = {"manifest.json", "bundle.json"}
"""What holds hashes of those."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a run or a bundle by name, logs apart: TensorBoard's have times in them and in names."""
    paths = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
    return {name: path.read_bytes() for name, path in paths.items() if "tensorboard" not in name}


def test_same_seed_same_metrics_and_the_same_bytes(finished, data, tmp_path):
    from recsys.exporting.export import export
    from recsys.training.pipeline import train_run

    again = tmp_path / finished[0].name  # whose name is in the card
    assert without_seconds(train_run(config(data), again)) == without_seconds(finished[1])
    for index, run in enumerate((finished[0], again)):
        export(Run.open(run), tmp_path / str(index) / "bundle")
    for first, second in ((finished[0], again), (tmp_path / "0" / "bundle", tmp_path / "1" / "bundle")):
        one, other = contents(first), contents(second)
        assert one.keys() == other.keys()
        assert {name for name in one if one[name] != other[name]} <= TIMED | PLACED | HASHED
    listed = [json.loads((run / "manifest.json").read_text())["files"] for run in (finished[0], again)]
    assert {name for name in listed[0] if listed[0][name] != listed[1][name]} <= TIMED | PLACED
    modes = {path.stat().st_mode & 0o777 for path in again.rglob("*") if path.is_file()}
    assert modes == {0o666 & ~mask()}


def mask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def test_a_changed_file_is_refused_before_it_is_loaded(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    with (folder / "workflow" / "workflow.pkl").open("ab") as handle:
        handle.write(b"\0")
    with pytest.raises(RunError, match=r"workflow/workflow\.pkl"):
        Run.open(folder)


def test_a_manifest_that_leaves_something_out_is_refused(finished, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    entries = json.loads((folder / "manifest.json").read_text())["files"]
    (folder / "manifest.json").write_text(json.dumps({"config.json": entries["config.json"]}))
    with pytest.raises(RunError, match="does not cover"):
        Run.open(folder)
    prepared_only = {name: value for name, value in entries.items() if name != "model.safetensors"}
    (folder / "manifest.json").write_text(json.dumps(prepared_only))
    with pytest.raises(RunError, match="not finished"):
        Run.open(folder)


def test_overwriting_looks_at_the_new_data_first(finished, tmp_path):
    from recsys.errors import DataError
    from recsys.training.pipeline import train_run

    folder = tmp_path / "copy"
    shutil.copytree(finished[0], folder)
    with pytest.raises(DataError):
        train_run(RunConfig(data=str(tmp_path / "nope.csv")), folder, overwrite=True)
    assert Run(folder).metrics == finished[1]
    Run.open(folder)


def test_a_folder_with_other_files_is_left_alone(data, tmp_path):
    from recsys.training.pipeline import train_run

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "MODEL_CARD.md").write_text("mine")
    with pytest.raises(RunError, match="no run's"):
        train_run(config(data), tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "MODEL_CARD.md").read_text() == "mine"


def test_a_run_is_not_overwritten_unasked_nor_shared(finished, data, tmp_path):
    from recsys.training.pipeline import train_run

    folder, metrics = finished
    with pytest.raises(RunError, match=r"resume.*overwrite"):
        train_run(config(data), folder)
    assert train_run(config(data), folder, resume=True) == metrics  # finished: nothing is done
    with Run(tmp_path / "busy").lock(), pytest.raises(RunError, match="another process"):
        train_run(config(data), tmp_path / "busy")


def test_a_failed_start_leaves_no_folder(tmp_path):
    from recsys.errors import DataError
    from recsys.training.pipeline import train_run

    with pytest.raises(DataError, match=r"nope\.csv"):
        train_run(RunConfig(data=str(tmp_path / "nope.csv")), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_recommends_what_was_asked_for(finished):
    from recsys.api.opening import open_recommender
    from recsys.recommending.request import Request, known_climber, known_region

    recommender = open_recommender(finished[0])
    climber = recommender.climbers[0]
    sent = set(recommender.backend.logbook(climber).climbs)
    items = recommender.recommend(Request(climber, k=10))
    assert len(items) == len({item.climb_id for item in items}) == 10
    assert not sent & {item.climb_id for item in items}
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
    region = known_region("squamish", recommender.catalogue.known_regions)
    wished = recommender.recommend(Request(climber, grades=(4.0, 6.0), region=region, k=5))
    assert {item.region for item in wished} == {"Squamish"}
    assert {item.grade for item in wished} <= {"V4", "V5", "V6"}
    with pytest.raises(UsageError, match="nearest"):
        known_climber("sim-climber-00001", recommender.climbers)
    with pytest.raises(UsageError, match="the nearest: Squamish"):
        known_region("Squamsh", recommender.catalogue.known_regions)
    with pytest.raises(UsageError, match="ask for more grades"):
        recommender.recommend(Request(climber, grades=(16.0, 17.0)))


def test_the_prompt_moves_the_recommendation(finished):
    """A grade asked for is likelier to be answered by climbs of that grade, before any filter."""
    from recsys.api.opening import open_recommender
    from recsys.recommending.request import Request

    recommender = open_recommender(finished[0])
    climber = recommender.climbers[1]
    easy = recommender.catalogue.allowed((2.0, 2.0), None)
    mass = {
        grade: recommender.probabilities(Request(climber, grades=(grade, grade)))[easy].sum()
        for grade in (2.0, 8.0)
    }
    assert mass[2.0] > mass[8.0]


def without_seconds(metrics: dict) -> dict:
    return {name: value for name, value in metrics.items() if name != "seconds"}


def words(data: Path, output: Path, *more: str) -> list[str]:
    return [
        "--data", str(data), "--output", str(output), "--accelerator", "cpu", "--masking", "mlm",
        "--epochs", "5", *SMALL, *more,
    ]  # fmt: skip


def test_resumed_after_kill_ends_like_an_unbroken_run(data, tmp_path, capsys):
    """kill -9 after the second epoch, then --resume: the metrics of a run that was left alone."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    with subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *words(data, broken)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path,
    ) as process:  # fmt: skip
        checkpoint, patience = broken / "checkpoints" / "last.ckpt", time.monotonic() + 300
        while not checkpoint.exists() and process.poll() is None and time.monotonic() < patience:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert checkpoint.exists()
    assert not (broken / "metrics.json").exists()
    broken = broken.rename(tmp_path / "moved")  # as a container's mount and the host's folder differ
    (broken / ".tmp-1-x-workflow").mkdir()  # what a kill while preparing leaves
    assert not call("train.py", *words(data, broken, "--resume"))
    assert not call("train.py", *words(data, whole))
    assert not (broken / ".tmp-1-x-workflow").exists()
    first, second = (json.loads((f / "metrics.json").read_text()) for f in (whole, broken))
    # Another process may sum in another order: the shares differ in the ninth digit, the ranks in none.
    shares = [
        [each["said"] for each in metrics.pop("calibration")["prompted"]["bins"]]
        for metrics in (first, second)
    ]
    assert shares[0] == pytest.approx(shares[1], rel=1e-5)
    lists = [metrics.pop("lists") for metrics in (first, second)]  # of equal scores either may be the tenth
    for how in ("prompted", "unprompted"):
        assert lists[0][how] == pytest.approx(lists[1][how], rel=1e-2)
    assert without_seconds(first) == without_seconds(second)
    assert call("train.py", *words(data, broken, "--resume", "--d-model", "32")) == 2
    assert "--d-model 32" in capsys.readouterr().err
