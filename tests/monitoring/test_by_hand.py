"""Three climbers whose readings are counted by hand, asked of a recommender that says what it is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.monitoring.monitor import Check, Limits, monitor
from recsys.recommending.catalogue import Catalogue
from recsys.sequences.split import TEST, TRAIN

CLIMBS = list("abcdefgh")  # the most popular first
STORED = {"ann": ["a", "b"], "bob": ["a"]}
SAID = {"ann": ["e", "d"], "bob": ["d", "f"]}
# Ann's eleventh send is of what was recommended; bob sends a climb again; of sue only these sends are known.
NEW = {
    "ann": ["c", *(f"new-{i}" for i in range(9)), "e", "g"],
    "bob": ["a", "d"],
    "sue": ["a", "b", "c", "d", "e", "f", "h", "c", "d", "e"],
}


class Told:
    """A recommender that knows ann and bob, and names to others the first two climbs not in their logbook."""

    def __init__(self) -> None:
        self.catalogue = Catalogue.from_columns({c.CLIMB_ID: CLIMBS, "sends": range(80, 0, -10)})
        self.climbers = list(STORED)
        self.backend = SimpleNamespace(logbook=lambda who: self._book(STORED[who]) if who in STORED else None)
        self.books: dict[str, list[str]] = {}

    @staticmethod
    def _book(climbs):
        return SimpleNamespace(climbs=list(climbs))

    def logbook(self, request):
        sends = request.sends
        return self._book(STORED[request.climber] if sends is None else [each["climb_id"] for each in sends])

    def recommend_many(self, requests):
        answers = []
        for request in requests:
            self.books[request.climber] = mine = self.logbook(request).climbs
            said = SAID.get(request.climber) or [each for each in CLIMBS if each not in mine][: request.k]
            answers.append([SimpleNamespace(climb_id=each) for each in said])
        return answers


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A run's sends: eight of training, half of them in Font, and two held out, of another grade."""
    monkeypatch.setattr("recsys.monitoring.monitor.check_days", lambda *_: None)  # it has no workflow
    rows = [(who, climb, 100.0, "V1", "Squamish", TRAIN) for who, book in STORED.items() for climb in book]
    rows += [("old", climb, 100.0, "V1", "Font", TRAIN) for climb in "abcd"]
    rows += [("old", "e", 100.0, "V1", "Squamish", TRAIN)]
    rows += [("held", climb, 100.0, "V9", "Font", TEST) for climb in "ab"]
    columns = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.GRADE, c.REGION, "part"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.assign(row=range(len(frame)), day_index=0).to_parquet(tmp_path / "sends.parquet")
    return tmp_path


def watch(folder: Path, recommender: Told, **asked):
    rows = [
        (who, climb, f"2024-01-{day + 1:02d}", "V1", "Squamish")
        for who, book in NEW.items()
        for day, climb in enumerate(book)
    ]
    rows += [("ann", "a", "1970-04-11", "V1", "Squamish")]  # day 100: stored
    rows += [("ann", "rare", "1970-04-11", "V1", "Squamish")]  # dropped for it when the run was prepared
    path = folder / "new.csv"
    columns = [c.CLIMBER_ID, c.CLIMB_ID, c.DATE, c.GRADE, c.REGION]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    run = SimpleNamespace(folder=folder, config=RunConfig(min_sends=5), mapping=None)
    return monitor(run, recommender, path, k=2, **asked)


def test_what_is_new_and_what_is_unknown_is_counted(folder):
    found = watch(folder, Told())
    assert (found.sends, found.climbers, found.known_already) == (24, 3, 2)
    assert found.unknown_climbs == pytest.approx(9 / 24)
    assert found.unknown_climbers == pytest.approx(10 / 24)
    assert (found.first, found.last) == ("2024-01-01", "2024-01-12")
    bins = {each.column: {name: sides for name, *sides in each.bins} for each in found.drifts}
    assert bins == {
        c.GRADE: {"V1": [1.0, 1.0]},  # what was held out is not what was trained on
        c.REGION: {"Squamish": [0.5, 1.0], "Font": [0.5, 0.0]},
    }


def test_a_recommendation_proves_itself_in_the_next_ten_sends_of_which_it_knows_none(folder):
    told = Told()
    hits = watch(folder, told).hits
    assert told.books == {**STORED, "sue": ["a", "b", "c", "d", "e"]}  # the half that came first
    # Ann's e comes too late; bob sends d, of d and f; to sue f and g are named, and she sends f.
    assert (hits.climbers, hits.hit, hits.share) == (3, pytest.approx(2 / 3), pytest.approx(1 / 3))
    # The popular that they had not sent: c and d to ann, who sends c; b and c to bob; f and g to sue.
    assert hits.popular == pytest.approx(2 / 3)


def test_answers_that_were_kept_prove_themselves_alike(folder):
    kept = {"ann": ["e"], "bob": ["f", "b", "d"], "sue": ["f"], "gone": ["a"]}
    hits = watch(folder, Told(), answers=kept).hits
    # Ann's e comes too late, and bob's d is no answer of the first two.
    assert (hits.climbers, hits.hit, hits.share) == (3, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert hits.popular == pytest.approx(2 / 3)


def test_checks_are_readings_against_their_limits(folder):
    limits = Limits(psi=1.75, unknown_climbs=0.37, unknown_climbers=0.42, gain=1.5)
    found = watch(folder, Told(), limits=limits)
    region = found.drifts[1]
    assert region.psi > 1.75 > region.psi - region.by_chance > 1.6
    assert region.by_chance == pytest.approx(1 / 8 + 1 / 24)
    assert found.checks == (
        Check("grade PSI, beyond chance", 0.0, 1.75, False),
        Check("region PSI, beyond chance", region.psi - region.by_chance, 1.75, False),
        Check("unknown climbs", pytest.approx(9 / 24), 0.37, True),
        Check("unknown climbers", pytest.approx(10 / 24), 0.42, False),
        Check("hit rate, at least", pytest.approx(2 / 3), pytest.approx(1.0), True),
    )
    assert [each.name for each in found.alarms] == ["unknown climbs", "hit rate, at least"]
