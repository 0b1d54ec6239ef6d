"""The adapter to a recommender (`recsys.serving.likes`); a request is `recommending`'s own.

`RecommenderLike` is assumed safe to read from several threads, as ONNX Runtime and NumPy are.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from recsys import columns as c
from recsys.errors import RunError, UnknownError
from recsys.files import read_plain
from recsys.logbooks.grade_ranges import GradeRange
from recsys.logbooks.mapping import ColumnMapping
from recsys.manifest import MANIFEST, check_manifest
from recsys.nouns import spoken
from recsys.recommending.card import card_bytes
from recsys.recommending.known import SHOWN
from recsys.recommending.levels import has_levels, level
from recsys.recommending.logbook import date_of
from recsys.recommending.path import PathRequest
from recsys.recommending.request import Request, known_region
from recsys.recommending.session import SessionRequest
from recsys.serving.insights import insights
from recsys.serving.likes import CatalogueLike, ItemLike, RecommenderLike
from recsys.serving.links import link
from recsys.serving.offered import in_a_line, places, samples

_SENT: Final = (c.CLIMB_ID, c.GRADE, c.OUTCOME)  # of each send of a logbook
_TRIED: Final = 200  # climbers that samples are looked for among
Row = dict[str, Any]
Opener = Callable[[Path], RecommenderLike]


class LoadedBundle:
    """A loaded bundle: the recommender, its climb table as JSON, and where it came from.

    Parameters
    ----------
    recommender:
        Of a bundle, or of a run.
    digest:
        SHA-256 of the bundle's manifest.
    card:
        The model card, Markdown.

    Attributes
    ----------
    hides_climbers:
        Whether no climber can be searched for.
    """

    hides_climbers: bool = False

    def __init__(
        self,
        recommender: RecommenderLike,
        digest: str = "",
        card: str = "",
    ) -> None:
        self._recommender, self.digest, self.card = recommender, digest, card
        table: CatalogueLike = recommender.catalogue
        self.n_climbs = len(table.ids)
        self._extra = {
            str(climb): {"stars": _number(stars), "sends": _count(count), "link": link(str(climb))}
            for climb, stars, count in zip(table.ids, table.stars, table.sends, strict=True)
        }
        self.places = places(table)
        self.levels = has_levels(table.grades)
        self.graded = table.graded
        self._regions = [row["region"] for row in self.places["regions"]]
        self.climbers = [str(each) for each in recommender.climbers]
        self._folded = [(each.casefold(), each) for each in self.climbers]
        self._known = frozenset(self.climbers)

    def read_grades(self, text: str) -> GradeRange | str:
        """What is asked for as a grade, a range of them, or a text that is one of the bundle's."""
        return self._recommender.catalogue.read_grades(text)

    def checked(self, ask: Request) -> Request:
        """The request with its names as the bundle writes them; `UnknownError` names the one it lacks."""
        if ask.climber is not None and ask.climber not in self._known:
            search = "" if self.hides_climbers else "; look for another name"
            raise UnknownError(f"no climber {ask.climber[:80]!r} is known here{search}")
        return dataclasses.replace(ask, region=self._region(ask.region))

    def _region(self, name: str | None) -> str | None:
        return None if name is None else known_region(name, self._regions)

    def recommend_many(self, asks: Sequence[Request]) -> list[list[Row] | Exception]:
        """An answer or an error a request: one model call, or one each where a request spoils the batch."""
        try:
            return [self._rows(items) for items in self._recommender.recommend_many(list(asks))]
        except Exception as error:
            return [error] if len(asks) == 1 else [self._one(ask) for ask in asks]

    def note(self, ask: Request) -> str | None:
        """What is said beside an answer: that no prompt is read, that something closed is not here."""
        note = self._recommender.note(ask)
        said = [] if note is None else [self.say(note)]
        return "; ".join([*said, *self._recommender.catalogue.misspelt(ask.blocked, self.say)]) or None

    def known(self, ask: Request) -> Row | None:
        """What the model knows of the posted climbs, in the fields of `recsys.serving.known_models.Known`."""
        match = self._recommender.match(ask)
        if match is None:
            return None
        questions = [each._asdict() for each in match.questions[:SHOWN]]
        return {
            "climbs": match.n_climbs, "known": match.n_known, "notes": match.lines(nouns=self.nouns),
            "questions": questions,
        }  # fmt: skip

    def say(self, text: str) -> str:
        """A text for people in the words of the bundle's domain."""
        return spoken(text, self.nouns)

    def grade_of(self, ordinal: float) -> str:
        """The nearest plain grade of an ordinal, as the bundle's climbs have them."""
        return level(ordinal, self.levels)

    def similar(self, climb_id: str, k: int) -> list[Row]:
        """The nearest climbs to one of the bundle's."""
        self._check_climb(climb_id)
        return self._rows(self._recommender.similar(climb_id, k))

    def path(self, ask: PathRequest) -> Row:
        """A path to a project, in the fields of `recsys.serving.plan_models.Path`."""
        self._check_climb(ask.project)
        self.checked(Request(climber=ask.climber, region=ask.region))
        found = self._recommender.path(ask).to_json()
        steps = [self._row(step) for step in found["steps"]]
        known = self.known(ask.whose)
        project = self._row(found["project"])
        return {**found, "note": self._said(found), "steps": steps, "project": project, "logbook": known}

    def session(self, ask: SessionRequest) -> Row:
        """A day in one area, in the fields of `recsys.serving.plan_models.Session`."""
        self.checked(Request(climber=ask.climber, region=ask.region))
        if ask.like is not None:
            self._check_climb(ask.like)
        found = self._recommender.session(ask).to_json()
        climbs = [self._row(climb) for climb in found["climbs"]]
        return {**found, "note": self._said(found), "climbs": climbs, "logbook": self.known(ask.whose)}

    def _said(self, plan: Row) -> str | None:
        """The note of a plan in the words of the domain."""
        note = plan.get("note")
        return None if note is None else self.say(note)

    def skill(self, ask: Request) -> Row:
        """What a logbook tells, in the fields of `recsys.serving.plan_models.Skill`, uncertainty too."""
        asked = self.checked(ask)
        told = insights(self._sends(asked), self.grade_of)
        points = [point.to_json() for point in self._recommender.curve(asked)]
        for each in told["disciplines"]:
            own = [point for point in points if point["discipline"] == each["discipline"]]
            each["curve"] = [{k: v for k, v in point.items() if k != "discipline"} for point in own]
        return {**told, "logbook": self.known(asked)}

    def off_grades(self, region: str | None, k: int) -> list[Row]:
        """Soft and hard grades, in the fields of `recsys.serving.skill_models.OffGrade`."""
        return [each.to_json() for each in self._recommender.off_grade(self._region(region), k)]

    @property
    def nouns(self) -> dict[str, str]:
        """What the bundle's domain calls a climb, a send and so on; empty where it is climbing."""
        return dict(self._recommender.nouns)

    @property
    def mapping(self) -> ColumnMapping | None:
        """What the bundle's sends were read by, for a logbook with the same columns."""
        return self._recommender.mapping

    @property
    def simulated(self) -> bool:
        """Whether the climbs and climbers were made up."""
        return self._recommender.simulated

    @cached_property
    def samples(self) -> list[Row]:
        """Climbers to try the service with, weak to strong."""
        tried = self.climbers[:_TRIED]
        return samples([in_a_line(each, self._sends(Request(climber=each)), self.levels) for each in tried])

    @property
    def sample(self) -> str | None:
        """The one of them in the middle; None where no logbooks are stored."""
        return self.samples[len(self.samples) // 2]["climber"] if self.samples else None

    def search(self, text: str, k: int) -> list[Row]:
        """Climbs whose name or id holds the text."""
        return self._rows(self._recommender.search(text, k))

    def find_climbers(self, text: str, k: int) -> list[str]:
        """Climbers whose id holds the text, those that begin with it first."""
        wanted = text.casefold()
        found = [(not folded.startswith(wanted), each) for folded, each in self._folded if wanted in folded]
        return [each for _, each in sorted(found)[:k]]

    def _check_climb(self, climb_id: str) -> None:
        if climb_id not in self._extra:
            raise UnknownError(f"no climb {climb_id[:80]!r} is known here; look for it by its name")

    def _sends(self, ask: Request) -> list[Row]:
        """The sends of a logbook: climb_id, grade, outcome and date, None where order is all there is."""
        columns = self._recommender.logbook(ask).columns
        rows = zip(*(columns[name] for name in (*_SENT, c.DAY)), strict=True)
        return [{**dict(zip(_SENT, told, strict=True)), c.DATE: date_of(day)} for *told, day in rows]

    def _one(self, ask: Request) -> list[Row] | Exception:
        try:
            return self._rows(self._recommender.recommend(ask))
        except Exception as error:
            return error

    def _rows(self, items: Sequence[ItemLike]) -> list[Row]:
        return [self._row(item.to_json()) for item in items]

    def _row(self, row: Row) -> Row:
        extra = self._extra.get(row["climb_id"], {"stars": None, "sends": None, "link": None})
        return {**row, "score": float(row["score"]), **extra}


def open_backend(folder: Path, opener: Opener | None = None) -> LoadedBundle:
    """A bundle, its manifest checked before and compared after it was read.

    Raises
    ------
    RunError
        The manifest does not match, or changed while the bundle was read.
    """
    check_manifest(folder)
    digest = manifest_digest(folder)
    recommender = (opener or _open)(folder)
    card = (card_bytes(folder) or b"").decode("utf-8", "replace")
    if manifest_digest(folder) != digest:
        raise RunError(f"{folder / MANIFEST}: changed while the bundle was read; it is read again")
    return LoadedBundle(recommender, digest, card)


def manifest_digest(folder: Path) -> str:
    """SHA-256 of the manifest's bytes, or "" where there is none (a folder that is being replaced)."""
    try:
        return hashlib.sha256(read_plain(folder / MANIFEST)).hexdigest()
    except OSError:
        return ""


def _open(folder: Path) -> RecommenderLike:
    from recsys.serving.planner import Planner

    return Planner.open(folder)


def _number(value: Any) -> float | None:
    number = float(value) if value is not None else math.nan
    return None if math.isnan(number) else round(number, 2)


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
