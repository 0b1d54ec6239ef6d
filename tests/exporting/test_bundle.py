"""A run exported: what the bundle holds, that it answers like the run, and that it needs nothing heavy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from recsys.api.opening import open_recommender
from recsys.errors import RunError, UsageError
from recsys.recommending.bundle import FILES
from recsys.recommending.questions import encode, plan
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request

ROOT = Path(__file__).parents[2]
HEAVY = (
    "torch",
    "pandas",
    "pyarrow",
    "pydantic",
    "merlin",
    "nvtabular",
    "transformers4rec",
    "lightning",
    "onnx",
)


@pytest.fixture(scope="module", params=["ordered", "days are sets"])
def folders(request, tmp_path_factory) -> tuple[Path, Path]:
    """A trained run and its bundle."""
    from recsys.config.run import RunConfig
    from recsys.exporting.export import export
    from recsys.logbooks.simulate import simulate
    from recsys.runs import Run
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp("bundle")
    sends, streams = simulate("bc", seed=0, scale=0.04), "one"
    if request.param != "ordered":
        sends, streams = sends.drop(columns="sequence"), "two"
    sends.to_parquet(root / "sends.parquet", index=False)
    config = RunConfig(
        data=str(root / "sends.parquet"),
        model={"d_model": 16, "layers": 1, "climb_dim": 16, "streams": streams},
        training={"epochs": 2, "batch_size": 64, "accelerator": "cpu"},
    )
    train_run(config, root / "run")
    measured = export(Run.open(root / "run"), root / "bundle")
    assert measured["largest_difference"] <= 1e-4
    assert measured["requests"] == 1000
    return root / "run", root / "bundle"


@pytest.fixture(scope="module")
def both(folders) -> tuple[Recommender, Recommender]:
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    return Recommender(TrainedRun(Run.open(folders[0]))), open_recommender(folders[1])


def test_files_and_no_pickle(folders):
    bundle = folders[1]
    files = {*FILES, "method.json", "skill.npz"}
    assert {path.name for path in bundle.iterdir()} == {*files, "manifest.json"}
    assert set(json.loads((bundle / "manifest.json").read_text())["files"]) == files
    with np.load(bundle / "arrays.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)
    assert "## This bundle" in (bundle / "MODEL_CARD.md").read_text()
    assert str(bundle.parent) not in "".join(
        (bundle / n).read_text() for n in FILES if n.endswith(("json", "md"))
    )


def test_a_changed_bundle_is_refused(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders[1], copy)
    with (copy / "model.onnx").open("ab") as handle:
        handle.write(b"\0")
    with pytest.raises(RunError, match=r"model\.onnx: was changed"):
        open_recommender(copy)
    listed = json.loads((folders[1] / "manifest.json").read_text())["files"]
    del listed["model.onnx"]
    (copy / "manifest.json").write_text(json.dumps(listed))
    with pytest.raises(RunError, match=r"does not list model\.onnx"):
        open_recommender(copy)
    with pytest.raises(RunError, match="not a bundle"):
        open_recommender(tmp_path)


def test_stored_logbooks_are_the_runs(both):
    run, bundle = (each.backend for each in both)
    assert list(run.climbers) == list(bundle.climbers)
    for climber in run.climbers:
        first, second = run.logbook(climber).columns, bundle.logbook(climber).columns
        assert all(np.array_equal(first[k], second[k], equal_nan=first[k].dtype != object) for k in first), (
            climber
        )


REQUESTS = {
    "a climber": Request(),
    "a range": Request(grades=(3.0, 6.0), region="Squamish"),
    "a day": Request(when=date(2050, 1, 1), k=50),
    "why": Request(grades=(4.0, 4.0), explain=True, min_stars=2.0),
    "a mixture": Request(diversity=0.5, novelty=0.3, exclude_seen=False),
    "posted": Request(climber="nobody", sends=[
        {"climb_id": "sim-climb-00011", "date": "2024-05-01", "grade": "V3", "rating": "4", "comment": "ok"},
        {"climb_id": "elsewhere", "date": "2024-05-03", "region": "Nowhere"},
    ], explain=True),
    "a newcomer": Request(sends=[
        {"climb_id": f"sim-climb-{i:05d}", "date": f"2024-05-{i + 1:02d}"} for i in range(5, 25)
    ], region="Squamish"),
    "empty": Request(sends=[], grades=(4.0, 4.0)),
}  # fmt: skip


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_bundle_answers_like_the_run(both, kind):
    request = REQUESTS[kind]
    if request.climber is None and request.sends is None:
        request = replace(request, climber=both[0].climbers[3])
    first, second = (each.recommend(request) for each in both)
    assert [item.climb_id for item in first] == [item.climb_id for item in second]
    np.testing.assert_allclose([i.score for i in first], [i.score for i in second], atol=1e-6)
    for one, two in zip(first, second, strict=True):
        assert (one.why is None) == (two.why is None) == (not request.explain)
        if one.why is not None and two.why is not None:
            assert one.why.prompt_share == pytest.approx(two.why.prompt_share, abs=1e-3)


def asked(recommender: Recommender, request: Request) -> dict[str, np.ndarray]:
    questions = plan(request, recommender.logbook(request), recommender.backend).questions
    return encode(questions, recommender.backend)


def test_newcomers_are_read_as_those_with_like_logbooks(both):
    """By run and bundle to the last bit, as `recsys adapt --by similar` would of everybody's sends."""
    from recsys.adapting.climbers import embed, histories
    from recsys.columns import CLIMBER, CLIMBER_VECTOR, UNKNOWN_ID

    run, bundle = both
    request = REQUESTS["a newcomer"]
    batches = [asked(each, request) for each in both]
    assert all(np.array_equal(batches[0][name], batches[1][name]) for name in batches[0])
    backend = run.backend
    sends = backend.sends[backend.sends["climber_id"].isin(list(backend._codes))]
    mine = sends.head(len(request.sends)).assign(
        climber_id="new", climb_id=[each["climb_id"] for each in request.sends]
    )
    met, new = histories(backend.workflow, sends), histories(backend.workflow, mine)
    expected = embed(backend.network, met, new, np.array([len(mine)]), backend.window, "similar")
    assert batches[1][CLIMBER_VECTOR] == pytest.approx(expected, abs=1e-5)
    assert (batches[1][CLIMBER] == UNKNOWN_ID).all()
    found = bundle.backend.logits(batches[1])
    assert found == pytest.approx(run.backend.logits(batches[0]), abs=1e-5)
    batches[1][CLIMBER_VECTOR] = backend.climber_vectors[[UNKNOWN_ID]]
    assert np.abs(found - bundle.backend.logits(batches[1])).max() > 2e-5


def test_known_climbers_are_read_as_before(both):
    """The network is asked by their ids and by their vectors: the same, to the last bit."""
    from recsys.columns import CLIMBER_VECTOR, UNKNOWN_ID

    run, bundle = (each.backend for each in both)
    who = [each for each in run.climbers if run._codes.get(each, UNKNOWN_ID) != UNKNOWN_ID]
    batch = run.encode([run.logbook(each) for each in who], who)
    batch["given"] = np.zeros((len(who), len(run.attributes)), dtype=bool)
    by_id = run.logits({name: values for name, values in batch.items() if name != CLIMBER_VECTOR})
    assert np.array_equal(by_id, run.logits(batch))
    assert len({row.tobytes() for row in batch[CLIMBER_VECTOR]}) == len(who) > 20
    assert np.abs(bundle.logits(batch) - by_id).max() < 1e-4


def test_leaving_the_named_send_out_lowers_the_score(both):
    """With the model itself: the score of an item goes down by what the explanation says."""
    bundle = both[1]
    stored = bundle.backend.logbook(bundle.climbers[5])
    posted = [
        {name: value for name, value in zip(stored.columns, row, strict=True) if value is not None}
        | {"date": date.fromordinal(date(1970, 1, 1).toordinal() + int(row[-1]))}
        for row in zip(*stored.columns.values(), strict=True)
    ][-12:]
    request = Request(sends=posted, grades=(3.0, 5.0), exclude_seen=False, explain=True, k=5)
    explained = 0
    for item in bundle.recommend(request):
        assert item.why is not None
        for cause in item.why.sends:
            indices = [i for i, send in enumerate(posted) if send["climb_id"] == cause.climb_id]
            if len(indices) > 1:
                continue
            without = replace(
                request, sends=[s for i, s in enumerate(posted) if i != indices[0]], k=1000, explain=False
            )
            score = next(i.score for i in bundle.recommend(without) if i.climb_id == item.climb_id)
            assert score < item.score
            assert score == pytest.approx(item.score - cause.drop, abs=1e-7)
            explained += 1
    assert explained > 0


def python(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


CLIMBER = "sim-climber-0003"


def test_recommending_imports_nothing_heavy(folders):
    """Neither the package, nor the command line's commands, nor a recommendation from a bundle."""
    code = f"""
import sys
from pathlib import Path
import recsys
from recsys.cli.app import build_app
build_app(["recommend"])  # the command that is called, alone
from recsys.api.opening import open_recommender
from recsys.recommending.request import Request
recommender = open_recommender(Path({str(folders[1])!r}))
assert len(recommender.recommend(Request({CLIMBER!r}, grades=(2.0, 6.0), explain=True))) == 10
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert python(code) == "[]\n"


def test_what_needs_training_says_so(folders):
    """As in an installation of the light part alone: one line with the remedy. (typer needs pydantic.)"""
    bundle, run = str(folders[1]), str(folders[0])
    code = f"""
import sys
for name in {HEAVY}:
    if name != "pydantic":
        sys.modules[name] = None
from recsys.cli.app import build_app
from recsys.terminal import run
for words in (["recommend", {bundle!r}], ["recommend", {run!r}], ["simulate", "-o", "x.csv"]):
    sys.argv = ["recsys", *words]
    print("code", run(build_app(), "recsys"))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    codes = [line for line in result.stdout.splitlines() if line.startswith("code")]
    assert codes == ["code 0", "code 2", "code 2"], result.stderr
    told = [
        line for line in result.stderr.splitlines() if not line.startswith("loading")
    ]  # where it takes long
    assert [line.split(":")[0] for line in told] == ["error"] * 2
    assert result.stderr.count("in the clone of recsys-climb, uv pip install '.[train]'") == 2


def test_int8_is_refused_where_it_loses():
    from recsys.exporting.int8 import check_loss

    check_loss({"prompted": 0.5, "unprompted": 0.1}, {"prompted": 0.4951, "unprompted": 0.2})
    with pytest.raises(RunError, match=r"prompted\) from 0.5000 to 0.4900, more than 1%"):
        check_loss({"prompted": 0.5}, {"prompted": 0.49})


@pytest.mark.parametrize(("exclude_seen", "unprompted"), [(False, 0.0), (True, 1.0)])
def test_int8_is_measured_with_and_without_the_prompt_as_a_run_is(monkeypatch, exclude_seen, unprompted):
    """Climb 12 of 20 after 0, 1, 2: first of the prompt's; without it 13th, or 10th of what was not sent."""
    from recsys.exporting import int8
    from recsys.sequences.split import TEST, TRAIN
    from tests.builders.interaction_tables import of

    class Scorer:
        def __init__(self, graph, cases, length, prompted, climbers):
            self.prompted = prompted

        def scores(self, cases):
            row = -np.arange(20.0)
            row[12] += 99 * self.prompted
            return np.tile(row, (len(cases), 1))

    monkeypatch.setattr(int8, "GraphScorer", Scorer)
    histories = [[(0, TRAIN, 0), (1, TRAIN, 1), (2, TRAIN, 2), (12, TEST, 3)]] * 2
    found = int8.recall(Path(), of(histories, 20), 4, exclude_seen)
    assert found == {"prompted": 1.0, "unprompted": unprompted}


def weights(bundle):
    """Bytes of a graph's weights."""
    import onnx

    return sum(len(each.raw_data) for each in onnx.load(bundle / "model.onnx").graph.initializer)


def test_int8_bundle(folders, tmp_path, monkeypatch):
    from recsys.exporting.export import export
    from recsys.runs import Run

    with monkeypatch.context() as patched:
        patched.setattr("recsys.exporting.int8.LOSS", -9.0)  # it would have to become ten times as good
        with pytest.raises(RunError, match="leave int8 out"):
            export(Run.open(folders[0]), tmp_path / "small", int8=True)
        assert not (tmp_path / "small").exists()
        patched.setattr("recsys.exporting.int8.LOSS", 0.5)  # so few cases that one of them is more than 1%
        measured = export(Run.open(folders[0]), tmp_path / "small", int8=True)
    assert measured["bytes"] == (tmp_path / "small" / "model.onnx").stat().st_size
    assert weights(tmp_path / "small") < weights(folders[1])  # of so small a model the rest is longer
    assert set(measured["recall@10"]) == {"float", "int8"}
    assert len(open_recommender(tmp_path / "small").recommend(Request(CLIMBER))) == 10


BODIES = [(body, "binned") for body in ("xlnet", "gpt2", "bert", "electra", "albert", "prenorm")]


@pytest.mark.parametrize(("body", "numbers"), [*BODIES, ("bert", "soft"), ("bert", "continuous")])
def test_every_body_exports(schema, tmp_path, body, numbers):
    """Untrained: all bodies, all ways in which numbers enter, lengths that were not the example's."""
    from recsys.config.model import ModelConfig
    from recsys.exporting.graph import TOLERANCE, export_graph, largest_difference
    from recsys.model.prompted_transformer import build_model

    config = ModelConfig(
        body=body, masking="last", numbers=numbers, d_model=16, layers=1, climb_dim=16, length=12
    )
    model = build_model(schema, config).eval()
    export_graph(model, schema, config, tmp_path / "model.onnx")
    longer = config.model_copy(update={"length": 33})
    for asked in (config, longer):
        assert largest_difference(model, schema, asked, tmp_path / "model.onnx", 200) < TOLERANCE


class Answering:
    """A model that gives every climb one score, and a graph that gives another."""

    def __init__(self, score: float, graph: float) -> None:
        self.score, self.graph = score, graph

    def next_scores(self, batch):
        import torch

        return torch.full((len(batch["climb"]), 5), self.score)

    def get_inputs(self):
        return [SimpleNamespace(name="climb")]

    def run(self, _, batch):
        return [np.full((len(batch["climb"]), 5), self.graph, np.float32)]


def test_a_graph_that_answers_otherwise_or_with_no_numbers_is_refused(schema, monkeypatch):
    from recsys.config.model import ModelConfig
    from recsys.exporting import graph

    def checked(score, other):
        model = Answering(score, other)
        monkeypatch.setattr(graph, "session", lambda _: model)
        return graph.check_parity(model, schema, ModelConfig(), Path())

    assert checked(1.0, 1.0) == 0
    with pytest.raises(RunError, match=r"departs from PyTorch by 1\.0e-03 \(at most 0\.0001\)"):
        checked(1.0, 1.001)
    for scores in ((np.nan, np.nan), (1.0, np.nan), (np.inf, np.inf), (1.0, np.inf)):
        with pytest.raises(RunError, match="scores that are not finite; not exported"):
            checked(*scores)


def test_cli_with_a_logbook(folders, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("climb_id,date,grade\nsim-climb-00011,2024-05-01,V3\nsim-climb-00012,2024-05-02,V4\n")
    words = ["recommend", str(folders[1]), "--logbook", str(mine), "--grade", "V2:V6", "-k", "3", "--explain"]
    done = subprocess.run(
        [sys.executable, "-m", "recsys", *words], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Next climbs for this logbook" in done.stdout
    assert "because of" in done.stdout


def test_unknown_climber_and_region(both):
    with pytest.raises(UsageError, match="the nearest"):
        both[1].recommend(Request("sim-climber-00001"))


def test_a_run_answers_through_the_bundle_it_keeps(folders, tmp_path, both):
    """Without PyTorch, and as it would with it; a run that changed since answers by itself."""
    from recsys.exporting.copied import copy_kept
    from recsys.exporting.keep import keep_bundle
    from recsys.recommending.kept import open_kept
    from recsys.runs import Run

    run = tmp_path / "run"
    shutil.copytree(folders[0], run)
    assert open_kept(run) is None
    assert keep_bundle(Run.open(run))
    code = f"""
import sys
from pathlib import Path
from recsys.api.opening import open_recommender
from recsys.recommending.request import Request
items = open_recommender(Path({str(run)!r})).recommend(Request({CLIMBER!r}))
print([each.climb_id for each in items])
print([name for name in {HEAVY} if name in sys.modules])
"""
    expected = [each.climb_id for each in both[0].recommend(Request(CLIMBER))]
    assert python(code) == f"{expected}\n[]\n"
    size = copy_kept(Run.open(run), tmp_path / "copy")
    assert size == (folders[1] / "model.onnx").stat().st_size
    made, copy = ({e.name: e.read_bytes() for e in f.iterdir()} for f in (folders[1], tmp_path / "copy"))
    assert made == copy
    with pytest.raises(RunError, match="is not empty"):
        copy_kept(Run.open(run), tmp_path / "copy")
    shutil.copytree(run, tmp_path / "renamed")
    assert copy_kept(Run.open(tmp_path / "renamed"), tmp_path / "other") is None  # it says another name
    (run / "bundle" / "climbs.json").write_text("{}")
    assert open_kept(run) is None  # damaged
    assert copy_kept(Run.open(run), tmp_path / "other") is None
    assert not (tmp_path / "other").exists()
    assert keep_bundle(Run.open(run))
    (run / "metrics.json").write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json: was changed"):
        open_kept(run)
    Run(run).write_manifest(trained=True)
    assert open_kept(run) is None  # of another state
    Run(run).clear()
    assert not (run / "bundle").exists()


def test_int8_is_never_the_copy_of_the_bundle_that_is_kept(monkeypatch, tmp_path):
    """The command and the API alone: what int8 writes is tested above."""
    from recsys.api.training import FinishedRun
    from recsys.cli.export import export
    from recsys.runs import Run

    def write(run, output, int8, *others):
        asked.append(int8)
        return {"bytes": 1}

    asked: list[bool] = []
    monkeypatch.setattr(Run, "open", classmethod(lambda cls, folder: cls(folder)))
    monkeypatch.setattr("recsys.exporting.copied.copy_kept", lambda *these: pytest.fail("copied"))
    monkeypatch.setattr("recsys.exporting.export.export", write)
    run, finished = tmp_path / "run", SimpleNamespace(_run=Run(tmp_path / "run"))
    export(run, tmp_path / "small", int8=True)
    FinishedRun.export(finished, tmp_path / "small", int8=True)
    assert asked == [True, True]
    for place, said in ((run, "is the run itself"), (run / "bundle" / "x", "lies in"), (tmp_path, "holds")):
        for write_to in (partial(export, run), partial(FinishedRun.export, finished)):
            with pytest.raises(UsageError, match=rf"^output .*{place.name}: {said}"):
                write_to(place, int8=True, overwrite=True)
    assert asked == [True, True]
