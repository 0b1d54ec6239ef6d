"""Climbers leave what counts: a method that keeps sends forgets theirs, and each is told of once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.adapting.forgetting import forget
from recsys.errors import UsageError
from recsys.files import read_json
from recsys.runs import Run
from recsys.sequences.split import TRAIN

TRAINED = {"split": "leave-one-out", "min_sends": 1, "accelerator": "cpu"}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Twelve climbers, each on days of their own."""
    draw = np.random.default_rng(0)
    rows = [
        (f"p{i:02d}", f"x{climb:02d}", f"20{10 + i}-01-{day + 1:02d}", f"V{climb % 6}", "Squamish")
        for i in range(12)
        for day, climb in enumerate(draw.permutation(15)[:9])
    ]
    path = tmp_path_factory.mktemp("counts") / "sends.parquet"
    pd.DataFrame(rows, columns=[c.CLIMBER_ID, c.CLIMB_ID, c.DATE, c.GRADE, c.REGION]).to_parquet(path)
    return path


@pytest.fixture(scope="module", params=[("recent-popularity", None), ("sasrec", "recent-popularity")])
def counted(request, data) -> Path:
    """A run that counts recent sends, alone or beside a network; its bundle in it."""
    import recsys

    model, ensemble = request.param
    folder = data.parent / model
    beside = {"ensemble": ensemble, "epochs": 1} if ensemble else {}
    recsys.train(data, model=model, output=folder, **TRAINED, **beside)
    assert (folder / "bundle").is_dir()
    return folder


def logged(folder: Path) -> list[tuple[int, int]]:
    """Day and climb of every send that model.npz holds."""
    with np.load(folder / "model.npz") as arrays:
        return sorted(zip(arrays["days"].astype(int).tolist(), arrays["items"].tolist(), strict=True))


def test_recent_sends_of_who_is_forgotten_are_in_no_array(counted, tmp_path):
    sends = pd.read_parquet(counted / "sends.parquet")
    places = {each: i for i, each in enumerate(pd.read_parquet(counted / "climbs.parquet")[c.CLIMB_ID])}

    def expected(rows: pd.DataFrame) -> list[tuple[int, int]]:
        rows = rows[rows["part"] == TRAIN]
        return sorted(zip(rows[c.DAY].astype(int), rows[c.CLIMB_ID].map(places), strict=True))

    assert logged(counted) == expected(sends)
    forget(counted, ["p03"], tmp_path / "left")
    others = expected(sends[sends[c.CLIMBER_ID] != "p03"])
    for folder in (tmp_path / "left", tmp_path / "left" / "bundle"):
        assert logged(folder) == others
    with np.load(counted / "model.npz") as old, np.load(tmp_path / "left" / "model.npz") as new:
        assert np.array_equal(old["vectors"], new["vectors"])  # learned of all at once


def test_a_bundle_that_keeps_everybodys_sends_sends_to_its_run(counted, tmp_path):
    shutil.copytree(counted / "bundle", tmp_path / "alone")
    with pytest.raises(UsageError, match="recent-popularity keeps everybody's sends; forget in the run"):
        forget(tmp_path / "alone", ["p03"])
    assert logged(tmp_path / "alone") == logged(counted)
    assert [each.name for each in tmp_path.iterdir()] == ["alone"]


@pytest.mark.parametrize("kind", ["run", "bundle"])
def test_each_who_left_is_told_of_once_and_all_are_added_up(data, tmp_path, kind):
    from tests.builders.light_bundle import write_light_bundle

    if kind == "run":
        import recsys

        recsys.train(data, model="popularity", output=tmp_path / "it", **TRAINED)
        names = ["p01", "p02", "p03"]
    else:
        write_light_bundle(tmp_path / "it")
        names = ["climber-0", "climber-1", "climber-2"]
    forget(tmp_path / "it", [names[0], names[0]])
    forget(tmp_path / "it", names[1:])
    assert "- 3 of its climbers" in (tmp_path / "it" / "MODEL_CARD.md").read_text()
    facts = Run(tmp_path / "it").config.facts if kind == "run" else read_json(tmp_path / "it" / "bundle.json")
    assert facts["forgotten"] == 3
