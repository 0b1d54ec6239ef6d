"""Sends prepared a range of climbers at a time, and trained on in parts from the disk: as in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys import columns as c
from recsys import run_files
from recsys.config.run import RunConfig
from recsys.errors import DataError, UsageError
from recsys.files import read_json
from recsys.runs import Run
from recsys.training.out_of_core import prepare_ranges

NUMBERS = ("mean", "std")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Simulated sends in three files, no climber's in one alone."""
    from recsys.logbooks.simulate import simulate

    sends = simulate("bc", seed=0, scale=0.03).sample(frac=1, random_state=0)
    folder = tmp_path_factory.mktemp("parts")
    for number in range(3):
        sends[number::3].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


def config(data: Path, split: str = "climber", method: str = "sasrec", **training) -> RunConfig:
    training = {"accelerator": "cpu", "epochs": 2, "patience": 50, **training}
    some = 5 if split == "leave-one-out" else None
    return RunConfig(data=str(data), method=method, split=split, validation_climbers=some, training=training)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """Prepares in memory, by split."""
    from recsys.training.prepare import prepare_run

    def prepared(split: str) -> Run:
        run = Run(tmp_path_factory.mktemp("whole") / split)
        with run.lock():
            prepare_run(run, config(data, split))
        return run

    return prepared


def prepared_in_ranges(run: Run, asked: RunConfig, size: int = 300) -> dict:
    """As `prepare_run` does, with ranges so small that there are many."""
    with run.lock():
        facts = prepare_ranges(run, asked, size)
        run.write_config(asked.model_copy(update={"facts": facts}))
        run.write_manifest(trained=False)
    return facts


@pytest.mark.parametrize(
    ("split", "dask"),
    [
        ("climber", None),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in (("temporal", "local:2"), ("leave-one-out", None))
        ),
    ],
)
def test_ranges_make_what_all_sends_make(data, whole, tmp_path, split, dask):
    run = Run(tmp_path / "run")
    facts = prepared_in_ranges(run, config(data, split, stream=2, dask=dask))
    other = whole(split)
    ours, theirs = run.folder, other.folder
    assert pq.ParquetFile(ours / run_files.SENDS).num_row_groups > 3
    assert facts == {**other.config.facts, "source": data.name}
    for name in (run_files.SENDS, run_files.CLIMBS):
        pd.testing.assert_frame_equal(pd.read_parquet(ours / name), pd.read_parquet(theirs / name))
    assert (ours / run_files.SCHEMA).read_text() == (theirs / run_files.SCHEMA).read_text()
    one, two = (read_json(each / run_files.WORKFLOW / "workflow.json") for each in (ours, theirs))
    for name, number in two["numbers"].items():
        for each in NUMBERS:
            assert one["numbers"][name].pop(each) == pytest.approx(number.pop(each), rel=1e-6)
    assert one == two
    assert [each.name for each in ours.iterdir() if each.name.startswith(".tmp")] == []


@pytest.mark.slow
@pytest.mark.parametrize("method", ["sasrec", "transformer"])
def test_a_training_that_streams_ends_as_one_in_memory(data, tmp_path, method, monkeypatch):
    """All parts in one group, and all counted for what embeddings begin as: the same weights and figures."""
    import torch

    from recsys.baselines import pairs
    from recsys.exporting.keep import keep_bundle
    from recsys.training.evaluating import evaluate_folder
    from recsys.training.pipeline import train_run

    monkeypatch.setattr(pairs, "PARTS", 100)
    run, found = Run(tmp_path / "streamed"), {}
    prepared_in_ranges(run, config(data, method=method, stream=100))
    train_run(config(data, method=method), tmp_path / "memory")
    train_run(config(data, method=method, stream=100), run.folder, resume=True)
    for name in ("streamed", "memory"):
        folder = tmp_path / name
        found[name] = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    for name, weights in found["memory"].items():
        torch.testing.assert_close(found["streamed"][name], weights, rtol=1e-4, atol=1e-5)
    ours, theirs = (Run(tmp_path / name).metrics for name in ("streamed", "memory"))
    assert ours["n_cases"] == theirs["n_cases"]
    for kind in ("unprompted", "popularity", "random"):
        assert ours[kind]["mrr@20"] == pytest.approx(theirs[kind]["mrr@20"], abs=1e-3)
    assert ours["membership"].keys() == theirs["membership"].keys()
    assert not (run.folder / run_files.SHARDS).exists()
    again = evaluate_folder(run.folder)
    assert again["unprompted"] == ours["unprompted"]
    assert again["protocol"] == ours["protocol"]
    assert not (run.folder / run_files.SHARDS).exists()
    for each in (run, Run(tmp_path / "memory")):
        keep_bundle(Run.open(each.folder))
    texts = [(tmp_path / name / "bundle" / "histories.json").read_text() for name in ("streamed", "memory")]
    assert texts[0] == texts[1]
    skills = [np.load(tmp_path / name / run_files.SKILL) for name in ("streamed", "memory")]
    for name in skills[0].files:
        np.testing.assert_array_equal(skills[0][name], skills[1][name])


def test_a_small_log_that_streams_is_joined_with_nothing(data):
    from recsys.config.run import BY_SIZE
    from recsys.training.settle import settled

    for stream, partner in ((0, "ease,sequential-knn"), (2, None)):
        asked = config(data, method="transformer", stream=stream).model_copy(update={"ensemble": BY_SIZE})
        assert settled(asked, training=100, n_items=10).ensemble == partner


def test_what_reads_all_sends_is_refused(data, tmp_path):
    from recsys.training.pipeline import train_run

    asked = config(data, stream=2)
    for other in ({"method": "ease"}, {"ensemble": "ease"}, {"ensemble": "ease,item-knn"}):
        with pytest.raises(UsageError, match="stream is for networks, and ease"):
            train_run(asked.model_copy(update=other), tmp_path / "ease")
    with pytest.raises(UsageError, match="min_sends_of train is not known with stream"):
        train_run(asked.model_copy(update={"min_sends_of": "train"}), tmp_path / "train")
    csv = tmp_path / "sends.csv"
    pd.DataFrame({c.CLIMBER_ID: ["a"], c.CLIMB_ID: ["x"], c.DATE: ["2024-01-01"]}).to_csv(csv, index=False)
    with pytest.raises(DataError, match=r"sends\.csv.*Parquet"):
        train_run(config(csv, stream=2), tmp_path / "csv")
    few = tmp_path / "few.parquet"
    pd.DataFrame({c.CLIMBER_ID: ["a", "b", "d"], c.CLIMB_ID: ["x"] * 3, c.DATE: [1, 2, 3]}).to_parquet(few)
    with pytest.raises(DataError, match=r"few\.parquet: all sends of each climber are of one day"):
        train_run(config(few, stream=2), tmp_path / "few")
    assert not (tmp_path / "few").exists()


@pytest.mark.parametrize(("split", "kept"), [("leave-one-out", 5), ("climber", 2)])
def test_two_climbers_are_enough_but_for_a_split_by_climber(split, kept, tmp_path, capsys):
    """Which is told why it keeps those with fewer sends."""
    from recsys.training.prepare import _kept

    rows = [(who, f"x{day % 5}", float(day)) for who in ("a", "b") for day in range(15)]
    rows += [("z", "x0", 0.0), ("z", "x1", 1.0)]
    sends = pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DAY])
    assert _kept(sends, RunConfig(split=split), True)[2] == kept
    dates = pd.to_datetime(sends[c.DAY], unit="D")
    sends.assign(**{c.DATE: dates}).drop(columns=c.DAY).to_parquet(tmp_path / "sends.parquet")
    facts = prepare_ranges(Run(tmp_path / "run"), config(tmp_path / "sends.parquet", split))
    assert facts["kept_with_at_least"] == kept
    said = "fewer than 3 climbers have 5 sends each; kept those with 2 (min_sends 2)"
    assert capsys.readouterr().err.count(said) == (2 if split == "climber" else 0)
