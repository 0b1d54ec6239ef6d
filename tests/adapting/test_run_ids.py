"""New sends' climbs and climbers are the run's own in another spelling or number, climbs by name too."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from recsys.adapting.same_ids import with_run_ids
from recsys.recommending.catalogue import Catalogue


def test_climbs_and_climbers_are_the_runs_own_in_another_form(capsys):
    climbs, climbers = ["130", "Fée"], ["000", "001", "Ann"]
    new = {
        "climb_id": ["130.0", unicodedata.normalize("NFD", "Fée"), "new"],
        "climber_id": ["0.0", "ann", "2.0"],
        "day": [1.0, 2.0, 3.0],
    }
    catalogue = Catalogue.from_columns({"climb_id": climbs})
    frame = with_run_ids(pd.DataFrame(new), catalogue, climbers)
    assert frame["climb_id"].tolist() == ["130", "Fée", "new"]
    assert frame["climber_id"].tolist() == ["000", "Ann", "2.0"]
    said = capsys.readouterr().err
    assert "2 climbs of the new sends are the run's own, in another case" in said
    assert "2 climbers of the new sends are the run's own, in another case" in said
    assert with_run_ids(frame, catalogue, climbers).equals(frame)
    assert not capsys.readouterr().err


GYM = Catalogue.from_columns({
    "climb_id": ["w-1", "w-2", "w-3", "w-4"], "climb_name": ["Blue", "Höhle, \"links\"", "Pink", "Pink"],
    "area": ["Wall A", "Wall B", "Wall A", "Wall A"], "region": ["Gym"] * 4,
    "grade": ["V2", "V4", "V3", "V3"],
})  # fmt: skip


def _sends(*rows):
    """Sends of one climber, a day each: (climb_id, climb_name, area, region, grade)."""
    frame = pd.DataFrame(rows, columns=["climb_id", "climb_name", "area", "region", "grade"])
    return frame.assign(climber_id="ann", day=np.arange(len(rows), dtype=float))


def test_a_climb_under_another_sites_id_is_the_runs_own_by_name_and_place(capsys):
    new = _sends(
        ("77", "blue", "Wall A", "Gym, Town", "V2"),
        ("78", 'Hohle "links"', "wall b", "Gym", None),
        ("79", "Pink", "Wall A", "Gym", "V3"),  # two of that name
        ("80", "Blue", "Wall C", "Other", "V2"),  # elsewhere
        ("81", "Blue", "Wall A", "Gym", "V9"),  # far harder
        ("82", None, "Wall A", "Gym", "V2"),
    )
    frame = with_run_ids(new, GYM, [])
    assert frame["climb_id"].tolist() == ["w-1", "w-2", "79", "80", "81", "82"]
    assert frame["region"].tolist() == ["Gym", "Gym", "Gym", "Other", "Gym", "Gym"]
    assert "2 climbs of the new sends are the run's own, by name and place" in capsys.readouterr().err
    assert with_run_ids(new[:2].drop(columns=["region", "grade"]), GYM, [])["climb_id"][0] == "w-1"
    assert with_run_ids(new.drop(columns="climb_name"), GYM, [])["climb_id"].tolist()[0] == "77"


def test_a_new_id_of_the_runs_own_kind_is_a_new_climb_whatever_its_name():
    new = _sends(("w-2", "Höhle", "Wall B", "Gym", "V4"), ("w-9", "Blue", "Wall A", "Gym", "V2"))
    assert with_run_ids(new, GYM, [])["climb_id"].tolist() == ["w-2", "w-9"]
    new.loc[1, "climb_id"] = "blue@gym"  # no such id: another site's, in a file of both
    assert with_run_ids(new, GYM, [])["climb_id"].tolist() == ["w-2", "w-1"]


def test_ids_that_look_like_the_runs_are_anothers_where_none_is_the_runs():
    new = _sends(("w-9", "Blue", "Wall A", "Gym", "V2"), ("w-8", "Green", "Wall A", "Gym", "V2"))
    assert with_run_ids(new, GYM, [])["climb_id"].tolist() == ["w-1", "w-8"]


def test_a_climb_without_a_name_is_not_known_by_the_name_in_its_id():
    new = _sends(("blue@gym", None, "Wall A", "Gym", "V2"), ("78", "Höhle links", "Wall B", "Gym", "V4"))
    assert with_run_ids(new, GYM, [])["climb_id"].tolist() == ["blue@gym", "w-2"]


def test_a_region_that_the_run_knows_stays_what_it_was_told_as():
    towns = Catalogue.from_columns({
        "climb_id": ["w-1", "w-2"], "climb_name": ["Blue", "Red"], "area": ["Wall A", "Wall B"],
        "region": ["Gym", "Town"], "grade": ["V2", "V3"],
    })  # fmt: skip
    new = _sends(("77", "Blue", "Wall A", "Town", "V2"), ("78", "Red", "Wall B", "Village", "V3"))
    frame = with_run_ids(new, towns, [])
    assert frame["climb_id"].tolist() == ["w-1", "w-2"]
    assert frame["region"].tolist() == ["Town", "Town"]


def test_two_ids_of_one_name_are_two_climbs_and_a_send_under_two_ids_is_one():
    new = _sends(("77", "Blue", "Wall A", "Gym", "V2"), ("78", "Blue", "Wall A", "Gym", "V2"))
    assert with_run_ids(new, GYM, [])["climb_id"].tolist() == ["77", "78"]
    new = _sends(("w-1", "Blue", "Wall A", "Gym", "V2"), ("b!", "Blue", "Wall A", "Gym", "V2"))
    assert with_run_ids(new.assign(day=1.0), GYM, [])["climb_id"].tolist() == ["w-1"]
