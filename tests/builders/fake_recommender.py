"""A recommender of the real one's shape, without a model: a seeded NumPy network over made-up climbs.

Its cost is a small transformer's, so that the benchmark of the service can be run before there is a bundle.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from recsys import columns as c
from recsys.errors import UsageError
from recsys.logbooks.grades import label, ordinal
from recsys.manifest import write_manifest
from recsys.nouns import spoken
from recsys.recommending.blocked import Blocked
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.known import Match
from recsys.recommending.levels import level
from recsys.recommending.logbook import read_logbook
from recsys.recommending.matching import Matcher
from recsys.recommending.request import Request

REGIONS = ("Squamish", "Bishop", "Fontainebleau", "Pemberton")
WORDS = ("Cedar", "Granite", "Raven", "Slow", "Salmon", "Golden", "Thunder", "Quiet", "North", "Paper")
NOUNS = ("Arête", "Slab", "Roof", "Traverse", "Groove", "Wall", "Prow", "Dihedral", "Crack", "Bulge")
FONT = {
    f"V{step}": name
    for step, name in enumerate(
        "f4 5 f5+ 6A 6A+ 6B+ 6C+ 7A+ 7B 7B+ 7C+ 8A 8A+ 8B 8B+ 8C".replace(" 5 ", " f5 ").split()
    )
} | {"VB": "f3"}
HARD = ("beyond", "project", "stretch", "comfortable")
WIDTH, LENGTH = 64, 10


@dataclass
class Item:
    climb_id: str
    name: str | None
    grade: str | None
    region: str | None
    score: float
    why: dict[str, Any] | None = None
    area: str | None = None
    hard: str | None = None
    reach: float | None = None

    def to_json(self) -> dict[str, Any]:
        row = dict(self.__dict__)
        return row if self.why is not None else {k: v for k, v in row.items() if k != "why"}


@dataclass
class Answer:
    fields: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return self.fields


def write_bundle(
    folder: Path,
    n_climbs: int = 200,
    seed: int = 0,
    nouns: dict[str, str] | None = None,
    levels: bool = False,
    graded: bool = True,
    font: bool = False,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fake.json").write_text(
        json.dumps(
            {
                "n_climbs": n_climbs,
                "seed": seed,
                "nouns": nouns or {},
                "levels": levels,
                "graded": graded,
                "font": font,
            }
        )
    )
    (folder / "MODEL_CARD.md").write_text(f"# A made-up model\n\nSeed {seed}.\n")
    write_manifest(folder, ["fake.json", "MODEL_CARD.md"])
    return folder


def open_fake(folder: Path) -> FakeRecommender:
    return FakeRecommender(**json.loads((folder / "fake.json").read_text()))


def _catalogue(n: int, rng: np.random.Generator, step: str = "V", graded: bool = True) -> Catalogue:
    ordinals = np.clip(rng.normal(4.5, 2.4, n).round(), -1, 15)
    ordinals[n - 1 if graded else 0 :] = np.nan
    names = [f"{WORDS[i % 10]} {NOUNS[i // 10 % 10]}" + (f" {i // 100}" if i > 99 else "") for i in range(n)]
    return Catalogue.from_columns({
        c.CLIMB_ID: [f"climb-{i:04d}" for i in range(n)],
        c.CLIMB_NAME: names,
        c.GRADE: [None if np.isnan(o) else label(float(o)).replace("V", step) for o in ordinals],
        c.REGION: [REGIONS[i] for i in rng.integers(0, len(REGIONS), n)],
        c.AREA: [f"Area {i % 7}" for i in range(n)],
        c.STYLE: [("slab", "roof", None)[i % 3] for i in range(n)],
        "stars": np.round(rng.uniform(2, 5, n), 1),
        "sends": rng.integers(5, 400, n),
    })  # fmt: skip


def _days(date: str) -> float:
    try:
        return float(np.datetime64(date[:10]).astype(int))
    except ValueError:
        return float("nan")


def _day(day: float) -> str | None:
    return str(np.datetime64(int(day), "D")) if -7e5 < day < 2.9e6 else None


@dataclass
class FakeRecommender:
    n_climbs: int = 200
    seed: int = 0
    levels: bool = False
    graded: bool = True
    font: bool = False
    simulated: bool = True
    mapping: None = None
    nouns: dict[str, str] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.catalogue = _catalogue(self.n_climbs, rng, "L" if self.levels else "V", self.graded)
        if self.font:
            self.catalogue = replace(
                self.catalogue, grades=[FONT.get(each, each) for each in self.catalogue.grades]
            )
        self.climbers = [f"sim-climber-{i:04d}" for i in range(120)]
        self._index = {c: i for i, c in enumerate(self.catalogue.ids)}
        self._items = rng.normal(size=(self.n_climbs, WIDTH)).astype(np.float32) / 8
        self._layers = [rng.normal(size=(WIDTH, 4 * WIDTH)).astype(np.float32) / 16 for _ in range(4)]
        self._regions = np.array(self.catalogue.regions)
        self._histories = rng.integers(0, self.n_climbs, (120, 40))

    def note(self, request: Any) -> None:
        """It reads prompts."""

    def match(self, request: Any) -> Match | None:
        if request.sends is None:
            return None
        return Matcher(self.catalogue).match(read_logbook(request.sends, leveled=self.levels), request.same)

    def logbook(self, request: Any) -> SimpleNamespace:
        if request.sends is not None:
            return SimpleNamespace(columns={
                "climb_id": [send["climb_id"] for send in request.sends],
                "grade": [send.get("grade") for send in request.sends],
                "outcome": [send.get("outcome") for send in request.sends],
                "day": [_days(send["date"]) for send in request.sends],
            })  # fmt: skip
        climbs = self._history(request)
        columns = {
            "outcome": [None] * len(climbs),
            "climb_id": [self.catalogue.ids[c] for c in climbs],
            "grade": [self.catalogue.grades[c] for c in climbs],
            "day": 19_360.5 + 18.0 * np.arange(len(climbs)),
        }
        return SimpleNamespace(columns=columns)

    def recommend(self, request: Any) -> list[Item]:
        return self.recommend_many([request])[0]

    def recommend_many(self, requests: list[Any]) -> list[list[Item]]:
        self.calls.append(len(requests))
        histories = [self._history(each) for each in requests]
        scores = self._scores(np.stack([self._embed(h) for h in histories]))
        return [self._top(r, h, s) for r, h, s in zip(requests, histories, scores, strict=True)]

    def path(self, request: Any) -> Answer:
        asked = Request(climber=request.climber, sends=request.sends, region=request.region, k=request.steps)
        if request.project in {self.catalogue.ids[c] for c in self._history(asked)}:
            raise UsageError(f"`project` {request.project}: was sent already; choose another climb")
        asked = replace(asked, blocked=Blocked.of([*request.blocked.entries, request.project]))
        note = {"project_probability": 0.01, "reason": spoken("at the climber's level", self.nouns)}
        steps = [{**item.to_json(), **note} for item in self.recommend(asked)]
        project = self._item(self._index[request.project], 0.02).to_json()
        return Answer({
            "ability": level(5, self.levels), "method": "ahead", "steps": steps,
            "project": {**project, "score_before": 0.01},
        })  # fmt: skip

    def session(self, request: Any) -> Answer:
        k = request.count or (request.minutes or 120) // 20 or 1
        asked = Request(request.climber, request.sends, region=request.region, k=k, blocked=request.blocked)
        parts = ("warm-up", "project", "cool-down")
        items = [item.to_json() for item in self.recommend(asked)]
        if request.style or request.like:
            parts = ("circuit",) * 3
        climbs = [{"part": parts[3 * i // k], "minutes": 20, **item} for i, item in enumerate(items)]
        return Answer({
            "region": request.region, "area": request.area or "Area 1",
            "ability": level(5, self.levels),
            "minutes": 20 * len(climbs), "climbs": climbs,
        })  # fmt: skip

    def curve(self, request: Any) -> list[Answer]:
        columns = self.logbook(request).columns
        return [
            Answer({
                "discipline": "route" if ordinal(grade) > 50 else "boulder", "day": _day(day),
                "sends": int(outcome != "unknown"), "ability": 5.0,
                "deviation": 0.5, "grade": level(5, self.levels),
            })
            for grade, day, outcome in zip(columns["grade"], columns["day"], columns["outcome"], strict=True)
            if not np.isnan(ordinal(grade))
        ]  # fmt: skip

    def off_grade(self, region: str | None, most: int) -> list[Answer]:
        """Every tenth climb is hard, every other tenth soft."""
        t = self.catalogue
        return [
            Answer({
                "climb_id": t.ids[i], "name": t.names[i], "grade": t.grades[i], "region": t.regions[i],
                "climbs_like": t.grade_of(t.ordinals[i] + (1 if i % 20 else -1)),
                "off": 1.0 if i % 20 else -1.0,
                "deviation": 0.2, "sends": int(t.sends[i]),
            })
            for i in range(0, self.n_climbs, 10)
            if region in (None, t.regions[i])
        ][:most]  # fmt: skip

    def similar(self, climb_id: str, k: int) -> list[Item]:
        at = self._index[climb_id]
        likeness = self._items @ self._items[at]
        return [self._item(int(i), float(likeness[i])) for i in np.argsort(-likeness) if i != at][:k]

    def search(self, text: str, k: int) -> list[Item]:
        pairs = enumerate(zip(self.catalogue.names, self.catalogue.ids, strict=True))
        found = [i for i, pair in pairs if any(text.casefold() in each.casefold() for each in pair)]
        return [self._item(i, 1.0) for i in found[:k]]

    def _history(self, request: Any) -> list[int]:
        if request.climber is not None:
            return [int(c) for c in self._histories[self.climbers.index(request.climber)]]
        return [self._index[s["climb_id"]] for s in request.sends or () if s["climb_id"] in self._index]

    def _embed(self, history: list[int]) -> np.ndarray:
        rows = np.zeros((LENGTH, WIDTH), np.float32)
        if history:
            last = history[-LENGTH:]
            rows[-len(last) :] = self._items[last]
        return rows

    def _scores(self, x: np.ndarray) -> np.ndarray:  # x [B, L, D] -> [B, n_climbs]
        for layer in self._layers:
            weights = np.exp(x @ x.transpose(0, 2, 1) / 8)
            x = x + (weights / weights.sum(-1, keepdims=True)) @ x
            x = x + np.tanh(x @ layer) @ layer.T
            x = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
        logits = x[:, -1] @ self._items.T
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def _top(self, request: Any, history: list[int], scores: np.ndarray) -> list[Item]:
        allowed = np.ones(self.n_climbs, bool)
        if request.span is not None:
            ordinals = np.nan_to_num(self.catalogue.ordinals, nan=-99)
            allowed &= (ordinals >= request.span[0]) & (ordinals <= request.span[1])
        if request.region is not None:
            allowed &= self._regions == request.region
        if request.min_stars is not None:
            allowed &= self.catalogue.stars >= request.min_stars
        if request.exclude_seen:
            allowed[history] = False
        blocked = request.blocked.entries
        allowed &= np.array(
            [not blocked & {i, r.casefold()} for i, r in zip(self.catalogue.ids, self._regions, strict=True)]
        )
        if request.mode in HARD:
            hard = np.array([self._item(i, 0.0).hard == request.mode for i in range(self.n_climbs)])
            allowed &= hard
        if not allowed.any():
            raise UsageError("no climb is left of these grades in this region; ask for a wider range")
        order = np.argsort(-np.where(allowed, scores, -1), kind="stable")[: min(request.k, allowed.sum())]
        why = self._why(history) if request.explain else None
        return [self._item(int(i), float(scores[i]), why) for i in order]

    def _why(self, history: list[int]) -> dict[str, Any]:
        last = list(dict.fromkeys(reversed(history)))[:3]
        names = [(self.catalogue.ids[c], self.catalogue.names[c]) for c in last]
        drops = (0.012, 0.006, 0.002)
        sends = [{"climb_id": c, "name": n, "drop": d} for (c, n), d in zip(names, drops, strict=False)]
        return {"sends": sends, "prompt_share": 0.35 if sends else 1.0}

    def _item(self, i: int, score: float, why: dict[str, Any] | None = None) -> Item:
        t = self.catalogue
        reach = None if np.isnan(t.ordinals[i]) else round(float(1 / (1 + np.exp(t.ordinals[i] - 5))), 3)
        hard = None if reach is None else HARD[int(np.digitize(reach, (0.05, 0.35, 0.8)))]
        return Item(t.ids[i], t.names[i], t.grades[i], t.regions[i], score, why, t.areas[i], hard, reach)
