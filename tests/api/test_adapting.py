"""`recsys.adapt`: what it refuses before it opens anything; `tests/adapting` has what it does."""

from __future__ import annotations

import pytest

import recsys
from tests.builders.commands import call


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give either SENDS of new climbers or climbs"),
        ({"sends": "a.csv", "climbs": "b.csv"}, "give either SENDS of new climbers or climbs"),
        ({"climbs": "b.csv", "by": "similar"}, "by similar: is of new climbers"),
        ({"climbs": "b.csv", "bad_rows": "drop"}, "bad_rows drop: is of new climbers"),
        ({"sends": "a.csv", "bad_rows": "keep"}, "bad_rows"),
    ],
)
def test_refused_before_a_run_is_opened(tmp_path, given, words):
    with pytest.raises(recsys.UsageError, match=words):
        recsys.adapt(tmp_path / "none", output=tmp_path / "new", **given)


def test_the_command_says_the_same(tmp_path, capsys):
    typed = ("--climbs", "b.csv", "--by", "similar", "-o", tmp_path / "new")
    assert call("recsys", "adapt", tmp_path / "none", *typed) == 2
    assert "--by similar: is of new climbers" in capsys.readouterr().err


def test_new_climbs_of_a_frame_and_new_climbers_of_a_file(tmp_path, monkeypatch):
    from recsys.api import adapting

    seen = []
    monkeypatch.setattr(adapting.Run, "open", lambda folder: folder)
    monkeypatch.setattr("recsys.adapting.checks.check_call", lambda run, output, what, way="unknown": way)
    monkeypatch.setattr(adapting, "_add_climbs", lambda run, file, *_: seen.append(file.is_file()) or 2)
    monkeypatch.setattr(adapting, "_add_climbers", lambda run, file, output, way, *_: seen.append(way) or 3)
    import pandas as pd

    frame = pd.DataFrame({"climb_id": ["a", "b"]})
    assert recsys.adapt("run", climbs=frame, output=tmp_path / "new") == 2
    assert recsys.adapt("run", "new.csv", by="fold-in", output=tmp_path / "new") == 3
    assert seen == [True, "fold-in"]
