"""Names and ids in one place: of the raw sends, and of the sequences that the workflow makes of them.

Both halves of the project read this and nothing of each other: the light one, which recommends and serves,
and the heavy one, which trains.
"""

from __future__ import annotations

from typing import Final

# Raw sends, one row a send (schemas/sends.toml is the contract).
CLIMBER_ID: Final = "climber_id"
CLIMB_ID: Final = "climb_id"
DATE: Final = "date"
SEQUENCE: Final = "sequence"
REGION: Final = "region"
AREA: Final = "area"
CLIMB_NAME: Final = "climb_name"
CLIMB_TYPE: Final = "climb_type"
STYLE: Final = "style"
GRADE: Final = "grade"
RATING: Final = "rating"
COMMENT: Final = "comment"
BETA: Final = "beta"

REQUIRED: Final = (CLIMBER_ID, CLIMB_ID, DATE)
OPTIONAL: Final = (
    SEQUENCE, REGION, AREA, CLIMB_NAME, CLIMB_TYPE, STYLE, GRADE, RATING, COMMENT, BETA,
)  # fmt: skip
OUTCOME: Final = "outcome"  # beside the contract's: what an import writes, and what sends are posted with
STARS: Final = (1.0, 5.0)  # the least and the most of a rating

# Added on reading: days as a float since the Unix epoch, and the row's index in (climber, time) order.
DAY: Final = "day"
ROW: Final = "row"

# Added before the split: how many sends of its climber's day stand before a send in an order that means
# nothing; 0 where the logged order stands (`recsys.sequences.days`).
DAY_INDEX: Final = "day_index"

# In a batch of windows, [batch, length] both: of which of the window's days each send is, int64, counted from
# 1 (0: padding; sends share a day where their order means nothing); and which may be asked for, bool.
DAY_NUMBER: Final = "day_number"
ASKED: Final = "asked"

# What the workflow makes of them: sequences of features, numbers also as bins.
CLIMB: Final = "climb"
CLIMBER: Final = "climber"
ELAPSED_DAYS: Final = "elapsed_days"
BIN: Final = "_bin"
CATEGORIFIED: Final = (CLIMB, CLIMBER, REGION)

# Category ids as NVTabular gives them: 0 padding, 1 null (nothing was logged), 2 out of vocabulary (not seen
# when the workflow was fit), then the values, the most frequent first.
NULL_ID, UNKNOWN_ID, FIRST_VALUE_ID = 1, 2, 3

# Bins of numbers: 0 padding, 1 not logged, then upwards.
NOT_LOGGED_BIN, FIRST_BIN = 1, 2

# What a model can read; every name but the first two is an attribute of a send, which can prompt.
FEATURES: Final = (CLIMB, CLIMBER, REGION, GRADE, RATING, ELAPSED_DAYS, COMMENT, BETA)
ATTRIBUTES: Final = FEATURES[2:]
NUMBERS: Final = (GRADE, RATING, ELAPSED_DAYS)
# In a batch: float32 [batch, climber_dim], in place of the climber's id.
CLIMBER_VECTOR: Final = "climber_vector"
TEXT: Final = "text"  # in a batch: int64 [batch, length], what had been written of each climb, as a state
GIVEN: Final = "given"  # in a batch: bool [batch, len(ATTRIBUTES)], which attributes the prompt holds
Given = bool | frozenset[str]  # of a target's attributes all, none, or those named

# Simulated climbers and climbs say so in their ids, whatever file they end up in.
SIMULATED: Final = "sim-"


def given_attributes(given: Given) -> list[bool]:
    """Which of `ATTRIBUTES` are given, in their order."""
    return [given if isinstance(given, bool) else name in given for name in ATTRIBUTES]


def is_prompt(given: Given) -> bool:
    """Whether what is given tells of the climb: the days since the last send alone tell only when."""
    return given if isinstance(given, bool) else bool(given - {ELAPSED_DAYS})
