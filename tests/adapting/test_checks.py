"""What adding to a run is refused for before Merlin is imported, and what is said of new logbooks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from recsys.adapting import checks
from recsys.adapting.checks import tell_known
from recsys.api import adapting
from recsys.errors import RunError
from recsys.runs import Run
from recsys.sequences.texts import FILE as TEXTS
from tests.builders.commands import call

ONLY = "only a run of the default model, or of it with another masking or body,"


@pytest.mark.parametrize(
    ("what", "transformer", "output", "by", "said"),
    [
        ("climbers", True, "run", "unknown", "run: is the run itself; choose another folder"),
        ("climbers", True, "run/bundle/x", "unknown", "bundle/x: lies in"),
        ("climbs", True, ".", "unknown", ": holds"),
        ("climbers", False, "new", "unknown", f"{ONLY} takes new climbers; train anew"),
        ("climbers", True, "new", "magic", "--by 'magic': choose one of fold-in, similar"),
        ("climbers", True, "new", "fold-in", "reads texts, which were pooled once for all"),
        ("climbs", True, "run", "unknown", "run: is the run itself; choose another folder"),
        ("climbs", False, "new", "unknown", f"{ONLY} takes new climbs; train anew"),
    ],
)
def test_a_wrong_call_is_told_before_the_file_is_read_and_merlin_imported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    what: str,
    transformer: bool,
    output: str,
    by: str,
    said: str,
) -> None:
    run = tmp_path / "run"
    (run / "workflow").mkdir(parents=True)
    (run / "workflow" / TEXTS).touch()
    opened = SimpleNamespace(folder=run, config=SimpleNamespace(trains_transformer=transformer), mapping=None)
    monkeypatch.setattr(Run, "open", lambda _: opened)
    for name in ("climbers", "climbs"):
        monkeypatch.setitem(sys.modules, f"recsys.adapting.{name}", None)  # importing it would fail
    given = ["--climbs"] if what == "climbs" else []
    words = ["adapt", run, *given, tmp_path / "none.csv", "-o", tmp_path / output, "--by", by]
    assert call("recsys", *words) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_who_goes_on_with_another_s_run_is_told_so_alike(tmp_path: Path) -> None:
    from recsys.adapting.continuing import continue_run
    from recsys.config.run import RunConfig
    from recsys.errors import UsageError

    source = SimpleNamespace(folder=tmp_path / "run", config=RunConfig(method="sasrec"))
    with pytest.raises(UsageError, match=f"{ONLY} is continued; train anew"):
        continue_run(source, RunConfig(), set(), tmp_path / "new")


def test_the_checks_import_no_merlin() -> None:
    heavy = "{'torch', 'nvtabular', 'merlin', 'transformers4rec'} & set(sys.modules)"
    told = f"import sys, recsys.adapting.checks; print({heavy})"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_how_many_climbs_of_new_logbooks_are_known_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    tell_known(["a", "b", "b", "x"], ["a", "b", "c"])
    assert capsys.readouterr().err == "2 of 3 climbs of the new logbooks are known to the model\n"
    tell_known(["x", "y"], ["a"])
    assert capsys.readouterr().err.startswith(
        "warning: none of the new logbooks' climbs is known to the model"
    )


@pytest.mark.parametrize("what", ["sends", "climbs"])
def test_a_folder_that_is_taken_is_told_before_anything_is_read(tmp_path, monkeypatch, what):
    (tmp_path / "new" / "mine").mkdir(parents=True)
    (tmp_path / "empty.csv").touch()
    monkeypatch.setattr(adapting.Run, "open", lambda _: None)
    monkeypatch.setattr(checks, "check_call", lambda *_: "unknown")
    with pytest.raises(RunError, match="exists and is not empty"):
        adapting.adapt("run", output=tmp_path / "new", **{what: tmp_path / "empty.csv"})
