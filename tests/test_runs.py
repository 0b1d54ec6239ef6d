"""What a run's folder holds, and what a crash left of one."""

from __future__ import annotations

import pytest

from recsys import run_files
from recsys.api.listing import summaries
from recsys.config.run import RunConfig
from recsys.errors import DataError, RunError
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


def test_no_study_and_no_temporary_folder_is_listed_among_the_runs(tmp_path):
    for name in ("one", "study", ".tmp-1-2-m", ".old-1-x"):
        (tmp_path / name).mkdir()
        Run(tmp_path / name).write_config(RunConfig())
    (tmp_path / "study" / "study.json").write_text("{}")
    assert [each["run"] for each in summaries(tmp_path)] == ["one"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", "[]"),
        ("metrics.json", '{"prompted": null, "seconds": 3, "popularity": ["recall@10"], "n_cases": {}}'),
        ("metrics.json", "[" * 100_000),
        ("config.json", "[]"),
        ("config.json", '{"facts": []}'),
        ("config.json", "\x1b\udcff"),
        ("resumed.json", "[1]"),
        ("resumed.json", '"x"'),
    ],
)
def test_a_run_that_cannot_be_read_hides_no_other(tmp_path, name, content):
    for each in ("good", "odd"):
        (tmp_path / each).mkdir()
        Run(tmp_path / each).write_config(RunConfig())
    (tmp_path / "odd" / name).write_text(content, errors="surrogateescape")
    good, odd = summaries(tmp_path)
    assert (good["run"], odd["run"]) == ("good", "odd")
    assert good["split"] == RunConfig().split
    assert odd.get("prompted") is None


def test_a_run_that_fails_leaves_a_folder_that_another_lies_in_and_its_own_error(tmp_path):
    made = tmp_path / "runs" / "a"

    def fail(beside: str | None) -> None:
        with Run(made).lock():
            if beside:
                (tmp_path / "runs" / beside).mkdir()
            raise DataError("is not there")

    with pytest.raises(DataError, match="is not there"):
        fail(None)
    assert not (tmp_path / "runs").exists()
    with pytest.raises(DataError, match="is not there"):
        fail("b")
    assert [each.name for each in (tmp_path / "runs").iterdir()] == ["b"]


def test_a_run_begun_anew_keeps_nothing_of_the_former(tmp_path):
    for name in vars(run_files).values():
        if isinstance(name, str) and name.endswith((".json", ".parquet", ".safetensors", ".npz", ".png")):
            (tmp_path / name).touch()
    Run(tmp_path).clear(made_up=True)
    assert (tmp_path / run_files.SIMULATED).is_file()
    Run(tmp_path).clear()
    kept = {run_files.OF_BUNDLE, run_files.STUDY}  # of a bundle and a study, which no run's folder is
    assert {each.name for each in tmp_path.iterdir()} <= kept
