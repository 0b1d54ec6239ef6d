"""Why a climb is named: how much less probable it is without each send, and without the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recsys import columns as c
from recsys.arrays import Array
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.questions import Plan
from recsys.recommending.request import Cause, Why

REASONS: Final = 3  # sends that are named to explain an item


def why(plan: Plan, catalogue: Catalogue, index: int, scores: Array, unprompted: Array | None) -> Why:
    """Reasons of one climb.

    Parameters
    ----------
    plan:
        Says which sends were left out in turn.
    catalogue:
        Names the climbs.
    index:
        Of the climb.
    scores:
        Its probability with everything, then with each send left out, [n_variants].
    unprompted:
        Every climb's probability without the prompt, [n_items]; None where it was not asked.
    """
    full = float(scores[0])
    causes = sorted(_causes(plan, catalogue, full - scores[1:]), key=lambda cause: -cause.drop)
    share = None
    if unprompted is not None:
        bare = float(unprompted[index])
        share = (full - bare) / max(full, bare, 1e-300)
    return Why(tuple(causes[:REASONS]), share)


def _causes(plan: Plan, catalogue: Catalogue, drops: Array) -> Iterator[Cause]:
    if not any(climb in catalogue.indices for climb in plan.logbook.climbs):
        return  # no unknown send is named as a reason
    for index, drop in zip(plan.left_out, drops, strict=True):
        if drop > 0:
            climb = str(plan.logbook.columns[c.CLIMB_ID][index])
            known = catalogue.indices.get(climb)
            name = plan.logbook.columns[c.CLIMB_NAME][index]
            yield Cause(climb, name if known is None else catalogue.names[known], float(drop))
