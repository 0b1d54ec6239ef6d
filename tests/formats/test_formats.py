"""Runs, bundles and studies of every format that was ever written are read, or refused in one line.

`make.py` writes the folders. One is never made again: it is what people have.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from recsys.errors import RunError
from recsys.formats import CURRENT, stamped, unstamped
from recsys.manifest import read_manifest, sha256
from recsys.recommending.bundle import Bundle
from recsys.recommending.kept import open_kept
from recsys.runs import Run
from tests.formats.make import answers

HERE = Path(__file__).parent
KEPT = sorted(each.name.partition(".")[0] for each in HERE.glob("*.tar.xz"))


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(HERE / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / name.partition("-")[0]


def rewritten(path: Path, change) -> None:
    """A file of a folder changed, and the folder's manifest to match."""
    values = change(json.loads(path.read_text()))
    path.write_text(json.dumps(values))
    manifest = path.with_name("manifest.json")
    if path != manifest and path.name in read_manifest(path.parent):
        listed = json.loads(manifest.read_text())
        listed.get("files", listed)[path.name] = sha256(path)
        manifest.write_text(json.dumps(listed))


def flat(values):
    return values["files"]


def bare(values):
    return {name: value for name, value in values.items() if name != "format"}


def test_what_is_kept_is_small_and_of_this_version_too():
    assert {"run-1", "run-2", "study-1"} <= set(KEPT)
    assert sum(each.stat().st_size for each in HERE.glob("*.tar.xz")) < 300_000


@pytest.mark.parametrize("name", [each for each in KEPT if each.startswith("run")])
@pytest.mark.parametrize("before", [False, True], ids=["as kept", "of before there were formats"])
def test_a_run_and_its_bundle_answer_as_they_did(name, before, tmp_path):
    run = unpacked(name, tmp_path)
    expected = json.loads((run / "expected.json").read_text())
    if before:
        for each in ("config.json", "metrics.json"):
            assert json.loads((run / each).read_text())["format"] == 1
            rewritten(run / each, bare)
        rewritten(run / "manifest.json", flat)
        rewritten(run / "bundle" / "manifest.json", flat)
    else:
        assert open_kept(run) is not None
    found = answers(run)
    for kind, items in expected.items():
        assert [each[0] for each in found[kind]] == [each[0] for each in items]
        assert [each[1] for each in found[kind]] == pytest.approx([each[1] for each in items], abs=1e-5)
    assert Run.open(run).metrics["n_cases"] > 0
    assert "format" not in Run.open(run).metrics
    if name == "run-1":
        assert Run.open(run).config.training.ema == 0.0  # it was trained before weights were averaged
        assert not Run.open(run).config.model.text_output  # and before texts joined the scores
        assert Run.open(run).config.model.direction == "forward"  # and before logbooks were read backwards
        assert not Run.open(run).config.model.pretrained


def test_a_bundle_of_before_newcomers_had_vectors_answers_a_posted_logbook_as_it_did(tmp_path):
    """As of somebody unknown; `recsys export` makes another of the run."""
    from recsys.columns import CLIMBER_VECTOR
    from recsys.exporting.copied import copy_kept
    from recsys.recommending.questions import encode, plan
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.request import Request
    from recsys.training.trained import TrainedRun

    run = unpacked("run-1", tmp_path)
    both = [TrainedRun(Run.open(run)), Bundle.open(run / "bundle")]
    sends = [{"climb_id": each, "date": "2024-05-01"} for each in both[0].catalogue.ids[:4]]
    request = Request(sends=sends)
    batches = [encode(plan(request, Recommender(e).logbook(request), e).questions, e) for e in both]
    assert CLIMBER_VECTOR not in batches[1]
    del batches[0][CLIMBER_VECTOR]
    logits = [backend.logits(batch) for backend, batch in zip(both, batches, strict=True)]
    assert logits[0] == pytest.approx(logits[1], abs=1e-4)
    assert copy_kept(Run.open(run), tmp_path / "copy") is None


@pytest.mark.parametrize("name", [each for each in KEPT if each.startswith("study")])
@pytest.mark.parametrize("before", [False, True], ids=["as kept", "of before there were formats"])
def test_a_study_is_read(name, before, tmp_path):
    from recsys.study.cells import cells, unfinished
    from recsys.study.store import Store
    from recsys.study.study import read_config

    study = unpacked(name, tmp_path)
    if before:
        rewritten(study / "study.json", bare)
        rewritten(study / "config.json", bare)
    config = read_config(study)
    assert Run(study).config.facts["climbers"] > 0
    assert unfinished(config, study) == []
    for cell in cells(config):
        assert Store(study).read(cell.key).ranks["test-unprompted"].min() >= 1


def test_a_setting_that_is_no_more_is_refused_with_what_to_do(tmp_path):
    """As runs of before there were formats hold them."""
    run = unpacked("run-1", tmp_path)
    old = {"criterion_asked": True}
    rewritten(
        run / "config.json",
        lambda values: bare({**values, "training": {**values["training"], **old}}),
    )
    with pytest.raises(RunError, match=r"criterion_asked: .*: train it again, or load it with the version"):
        Run.open(run)


@pytest.mark.parametrize("name", ["d_model", "climb_dim", "climber_dim", "attribute_dim"])
def test_a_configuration_of_other_sizes_than_the_weights_takes_no_memory(name, tmp_path):
    from recsys.training.kept import load_network
    from workflows.sends import read_schema

    run = unpacked("run-1", tmp_path)
    rewritten(run / "config.json", lambda values: {**values, "model": {**values["model"], name: 60_000}})
    with pytest.raises(RunError, match=r"model\.safetensors: of another network \(.* is to be"):
        load_network(Run.open(run), read_schema(run / "schema.pbtxt"))


LATER = {
    "config.json": lambda run: Run.open(run).config,
    "metrics.json": lambda run: Run.open(run).metrics,
    "manifest.json": lambda run: Run.open(run),
    "bundle/manifest.json": lambda run: Bundle.open(run / "bundle"),
    "bundle/bundle.json": lambda run: Bundle.open(run / "bundle"),
    "bundle/method.json": lambda run: Bundle.open(run / "bundle"),
}


@pytest.mark.parametrize("name", LATER)
def test_what_a_later_version_wrote_is_refused_in_one_line(name, tmp_path):
    run = unpacked("run-1", tmp_path)
    rewritten(run / name, lambda values: {**values, "format": 99})
    with pytest.raises(RunError) as error:
        LATER[name](run)
    text = str(error.value)
    assert "\n" not in text
    assert "format" in text
    assert any(word in text for word in ("update recsys-climb", "export it again"))


@pytest.mark.parametrize("found", [99, "1", True, None, 0, -1, 1.0, [1]])
def test_no_other_number_is_a_format(found, tmp_path):
    with pytest.raises(RunError, match="this version reads up to"):
        unstamped(tmp_path / "metrics.json", "metrics.json", {"format": found})


def test_a_stamp_comes_first_and_off():
    for name, number in CURRENT.items():
        assert list(stamped(name, {"a": 1}).items()) == [("format", number), ("a", 1)]
        assert unstamped(Path(name), name, stamped(name, {"a": 1})) == {"a": 1}


def test_settings_of_a_later_version_are_refused(tmp_path):
    from recsys.config.file import read_settings

    (tmp_path / "best.json").write_text('{"format": 1, "split": "temporal"}')
    assert "format" not in read_settings(tmp_path / "best.json")
    (tmp_path / "best.json").write_text('{"format": 2, "split": "temporal"}')
    with pytest.raises(RunError, match=r"best\.json: format 2.*update recsys-climb"):
        read_settings(tmp_path / "best.json")
