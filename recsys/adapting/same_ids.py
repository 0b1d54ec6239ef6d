"""New sends meet the run's climbs as logbooks meet its catalogue (`recsys.recommending.matching`).

An id in another case, or a number in another form, is the run's own. A climb under another id is the run's by
its name and place, if the file's ids are not the run's own, where an unknown one is a new climb: a gym gives
the name of a boulder that is gone to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from recsys import columns as c
from recsys.console import say
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.forms import Forms
from recsys.recommending.logbook import Logbook
from recsys.recommending.matching import Matcher

_TOLD: Final = (c.CLIMB_NAME, c.AREA, c.REGION, c.GRADE)  # what a climb is known by, but for its id
_ONE: Final = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY]
_RUNS: Final = ((re.compile(r"[^\W\d_]+"), "a"), (re.compile(r"\d+"), "0"))


def with_run_ids(frame: pd.DataFrame, catalogue: Catalogue, climbers: Sequence[str]) -> pd.DataFrame:
    """New sends with the run's ids for its climbs and climbers; says how many had others.

    A climb that is known by its name has the catalogue's region where its own is none of the run's. Sends of
    a day that are one by the run's ids are one.
    """
    given = frame
    form = "in another case or spelling or as mangled numbers"
    frame = _renamed(frame, c.CLIMB_ID, _by_form(frame[c.CLIMB_ID], catalogue.ids), "climbs", form)
    frame = _renamed(frame, c.CLIMBER_ID, _by_form(frame[c.CLIMBER_ID], climbers), "climbers", form)
    named = _by_name(frame, catalogue)
    if c.REGION in frame and named:
        frame = frame.assign(**{c.REGION: _regions(frame, named, catalogue)})
    frame = _renamed(frame, c.CLIMB_ID, named, "climbs", "by name and place")
    return frame if frame is given else frame[~frame.duplicated(_ONE)].reset_index(drop=True)


def _renamed(frame: pd.DataFrame, column: str, same: Mapping[str, str], what: str, form: str) -> pd.DataFrame:
    if not same:
        return frame
    theirs, ours = (each[:80] for each in next(iter(same.items())))
    say(f"{len(same)} {what} of the new sends are the run's own, {form} ({theirs} is {ours}, for example)")
    return frame.assign(**{column: frame[column].map(lambda each: same.get(each, each))})


def _by_form(ids: pd.Series, known: Sequence[str]) -> dict[str, str]:
    forms = Forms(known)
    found = ((each, forms.known(each)) for each in ids.unique())
    return {each: mine for each, mine in found if mine is not None and mine != each}


def _by_name(frame: pd.DataFrame, catalogue: Catalogue) -> dict[str, str]:
    """Climbs under other ids than the run's to the run's."""
    if c.CLIMB_NAME not in frame:
        return {}
    unknown = ~frame[c.CLIMB_ID].isin(catalogue.ids)
    rest = frame[unknown]
    if not unknown.all():  # ids of the file are the run's, and those that look like them are too
        own = _shapes(catalogue.ids)
        rest = rest[[not own & _shapes([each]) for each in rest[c.CLIMB_ID]]]
    if rest.empty:
        return {}
    climbs = rest.groupby(c.CLIMB_ID, sort=False)[[name for name in _TOLD if name in rest]].first()
    plain = climbs.astype(object).where(climbs.notna(), None).reset_index()
    return Matcher(catalogue).namesakes(Logbook.of({name: plain[name].tolist() for name in plain}))


def _shapes(ids: Iterable[str]) -> set[str]:
    """How ids look: "sim-climb-0042" as a-a-0."""
    shapes = set(ids)
    for run, sign in _RUNS:
        shapes = {run.sub(sign, each) for each in shapes}
    return shapes


def _regions(frame: pd.DataFrame, named: Mapping[str, str], catalogue: Catalogue) -> pd.Series:
    """The regions, those of renamed climbs the run's own."""
    own = {climb: catalogue.regions[catalogue.indices[known]] for climb, known in named.items()}
    taken = frame[c.CLIMB_ID].isin(own) & ~frame[c.REGION].isin(catalogue.known_regions)
    return frame[c.REGION].mask(taken, frame[c.CLIMB_ID].map(own))
