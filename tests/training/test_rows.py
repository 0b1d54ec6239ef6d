"""Rows of each kind from train to bundle: kept, evaluated again, exported, asked and explained."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from recsys.api.climbs import Climbs
from recsys.api.opening import open_recommender
from recsys.errors import RunError, UsageError
from recsys.recommending.questions import encode
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request
from recsys.runs import Run
from recsys.serving.backend import LoadedBundle
from recsys.training.resolve import configured
from recsys.training.trained import TrainedRun
from tests.builders.commands import call

KINDS = {
    "ease": {"model": "ease"},  # counts, reads no prompt
    "recent": {"model": "recent-popularity"},  # counts, and reads the day and the region
    "gru": {"model": "gru4rec-1-ce", "epochs": 1},
    "bst": {"model": "bst", "epochs": 1, "length": 6},  # a network that reads the prompt
    "both": {"model": "sasrec", "ensemble": "item-knn", "epochs": 1},
}
CLIMBER = "sim-climber-0003"


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    from recsys.logbooks.simulate import simulate

    path = tmp_path_factory.mktemp("data") / "sends.csv"
    simulate("bc", seed=0, scale=0.03).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module", params=KINDS)
def kept(request, data, tmp_path_factory) -> tuple[str, Path, Path, dict]:
    """The kind, its run, its bundle and its metrics."""
    from recsys.exporting.export import export
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp(request.param)
    given = {**KINDS[request.param], "data": str(data), "batch_size": 64, "accelerator": "cpu"}
    config, _ = configured(given)
    metrics = train_run(config, root / "run")
    export(Run.open(root / "run"), root / "bundle")
    return request.param, root / "run", root / "bundle", metrics


@lru_cache(maxsize=1)  # of one kind after the other
def opened(run: Path) -> Recommender:
    """The run itself, not the bundle that it may keep."""
    return Recommender(TrainedRun(Run.open(run)))


def reads_prompt(kind: str) -> bool:
    return kind in ("recent", "bst")


def counts(kind: str) -> bool:
    return kind in ("ease", "recent")


def test_the_run_holds_what_it_was_made_of(kept):
    kind, run, bundle, metrics = kept
    listed = set(json.loads((run / "manifest.json").read_text())["files"])
    assert ("model.safetensors" in listed) == (not counts(kind))
    assert ("model.npz" in listed) == (counts(kind) or kind == "both")
    assert "method.json" in listed
    held = {path.name for path in bundle.iterdir()}
    assert ("model.onnx" in held) == (not counts(kind))
    assert ("model.npz" in held) == (counts(kind) or kind == "both")
    assert metrics == Run(run).metrics
    card = (run / "MODEL_CARD.md").read_text()
    assert f"method: {KINDS[kind]['model']}" in card
    assert "transformer body" not in card
    assert "expected calibration error" in card
    assert ("the method reads none" in card) == (not reads_prompt(kind))


def test_metrics_say_whether_the_prompt_is_read(kept):
    kind, _, _, metrics = kept
    assert metrics["protocol"]["prompt"].startswith("read" if reads_prompt(kind) else "not read")
    assert (metrics["prompted"] == metrics["unprompted"]) == (not reads_prompt(kind))
    assert ("prompted" in metrics["calibration"]) == reads_prompt(kind)
    assert all(value > 0 for value in metrics["calibration"]["temperature"].values())
    if kind == "both":
        weight = metrics["training"]["ensemble"]["weight"]
        assert weight == json.loads((kept[1] / "method.json").read_text())["weight"]


def test_evaluating_what_was_kept_gives_the_same(kept):
    from recsys.sequences.prepare import load_prepared
    from recsys.training.kept import load_method
    from recsys.training.suite import evaluate_run

    _, folder, _, metrics = kept
    run = Run.open(folder)
    prepared = load_prepared(folder)
    again = evaluate_run(load_method(run, prepared), prepared, run.config.model.length, True, 0)
    for block in ("prompted", "unprompted", "popularity", "random"):
        assert again[block]["accuracy"] == metrics[block]["accuracy"]
        assert again[block]["mrr@20"] == pytest.approx(metrics[block]["mrr@20"], abs=1e-9)


@pytest.mark.parametrize(
    "request_",
    [
        Request(CLIMBER, k=6),
        Request(CLIMBER, grades=(2.0, 5.0), region="Squamish", explain=True, k=6),
        Request(sends=[
            {"climb_id": "sim-climb-00011", "date": "2024-05-01", "grade": "V3"},
            {"climb_id": "elsewhere", "date": "2024-05-03", "region": "Nowhere"},
        ], explain=True, k=4),
        Request(sends=[], k=4),
    ],
    ids=["plain", "prompted", "posted", "empty"],
)  # fmt: skip
def test_the_bundle_answers_like_the_run(kept, request_):
    run, bundle = opened(kept[1]), open_recommender(kept[2])
    if request_.climber:
        request_ = replace(request_, climber=run.climbers[3])
    first, second = run.recommend(request_), bundle.recommend(request_)
    assert first
    assert [item.climb_id for item in first] == [item.climb_id for item in second]
    np.testing.assert_allclose([i.score for i in first], [i.score for i in second], atol=1e-6)
    asked = request_.grades is not None
    assert (run.note(request_) is not None) == (asked and not reads_prompt(kept[0]))
    similar = [each.similar(run.catalogue.ids[0], 3) for each in (run, bundle)]
    assert [item.climb_id for item in similar[0]] == [item.climb_id for item in similar[1]]


def test_shares_sum_to_one_and_are_sharpened_as_validation_says(kept):
    run = opened(kept[1])
    request = Request(run.climbers[1])
    assert run.probabilities(request).sum() == pytest.approx(1.0)
    temperature = run.backend.method.temperature.unprompted
    batch = encode(run.plan(request).questions, run.backend)
    np.testing.assert_allclose(
        run.backend.logits(batch), run.backend.method.scores(batch) / temperature, rtol=1e-5
    )


def test_a_prompt_that_is_not_read_filters_only(kept):
    run = opened(kept[1])
    who = run.climbers[2]
    plain = run.probabilities(Request(who))
    prompted = run.probabilities(Request(who, region="Squamish"))
    assert np.array_equal(plain, prompted) == (not reads_prompt(kept[0]))
    items = run.recommend(Request(who, region="Squamish", k=5))
    assert {item.region for item in items} == {"Squamish"}
    said = [] if reads_prompt(kept[0]) else ["this model reads no prompt"]
    notes = Climbs(run).recommend(who, region="Squamish", k=5).notes
    assert [note[:26] for note in notes] == said
    assert not Climbs(run).recommend(who, k=5).notes
    told = LoadedBundle(run).note(Request(who, region="Squamish"))
    assert (told is None) == reads_prompt(kept[0])


def test_a_send_left_out_lowers_the_share_by_what_is_said(kept):
    run = opened(kept[1])
    sends = [
        {"climb_id": climb, "date": f"2024-05-{day:02d}"}
        for day, climb in enumerate(run.catalogue.ids[:4], 1)
    ]
    asked = Request(sends=sends, exclude_seen=False, explain=True, k=5)
    explained = 0
    for item in run.recommend(asked):
        for cause in item.why.sends:
            without = [send for send in sends if send["climb_id"] != cause.climb_id]
            rest = run.recommend(Request(sends=without, exclude_seen=False, k=10_000))
            share = next(each.score for each in rest if each.climb_id == item.climb_id)
            assert share == pytest.approx(item.score - cause.drop, abs=1e-6)
            explained += 1
    assert explained > 0 or kept[0] == "recent"  # who reads the last region and day alone


def test_a_model_that_the_manifest_leaves_out_is_refused(kept, tmp_path):
    import shutil

    copy = tmp_path / "run"
    shutil.copytree(kept[1], copy)
    listed = json.loads((copy / "manifest.json").read_text())["files"]
    del listed["method.json"]
    (copy / "manifest.json").write_text(json.dumps(listed))
    with pytest.raises(RunError, match=r"does not cover method\.json"):
        opened(copy)


def test_int8_is_for_networks(kept, tmp_path):
    from recsys.exporting.export import export

    if counts(kept[0]):
        with pytest.raises(UsageError, match="int8 is for a network's weights"):
            export(Run.open(kept[1]), tmp_path / "bundle", int8=True)


def test_from_the_command_line(data, tmp_path, monkeypatch, capsys):
    def told_by(*words: str) -> tuple[int, str, str]:
        return call(*words), *capsys.readouterr()

    monkeypatch.chdir(tmp_path)
    words = ("--data", str(data), "--model")
    code, _, told = told_by("train.py", *words, "als", "--output", "als")
    assert code == 0, told
    assert "the best of 8" in told
    (tmp_path / "als" / "start.safetensors").touch()  # a kill left it
    _, _, told = told_by("train.py", *words, "als", "--output", "als", "--resume")
    assert "was finished already" in told
    assert not (tmp_path / "als" / "start.safetensors").exists()
    for more, shown in (
        (["-k", "2", "--explain"], "because of"),
        (["--grade", "V0:V9"], "grade"),
    ):
        code, out, told = told_by("recsys", "recommend", "als", "--climber", CLIMBER, *more)
        assert code == 0, told
        assert shown in out
    assert "this model reads no prompt" in told
    code, _, told = told_by("train.py", *words, "alz")
    assert code == 2
    assert "--model alz: no row has this name; the nearest: als" in told
