"""``recsys path`` by a model that sees both sides of a gap: the run answers, not the bundle that it keeps."""

from __future__ import annotations

import json

import numpy as np
import pytest

import recsys
from recsys import run_files
from recsys.recommending.ahead import between, supposed
from tests.api.test_api import SMALL
from tests.builders.commands import done
from tests.builders.trained import trained


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Trained to fill gaps; it keeps a bundle, which cannot."""
    sends = recsys.simulate("bc", scale=0.02)
    folder = tmp_path_factory.mktemp("hole") / "run"
    recsys.train(sends, output=folder, seed=1, masking="mlm", networks=1, **SMALL)
    assert (folder / run_files.BUNDLE).is_dir()
    return folder


@pytest.fixture(scope="module")
def asked(run):
    """Whose path, and to a project that is within reach."""
    climbs = recsys.load(run)
    who = climbs.climbers[0]
    return "--project", climbs.recommend(who, mode="stretch", k=1)[0].climb_id, "--climber", who


def test_a_run_that_was_trained_to_fill_gaps_finds_a_path_by_it(run, asked):
    found = done("recsys", "path", run, *asked, "--method", "hole", "--steps", 2, "--json")
    assert found.returncode == 0, found.stderr
    path = json.loads(found.stdout)
    assert path["method"] == "hole"
    assert len(path["steps"]) == 2


def test_what_cannot_fill_gaps_says_what_can(run, asked):
    refused = done("recsys", "path", run / run_files.BUNDLE, *asked, "--method", "hole")
    assert refused.returncode == 2
    assert "--method hole: a bundle cannot; give the folder of its run" in refused.stderr


def test_what_fills_a_gap_follows_from_both_sides(run):
    """From the climb before it and from the one behind it, and its score is that of the first of the gap."""
    backend = trained(run)
    book = backend.logbook(backend.climbers[0])
    day = float(book.columns["day"][-1]) + 5

    def filled(before, behind, missing=1):
        asked = supposed(backend.catalogue, behind, day)
        return between(backend, [book.take(np.arange(before))], backend.climbers[0], missing, asked)

    same = filled(5, 0)
    assert same.shape == (1, len(backend.catalogue))
    assert same.sum() == pytest.approx(1)
    assert np.array_equal(same, filled(5, 0))
    assert not np.allclose(same, filled(5, 1), atol=1e-6)
    assert not np.allclose(same, filled(4, 0), atol=1e-6)
    assert not np.allclose(same, filled(5, 0, missing=2), atol=1e-6)
    both = between(
        backend, [book.take(np.arange(n)) for n in (4, 5)], None, 1, supposed(backend.catalogue, 0, day)
    )
    assert not np.allclose(*both, atol=1e-6)
