"""Made-up studies, small and big; every number is drawn, none was measured."""

from __future__ import annotations

import random
from dataclasses import replace

from recsys.evaluation.beyond import MEASURES
from recsys.study.summary import (
    HEADLINE,
    PROMPTED,
    UNPROMPTED,
    Comparison,
    Estimate,
    Paper,
    Point,
    RowSummary,
    StudySummary,
)

METRICS = ("accuracy", "recall@5", "recall@10", "recall@20", "ndcg@10", "ndcg@20", "mrr@20")
HISTORY = ("1-4", "5-9", "10-19", "20-49", "50+")
POPULARITY = ("0-9", "10-19", "20-49", "50-99", "100+")
LOSSES = ("cross-entropy", "TOP1", "BPR", "TOP1-max", "BPR-max")
FEATURES = ("grade", "region", "rating", "elapsed days", "comment", "beta")
BODIES = ("BERT", "XLNet", "GPT-2", "ELECTRA", "ALBERT")
MASKINGS = ("last", "MLM", "RTD", "CLM")
ENDS = (
    "random",
    "popularity",
    "recent popularity",
    "popularity by prompt",
    "item-kNN",
    "implicit ALS",
    "EASE",
)
PUBLISHED = ("SASRec", "SSE-PT", "BERT4Rec, fixed positions", "BERT4Rec, learned positions", "BST")
PAPER = ("climb embeddings", "and other features", "and climber embeddings", "climber, no other features")
FAMILIES = {
    "Counting and factorising": tuple(title[0].upper() + title[1:] for title in ENDS),
    "Simpler networks": ("FPMC", "CBOW", *(f"GRU4Rec, {n} x 128, {loss}" for n in (1, 2) for loss in LOSSES)),
    "Published transformers": PUBLISHED,
    "The paper's four": PAPER,
    "One feature alone": tuple(f"climbs and {x}" for x in FEATURES),
    "One feature left out": tuple(f"all but {x}" for x in FEATURES),
    "How features enter": ("features summed", "numbers as they are", "numbers as soft one-hot"),
    "Bodies by objective": tuple(f"{body}, {way}" for way in MASKINGS for body in BODIES)[:19],
    "Losses of the transformer": ("sampled softmax, logQ", "loss BPR-max", "gBCE"),
}
PROMPTABLE = tuple(FAMILIES)[3:8]
FACTS = (
    ("Sends", "68,336 simulated (recsys simulate --preset bc --seed 0), of 1,069 climbers on 2,844 climbs"),
    ("Split", "by climber, 85/5/10; the test part was read once"),
    ("Protocol", "full catalogue, climbs sent before left out, ties against the target"),
    ("Seeds", "3; 1 for a method that draws nothing at random"),
    ("Tuning budget", "20 settings a method, on validation recall@10"),
    ("Machine", "2 cores, no GPU"),
)


def estimate(value: float, half: float = 0.02) -> Estimate:
    return Estimate(value, value - half, value + 1.1 * half)


def metrics(value: float) -> dict[str, Estimate]:
    factors = (0.27, 0.7, 1.0, 1.3, 0.58, 0.65, 0.47)
    return {name: estimate(value * f, 0.05 * value * f) for name, f in zip(METRICS, factors, strict=True)}


def row(
    name: str, title: str, family: str, value: float, draw: random.Random, reference: float
) -> RowSummary:
    order = family not in ("Counting and factorising",)
    prompts = family in PROMPTABLE or "prompt" in name
    prompting = {UNPROMPTED: metrics(value)} | ({PROMPTED: metrics(1.75 * value)} if prompts else {})
    lost = draw.uniform(-0.02, 0.4)
    p_value = draw.choice([0.0002, 0.01, 0.3])
    return RowSummary(
        name=name, title=title, family=family, source="Sun et al. 2019", seeds=3, prompting=prompting,
        training={how: estimate(0.27 * value * draw.uniform(1, 3)) for how in prompting},
        lists={how: dict.fromkeys(MEASURES, value) for how in prompting},
        shuffled=estimate(value * (1 - lost)) if order else None,
        order=estimate(lost, 0.03) if order else None,
        shuffled_history=estimate(value * (1 - lost) * 0.8) if order else None,
        order_history=estimate(1 - (1 - lost) * 0.8, 0.03) if order else None,
        comparison=Comparison(estimate(value - reference, 0.012), p_value, min(1.0, 5.0 * p_value)),
        by_history={s: estimate(value * (0.7 + 0.13 * i), 0.03) for i, s in enumerate(HISTORY)},
        by_popularity={s: estimate(value * (0.25 + 0.35 * i), 0.03) for i, s in enumerate(POPULARITY)},
        settings=f"width {draw.choice([64, 128])}, 2 layers, dropout 0.2, learning rate 0.001",
        parameters=draw.randrange(10**5, 10**6) if order else 0,
        seconds=draw.uniform(0.2, 400), peak_mib=draw.uniform(10, 900),
    )  # fmt: skip


def big_study(n_points: int = 2844) -> StudySummary:
    """65 rows in nine families, with everything that a study can hold."""
    draw, rows = random.Random(0), []
    for family, titles in FAMILIES.items():
        for title in titles:
            name = title.lower().replace(",", "").replace(" ", "-")
            value = {"Random": 0.004, "Popularity": 0.128}.get(title, draw.uniform(0.3, 0.47))
            rows.append(row(name, title, family, value, draw, 0.42))
    last = next(index for index, each in enumerate(rows) if each.name == "bert-last")
    rows[last] = replace(rows[last], comparison=None)
    paper = zip(
        ("CBOW", "GRU", "climb embeddings", "and other features"), (0.077, 0.0846, 0.099, 0.24), strict=True
    )
    names = ("cbow", "gru4rec-1-x-128-cross-entropy", "climb-embeddings", "and-other-features")
    ours = zip(names, (UNPROMPTED, UNPROMPTED, UNPROMPTED, PROMPTED), strict=True)
    lines = (
        Paper(*line, *us, estimate(line[1]), estimate(line[1] * 1.2))
        for line, us in zip(paper, ours, strict=True)
    )
    return replace(
        small_study(), name="bc", reference="bert-last", rows=tuple(rows), paper=tuple(lines),
        paper_table="Thompson 2023, table 1",
        points=tuple(points(draw, n_points)), points_of="bert-last", unfinished=(),
    )  # fmt: skip


def points(draw: random.Random, n: int) -> list[Point]:
    made = []
    for index in range(n):
        grade = min(14, max(0, int(draw.gauss(5, 2.5))))
        region = draw.choice([-2.0, 0.0, 2.5])
        x, y = draw.gauss(region, 0.6), draw.gauss(grade / 3 - 2, 0.5)
        known = index % 40 != 0
        said = (f"V{grade}", float(grade)) if known else (None, None)
        made.append(Point(x, y, f"Climb {index}", *said, 5 + index % 90))
    return made


def small_study() -> StudySummary:
    """Two rows whose numbers can be looked for."""
    knn = RowSummary(
        "item-knn", "Item-kNN", "Counting", "Sarwar et al. 2001", 1,
        {UNPROMPTED: {"accuracy": Estimate(0.1014, 0.09, 0.11), HEADLINE: Estimate(0.3881, 0.3662, 0.4123)}},
        comparison=Comparison(Estimate(-0.0519, -0.0712, -0.0325), 0.0001, 0.0002),
    )  # fmt: skip
    sasrec = RowSummary(
        "sasrec", "SASRec", "Transformers", "Kang & McAuley 2018", 3,
        {UNPROMPTED: {name: Estimate(0.44 - 0.01 * i, 0.4, 0.5) for i, name in enumerate(METRICS)}},
        parameters=1234567, seconds=12.3, peak_mib=345.6,
    )  # fmt: skip
    return StudySummary(
        "small", FACTS, True, 5967, 107, 2844, "sasrec", (knn, sasrec),
        verdicts=("SASRec beats item-kNN by 0.052 recall@10 (corrected p 0.0002).", "It took 12 seconds."),
    )  # fmt: skip
