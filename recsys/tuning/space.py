"""What is searched: the ranges of Thompson (2023), around settings that stay.

The paper tested climb embeddings of 48, 96 and 124, climber embeddings of 8 to 16, and 1 to 4 heads in 1 to 2
layers. Here dropout, the highest learning rate and the length of a window are searched too, which the paper
fixed or did not tell. Its width of 64 stays, but for the multiple of the heads that is nearest to it.
"""

from __future__ import annotations

from typing import Any, Final

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from recsys.config.run import RunConfig

SPACE: Final[dict[str, BaseDistribution]] = {
    "climb_dim": CategoricalDistribution((48, 96, 124)),
    "climber_dim": IntDistribution(8, 16),
    "heads": IntDistribution(1, 4),
    "layers": IntDistribution(1, 2),
    "dropout": FloatDistribution(0.0, 0.5),
    "learning_rate": FloatDistribution(3e-4, 1e-2, log=True),
    "length": IntDistribution(5, 30, step=5),
}


def space_of(base: RunConfig) -> dict[str, BaseDistribution]:
    """The parameters that change anything in a run: without the climber, not that embedding's dimension."""
    reads_climber = "climber" in base.model.features
    return {name: each for name, each in SPACE.items() if reads_climber or name != "climber_dim"}


def first_guess(base: RunConfig) -> dict[str, Any]:
    """The parameters of the settings given, as far as they lie in the space: what the first trial tries."""
    return {
        name: _value(base, name) for name, each in space_of(base).items() if _lies(each, _value(base, name))
    }


def configured(base: RunConfig, parameters: dict[str, Any]) -> RunConfig:
    """The settings given, with a trial's parameters, as a run's configuration."""
    plain = base.model_dump()
    model = {name: value for name, value in parameters.items() if name != "learning_rate"}
    rate = parameters["learning_rate"]
    plain["model"] |= {**model, "d_model": width(base.model.d_model, parameters["heads"])}
    plain["training"] |= {"learning_rate": rate, "final_learning_rate": None}  # it goes with the highest
    return RunConfig.model_validate(plain)


def width(wanted: int, heads: int) -> int:
    """The even multiple of `heads` that is nearest to the width wanted (xlnet's positions come in pairs)."""
    step = heads if heads % 2 == 0 else 2 * heads
    return max(1, round(wanted / step)) * step


def _value(base: RunConfig, name: str) -> Any:
    return base.training.learning_rate if name == "learning_rate" else getattr(base.model, name)


def _lies(distribution: BaseDistribution, value: Any) -> bool:
    """Whether a value can be drawn from the distribution."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high, step = distribution.low, distribution.high, distribution.step
    return low <= value <= high and (step is None or (value - low) % step == 0)
