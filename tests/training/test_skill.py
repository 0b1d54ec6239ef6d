"""Which of a run's sends skill is learnt from: those in memory, else the file's; of every n-th climber."""

from __future__ import annotations

import pandas as pd
import pytest

from recsys import columns as c
from recsys import run_files
from recsys.sequences.run_tables import PART
from recsys.training.skill import skill_sends


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
