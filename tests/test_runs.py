"""What a run's folder holds, and what a crash left of one."""

from __future__ import annotations

import pytest

from recsys.errors import RunError
from recsys.runs import Run


def test_a_configuration_alone_is_what_a_crash_left_and_no_run(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert not Run(tmp_path).started
    with pytest.raises(RunError, match=r"not a run \(no manifest\.json\)"):
        Run.open(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "metrics.json", "checkpoints"])
def test_a_run_whose_manifest_was_lost_is_one_that_is_not_begun_anew(tmp_path, name):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / name).touch()
    assert Run(tmp_path).started
