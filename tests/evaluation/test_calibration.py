"""Temperature and calibration error, where the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.calibration import fit_temperature, reliability


class Given:
    def __init__(self, scores):
        self.table = scores

    def scores(self, cases):
        return self.table[cases]


def drawn(n=4000, items=12, seed=0):
    """Scores, and targets drawn from their softmax."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (n, items)).astype(np.float32)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return scores, (shares.cumsum(1) > rng.random((n, 1))).argmax(1)


@pytest.mark.parametrize("factor", [0.01, 1.0, 40.0])
def test_the_temperature_undoes_a_scale(factor):
    scores, targets = drawn()
    assert fit_temperature(scores * np.float32(factor), targets) == pytest.approx(factor, rel=0.06)


def test_targets_outside_and_equal_scores_fit_nothing():
    scores, targets = drawn(200)
    assert fit_temperature(scores, np.full(200, -1)) == 1.0
    assert fit_temperature(np.ones((5, 3), np.float32), np.zeros(5, int)) == 1.0
    some = np.where(np.arange(200) % 2, targets, -1)
    assert fit_temperature(scores, some) == fit_temperature(scores[1::2], targets[1::2])


def test_climbs_that_cannot_come_change_no_temperature():
    scores, targets = drawn(500)
    never = np.concatenate([scores, np.full((500, 1), -np.inf, np.float32)], axis=1)
    assert fit_temperature(never, targets) == pytest.approx(fit_temperature(scores, targets), rel=1e-6)
    impossible = np.where(np.arange(500) < 250, 12, targets)  # no temperature makes those likelier
    assert fit_temperature(never, impossible) == pytest.approx(fit_temperature(scores[250:], targets[250:]))
    assert fit_temperature(never, np.full(500, 12)) == 1.0


def test_scores_that_say_nearly_all_keep_a_temperature():
    """The targets are the best by far, so that the likeliest temperature is as low as is looked for."""
    scores = np.random.default_rng(0).normal(size=(400, 12)).astype(np.float32)
    found = fit_temperature(scores, scores.argmax(1))
    assert found == pytest.approx(float(scores.std(1).mean()) / 100, rel=0.05)


def test_what_is_drawn_from_the_shares_is_calibrated_and_what_is_not_is_found_out():
    scores, targets = drawn()
    right = reliability(Given(scores), 1.0, targets, None, 12)
    wrong = reliability(Given(scores), 0.2, targets, None, 12)
    assert right["error"] < 0.015 < 0.05 < wrong["error"]
    assert right["cases"] == 2000
    assert sum(each["count"] for each in right["bins"]) == 2000 * right["shown"]
    by_hand = sum(each["count"] * abs(each["said"] - each["was"]) for each in right["bins"]) / 20_000
    assert right["error"] == pytest.approx(by_hand)


def test_seen_climbs_are_not_shown():
    scores, _ = drawn(3, 12)
    best = scores.argmax(1)
    seen = lambda cases: (np.arange(len(cases)), best[cases])  # noqa: E731
    found = reliability(Given(scores), 1.0, best, seen, 12)
    assert all(each["was"] == 0 for each in found["bins"])
    assert reliability(Given(scores), 1.0, best, None, 12)["bins"][-1]["was"] > 0


def test_scores_are_divided_by_their_temperature():
    scores, targets = drawn()
    right = reliability(Given(scores), 1.0, targets, None, 12)
    wide = reliability(Given(4 * scores), 4.0, targets, None, 12)
    assert wide["error"] == pytest.approx(right["error"])
