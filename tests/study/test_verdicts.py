"""What a study says in words: which row is best, whom it beats, and the paper's questions."""

from __future__ import annotations

import numpy as np

from recsys.baselines.rows import ROWS
from recsys.study.statistics import Resamples, compare
from recsys.study.summary import PROMPTED, UNPROMPTED, Comparison, Estimate
from recsys.study.verdicts import QUESTIONS, TO_BEAT, verdicts

CLIMBERS = np.repeat(np.arange(40), 10)
HITS = {"none": 0, "few": 2, "some": 5, "most": 8}  # of each climber's ten cases


class Found:
    """Readings and estimates of rows whose test cases are hit so often; validation may say otherwise."""

    def __init__(self, rows: dict[str, str], validation: dict[str, str], climbers=CLIMBERS) -> None:
        draw = np.random.default_rng(0)
        self.names = list(rows)
        self.validation = {name: np.arange(10)[None] < HITS[word] for name, word in validation.items()}
        hits = {
            name: np.concatenate([draw.permutation(np.arange(10) < HITS[word]) for _ in range(40)])[None]
            for name, word in rows.items()
        }
        resamples = Resamples(climbers)
        self.n_climbers = resamples.n_climbers
        self.means = {(UNPROMPTED, name): float(each.mean()) for name, each in hits.items()}
        self.drawn = {(UNPROMPTED, name): each for name, each in resamples.means(hits).items()}

    def values(self, reading: str, metric: str) -> dict[str, np.ndarray]:
        return self.validation if reading == f"validation-{UNPROMPTED}" else {}

    def compare(self, pairs):
        return compare(self.means, self.drawn, pairs, self.n_climbers)


def said(rows, validation=None, held_out=False, **given) -> tuple[str, ...]:
    found = Found(rows, validation or rows, **given)
    return verdicts(found, found, held_out)


def test_the_best_row_beats_what_it_has_to_beat():
    lines = said({"item-knn": "few", "ease": "some", "recent-popularity": "none", "sasrec": "most"})
    assert lines == (
        "Best on validation, unprompted: SASRec (sasrec), recall@10 0.800 on the test part.",
        "SASRec (sasrec) beats Item-kNN (item-knn) by 0.600 recall@10 (p < 0.001).",
        "SASRec (sasrec) beats EASE (ease) by 0.300 recall@10 (p < 0.001).",
        "SASRec (sasrec) beats Recent popularity (recent-popularity) by 0.800 recall@10 (p < 0.001).",
        "These p values are corrected for 3 comparisons (Holm).",
    )


def test_a_row_that_does_not_beat_them_is_said_not_to():
    rows = {"item-knn": "some", "ease": "most", "paper-all": "some"}
    lines = said(rows, rows | {"paper-all": "most", "ease": "few"})
    assert lines[0] == "Best on validation, unprompted: paper-all, recall@10 0.500 on the test part."
    difference = "does not beat Item-kNN (item-knn): the difference is +0.000 recall@10 (p = 1.000)."
    assert lines[1] == f"paper-all {difference}"
    assert lines[2].startswith(
        "paper-all does not beat EASE (ease): the difference is -0.300 recall@10 (p < "
    )


def test_the_best_row_may_be_one_of_those_to_beat():
    lines = said({"item-knn": "some", "ease": "most"})
    assert len(lines) == 3
    assert lines[1].startswith("EASE (ease) beats Item-kNN (item-knn)")


def test_one_climber_says_nothing_of_chance():
    lines = said({"ease": "few", "sasrec": "some"}, climbers=np.zeros(400))
    difference = "differ by +0.300; with one climber nothing can be said of chance."
    assert lines[1:] == (f"SASRec (sasrec) and EASE (ease) {difference}",)


def test_the_papers_questions_are_answered_by_the_rows_that_were_run():
    lines = said({"cbow": "few", "gru4rec-1-ce": "some", "paper-climbs": "some"})
    assert lines[1:] == (
        "Do transformers beat simpler models? Unprompted, paper-climbs less cbow is +0.300 (p < 0.001); "
        "paper-climbs less gru4rec-1-ce is +0.000 (p = 1.000).",
        "These p values are corrected for 2 comparisons (Holm).",
    )


def test_held_out_climbers_are_said_to_have_no_embedding_of_their_own():
    rows = {"paper-climbs": "few", "paper-climber": "some"}
    question = (
        "Do climbers' embeddings help{}? Unprompted, paper-climber less paper-climbs is +0.300 (p < 0.001)."
    )
    assert said(rows)[1] == question.format("")
    noted = question.format(", although those of the test part were not trained")
    assert said(rows, held_out=True)[1] == noted


def test_every_row_that_the_words_name_is_a_row():
    named = {name for _, _, pairs in QUESTIONS for pair in pairs for name in pair}
    assert named | {name for names in TO_BEAT.values() for name in names} <= set(ROWS)


def test_what_is_asked_prompted_can_be_prompted():
    asked = [pair for _, how, pairs in QUESTIONS if how == PROMPTED for pair in pairs]
    names = {*TO_BEAT[PROMPTED], *(name for pair in asked for name in pair)}
    assert all(ROWS[name].load().prompted for name in names)


class Told:
    """Rows of both promptings that differ by 0.1, by chance where Holm's correction is heeded."""

    def __init__(self, validation: dict[str, dict[str, float]]) -> None:
        self.validation = validation
        self.means = {(how, name): 0.5 for how, names in validation.items() for name in names}

    def values(self, reading: str, metric: str) -> dict[str, np.ndarray]:
        found = self.validation.get(reading.removeprefix("validation-"), {})
        return {name: np.array([[value]]) for name, value in found.items()}

    def compare(self, pairs):
        return [Comparison(Estimate(0.1), 0.01, 0.2) for _ in pairs]


def test_a_difference_counts_by_its_corrected_p_value():
    found = Told({UNPROMPTED: {"ease": 0.1, "cbow": 0.1, "paper-climbs": 0.3}})
    lines = verdicts(found, found, False)
    difference = "does not beat EASE (ease): the difference is +0.100 recall@10 (p = 0.200)."
    assert lines[1:] == (
        f"paper-climbs {difference}",
        "Do transformers beat simpler models? Unprompted, paper-climbs less cbow is +0.100 (p = 0.200).",
        "These p values are corrected for 2 comparisons (Holm).",
    )


def test_each_prompting_has_the_best_of_its_own_validation():
    unprompted = {"sasrec": 0.4, "paper-all": 0.1, "sum": 0.2}
    prompted = {"sum": 0.2, "paper-all": 0.6, "prompted-popularity": 0.1}
    found = Told({UNPROMPTED: unprompted, PROMPTED: prompted})
    lines = verdicts(found, found, False)
    assert lines[0].startswith("Best on validation, unprompted: SASRec (sasrec),")
    assert lines[1].startswith("Best on validation, prompted: paper-all,")
    assert lines[2].startswith("paper-all does not beat Popularity by prompt")
