"""From a study's finished cells to what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.study.cells import unfinished
from recsys.study.climb_map import climb_map
from recsys.study.estimates import Estimates
from recsys.study.readings import Readings
from recsys.study.summary import PROMPTED, StudySummary
from recsys.study.verdicts import PAPERS, beside_paper, verdicts

if TYPE_CHECKING:
    from recsys.study.config import StudyConfig
    from recsys.study.material import Material


def summarise(material: Material, folder: Path, facts: tuple[tuple[str, str], ...]) -> StudySummary:
    """What a study has found so far.

    Parameters
    ----------
    material:
        What its cells worked on.
    folder:
        The study's.
    facts:
        Lines that say data, split and machine; protocol, seeds and budget are added.

    Raises
    ------
    RunError
        No cell is finished.
    """
    config = material.config
    found = Readings(material, folder)
    reference = config.reference if config.reference in found.names else found.names[0]
    estimates = Estimates(found, reference)
    points, points_of = climb_map(found, folder)
    return StudySummary(
        name=folder.name,
        facts=(*facts, *_protocol(material), *_left_out(material)),
        simulated=bool(config.run.facts.get("simulated")),
        n_cases=len(material.cases["test"]),
        n_climbers=estimates.n_climbers,
        n_items=found.n_items,
        reference=reference,
        rows=tuple(estimates.row(name) for name in found.names),
        prompted_reference=estimates.references[PROMPTED],
        verdicts=verdicts(found, estimates, held_out=config.run.split == "climber"),
        paper=tuple(beside_paper(config.paper, estimates, config.run.exclude_seen)),
        paper_table=PAPERS[config.paper][0],
        points=points,
        points_of=points_of,
        unfinished=tuple((cell.row.name, cell.seed) for cell in unfinished(config, folder)),
    )


def _protocol(material: Material) -> tuple[tuple[str, str], ...]:
    config, training = material.config, material.config.training
    seen = "left out" if config.run.exclude_seen else "kept"
    return (
        (
            "Protocol",
            f"the next send named from at most {config.length - 1} before it, ranked in the full catalogue, "
            f"ties against the target, climbs already sent {seen}; days as {config.run.day}; a history holds "
            "earlier sends of the same part; test read once",
        ),
        (
            "Seeds",
            f"{config.seeds} of weights and training; the split is always that of seed {config.run.seed}",
        ),
        (
            "Tuning budget",
            f"{_budget(config)}up to {training.epochs} epochs at learning rate {training.learning_rate:g}, "
            f"each of which asks for every training send {training.windows:g} times on average, whatever the "
            "objective, the best on validation kept; a method that counts chooses among at most 8 "
            "settings on validation. No row's sizes were tuned. Beforehand, validation parts of simulated "
            "logbooks chose how BPR-max draws its negatives, and the weight of RTD's detection",
        ),
    )


def _budget(config: StudyConfig) -> str:
    if not config.converge:
        return "the same for all: "
    return (
        f"{config.converge} until {config.converge_patience} epochs bring no better validation score, at "
        f"most {config.converge_epochs}; the others "
    )


def _left_out(material: Material) -> Iterator[tuple[str, str]]:
    if material.left_out:
        yield "Left out", f"rows of features that the data lacks: {', '.join(material.left_out)}"
