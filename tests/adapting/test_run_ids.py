"""New sends' climbs and climbers are the run's own in another case, spelling or form of a number."""

from __future__ import annotations

import unicodedata

import pandas as pd

from recsys.adapting.checks import with_run_ids


def test_climbs_and_climbers_are_the_runs_own_in_another_form(capsys):
    climbs, climbers = ["130", "Fée"], ["000", "001", "Ann"]
    new = {
        "climb_id": ["130.0", unicodedata.normalize("NFD", "Fée"), "new"],
        "climber_id": ["0.0", "ann", "2.0"],
    }
    frame = with_run_ids(pd.DataFrame(new), climbs, climbers)
    assert frame["climb_id"].tolist() == ["130", "Fée", "new"]
    assert frame["climber_id"].tolist() == ["000", "Ann", "2.0"]
    said = capsys.readouterr().err
    assert "2 climbs of the new sends are the run's own, in another case" in said
    assert "2 climbers of the new sends are the run's own, in another case" in said
    assert with_run_ids(frame, climbs, climbers).equals(frame)
    assert not capsys.readouterr().err
