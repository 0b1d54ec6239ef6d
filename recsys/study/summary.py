"""What a study found, as plain values: what its table, its report and docs/results are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROMPTED, UNPROMPTED = "prompted", "unprompted"
AS_PAPER = "paper"  # the test part ranked as in Thompson 2023, with the climbs already sent among the others
# Readings of the test part with the order of the sends changed: of those of a window among themselves, and of
# a whole history, by which other sends enter the window.
WINDOW_SHUFFLED, HISTORY_SHUFFLED = "window_shuffled", "history_shuffled"
LISTS = "lists"  # a cell's fact: how the row was asked to what its lists on the test part are like
HEADLINE = "recall@10"  # what rows are compared by


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and cases with its 95% interval over seeds and climbers; None where unknown."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A row less another on the same cases: difference of `HEADLINE`, p value, p value by Holm's method."""

    difference: Estimate
    p_value: float | None
    corrected: float | None


@dataclass(frozen=True)
class RowSummary:
    """One row of the study.

    Attributes
    ----------
    name, title, family, source:
        As in ``recsys study --list-rows``: ``sasrec``, "SASRec", "Transformers", "Kang & McAuley 2018".
    seeds:
        Seeds that were run; 1 for a method that draws nothing at random.
    prompting:
        "unprompted", and "prompted" where the row reads prompts, to {metric: estimate} on the test part.
    training:
        The same on training sends, accuracy alone.
    lists:
        How it was asked to {measure: value} of its lists on the test part (`recsys.evaluation.beyond`), the
        mean over seeds; empty for cells of before it was measured.
    shuffled:
        Unprompted `HEADLINE` with the sends of each window shuffled among themselves; None for a row that
        reads no order.
    order:
        Share of the unprompted `HEADLINE` that is lost by that, 0 to 1: what is due to order. None as above.
    shuffled_history, order_history:
        The same with each whole history shuffled: also what is due to which sends are the last.
    comparison:
        The unprompted row less the reference row; None for the reference itself.
    prompted_comparison:
        The prompted row less `StudySummary.prompted_reference`; None for that, and where it takes no prompt.
    by_history, by_popularity:
        {stratum: unprompted HEADLINE}, for sends before the target and for training sends of the target.
    settings:
        What the row was run with, in words, as chosen on validation.
    parameters, seconds, peak_mib:
        Trained parameters (0: none); seconds of one seed to train; MiB that one seed took beyond the
        process it started in.
    """

    name: str
    title: str
    family: str
    source: str
    seeds: int
    prompting: Mapping[str, Mapping[str, Estimate]]
    training: Mapping[str, Estimate] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shuffled: Estimate | None = None
    order: Estimate | None = None
    shuffled_history: Estimate | None = None
    order_history: Estimate | None = None
    comparison: Comparison | None = None
    prompted_comparison: Comparison | None = None
    by_history: Mapping[str, Estimate] = field(default_factory=dict)
    by_popularity: Mapping[str, Estimate] = field(default_factory=dict)
    settings: str = ""
    parameters: int = 0
    seconds: float = 0.0
    peak_mib: float = 0.0


@dataclass(frozen=True)
class Paper:
    """A line of the paper's table beside ours: its label and accuracy, our row, how it was asked, and our
    accuracy with the climbs already sent among the candidates, as in the paper, and with them left out."""

    label: str
    accuracy: float
    row: str
    prompting: str
    ours: Estimate
    left_out: Estimate | None = None


@dataclass(frozen=True)
class Point:
    """A climb on the map of embeddings: two coordinates, its grade in words and as a number, its sends."""

    x: float
    y: float
    climb: str
    grade: str | None
    ordinal: float | None
    sends: int


@dataclass(frozen=True)
class StudySummary:
    """A whole study.

    Attributes
    ----------
    name:
        Of the study.
    facts:
        (label, text) lines that say the data, whether it is simulated, the split, the protocol, the seeds,
        the tuning budget, the machine: everything a figure needs beside it.
    simulated:
        Whether the sends are simulated; said wherever a figure is.
    n_cases, n_climbers, n_items:
        Test cases, the climbers they are of, climbs in the catalogue.
    reference, prompted_reference:
        Names of the rows that the others are compared with, unprompted and prompted.
    rows:
        In the order of the study; a row that has not been run is not among them.
    verdicts:
        Plain sentences: does the best row beat item-kNN, EASE and recent popularity, and the like.
    paper, paper_table:
        The paper's table beside ours, and which one it is; empty where the study has none of its rows.
    points, points_of:
        Map of the embeddings of the row `points_of`, two principal components; empty where there is none.
    unfinished:
        Cells (row, seed) that are still to be run.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    simulated: bool
    n_cases: int
    n_climbers: int
    n_items: int
    reference: str
    rows: tuple[RowSummary, ...]
    prompted_reference: str = ""
    verdicts: tuple[str, ...] = ()
    paper: tuple[Paper, ...] = ()
    paper_table: str = ""
    points: tuple[Point, ...] = ()
    points_of: str = ""
    unfinished: tuple[tuple[str, int], ...] = ()
