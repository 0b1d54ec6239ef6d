"""What a study has shown, in words: the best row against those it has to beat, and the paper's table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from recsys.study.rows import ROWS
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, Comparison, Paper

if TYPE_CHECKING:
    from recsys.study.estimates import Estimates
    from recsys.study.readings import Readings

TO_BEAT: Final = {
    UNPROMPTED: ("item-knn", "ease", "recent-popularity"),
    PROMPTED: ("prompted-popularity", "recent-popularity"),
}
# The paper's questions (Thompson 2023, section 1 and its limitations) as pairs of rows.
QUESTIONS: Final = (
    (
        "Do transformers beat simpler models?",
        UNPROMPTED,
        (("paper-climbs", "cbow"), ("paper-climbs", "gru4rec-1-ce"), ("sasrec", "gru4rec-1-ce")),
    ),
    (
        "Do climbers' embeddings help?",
        UNPROMPTED,
        (("paper-climber", "paper-climbs"), ("paper-all", "paper-features")),
    ),
    ("Do climbers' embeddings help a prompted model?", PROMPTED, (("paper-all", "paper-features"),)),
    ("Are the features worth summing?", PROMPTED, (("sum", "paper-all"),)),
    ("Is MLM better than last-item masking?", UNPROMPTED, (("bert-mlm", "bert-last"),)),
    ("Is MLM better than last-item masking, prompted?", PROMPTED, (("bert-mlm", "bert-last"),)),
)
ALPHA: Final = 0.05

# Accuracy in Thompson 2023, table 1 (BC) and table 2 (all regions), and our row of the same name.
PAPERS: Final[dict[str, tuple[str, tuple[float, ...]]]] = {
    "none": ("", ()),
    "bc": ("Thompson 2023, table 1 (British Columbia)", (0.077, 0.0846, 0.099, 0.24, 0.24, 0.19)),
    "world": ("Thompson 2023, table 2 (all regions)", (0.079, 0.085, 0.078, 0.23, 0.23, 0.08)),
}
_PAPER_ROWS: Final = (
    ("CBOW", "cbow", UNPROMPTED),
    ("GRU", "gru4rec-1-ce", UNPROMPTED),
    ("climb embeddings", "paper-climbs", UNPROMPTED),
    ("and other features", "paper-features", PROMPTED),
    ("and climber embeddings", "paper-all", PROMPTED),
    ("climber embedding, but no other features", "paper-climber", UNPROMPTED),
)


def verdicts(found: Readings, estimates: Estimates) -> tuple[str, ...]:
    """Plain sentences: the best rows against those they have to beat, and the paper's questions."""
    best = (line for asked, others in TO_BEAT.items() for line in _best(found, estimates, asked, others))
    return (*best, *_questions(estimates))


def _best(found: Readings, estimates: Estimates, asked: str, others: Sequence[str]) -> Iterator[str]:
    """The row that validation would choose, and whether it beats others on the test part."""
    validation = found.values(f"validation-{asked}", HEADLINE)
    if not validation:
        return
    best = max(validation, key=lambda name: validation[name].mean())
    title, value = ROWS[best].title, estimates.means[asked][best]
    yield f"Best on validation, {asked}: {title} ({best}), {HEADLINE} {value:.3f} on the test part."
    pairs = [(best, name) for name in others if name in validation and name != best]
    for (_, other), each in zip(pairs, estimates.compare(pairs, asked), strict=True):
        yield _verdict(title, ROWS[other].title, each)


def _verdict(best: str, other: str, difference: Comparison) -> str:
    """One sentence: whether the best row beats another."""
    gain, chance = difference.difference.value, difference.corrected
    if chance is None:
        return f"{best} and {other} differ by {gain:+.3f}; with one climber nothing can be said of chance."
    if gain > 0 and chance < ALPHA:
        return f"{best} beats {other} by {gain:.3f} {HEADLINE} ({_chance(chance)})."
    return f"{best} does not beat {other}: the difference is {gain:+.3f} {HEADLINE} ({_chance(chance)})."


def _questions(estimates: Estimates) -> Iterator[str]:
    """An answer to each of the paper's questions whose rows were run."""
    for question, asked, pairs in QUESTIONS:
        known = [pair for pair in pairs if set(pair) <= set(estimates.means[asked])]
        answers = [
            f"{ROWS[a].name} less {ROWS[b].name} is {each.difference.value:+.3f}"
            + ("" if each.corrected is None else f" ({_chance(each.corrected)})")
            for (a, b), each in zip(known, estimates.compare(known, asked), strict=True)
        ]
        if answers:
            yield f"{question} {asked.capitalize()}, {'; '.join(answers)}."


def _chance(p: float) -> str:
    return "corrected p < 0.001" if p < 0.001 else f"corrected p = {p:.3f}"


def beside_paper(table: str, estimates: Estimates) -> Iterator[Paper]:
    """The lines of the paper's table ("bc", "world" or "none") whose rows were run."""
    for (label, row, asked), accuracy in zip(_PAPER_ROWS, PAPERS[table][1], strict=False):
        if row in estimates.as_paper[asked]:
            yield Paper(label, accuracy, row, asked, estimates.as_paper[asked][row])
