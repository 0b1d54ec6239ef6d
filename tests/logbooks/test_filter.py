"""The k-core filter, against a hand-made example and two slow definitions of it."""

from __future__ import annotations

from itertools import chain, combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.columns import CLIMB_ID, CLIMBER_ID
from recsys.errors import DataError
from recsys.logbooks.filter import core_filter, frequent

Pairs = list[tuple[str, str]]


def sends(pairs: Pairs) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=[CLIMBER_ID, CLIMB_ID])


def pairs_of(frame: pd.DataFrame) -> Pairs:
    return list(frame[[CLIMBER_ID, CLIMB_ID]].itertuples(index=False, name=None))


def is_consistent(pairs: Pairs, k: int) -> bool:
    climbers, climbs = zip(*pairs, strict=True) if pairs else ((), ())
    return all(side.count(each) >= k for side in (climbers, climbs) for each in side)


def largest_by_trying_all(pairs: Pairs, k: int) -> Pairs:
    """Of all choices of climbers and climbs, the consistent one with the most sends."""

    def subsets(names: set[str]) -> list[tuple[str, ...]]:
        return list(chain.from_iterable(combinations(sorted(names), n) for n in range(len(names) + 1)))

    best: Pairs = []
    for climbers in subsets({a for a, _ in pairs}):
        for climbs in subsets({b for _, b in pairs}):
            part = [(a, b) for a, b in pairs if a in climbers and b in climbs]
            if len(part) > len(best) and is_consistent(part, k):
                best = part
    return best


def test_dropping_one_brings_others_below() -> None:
    # c is too short; without it, w has one send; then nothing else changes.
    chained = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("b", "w"), ("c", "w"), ("d", "x"), ("d", "y")]
    kept = core_filter(sends(chained), 2)
    assert pairs_of(kept) == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("d", "x"), ("d", "y")]
    assert list(kept.index) == [0, 1, 2, 3, 4, 5]


def test_repeats_count_as_sends() -> None:
    assert len(core_filter(sends([("a", "x")] * 3 + [("b", "x")]), 3)) == 3


@pytest.mark.parametrize("k", [-1, 0, 1])
def test_one_keeps_all(k: int) -> None:
    assert len(core_filter(sends([("a", "x"), ("b", "y")]), k)) == 2


def test_nothing_left_is_an_error_with_the_way_out() -> None:
    with pytest.raises(DataError) as error:
        core_filter(sends([("a", "x"), ("b", "y"), ("b", "x")]))
    assert str(error.value) == (
        "the table: no climb and climber with 5 sends each are left of 3 sends, 2 climbers, 2 climbs; "
        "give more sends, or pass min_sends 1"
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=1, max_size=14),
    st.integers(1, 3),
)
def test_it_is_the_largest_consistent_part(pairs: Pairs, k: int) -> None:
    expected = largest_by_trying_all(pairs, k)
    if not expected:
        with pytest.raises(DataError):
            core_filter(sends(pairs), k)
        return
    kept = core_filter(sends(pairs), k)
    assert pairs_of(kept) == expected
    assert pairs_of(core_filter(kept, k)) == expected


PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=1, max_size=14)


@settings(max_examples=60, deadline=None)
@given(PAIRS, PAIRS, st.integers(1, 3))
def test_of_what_joins_a_core_stays_what_a_core_of_both_would_keep(old: Pairs, new: Pairs, k: int) -> None:
    known = sends(largest_by_trying_all(old, k))
    both = largest_by_trying_all([*pairs_of(known), *new], k)
    assert pairs_of(frequent(known, sends(new), k)) == both[len(known) :]


def test_what_joins_is_dropped_until_nothing_changes() -> None:
    # c has one send, of w, which without it has one too; then b's is left, of what is known.
    new = [("c", "w"), ("b", "w"), ("b", "x")]
    assert pairs_of(frequent(sends([("a", "x"), ("a", "x"), ("b", "x")]), sends(new), 2)) == [("b", "x")]
