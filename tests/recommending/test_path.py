"""Paths and sessions on a stub of a model whose best chains are known."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.grade_reading import ROUTE_OFFSET
from recsys.recommending.ahead import after, between, pace
from recsys.recommending.beam import Chain, Search, search
from recsys.recommending.blocked import Blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import Logbook, read_logbook
from recsys.recommending.path import PathRequest, find_path
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request, known_region
from recsys.recommending.session import MINUTES, SessionRequest, plan_session

N = 24


class Stub:
    """Climb i has grade V(i // 3), and what follows a climb is drawn once and for all: a Markov chain."""

    def __init__(self, fills: bool = False) -> None:
        draw = np.random.default_rng(5)
        self.catalogue = Catalogue.from_columns(
            {
                c.CLIMB_ID: [f"c{i}" for i in range(N)],
                c.GRADE: [f"V{i // 3}" for i in range(N)],
                c.REGION: ["North" if i % 2 else "South" for i in range(N)],
                c.AREA: [f"Area {i % 4}" for i in range(N)],
                c.STYLE: ["slab" if i % 3 == 0 else "roof" for i in range(N)],
                "sends": list(range(N, 0, -1)),
            }
        )
        self.follows = draw.normal(0, 1.5, (N + 1, N)).astype(np.float32)
        self.embeddings = draw.normal(size=(N, 4)).astype(np.float32)
        self.attributes, self.length, self.has_time, self.day = ("region", "grade"), 12, True, "file"
        self.climbers, self.fills, self.asked = ["me"], fills, 0
        self.facts = self.skill = None

    def reads(self, climber):
        return self.length

    def logbook(self, climber):
        days = [f"2024-01-{1 + 7 * week:02d}" for week in range(4)]
        return read_logbook(
            [{"climb_id": f"c{9 + i}", "date": d, "grade": "V3"} for i, d in enumerate(days[:2])]
        )

    def encode(self, logbooks, climbers):
        rows = [[self.catalogue.indices.get(x, N) for x in b.climbs[-self.length :]] for b in logbooks]
        return {"climb": np.array([[N] * (self.length - len(r)) + r for r in rows])}

    def logits(self, batch):
        self.asked += len(batch["climb"])
        return self.follows[batch["climb"][:, -2]]

    def fill(self, batch):
        """Before the hole one climb, behind all the holes the project: their sum."""
        first, last = batch["hole"].argmax(1), batch["climb"][:, -1]
        before = batch["climb"][np.arange(len(first)), first - 1]
        return self.follows[before] + self.follows[:, last[0]][:N][None]


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


def test_a_session_warms_up_tries_hard_and_cools_down_at_one_crag(recommender):
    found = plan_session(recommender, SessionRequest("me", count=5))
    parts = [each.part for each in found.climbs]
    assert parts == sorted(parts, key=["warm-up", "project", "cool-down"].index)
    assert {"warm-up", "project"} <= set(parts)
    grade = {part: [int(e.item.grade[1:]) for e in found.climbs if e.part == part] for part in set(parts)}
    assert max(grade["warm-up"]) < min(grade["project"])
    indices = [int(each.item.climb_id[1:]) for each in found.climbs]
    assert len(set(indices)) == len(indices)
    assert {f"Area {index % 4}" for index in indices} == {found.area}
    assert not {9, 10} & set(indices)
    assert found.minutes == sum(MINUTES[part] for part in parts)


def test_a_session_offers_nothing_that_was_sent():
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    new = (5, 9, 11, 13)
    sends = [
        {"climb_id": f"c{i}", "grade": f"V{i // 3}", "date": f"2024-01-{i + 1:02d}"}
        for i in range(1, N, 2)
        if i not in new
    ]
    request = SessionRequest(sends=sends, count=12, region="North")  # as many as there are climbs
    named = [each.item.climb_id for each in plan_session(Recommender(stub), request).climbs]
    assert named
    assert set(named) <= {f"c{i}" for i in new}


def test_what_is_comfortable_warms_up_and_is_no_project():
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    hard = Blocked.of(f"c{i}" for i in range(9, N))  # V3 and harder are closed: V2 is near enough, yet easy
    found = plan_session(one_crag(), SessionRequest("me", count=5, blocked=hard)).climbs
    assert [each.part for each in found] == ["warm-up", "warm-up", "cool-down"]
    assert {each.item.hard for each in found} == {"comfortable"}
    easy = Blocked.of(f"c{i}" for i in range(12))  # all below V4 are closed: what is left warms nobody up
    request = SessionRequest("me", count=5, region="North", blocked=easy)
    assert {each.part for each in plan_session(Recommender(stub), request).climbs} == {"project"}


def test_a_beginner_warms_up_on_what_is_not_above_the_ability():
    """Nothing is comfortable at V0: a day of projects alone was the plan."""
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    sends = [{"climb_id": f"x{i}", "grade": "V0", "date": f"2024-01-0{i + 1}"} for i in range(6)]
    climbs = plan_session(Recommender(stub), SessionRequest(sends=sends, count=3)).climbs
    assert {each.item.hard for each in climbs} & {"comfortable"} == set()
    assert (climbs[0].part, climbs[0].item.grade) == ("warm-up", "V0")


def test_a_session_names_what_is_sent_often_where_it_is_told_to():
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)  # a region is the crag, of two climbs a grade
    crowd, alone = (
        [int(each.item.climb_id[1:]) for each in plan_session(Recommender(stub), request).climbs]
        for request in (SessionRequest("me", count=8, region="North", crowd=each) for each in (1000, 0))
    )
    here = [i for i in range(1, N, 2) if i not in (9, 10)]
    for at, named in enumerate(crowd):  # the lower its number, the more a climb is sent
        assert not [i for i in here if i < named and i // 3 == named // 3 and i not in crowd[:at]]
    assert crowd != alone


def test_a_session_fits_its_minutes_its_style_and_its_area(recommender):
    for minutes in (10, 20, 30, 60, 120):
        assert (
            plan_session(recommender, SessionRequest("me", minutes=minutes, region="South")).minutes
            <= minutes
        )
    circuit = plan_session(recommender, SessionRequest("me", count=3, style="Slab", area="area 0"))
    assert {each.part for each in circuit.climbs} == {"circuit"}
    assert all(int(each.item.climb_id[1:]) % 12 == 0 for each in circuit.climbs)
    like = plan_session(recommender, SessionRequest("me", count=2, like="c4"))
    assert {each.part for each in like.climbs} == {"circuit"}
    for request, text in [
        (SessionRequest("me", style="crack"), "no climb of this run has it"),
        (SessionRequest("me", area="Area 9"), "no area 'Area 9'"),
        (SessionRequest(), "starts from a logbook with grades"),
    ]:
        with pytest.raises(UsageError, match=text):
            plan_session(recommender, request)
    with pytest.raises(UsageError, match="not both"):
        SessionRequest(minutes=60, count=3)


def somewhere(**columns) -> Recommender:
    """The stub with other columns in its catalogue."""
    stub = Stub()
    stub.catalogue = replace(stub.catalogue, **columns)
    return Recommender(stub)


def test_a_session_names_no_area_outside_the_region_that_was_asked_for():
    far = ["Far" if at >= N - 3 else "Near" for at in range(N)]  # V7, beyond whoever sends V3
    asked = SessionRequest(climber="me", region="far", count=3)
    with pytest.raises(UsageError, match=r"nothing in Far that was not sent yet fits; change .?region"):
        plan_session(
            somewhere(regions=far), replace(asked, blocked=Blocked.of([f"c{N - 1 - i}" for i in range(3)]))
        )
    styled = replace(asked, region="South", style="slab", blocked=Blocked.of(["South"]))
    with pytest.raises(
        UsageError, match="nothing in South that was not sent yet fits; change region or style"
    ):
        plan_session(somewhere(), styled)


def test_where_all_that_fits_was_sent_a_session_and_a_mode_say_so():
    recommender = Recommender(Stub())
    mine = recommender.logbook(Request("me"))
    sends = [{"climb_id": climb, "date": f"2024-01-{n + 1:02d}"} for n, climb in enumerate(mine.climbs)]
    every = sends + [
        {"climb_id": climb, "date": "2023-01-01"}
        for climb in recommender.catalogue.ids
        if climb not in mine.climbs
    ]
    with pytest.raises(UsageError, match=r"this logbook has sent all \d+ climbs .*; change region, or leave"):
        plan_session(recommender, SessionRequest(sends=every, region="South", count=3))
    open_ = [climb for climb in recommender.catalogue.ids if climb not in mine.climbs]
    hardest = max(
        open_, key=lambda climb: recommender.catalogue.ordinals[recommender.catalogue.indices[climb]]
    )
    left = [send for send in every if send["climb_id"] != hardest]
    with pytest.raises(UsageError, match=r"has sent all \d+ climbs that are a warmup; ask for another mode"):
        recommender.recommend(Request(sends=left, mode="warmup"))


def test_an_area_of_two_regions_is_that_of_the_region_asked_for():
    areas = ["Wall" for _ in range(N)]
    for region in ("North", "South"):
        found = plan_session(
            somewhere(areas=areas), SessionRequest(climber="me", region=region, area="wall", count=3)
        )
        assert (found.region, found.area) == (region, "Wall")
        assert {each.item.region for each in found.climbs} == {region}


def test_what_is_spelt_as_asked_goes_before_another_case():
    spelt = ["squamish" if at % 2 else "Squamish" for at in range(N)]
    for name in ("Squamish", "squamish"):
        assert known_region(name, ["Squamish", "squamish"]) == name
        asked = SessionRequest(climber="me", region=name, area=name, count=2)
        found = plan_session(somewhere(regions=spelt, areas=spelt), asked)
        assert (found.region, found.area) == (name, name)
    assert known_region("SQUAMISH", ["Squamish", "squamish"]) == "Squamish"


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


def test_an_area_s_name_that_two_regions_share_is_one_of_them():
    """Which one, the model says: all that it gives to climbs of one region is taken from it."""
    shared = somewhere(areas=["Wall"] * N)
    asked = SessionRequest(climber="me", area="wall", count=4)
    for region, odd in (("North", True), ("South", False)):
        shared.backend.follows[:, [i for i in range(N) if i % 2 != odd]] = -9
        shared.backend.follows[:, [i for i in range(N) if i % 2 == odd]] = 0
        found = plan_session(shared, asked)
        assert (found.region, found.area) == (region, "Wall")
        assert {each.item.region for each in found.climbs} == {region}


def boulders_then_routes(n: int = 6) -> list[dict]:
    grades = ["V5"] * n + ["5.12a"] * n
    return [
        {"climb_id": f"x{i}", "grade": grade, "date": f"2024-01-{i + 1:02d}"}
        for i, grade in enumerate(grades)
    ]


def test_a_session_is_of_the_last_discipline_that_the_climbs_asked_for_have():
    grades = [f"V{i // 3}" if i % 2 else f"5.{9 + i // 8}" for i in range(N)]  # routes in the South alone
    sends = boulders_then_routes()
    for region, routes in (("North", False), ("South", True)):
        found = plan_session(somewhere(grades=grades), SessionRequest(sends=sends, region=region, count=3))
        assert (found.ability > ROUTE_OFFSET / 2) == routes
    anywhere = plan_session(somewhere(grades=grades), SessionRequest(sends=sends, count=3))
    assert anywhere.ability > ROUTE_OFFSET / 2  # the last send's
    assert plan_session(somewhere(), SessionRequest(sends=sends, count=3)).climbs  # boulders are all it has
    for request, text in [
        (
            SessionRequest(sends=sends[6:]),
            "nothing in this catalogue is a route, as all grades of the logbook",
        ),
        (SessionRequest(sends=sends[6:], region="North"), "nothing in North is a route, .*; change region"),
    ]:
        with pytest.raises(UsageError, match=text):
            plan_session(somewhere(grades=grades) if request.region else somewhere(), request)


def test_a_path_down_tells_how_far_below_the_climber_it_starts(recommender):
    found = find_path(recommender, PathRequest("c3", "me", steps=2))  # a V1
    levels = recommender.levels(PathRequest("c3", "me").whose, recommender.backend.logbook("me"))
    assert found.ability == pytest.approx(levels["boulder"].mean) == pytest.approx(3.7, abs=0.05)
    assert found.to_json()["ability"] == "V4"
    first = found.steps[0]
    grade = int(first.item.grade[1:])
    assert grade <= 1
    assert first.reason.startswith(f"{found.ability - grade:.1f} grades below the climber's level")


@pytest.fixture
def asked(monkeypatch) -> tuple[Stub, list[Logbook], list[list[str]]]:
    """A stub, the logbooks that it is given, and for each the attributes that are held out to it."""
    stub, books, given = Stub(), [], []
    stub.attributes = ("region", "grade", "elapsed_days")
    encode, logits = stub.encode, stub.logits
    monkeypatch.setattr(stub, "encode", lambda some, who: books.extend(some) or encode(some, who))

    def spied(batch):
        given.extend([stub.attributes[i] for i in np.flatnonzero(row)] for row in batch[c.GIVEN])
        return logits(batch)

    monkeypatch.setattr(stub, "logits", spied)
    return stub, books, given


def test_what_is_asked_for_is_given_and_no_more(asked):
    stub, books, given = asked
    book = stub.logbook("me")
    for prompt in ({}, {"region": "North"}, {"grades": [4.0]}, {"wait": 2.0}):
        after(stub, [book], "me", **prompt)
    assert given == [[], ["region"], ["grade"], ["elapsed_days"]]
    last = float(book.columns[c.DAY][-1])
    assert [each.columns[c.REGION][-1] for each in books] == [None, "North", None, None]
    assert [each.columns[c.GRADE][-1] for each in books] == [None, None, "V4", None]
    assert [each.columns[c.DAY][-1] - last for each in books] == [0, 0, 0, 2]


def test_a_session_asks_for_each_climb_with_its_grade_and_the_ones_before_it_as_sent(asked):
    stub, books, given = asked
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    found = plan_session(Recommender(stub), SessionRequest("me", count=3, region="North"))
    first, second, third = (each.item.climb_id for each in found.climbs)
    assert [book.climbs[1:-1] for book in books[1:]] == [["c10"], ["c10", first], ["c10", first, second]]
    assert given == [["region"], *[["region", "grade"]] * 3]  # first of all, which crag
    assert third not in (first, second)


def test_holes_are_spread_over_the_days_until_the_project():
    stub, seen = Stub(fills=True), []
    encode = stub.encode
    stub.encode = lambda books, who: seen.extend(books) or encode(books, who)
    book = Logbook.of({c.CLIMB_ID: ["c9"], c.DAY: [0.0]})
    between(stub, [book], None, 3, {c.CLIMB_ID: "c20", c.DAY: 8.0})
    assert seen[0].columns[c.DAY].tolist() == [0, 2, 4, 6, 8]


def fan(centre: int, near: tuple[int, ...]) -> np.ndarray:
    """Embeddings of which some climbs point as the centre does, and the others away from it, each its way."""
    angles = np.linspace(np.pi / 2, np.pi, N)
    angles[[centre, *near]] = 0.0
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)


def test_the_reason_of_a_step_is_what_it_does():
    """Of the V4s, c12 is sent most; c13 doubles the project's probability, 1 of 24 climbs."""
    stub = Stub()
    stub.follows[:] = 0
    stub.follows[13, 15] = np.log(46 / 22)  # e^x / (e^x + 23) = 2 / 24
    stub.embeddings = fan(15, (13,))
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


def one_crag(**columns) -> Recommender:
    return somewhere(areas=[None] * N, regions=["North"] * N, **columns)


def test_a_circuit_of_climbs_like_one_is_of_those_most_like_it():
    recommender = one_crag()
    recommender.backend.embeddings = fan(4, (6, 7))
    circuit = plan_session(recommender, SessionRequest("me", count=2, like="c4"))
    assert {each.item.climb_id for each in circuit.climbs} == {"c6", "c7"}


def test_what_is_far_too_hard_draws_nobody_to_its_crag():
    """However likely the South's V10 and V11, whoever sends V4 stays in the North."""
    grades, regions = [f"V{i // 2}" for i in range(N)], ["South" if i >= 20 else "North" for i in range(N)]
    recommender = somewhere(grades=grades, areas=[None] * N, regions=regions)
    recommender.backend.follows[:, 20:] = 9
    assert plan_session(recommender, SessionRequest("me", count=3)).region == "North"


def test_a_session_is_of_two_hours_where_nothing_is_said():
    recommender = one_crag()
    whole = plan_session(recommender, SessionRequest("me"))
    assert whole == plan_session(recommender, SessionRequest("me", minutes=120))
    assert 100 < whole.minutes <= 120


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


def test_a_path_starts_no_lower_than_what_was_sent_lately():
    sends = [{"climb_id": f"c{i}", "grade": "V3", "date": f"2024-01-{i:02d}"} for i in (9, 10)]
    stub = Stub()
    stub.follows[:, :9] = 9  # V0 to V2 are the likeliest by far
    asked = {"steps": 3, "leap": 2.0}
    grades = [
        e.item.grade for e in find_path(Recommender(stub), PathRequest("c20", sends=sends, **asked)).steps
    ]
    assert min(grades) >= "V3"
    easier = [{"climb_id": "c1", "grade": "V0", "date": "2024-01-01"}, *sends, *sends]
    grades = [
        e.item.grade for e in find_path(Recommender(stub), PathRequest("c20", sends=easier, **asked)).steps
    ]
    assert "V2" in grades or min(grades) >= "V2"


def test_a_session_goes_where_there_is_enough_to_do_and_a_project():
    """The likeliest area has one easy climb."""
    areas = ["Small" if at == 0 else "Large" for at in range(N)]
    recommender = somewhere(areas=areas, regions=["Here"] * N)
    recommender.backend.follows[:, 0] = 9
    found = plan_session(recommender, SessionRequest("me", minutes=120))
    assert (found.area, found.note) == ("Large", None)
    assert "project" in {each.part for each in found.climbs}
    assert found.minutes >= 90


def test_a_session_that_is_short_says_what_it_lacks():
    recommender = somewhere(areas=["Small" if at < 2 else "Large" for at in range(N)], regions=["Here"] * N)
    found = plan_session(recommender, SessionRequest("me", minutes=120, area="small"))
    assert found.note == found.to_json()["note"]
    assert f"{found.minutes} of 111 minutes and no cool-down or project; try another area" in found.note


def test_a_path_of_few_climbs_falls_as_it_must():
    """Only V0 and V1 are not sent yet, but for the project."""
    few = Blocked.of(f"c{i}" for i in range(6, N) if i != 20)
    sends = [{"climb_id": f"c{9 + i}", "date": f"2024-01-0{i + 1}", "grade": "V3"} for i in range(2)]
    found = find_path(Recommender(Stub()), PathRequest("c20", sends=sends, steps=3, leap=6, blocked=few))
    assert {each.item.grade for each in found.steps} <= {"V0", "V1"}
