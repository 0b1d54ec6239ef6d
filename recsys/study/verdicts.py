"""What a study has shown, in words: the best row against those it has to beat, and the paper's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from recsys.baselines.rows import ROWS
from recsys.study.summary import HEADLINE, PROMPTED, UNPROMPTED, Comparison, Paper

if TYPE_CHECKING:
    from recsys.study.estimates import Estimates, Reading
    from recsys.study.readings import Readings

TO_BEAT: Final = {
    UNPROMPTED: ("item-knn", "sequential-knn", "ease", "recent-popularity"),
    PROMPTED: ("prompted-popularity", "recent-popularity"),
}
# The paper's questions (Thompson 2023, section 1 and its limitations) as pairs of rows.
_CLIMBERS: Final = "Do climbers' embeddings help"
QUESTIONS: Final = (
    (
        "Do transformers beat simpler models",
        UNPROMPTED,
        (("paper-climbs", "cbow"), ("paper-climbs", "gru4rec-1-ce"), ("sasrec", "gru4rec-1-ce")),
    ),
    (_CLIMBERS, UNPROMPTED, (("paper-climber", "paper-climbs"), ("paper-all", "paper-features"))),
    (_CLIMBERS, PROMPTED, (("paper-all", "paper-features"),)),
    ("Is summing features better than concatenating them", PROMPTED, (("sum", "concat"),)),
    ("Are numbers better in bins", PROMPTED, (("numbers-binned", "numbers-continuous"),)),
    ("Is MLM better than last-item masking", UNPROMPTED, (("bert-mlm", "bert-last"),)),
    ("Is MLM better than last-item masking", PROMPTED, (("bert-mlm", "bert-last"),)),
)
_HELD_OUT: Final = ", although those of the test part were not trained"
ALPHA: Final = 0.05

# Accuracy in Thompson 2023, table 1 (BC) and table 2 (all regions), and our row of the same name.
PAPERS: Final[dict[str, tuple[str, tuple[float, ...]]]] = {
    "none": ("", ()),
    "bc": ("Thompson 2023, table 1 (British Columbia)", (0.077, 0.0846, 0.099, 0.24, 0.24, 0.19)),
    "world": ("Thompson 2023, table 2 (all regions)", (0.079, 0.085, 0.078, 0.23, 0.23, 0.08)),
}
_OURS: Final = {
    "paper-climbs": "own-climbs",
    "paper-features": "own-features",
    "paper-all": "own-all",
    "paper-climber": "own-climber",
}  # the same features, our way
_PAPER_ROWS: Final = (
    ("CBOW", "cbow", UNPROMPTED),
    ("GRU", "gru4rec-1-ce", UNPROMPTED),
    ("climb embeddings", "paper-climbs", UNPROMPTED),
    ("and other features", "paper-features", PROMPTED),
    ("and climber embeddings", "paper-all", PROMPTED),
    ("climber embedding, but no other features", "paper-climber", UNPROMPTED),
)


def verdicts(found: Readings, estimates: Estimates, held_out: bool) -> tuple[str, ...]:
    """Plain sentences: the best rows against those they have to beat, and the paper's questions.

    All comparisons that the sentences make are one family of Holm's correction.

    Parameters
    ----------
    held_out:
        Whether the climbers of the test part are none of training's.
    """
    chosen = {how: best for how in TO_BEAT if (best := _best(found, estimates, how))}
    beaten = [((how, best), (how, name)) for how, best in chosen.items() for name in TO_BEAT[how]]
    questions = [((how, a), (how, b)) for _, how, pairs in QUESTIONS for a, b in pairs]
    pairs = [
        (a, b) for a, b in dict.fromkeys(beaten + questions) if a != b and {a, b} <= estimates.means.keys()
    ]
    compared = dict(zip(pairs, estimates.compare(pairs), strict=True))
    lines = []
    for how, best in chosen.items():
        value = estimates.means[how, best]
        lines.append(f"Best on validation, {how}: {_named(best)}, {HEADLINE} {value:.3f} on the test part.")
        lines += [
            _verdict(*pair, compared[pair]) for pair in beaten if pair in compared and pair[0][0] == how
        ]
    lines += _questions(compared, held_out)
    if any(each.corrected is not None for each in compared.values()):
        lines.append(f"These p values are corrected for {len(compared)} comparisons (Holm).")
    return tuple(lines)


def _best(found: Readings, estimates: Estimates, how: str) -> str | None:
    """The row that validation would choose."""
    validation = found.values(f"validation-{how}", HEADLINE)
    names = [name for name in validation if (how, name) in estimates.means]
    return max(names, key=lambda name: float(validation[name].mean()), default=None)


def _named(row: str) -> str:
    """A row in words; one that goes on from its family ("and other features") by its name."""
    title = ROWS[row].title
    return row if title[:1].islower() else f"{title} ({row})"


def _verdict(best: Reading, other: Reading, difference: Comparison) -> str:
    """One sentence: whether the best row beats another."""
    gain, chance = difference.difference.value, difference.corrected
    a, b = _named(best[1]), _named(other[1])
    if chance is None:
        return f"{a} and {b} differ by {gain:+.3f}; with one climber nothing can be said of chance."
    if gain > 0 and chance < ALPHA:
        return f"{a} beats {b} by {gain:.3f} {HEADLINE} ({_chance(chance)})."
    return f"{a} does not beat {b}: the difference is {gain:+.3f} {HEADLINE} ({_chance(chance)})."


def _questions(compared: Mapping[tuple[Reading, Reading], Comparison], held_out: bool) -> Iterator[str]:
    """An answer to each of the paper's questions whose rows were run."""
    for question, how, pairs in QUESTIONS:
        answers = [
            f"{a} less {b} is {each.difference.value:+.3f}"
            + ("" if each.corrected is None else f" ({_chance(each.corrected)})")
            for a, b in pairs
            if (each := compared.get(((how, a), (how, b)))) is not None
        ]
        if answers:
            note = _HELD_OUT if held_out and question == _CLIMBERS else ""
            yield f"{question}{note}? {how.capitalize()}, {'; '.join(answers)}."


def _chance(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def beside_paper(table: str, estimates: Estimates, exclude_seen: bool) -> Iterator[Paper]:
    """The lines of the paper's table ("bc", "world" or "none") whose rows were run, both ways.

    Climbs already sent are among the candidates, as in the paper; beside that they are left out, where the
    study leaves them out.
    """
    for (label, row, prompting), accuracy in zip(_PAPER_ROWS, PAPERS[table][1], strict=False):
        for name in (row, _OURS.get(row)):
            if name in estimates.as_paper[prompting]:
                left_out = estimates.prompting[prompting]["accuracy"].get(name) if exclude_seen else None
                yield Paper(label, accuracy, name, prompting, estimates.as_paper[prompting][name], left_out)
