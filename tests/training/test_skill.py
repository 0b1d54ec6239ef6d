"""Which of a run's sends skill is learnt from: of training alone, those in memory or the file's, or fewer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys import run_files
from recsys.sequences.run_tables import PART
from recsys.sequences.split import TEST, TRAIN, VALIDATION
from recsys.training.skill import fit_skill, skill_sends


@pytest.fixture
def sends():
    """Two sends each of four climbers."""
    climbers = [name for name in "abcd" for _ in range(2)]
    columns = {c.CLIMB_ID: "x", c.DAY: 0.0, c.GRADE: "V1", PART: 0, c.REGION: "Squamish"}
    return pd.DataFrame({c.CLIMBER_ID: climbers}).assign(**columns)


def test_sends_in_memory_are_not_read_again(sends, tmp_path):
    found = skill_sends(tmp_path / "nothing is here", sends)
    pd.testing.assert_frame_equal(found, sends.drop(columns=c.REGION))
    assert skill_sends(tmp_path, sends, most=4)[c.CLIMBER_ID].tolist() == ["a", "a", "c", "c"]


def test_of_a_training_that_streams_the_file_is_read(sends, tmp_path):
    numbered = sends.assign(**{c.ROW: range(len(sends))})  # as in every run
    numbered.to_parquet(tmp_path / run_files.SENDS, row_group_size=4)
    pd.testing.assert_frame_equal(skill_sends(tmp_path), sends.drop(columns=c.REGION))
    assert skill_sends(tmp_path, most=4)[c.CLIMBER_ID].tolist() == ["a", "a", "c", "c"]


@pytest.mark.parametrize("held_out", [VALIDATION, TEST])
def test_skill_is_learnt_from_the_training_sends_alone(held_out):
    """Whatever is logged in another part: the same difficulties, ladders and curves."""
    draw = np.random.default_rng(0)
    part = np.tile([TRAIN] * 12 + [held_out] * 3, 30)
    sends = pd.DataFrame({c.CLIMBER_ID: np.repeat([f"p{i}" for i in range(30)], 15), PART: part})
    climb, away = draw.integers(2, 9, len(sends)), draw.integers(-1, 2, len(sends))
    sends[c.CLIMB_ID] = [f"k{each}" for each in climb]
    sends[c.DAY] = np.tile(np.arange(15.0), 30)
    sends[c.GRADE] = [f"V{each}" for each in climb + away]
    climbs = pd.DataFrame({c.CLIMB_ID: [f"k{i}" for i in range(10)], c.GRADE: [f"V{i}" for i in range(10)]})
    learnt = fit_skill(sends, climbs)
    assert learnt.ladders["boulder"].share > 0  # of sends enough
    others = sends.assign(**{c.GRADE: sends[c.GRADE].where(part == TRAIN, "V9")})
    elsewhere = sends.assign(**{c.CLIMB_ID: sends[c.CLIMB_ID].where(part == TRAIN, "k0")})
    for frame in (others, elsewhere, sends[part == TRAIN]):
        found = fit_skill(frame, climbs)
        np.testing.assert_equal(found.difficulty, learnt.difficulty)
        assert found.reaches == learnt.reaches
        for name, ladder in found.ladders.items():
            np.testing.assert_equal(vars(ladder), vars(learnt.ladders[name]))
