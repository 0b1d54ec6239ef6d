"""Names of the columns, in one place: the raw sends, and the sequences that the workflow makes of them."""

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

# Added on reading: days as a float since the Unix epoch, and the row's place in (climber, time) order.
DAY: Final = "day"
ROW: Final = "row"

# Simulated climbers and climbs say so in their ids, whatever file they end up in.
SIMULATED: Final = "sim-"
