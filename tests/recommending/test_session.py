"""Sessions on a model whose best chains are known (`tests.builders.chain_model`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.grade_reading import ROUTE_OFFSET
from recsys.recommending.blocked import Blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request, known_region
from recsys.recommending.session import MINUTES, Session, SessionRequest, plan_session
from tests.builders.chain_model import Dated, N, Spied, Stub, fan, one_crag, somewhere


@pytest.fixture
def recommender() -> Recommender:
    return Recommender(Stub())


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


def test_a_session_asks_for_each_climb_with_its_grade_and_the_ones_before_it_as_sent():
    """On the day after the last send."""
    stub = Spied()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    found = plan_session(Recommender(stub), SessionRequest("me", count=3, region="North"))
    first, second, third = (each.item.climb_id for each in found.climbs)
    assert [book.climbs[1:-1] for book in stub.books[1:]] == [["c10"], ["c10", first], ["c10", first, second]]
    assert stub.given == [["region"], *[["region", "grade"]] * 3]  # first of all, which crag
    assert third not in (first, second)
    assert np.diff(stub.books[-1].columns[c.DAY]).tolist() == [7, 1, 0, 0]


def test_the_day_of_a_session_does_not_make_what_was_sent_old():
    stub = Dated()
    stub.catalogue = replace(stub.catalogue, areas=[None] * N)
    plan_session(Recommender(stub), SessionRequest("me", count=3, region="North"))
    last = stub.logbook("me").columns[c.DAY][-1]
    assert [(days[0] == last).sum() for days in stub.days[1:]] == [1, 2, 3]
    assert max(np.nanmax(days) for days in stub.days) == last


def test_a_session_is_of_the_discipline_of_the_last_send_not_of_the_one_begun_last():
    grades = [f"V{i // 3}" if i % 2 else f"5.{6 + i // 3}" for i in range(12)] + ["V4"] * 12
    sends = [
        {"climb_id": f"x{i}", "grade": grade, "date": f"2024-01-0{i + 1}"}
        for i, grade in enumerate(["V4", "5.9", "V4"])
    ]
    assert plan_session(somewhere(grades=grades), SessionRequest(sends=sends, count=3)).grade.startswith("V")


@pytest.mark.parametrize(("easy", "named"), [("V5", True), ("V4", False)])
def test_nothing_is_named_that_is_far_too_easy(easy, named):
    """V5 is near enough to warm up on for whoever is of V10.1, and V4 is not, though nothing is nearer."""
    sends = [{"climb_id": f"x{i}", "grade": "V10", "date": f"2024-01-0{i + 1}"} for i in range(6)]
    recommender = one_crag(grades=[easy] * 20 + ["V10"] * 4)
    found = plan_session(recommender, SessionRequest(sends=sends, count=3))
    assert found.ability == pytest.approx(10.1, abs=0.05)
    assert (easy in {each.item.grade for each in found.climbs}) == named


def test_crags_of_what_is_far_too_hard_are_not_tried():
    """More of them than are tried, and the likeliest."""
    grades = [f"V{i // 3}" if i < 12 else "V10" for i in range(N)]
    recommender = somewhere(grades=grades, areas=["Home" if i < 12 else f"Roof {i}" for i in range(N)])
    recommender.backend.follows[:, 12:] = 9
    found = plan_session(recommender, SessionRequest("me", count=3, region="North"))
    assert found.area == "Home"


def two_areas(here: list[str], there: list[str], count: int) -> Session:
    """The session of whoever sends V3, of two areas with climbs of these grades; the first is likelier."""
    grades = [*here, *there]
    n = len(grades)
    stub = Stub()
    columns = {"climb_id": [f"a{i}" for i in range(n)], "grade": grades, "region": ["North"] * n}
    areas = ["Here"] * len(here) + ["There"] * len(there)
    stub.catalogue = Catalogue.from_columns({**columns, "area": areas})
    stub.follows = np.zeros((N + 1, n), dtype=np.float32)
    stub.follows[:, : len(here)] = 5
    stub.embeddings = np.ones((n, 2), dtype=np.float32)
    stub.encode = lambda books, who: {"climb": np.zeros((len(books), 2), dtype=int)}
    return plan_session(Recommender(stub), SessionRequest("me", count=count))


def test_the_likeliest_area_is_left_only_for_what_it_lacks():
    """Of eight climbs and 111 minutes seven (105) are enough to do, and five (55) are not."""
    whole = ["V0"] * 3 + ["V1"] * 3 + ["V4"] * 4
    near = two_areas(["V0"] * 2 + ["V1"] * 2 + ["V4"] * 3, whole, count=8)
    assert (near.area, near.minutes, near.note) == ("Here", 105, None)
    short = two_areas(["V0"] * 2 + ["V1"] * 2 + ["V4"], whole, count=8)
    assert (short.area, short.minutes, short.note) == ("There", 111, None)


def test_an_area_with_a_project_goes_before_one_with_more_to_do():
    found = two_areas(["V0"] * 3 + ["V1"] * 3, ["V4"], count=8)
    assert (found.area, [each.part for each in found.climbs]) == ("There", ["project"])


def test_a_cool_down_is_comfortable_though_what_is_not_is_nearer():
    """Whoever sends V3 is of V3.7, and cools down on V1.7: V3 is nearer than V0."""
    found = two_areas(["V0", "V0", "V3", "V4"], [], count=3)
    assert [(each.part, each.item.grade) for each in found.climbs] == [
        ("warm-up", "V0"),
        ("project", "V4"),
        ("cool-down", "V0"),
    ]


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
