"""What climbers write: comments and beta hint at a climb's hidden style, a bit at quality and grade."""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.logbooks.simulate.crags import STYLES
from recsys.logbooks.simulate.sizes import Floats, Ints

_BY_STYLE: Final = {
    "jugs": (
        "Big jugs all the way.",
        "Steep but the holds are huge.",
        "Fun swinging between buckets.",
        "Good jugs if you can reach them.",
        "Juggy and burly.",
    ),
    "crimps": (
        "Tiny crimps, hard on the skin.",
        "Sharp little edges.",
        "Needs strong fingers for the crimps.",
        "The crux is a half pad crimp.",
        "Crimpy, wait for cold air.",
    ),
    "slopers": (
        "Slopers all the way to the lip.",
        "Pure friction on the sloper.",
        "Slopey top out, squeeze hard.",
        "All about open hands and body tension on slopers.",
        "Greasy sloper in the heat.",
    ),
    "slab": (
        "Slabby, trust your feet.",
        "Delicate slab, no hands to speak of.",
        "Smearing and balance.",
        "Stand up slowly on the slab.",
        "Thin slab, new shoes help.",
    ),
    "highball": (
        "Tall! Do not fall from the top.",
        "A proper highball, bring pads and spotters.",
        "Scary landing and high crux.",
        "Heady highball moves up high.",
        "Keep it together for the high finish.",
    ),
}
_BY_STARS: Final = (
    ("Not for me.", "Dirty and awkward."),
    ("Meh.", "Landing is poor."),
    ("Good enough.", "Worth a try."),
    ("Really nice moves.", "Great line."),
    ("Classic!", "One of the best around."),
)
_BY_EFFORT: Final = (
    ("Warm up.", "First go.", "Flash."),
    ("A few tries.", "Took a bit of work.", "Second session."),
    ("At my limit, psyched!", "Project done!", "So many tries. Finally!"),
)
_BETA: Final = {
    "jugs": ("Swing left to the jug, heel, then match.", "Big move off the undercling to the jug."),
    "crimps": ("Left crimp, high foot, lock off to the edge.", "Crimp hard, flag right, bump twice."),
    "slopers": ("Heel hook, slap the sloper, mantle.", "Compress both slopers, then go for the lip."),
    "slab": ("Smear right foot, rock over slowly.", "Palm down, swap feet, stand up."),
    "highball": ("Match the rail, breathe, then the high step left.", "Stay left up high, jug by the top."),
}
STYLE_SHARE: Final = 0.6  # of comments that mention the style
STARS_SHARE: Final = 0.45  # ... the quality
EFFORT_SHARE: Final = 0.35  # ... how hard it was for the climber


def comment(style: int, rating: int, above: float, draw: list[float]) -> str:
    """Return a comment; `above` is the grade over the climber's mean in V, `draw` six uniform numbers."""
    parts = []
    if draw[0] < EFFORT_SHARE:
        parts.append(_one_of(_BY_EFFORT[0 if above < -1 else 1 if above < 1.5 else 2], draw[1]))
    if draw[2] < STYLE_SHARE:
        parts.append(_one_of(_BY_STYLE[STYLES[style]], draw[3]))
    if draw[4] < STARS_SHARE or not parts:
        parts.append(_one_of(_BY_STARS[rating - 1], draw[5]))
    return " ".join(parts)


def comments(style: Ints, rating: Ints, above: Floats, rng: np.random.Generator) -> list[str]:
    """Return one comment a send, from the hidden style, the stars, and the V above the climber's mean."""
    draws = rng.random((len(style), 6)).tolist()
    rows = zip(style.tolist(), rating.tolist(), above.tolist(), draws, strict=True)
    return [comment(*row) for row in rows]


def betas(style: Ints, rng: np.random.Generator) -> list[str]:
    """Return one beta a send, from its climb's hidden style."""
    draws = rng.random(len(style)).tolist()
    return [_one_of(_BETA[STYLES[s]], draw) for s, draw in zip(style.tolist(), draws, strict=True)]


def _one_of(choices: tuple[str, ...], draw: float) -> str:
    return choices[int(draw * len(choices))]
