"""The light core by hand: posted logbooks, filters, mixture, MMR, novelty, reasons, on a stub of a model."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from recsys import columns as c
from recsys.arrays import softmax
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing import parse_logbook
from recsys.recommending import logbook_file
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import days, read_logbook
from recsys.recommending.mixture import mixture
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Cause, Item, Request, Why, known_climber, known_region
from recsys.recommending.rerank import mmr, unit_rows

CLIMBS = {
    c.CLIMB_ID: ["a", "b", "c", "d"],
    c.CLIMB_NAME: ["Air", "Bear", "Cloud", None],
    c.GRADE: ["V2", "V4", "V4-5", None],
    c.REGION: ["Squamish", "Squamish", "Font", None],
    "stars": [4.5, None, 3.0, 5.0],
    "sends": [8, 4, 2, 2],
}


class Stub:
    """Climb i scores the number of times that it is in the window, and a region asked for counts double."""

    def __init__(self) -> None:
        self.catalogue = Catalogue.from_columns(CLIMBS)
        self.embeddings = np.array([[2, 0], [1, 0], [0, 3], [0, 0]], dtype=np.float32)
        self.attributes = ("region", "grade", "elapsed_days")
        self.length, self.has_time, self.climbers, self.day = 3, True, ["me"], "file"
        self.reads_prompt, self.facts, self.skill = True, None, None
        self.calls: list[int] = []

    def reads(self, climber):
        return self.length

    def logbook(self, climber):
        return read_logbook([{"climb_id": "a", "date": "2024-01-01"}]) if climber == "me" else None

    def encode(self, logbooks, climbers):
        rows = [[self.catalogue.indices.get(x, -1) for x in b.climbs[-3:]] for b in logbooks]
        return {"climb": np.array([[-1] * (3 - len(r)) + r for r in rows])}

    def logits(self, batch):
        self.calls.append(len(batch["climb"]))
        counts = (batch["climb"][:, :, None] == np.arange(4)).sum(1).astype(np.float32)
        return counts * (1 + batch["given"][:, :1])


@pytest.fixture
def recommender() -> Recommender:
    return Recommender(Stub())


def sends(*climbs: str) -> list[dict]:
    return [{"climb_id": climb, "date": f"2024-01-{day:02d}"} for day, climb in enumerate(climbs, 1)]


def ids(items) -> list[str]:
    return [item.climb_id for item in items]


def test_dates():
    assert days("1970-01-02") == (1.0, True)
    assert days("1970-01-02T12:00:00Z") == (1.5, True)
    assert days(dt.date(1970, 1, 3)) == (2.0, True)
    assert days(20240531) == days("2024-05-31")
    assert days("1704067200") == days(1704067200000) == days("2024-01-01")
    assert days(7) == (7.0, False)
    assert days("3/4/2024") is days("nan") is None


def test_posted_sends_are_put_in_order():
    book = read_logbook(
        [
            {"climb_id": "late", "date": "2024-02-01", "rating": "4"},
            {"climb_id": "second", "date": "2024-01-01", "sequence": 2},
            {"climb_id": 7.0, "date": "2024-01-01", "sequence": "1", "grade": "  "},
            {"climb_id": "third", "date": "2024-01-01", "sequence": 2},
        ]
    )
    assert book.climbs == ["7", "second", "third", "late"]
    assert book.columns[c.GRADE].tolist() == [None] * 4
    assert book.columns[c.RATING][-1] == 4
    assert np.isnan(
        read_logbook([{"climb_id": "x", "date": 1}, {"climb_id": "y", "date": 2}]).columns[c.DAY]
    ).all()


@pytest.mark.parametrize(
    ("send", "said"),
    [
        ({"date": "2024-01-01"}, "row 2: climb_id is blank"),
        ({"climb_id": "x"}, "row 2: date is blank; write it as"),
        ({"climb_id": "x", "date": " "}, "row 2: date is blank; write it as"),
        ({"climb_id": "x", "date": "NA"}, r"row 2: date is blank \('NA'\); write it as"),
        ({"climb_id": "x", "date": "yesterday"}, "yesterday"),
        (
            {"climb_id": "x", "date": "1500-05-31"},
            "row 2: date is outside the years 1678 to 2261 .*correct its",
        ),
        ({"climb_id": "x", "date": "2024-01-01", "rating": "good"}, "rating is no number"),
        ({"climb_id": "x", "date": "2024-01-01", "sequence": "first"}, "sequence is not a number"),
    ],
)
def test_posted_nonsense_is_named(send, said):
    with pytest.raises(DataError, match=said):
        read_logbook([{"climb_id": "ok", "date": "2024-01-01"}, send])


def test_a_date_that_cannot_be_read_is_shown_as_it_was_written():
    with pytest.raises(DataError, match=r"row 1: date cannot be read \('99999999999999999999999'\); write"):
        read_logbook([{"climb_id": "x", "date": "9" * 23}])


def test_filters(recommender):
    assert ids(recommender.recommend(Request(sends=sends("a")))) == ["b", "c", "d"]
    assert ids(recommender.recommend(Request(sends=sends("a"), exclude_seen=False)))[0] == "a"
    assert ids(recommender.recommend(Request(sends=sends("x"), grades=(4.0, 4.0)))) == ["b", "c"]
    assert ids(recommender.recommend(Request(sends=sends("x"), region="Squamish"))) == ["a", "b"]
    assert ids(recommender.recommend(Request(sends=sends("x"), min_stars=4.5))) == ["a", "d"]  # a has 4.5
    with pytest.raises(UsageError, match="ask for more grades"):
        recommender.recommend(Request(sends=sends("a"), grades=(2.0, 2.0)))


def test_an_empty_logbook_gets_what_is_popular(recommender):
    items = recommender.recommend(Request(sends=[], region="Squamish", explain=True))
    assert ids(items) == ["a", "b"]
    assert [item.score for item in items] == [0.5, 0.25]
    assert items[0].why.sends == ()
    assert recommender.recommend(Request()) == recommender.recommend(Request(sends=[]))
    assert recommender.backend.calls == []


def test_climbers(recommender):
    assert ids(recommender.recommend(Request("me"))) == ["b", "c", "d"]
    assert ids(recommender.recommend(Request("stranger", sends("a")))) == ["b", "c", "d"]
    with pytest.raises(UsageError, match="for example: me"):
        recommender.recommend(Request("stranger"))
    assert known_climber("me", ["me"]) == "me"
    assert known_region("squamish", ["Squamish"]) == "Squamish"


def test_grades_are_weighed_by_how_likely_they_are(recommender):
    """P(climb) = sum over grades of P(grade) P(climb | grade), done by hand for V2 and V4."""
    logits = np.array([[[2.0, 0, 0, 0], [3, 0, 0, 0], [0, 3, 0, 0]]])
    unasked, at_v2, at_v4 = softmax(logits[0])
    weights = np.array([unasked[0], unasked[1] + unasked[2]])  # V4-5 counts as V4 too
    expected = (weights[0] * at_v2 + weights[1] * at_v4) / weights.sum()
    np.testing.assert_allclose(mixture(logits, (None, 2.0, 4.0), recommender.catalogue.ordinals)[0], expected)


def test_a_grade_is_as_probable_as_the_climbs_within_half_a_grade_of_it():
    ordinals = np.array([3.0, 3.5, 3.6, np.nan, 4.4, 2.4])
    logits = np.random.default_rng(0).normal(size=(1, 3, 6))
    unasked, at_3, at_4 = softmax(logits[0])
    weights = np.array([unasked[:2].sum(), unasked[[1, 2, 4]].sum()])
    expected = (weights[0] * at_3 + weights[1] * at_4) / weights.sum()
    np.testing.assert_allclose(mixture(logits, (None, 3.0, 4.0), ordinals)[0], expected)


def test_many_requests_are_one_batch(recommender):
    requests = [
        Request("me"),
        Request(sends=[]),
        Request(sends=sends("b", "c"), grades=(2.0, 4.0), explain=True),
    ]
    together = recommender.recommend_many(requests)
    # One question, none, and four grades times (whole + two left out) and the unprompted one.
    assert recommender.backend.calls == [1 + 0 + 4 * 3 + 1]
    assert together == [recommender.recommend(each) for each in requests]


def test_the_named_send_left_out_lowers_the_score(recommender):
    posted = sends("a", "x", "b")
    item = recommender.recommend(Request(sends=posted, exclude_seen=False, explain=True, k=1))[0]
    cause = item.why.sends[0]
    assert (item.climb_id, cause.climb_id, cause.name) == ("b", "b", "Bear")
    without = recommender.recommend(Request(sends=posted[:2], exclude_seen=False, k=4))
    score = next(each.score for each in without if each.climb_id == "b")
    assert score == pytest.approx(item.score - cause.drop)
    assert item.why.prompt_share is None


def test_prompt_share(recommender):
    posted = sends("a", "b")
    item = recommender.recommend(Request(sends=posted, region="Squamish", exclude_seen=False, explain=True))[
        0
    ]
    bare = recommender.probabilities(Request(sends=posted))[0]
    assert item.why.prompt_share == pytest.approx((item.score - bare) / item.score)
    assert item.to_json()["why"]["prompt_share"] > 0


def test_a_day_in_a_year_that_no_file_has_is_a_day(recommender):
    posted = [{"climb_id": "a", "date": "2024-01-01"}]
    with pytest.raises(UsageError, match="lies before the last send"):
        recommender.plan(Request(sends=posted, when=dt.date(1, 1, 1)))
    (asked,) = recommender.plan(Request(sends=posted, when=dt.date(9999, 12, 31))).questions
    assert asked.logbook.columns[c.DAY][-1] == (dt.date(9999, 12, 31) - dt.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [("k", 0, "-k 0"), ("diversity", 2, "--diversity 2"), ("novelty", -1, "--novelty -1")],
)
def test_a_setting_that_cannot_be_is_named_as_it_is_typed(name, value, option):
    with pytest.raises(UsageError) as error:
        Request(**{name: value})
    assert error.value.with_options().startswith(f"{option}: ")


def test_when(recommender):
    posted = sends("a")
    (asked,) = recommender.plan(Request(sends=posted, when=dt.date(2024, 2, 1))).questions
    assert asked.given == {"elapsed_days"}
    (asked,) = recommender.plan(Request(sends=posted)).questions
    assert asked.given == frozenset()
    with pytest.raises(UsageError, match="before the last send"):
        recommender.plan(Request(sends=posted, when=dt.date(2023, 1, 1)))
    recommender.backend.has_time = False
    with pytest.raises(UsageError, match="no dates"):
        recommender.plan(Request(sends=posted, when=dt.date(2024, 2, 1)))


def test_where_a_day_is_a_set_nothing_of_the_day_asked_for_is_read(recommender):
    """A model that was trained so has never seen the sends of a target's own day."""
    posted = [*sends("a", "b"), {"climb_id": "c", "date": "2024-01-02"}]

    def read(day, when, given=posted):
        recommender.backend.day = day
        (asked,) = recommender.plan(Request(sends=given, when=when)).questions
        return asked.logbook.climbs[:-1]  # the last is what is asked for

    assert read("set", dt.date(2024, 1, 2)) == ["a"]
    assert read("set", dt.date(2024, 1, 3)) == ["a", "b", "c"]
    assert read("set", None) == ["a", "b", "c"]
    assert read("file", dt.date(2024, 1, 2)) == ["a", "b", "c"]
    assert read("set", dt.date(2024, 1, 2), posted[1:]) == ["b", "c"]  # all that is known


def test_mmr_by_hand():
    units = unit_rows(np.array([[1.0, 0], [1, 0], [0, 1]]))
    worth = np.array([1.0, 0.9, 0.3])
    assert mmr(worth, units, 0.0, 3) == [0, 1, 2]
    assert mmr(worth, units, 0.5, 3) == [0, 2, 1]  # 0.45 - 0.5 against 0.15 - 0
    assert mmr(worth, units, 1.0, 2) == [0, 2]
    units = unit_rows(
        np.array([[1.0, 0], [0, 1], [1, 0], [4, 3]])
    )  # the third is like the first of all named
    assert mmr(np.array([1.0, 0.9, 0.8, 0.7]), units, 0.5, 4) == [0, 1, 3, 2]


def test_diversity_and_novelty(recommender):
    asked = {"sends": sends("x"), "exclude_seen": False}
    assert ids(recommender.recommend(Request(**asked, k=2))) == ["a", "b"]
    assert ids(recommender.recommend(Request(**asked, k=2, diversity=0.5))) == ["a", "c"]
    assert ids(recommender.recommend(Request(**asked, k=2, novelty=1.0))) == ["c", "d"]
    np.testing.assert_allclose(recommender.catalogue.novelty, np.array([1, 2, 3, 3]) / 3)
    for wrong in ({"diversity": 1.1}, {"novelty": -1}, {"k": 0}):
        with pytest.raises(UsageError):
            Request(**wrong)


def test_similar_and_search(recommender):
    assert ids(recommender.similar("a", 2)) == ["b", "c"]
    assert recommender.similar("a", 1)[0].score == pytest.approx(1)
    with pytest.raises(UsageError, match="no climb 'q'"):
        recommender.similar("q")
    assert ids(recommender.search("  AIR ")) == ["a"]
    assert ids(recommender.search("ear")) == ["b"]
    assert recommender.search("") == recommender.search("zzz") == []
    found = Catalogue.from_columns({c.CLIMB_ID: ["wall 1", "wall 2", "a wall"], "sends": [2, 8, 9]})
    assert found.search("wall") == [1, 0, 2]  # beginnings, those sent most first


def test_a_few_similar_climbs_of_many_sort_no_catalogue():
    """Nor make a list of Python's of it, of some 40 bytes a climb."""
    stub, number = Stub(), 200_000
    recommender = Recommender(stub)
    stub.catalogue = SimpleNamespace(index=lambda _: 0, item=lambda index, score: (index, score))
    angles = np.linspace(0, np.pi, number, dtype=np.float32)
    recommender.units = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    recommender.similar("a", 3)
    tracemalloc.start()
    found = recommender.similar("a", 3)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [index for index, _ in found] == [1, 2, 3]
    assert most < 20 * number


def sends_of(content, name, climber=None):
    return logbook_file.book_of([parse_logbook(content, name)], climber, "fail").sends


def test_logbook_files(tmp_path):
    mine = b'\xef\xbb\xbfclimber_id,climb_id,date,comment\nal,a,2024-01-01,"two\nlines"\nbo,b,2024-01-02,\n'
    rows = [*sends_of(mine, "mine.csv", "al"), *sends_of(mine, "mine.csv", "bo")]
    assert [row["climb_id"] for row in rows] == ["a", "b"]
    assert sends_of(mine, "mine.csv", "bo") == rows[1:]
    for climber in (None, "cy"):
        with pytest.raises(UsageError, match="2 climbers"):
            sends_of(mine, "mine.csv", climber)
    one = mine.replace(b"bo,b,2024-01-02,\n", b"")
    assert sends_of(one, "mine.csv") == sends_of(one, "mine.csv", "new") == rows[:1]
    with pytest.raises(DataError, match="row 1: has 3 values where the header has 2"):
        sends_of(b"climb_id,date\na,2024-01-01,x\n", "mine.csv")
    with pytest.raises(DataError, match="cannot be read"):
        logbook_file.read_files([tmp_path / "nope.csv"])


@pytest.mark.parametrize("name", ["mountainproject", "8anu", "thecrag", "ukc", "kaya", "kilter", "sendage"])
def test_other_sites_files_go_to_the_importer(name):
    """Every site's export is a logbook as it is, in the contract's columns."""
    content = (Path(__file__).parents[1] / "logbooks" / f"{name}.csv").read_bytes()
    rows = sends_of(content, f"{name}.csv")
    assert rows
    assert all(row["climb_id"] and row["date"] for row in rows)
    assert {row["climber_id"] for row in rows} == {name}


def test_a_file_of_no_known_site_is_one_line():
    with pytest.raises(DataError, match="no known source"):
        sends_of(b"Route,Stars\nx,1\n", "mp.csv")


@pytest.mark.parametrize("name", ["[/red]", "[bold]Slab[/bold]", "Arête [sit]", "a\x1b[31mb", "[link=x]y"])
def test_a_name_is_printed_as_it_is(name, capsys):
    """Brackets are rich's markup, "[/red]" alone an error; an escape would steer the terminal."""
    from recsys.cli.recommend import _print_table

    why = Why((Cause("x", name, 0.1),), 0.5)
    _print_table(name, [Item(name, name, name, name, 0.5, why)], empty=False)
    shown = name.replace("\x1b", "\ufffd")
    assert capsys.readouterr().out.count(shown) == 6


def test_the_tables_of_runs_and_trials_take_brackets():
    from recsys.evaluation.report import metrics_table

    block = {"recall@10": 0.1, "ndcg@10": 0.1, "mrr": 0.1, "mrr@20": 0.1, "accuracy": 0.1}
    assert "[/x]" in metrics_table({"[/x]": block, "split": "climber"})


def test_a_long_name_is_compared_quickly():
    names = [f"sim-climber-{i:05d}" for i in range(5000)]
    began = time.process_time()
    with pytest.raises(UsageError, match="no climber"):
        known_climber("sim-climber-" * 10_000, names)
    assert time.process_time() - began < 2


def test_today_is_a_day():
    from datetime import date

    from recsys.recommending.request import read_day

    assert read_day("Today") == read_day(date.today()) == date.today()
    assert read_day("2026-06-01") == date(2026, 6, 1)
    with pytest.raises(UsageError, match="or today"):
        read_day("tomorrow")
    for far in ("1500-01-01", date(3020, 1, 1)):
        with pytest.raises(
            UsageError, match=r"`?when`? .*-01-01: is outside the years 1678 to 2261; correct its year"
        ):
            read_day(far)


def test_rows_of_a_day_that_is_a_set_have_no_order_and_those_with_a_time_have():
    def read(dates, day, **more):
        sends = [{"climb_id": f"c{i}", "date": date, **more} for i, date in enumerate(dates)]
        there, back = (read_logbook(rows, day).climbs for rows in (sends, sends[::-1]))
        return there == back, there

    days = ["2024-01-01"] * 8
    assert read(days, "set")[0]
    assert read(days, "seeded")[0]
    assert read(days, "set")[1] != sorted(read(days, "set")[1])  # drawn, not sorted by climb
    assert read(days, "file") == (False, [f"c{i}" for i in range(8)])
    times = ["2024-01-01T10:00:00"] * 8
    assert read(times, "set") == (False, [f"c{i}" for i in range(8)])
    assert read(days, "set", sequence=1) == (False, [f"c{i}" for i in range(8)])


def graded(*grades: str) -> Recommender:
    """Over climbs of these grades, whose ids are the grades."""
    stub = Stub()
    stub.catalogue = Catalogue.from_columns({c.CLIMB_ID: list(grades), c.GRADE: list(grades)})
    stub.logits = lambda batch: np.zeros((len(batch["climb"]), len(grades)), np.float32)
    stub.encode = lambda logbooks, climbers: {"climb": np.zeros((len(logbooks), 3), int)}
    return Recommender(stub)


FONT = ("f5+", "6A", "6A+", "6B", "6B+", "6C", "6C+", "7A", "7A+")


@pytest.mark.parametrize(
    ("climbs", "asked", "named"),
    [
        (FONT, "6B", ["6B"]),
        (FONT, "6B+", ["6B+"]),
        (FONT, "5+", ["f5+"]),
        (FONT, "6A+:6B+", ["6A+", "6B", "6B+"]),
        (FONT, "6b:6c", ["6B", "6B+", "6C"]),  # a route's, where there are boulders alone
        (FONT, "V4", ["6A+", "6B", "6B+"]),
        (("V3", "V4", "V5"), "6b", ["V4"]),
        (("V3", "V4", "V5"), "4:5", ["V4", "V5"]),
        (("6a", "6a+", "6b"), "6A+", ["6a+"]),
        (("6A", "6B", "6a", "6b"), "6b", ["6b"]),
    ],
)
def test_what_is_named_has_the_grade_that_was_asked_for(climbs, asked, named):
    asks = graded(*climbs)
    for request in (asks.request(grade=asked), asks.request(sends=sends("x"), grade=asked)):
        assert sorted(ids(asks.recommend(request))) == named


@pytest.mark.parametrize(
    ("climbs", "asked", "told"),
    [
        (("V3", "V5"), "V17", "grade V17: no climb of this run has it; they have boulders V3 to V5"),
        (("V3", "V5"), "V4", "grade V4: no climb of this run has it; they have boulders V3 to V5"),
        (("V3", "7a", "8a"), "VB", "grade VB: no climb of this run has it; they have routes 7a to 8a and "),
        (("V3", "V5"), "5.12a", "grade 5.12a: it is a route's grade, and no climb of this run has it; "),
    ],
)
def test_a_grade_that_no_climb_has_is_told_with_those_that_there_are(climbs, asked, told):
    asks = graded(*climbs)
    with pytest.raises(UsageError, match=f"^{told}"):
        asks.recommend(asks.request(grade=asked))


def test_a_climb_s_name_in_place_of_its_id_is_answered_with_the_id(recommender):
    with pytest.raises(UsageError, match=r"no climb has the id 'bear'; of that name there are b \(Bear\)"):
        recommender.similar("bear")
    with pytest.raises(UsageError, match="no climb 'zzz'"):
        recommender.similar("zzz")
