"""Paths on a model whose best chains are known (`tests.builders.chain_model`)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from recsys import columns as c
from recsys.errors import UsageError
from recsys.recommending.ahead import after, between, pace
from recsys.recommending.beam import Chain, Search, search
from recsys.recommending.blocked import Blocked
from recsys.recommending.logbook import Logbook, read_logbook
from recsys.recommending.path import PathRequest, find_path
from recsys.recommending.recommender import Recommender
from tests.builders.chain_model import Dated, N, Spied, Stub, fan, somewhere


@pytest.fixture
def recommender() -> Recommender:
    return Recommender(Stub())


def chance(stub: Stub, before: int, index: int) -> float:
    odds = np.exp(stub.follows[before].astype(float))
    return float(odds[index] / odds.sum())


def test_a_wide_beam_finds_the_chain_of_the_greatest_joint_probability(recommender):
    stub = recommender.backend
    found = find_path(recommender, PathRequest("c20", "me", steps=3, leap=1.5, beam=64, crowd=0))
    start, grade = found.ability, np.arange(N) // 3
    best, worth = None, -np.inf
    for chain in itertools.permutations([i for i in range(N) if i not in (9, 10, 20)], 3):
        line = np.array([start, *grade[list(chain)], 6.0])
        if np.abs(np.diff(line)).max() > 1.5 or line.max() > 6:
            continue
        steps = [10, *chain, 20]
        joint = sum(np.log(chance(stub, a, b)) for a, b in itertools.pairwise(steps))
        if joint > worth:
            best, worth = chain, joint
    assert {each.item.climb_id for each in found.steps} == {f"c{i}" for i in best}
    mine = [10, *(int(each.item.climb_id[1:]) for each in found.steps), 20]
    assert sum(np.log(chance(stub, a, b)) for a, b in itertools.pairwise(mine)) == pytest.approx(worth)
    assert found.project.score == pytest.approx(chance(stub, mine[-2], 20))
    assert found.before == pytest.approx(chance(stub, 10, 20))
    assert [each.item.score for each in found.steps] == pytest.approx(
        [chance(stub, a, b) for a, b in itertools.pairwise(mine[:-1])]
    )


@pytest.mark.parametrize("method", ["ahead", "hole", "greedy", "popular", "random"])
def test_every_method_keeps_the_rules(method):
    recommender = Recommender(Stub(fills=True))
    found = find_path(recommender, PathRequest("c20", "me", steps=4, leap=1, region="north", method=method))
    chain = [each.item.climb_id for each in found.steps]
    assert len(set(chain)) == 4
    assert not {"c9", "c10", "c20"} & set(chain)
    assert {each.item.region for each in found.steps} == {"North"}
    line = [found.ability, *(int(each[1:]) // 3 for each in chain), 6]
    assert np.abs(np.diff(line)).max() <= 1 + 1e-9
    assert all(each.reason for each in found.steps)
    row = found.to_json()
    assert row["steps"][0].keys() >= {"climb_id", "score", "hard", "project_probability", "reason"}


def test_a_step_leads_on_by_grades_that_there_are(recommender):
    """In whole grades a leap of 1.5 is one of 1: what is sent most, two grades down, would lead nowhere."""
    found = find_path(recommender, PathRequest("c23", "me", steps=4, leap=1.5, method="popular"))
    assert [each.item.grade for each in found.steps] == ["V3", "V4", "V5", "V6"]


def test_a_crowd_and_a_pause_count_where_they_are_asked_for(recommender):
    asked = {"project": "c20", "climber": "me", "steps": 3, "leap": 1.5, "beam": 64}
    crowd = find_path(recommender, PathRequest(**asked, crowd=50))
    popular = find_path(recommender, PathRequest(**asked, method="popular"))
    assert [each.item.climb_id for each in crowd.steps] == [each.item.climb_id for each in popular.steps]
    seen = []
    encode = recommender.backend.encode
    recommender.backend.encode = lambda books, climbers: seen.extend(books) or encode(books, climbers)
    find_path(recommender, PathRequest(**asked, wait=True))
    assert {float(np.diff(book.columns[c.DAY])[-1]) for book in seen} == {7.0}


def test_what_cannot_be_is_one_line(recommender):
    for request, text in [
        (PathRequest("c23", "me", steps=1), "it takes steps"),
        (PathRequest("c9", "me"), "was sent already"),
        (PathRequest("zzz", "me"), "no climb 'zzz'"),
        (PathRequest("c20"), "starts from a logbook"),
        (PathRequest("c20", "me", method="hole"), "masking mlm, span or rtd"),
        (PathRequest("c20", sends=[{"climb_id": "x", "date": "2024-01-01"}]), "has a grade of its kind"),
    ]:
        with pytest.raises(UsageError, match=text):
            find_path(recommender, request)
    for bad in ({"steps": 0}, {"leap": 0}, {"method": "best"}, {"beam": 0}):
        with pytest.raises(UsageError, match=f"^{next(iter(bad))} "):
            PathRequest("c20", "me", **bad)


def test_holes_stand_before_the_project():
    stub = Stub(fills=True)
    seen = []
    stub.fill = lambda batch: (
        seen.append((batch["climb"][0], batch["hole"][0])) or np.zeros((len(batch["climb"]), N))
    )
    find_path(Recommender(stub), PathRequest("c20", "me", steps=3, method="hole"))
    for missing, (climbs, hole) in zip((3, 2, 1), seen[:3], strict=True):
        assert climbs[-1] == 20
        assert np.flatnonzero(hole).tolist() == list(range(11 - missing, 11))
        assert (climbs[hole] == N).all()


def test_questions_and_pace(recommender):
    book = recommender.backend.logbook("me")
    assert after(recommender.backend, [book], "me").sum() == pytest.approx(1)
    assert pace(book) == 7
    assert pace(read_logbook([{"climb_id": "a", "date": "2024-01-01"}])) == 1
    assert pace(Logbook.of({c.CLIMB_ID: list("abcd"), c.DAY: [0.0, 1, 2, 30]})) == 1  # one holiday is no pace
    assert Chain((1,), (0.5,), (0.1, 0.25)).worth(True) == pytest.approx(np.log(0.125))


def test_how_hard_a_step_is_comes_of_the_whole_logbook(recommender, monkeypatch):
    """A model that reads few sends cuts the logbook; the climber's ability does not."""
    monkeypatch.setattr(recommender.backend, "reads", lambda climber: 1)
    days = [f"2024-{month:02d}-01" for month in range(1, 11)]
    book = [
        {"climb_id": f"c{19 - i}", "date": day, "grade": f"V{(19 - i) // 3}"} for i, day in enumerate(days)
    ]
    found = find_path(recommender, PathRequest("c23", sends=book, steps=2, leap=3.0))
    plain = recommender.recommend(recommender.request(sends=book, k=N))
    reach = {each.climb_id: each.reach for each in plain}
    assert [each.item.reach for each in found.steps] == [reach[each.item.climb_id] for each in found.steps]


def test_a_path_down_tells_how_far_below_the_climber_it_starts(recommender):
    found = find_path(recommender, PathRequest("c3", "me", steps=2))  # a V1
    levels = recommender.levels(PathRequest("c3", "me").whose, recommender.backend.logbook("me"))
    assert found.ability == pytest.approx(levels["boulder"].mean) == pytest.approx(3.7, abs=0.05)
    assert found.to_json()["ability"] == "V4"
    first = found.steps[0]
    grade = int(first.item.grade[1:])
    assert grade <= 1
    assert first.reason.startswith(f"{found.ability - grade:.1f} grades below the climber's level")


def test_what_is_asked_for_is_given_and_no_more():
    stub = Spied()
    books, given, book = stub.books, stub.given, stub.logbook("me")
    for prompt in ({}, {"region": "North"}, {"grades": [4.0]}, {"wait": 2.0}):
        after(stub, [book], "me", **prompt)
    assert given == [[], ["region"], ["grade"], ["elapsed_days"]]
    last = float(book.columns[c.DAY][-1])
    assert [each.columns[c.REGION][-1] for each in books] == [None, "North", None, None]
    assert [each.columns[c.GRADE][-1] for each in books] == [None, None, "V4", None]
    assert [each.columns[c.DAY][-1] - last for each in books] == [0, 0, 0, 2]


def test_holes_are_spread_over_the_days_until_the_project():
    stub = Spied(fills=True)
    book = Logbook.of({c.CLIMB_ID: ["c9"], c.DAY: [0.0]})
    between(stub, [book], None, 3, {c.CLIMB_ID: "c20", c.DAY: 8.0})
    assert stub.books[0].columns[c.DAY].tolist() == [0, 2, 4, 6, 8]


def test_each_step_is_supposed_a_usual_pause_after_the_one_before():
    """Of a logbook with a week between two sends; what is asked for next is of the day of the last step."""
    for method, last in (("greedy", [0, 7, 14, 21, 21]), ("hole", [0, 7, 14, 21, 28])):
        stub = Spied(fills=True)
        find_path(Recommender(stub), PathRequest("c20", "me", steps=2, leap=2, method=method))
        days = [book.columns[c.DAY] - book.columns[c.DAY][0] for book in stub.books]
        assert last in [each.tolist() for each in days]
        assert {each[-1] for each in days if len(each) == 5} == {last[-1], 21}


@pytest.mark.parametrize("method", ["greedy", "ahead", "hole"])
def test_days_to_come_do_not_make_what_was_sent_old(method):
    """A method that counts by days reads the steps before as of the day of the last real send."""
    stub = Dated()
    find_path(Recommender(stub), PathRequest("c20", "me", steps=3, leap=2, method=method))
    book = stub.logbook("me")
    for days in stub.days:
        for row in days:
            known = row[np.isfinite(row)]
            assert known[: len(book)].tolist() == book.columns[c.DAY].tolist()
            assert (known[len(book) :] == book.columns[c.DAY][-1]).all()
    assert max(np.isfinite(row).sum() for days in stub.days for row in days) > len(book)


def test_the_reason_of_a_step_is_what_it_does():
    """Of the V4s, c12 is sent most and a little like the project; c13 doubles its probability, of 1 / 24."""
    stub = Stub()
    stub.follows[:] = 0
    stub.follows[13, 15] = np.log(46 / 22)  # e^x / (e^x + 23) = 2 / 24
    stub.embeddings = fan(15, (0, 1, 13))
    stub.embeddings[12] = np.cos(0.3), np.sin(0.3)
    recommender = Recommender(stub)
    told = {}
    for method in ("ahead", "popular"):
        (step,) = find_path(recommender, PathRequest("c15", "me", steps=1, method=method, crowd=0)).steps
        told[step.item.climb_id] = step.reason
    assert told == {
        "c13": "0.3 grades above the climber's level; makes the project 2.0 times as likely; "
        "sent by the same people as the project; in North, as the project is",
        "c12": "0.3 grades above the climber's level",
    }


def test_a_random_path_is_that_of_its_seed(recommender):
    paths = [
        [each.item.climb_id for each in find_path(recommender, request).steps]
        for request in (PathRequest("c20", "me", method="random", seed=seed) for seed in (0, 0, 1, 2, 3))
    ]
    assert paths[0] == paths[1]
    assert len({tuple(each) for each in paths}) > 1


def test_no_step_is_harder_than_the_project():
    stub = Stub()
    stub.follows[:, 15:] = 9  # V5 and harder are what is sent next
    found = find_path(Recommender(stub), PathRequest("c14", "me", steps=3, leap=3, crowd=0))
    assert max(each.item.grade for each in found.steps) <= "V4"


def test_chains_of_the_same_climbs_are_kept_once(recommender):
    backend = recommender.backend
    backend.follows[:] = backend.follows[0]  # whatever was before: in every order a chain is as likely
    every = np.ones(N, dtype=bool)
    like = recommender.units @ recommender.units[20]
    query = Search(backend, backend.logbook("me"), "me", None, 20, 3, 3.7, 3.0, every, "ahead", 16, 1.0, like)
    kept = [frozenset(chain.indices) for chain in search(query)]
    assert len(set(kept)) == len(kept) == 16


def lifted(after_: dict[int, float], before: float = 0.0) -> Recommender:
    """All climbs are as likely after whatever, but for the project c20 and what it is likely after."""
    stub = Stub()
    stub.follows[:] = 0.0
    stub.follows[:, 20] = -1.0
    stub.follows[10, 20] = before  # the last of the logbook
    for climb, value in after_.items():
        stub.follows[climb, 20] = value
    stub.embeddings[:] = np.eye(4)[0]
    stub.embeddings[list(after_)] = stub.embeddings[20] = np.eye(4)[1]
    return Recommender(stub)


def test_a_path_makes_the_project_likelier_where_any_climb_does():
    """All others lower it, of which c12 is sent more often by more than c17 makes the project likelier."""
    found = find_path(lifted({17: -0.8}, before=-0.9), PathRequest("c20", "me", steps=3, leap=2, beam=2))
    assert found.steps[-1].item.climb_id == "c17"
    assert found.project.score > found.before
    assert found.note is found.to_json()["note"] is None


def test_a_path_that_does_not_is_said_to():
    found = find_path(lifted({}), PathRequest("c20", "me", steps=3, leap=2))
    assert found.project.score < found.before
    assert found.note == found.to_json()["note"]
    assert found.note.startswith("these climbs do not make the project likelier")


def test_a_path_falls_by_a_grade_at_the_most():
    for seed in range(20):
        stub = Stub()
        stub.follows = np.random.default_rng(seed).normal(0, 4, stub.follows.shape).astype(np.float32)
        for leap in (1.0, 2.0, 3.0):
            found = find_path(Recommender(stub), PathRequest("c20", "me", steps=5, leap=leap))
            line = [int(each.item.grade[1:]) for each in found.steps]
            assert min(line) >= found.ability - 1
            hardest = np.maximum.accumulate([found.ability, *line])[:-1]
            assert (hardest - line).max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("sent", "easiest"),
    [
        (["V5"] * 20, 9),  # nothing below the project, a V3: that is where the path starts
        (["V2", *["V5"] * 19], 6),
        (["V2", *["V5"] * 20], 9),  # too long ago
    ],
)
def test_a_path_goes_no_lower_than_what_was_sent_lately(sent, easiest):
    stub = Stub()
    stub.follows[:, 6:9] = 9  # V2s are the likeliest by far
    stub.follows[N, 11] = -9  # after what was sent: any climb makes the project likelier
    found = find_path(Recommender(stub), PathRequest("c11", sends=one_a_day(sent), steps=2, leap=2))
    assert min(int(each.item.climb_id[1:]) // 3 * 3 for each in found.steps) == easiest


def test_what_was_sent_lately_in_another_discipline_lets_no_path_go_lower():
    grades = [f"5.{6 + i // 3}" if i < 12 else "5.10a" for i in range(N)]
    recommender = somewhere(grades=grades)
    recommender.backend.follows[:, 6:9] = 9  # 5.8s are the likeliest by far
    recommender.backend.follows[N, 11] = -9
    sends = one_a_day(["5.10a"] * 10 + ["V0"] * 3)
    steps = find_path(recommender, PathRequest("c11", sends=sends, steps=2, leap=2)).steps
    assert {each.item.grade for each in steps} == {"5.9"}


def one_a_day(grades: list[str]) -> list[dict]:
    """Sends of climbs that the model does not know, a day each."""
    return [
        {"climb_id": f"x{i}", "grade": grade, "date": f"2024-01-{i + 1:02d}"}
        for i, grade in enumerate(grades)
    ]


def test_the_one_climb_that_makes_the_project_likelier_ends_the_path_however_unlikely():
    """The least likely of 22, in a chain that is worth less than any other: it is found by its likeness."""
    recommender = lifted({17: -0.8}, before=-0.9)
    stub = recommender.backend
    stub.catalogue = replace(stub.catalogue, grades=["V4"] * N)
    stub.follows[:, 17] = -3
    for steps in (1, 2):
        found = find_path(recommender, PathRequest("c20", "me", steps=steps, beam=2))
        assert found.steps[-1].item.climb_id == "c17"
        assert found.note is None


def test_what_is_sent_often_counts_no_more_where_it_hides_the_climb_that_helps():
    """c17 alone makes the project likelier. Sent most, it is taken first, and another climb is the last."""
    recommender = lifted({17: -0.8}, before=-0.65)
    stub = recommender.backend
    stub.catalogue = replace(stub.catalogue, sends=np.where(np.arange(N) == 17, 1000.0, 1.0))
    stub.follows[10, 15] = 2  # likeliest, and so the project is less likely before the path
    found = find_path(recommender, PathRequest("c20", "me", steps=2, leap=2, beam=1))
    assert [each.item.climb_id for each in found.steps] == ["c15", "c17"]


def test_a_path_of_few_climbs_falls_as_it_must():
    """Only V0 and V1 are not sent yet, but for the project."""
    few = Blocked.of(f"c{i}" for i in range(6, N) if i != 20)
    sends = [{"climb_id": f"c{9 + i}", "date": f"2024-01-0{i + 1}", "grade": "V3"} for i in range(2)]
    found = find_path(Recommender(Stub()), PathRequest("c20", sends=sends, steps=3, leap=6, blocked=few))
    assert {each.item.grade for each in found.steps} <= {"V0", "V1"}


def test_where_nothing_helps_and_little_is_left_what_is_sent_often_goes_first():
    recommender = lifted({})
    stub = recommender.backend
    stub.catalogue = replace(stub.catalogue, sends=np.arange(1.0, N + 1))
    few = Blocked.of(f"c{i}" for i in range(6, N) if i != 20)
    found = find_path(recommender, PathRequest("c20", "me", steps=2, leap=6, blocked=few, crowd=9))
    assert {each.item.climb_id for each in found.steps} == {"c4", "c5"}
