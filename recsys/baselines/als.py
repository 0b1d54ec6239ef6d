"""Matrix factorisation of implicit feedback by alternating least squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from recsys.baselines.checks import at_least
from recsys.baselines.counting import Method
from recsys.baselines.matrices import training_matrix
from recsys.recommending.counted.als import CountedALS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from recsys.baselines.interactions import Interactions


@dataclass(frozen=True)
class ImplicitALS(Method):
    """Weighted matrix factorisation (Hu, Koren & Volinsky, ICDM 2008), by the `implicit` library.

    A climb that was sent is preferred with confidence ``1 + alpha``, any other is not with confidence 1. A
    case's climber is folded in: the factors that solve the same least squares for the history alone, exactly
    (Cholesky), also where the climber is in training. From the paper it differs in that a repeated send
    counts once, in `last`, and in `implicit`'s three conjugate gradient steps a side (Takács et al., RecSys
    2011) in place of exact ones while fitting.

    Parameters
    ----------
    factors:
        Numbers that stand for a climber or a climb.
    regularization:
        Of the squared norm of every climber and climb, not scaled by their sends.
    alpha:
        Confidence that a send adds.
    iterations:
        Sweeps over climbers and climbs.
    last:
        Sends of the history that are folded in, the latest; None, as in the paper, is all.
    """

    factors: int = 64
    regularization: float = 10.0
    alpha: float = 10.0
    iterations: int = 15
    last: int | None = None

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True  # through `last`
    GRID: ClassVar[tuple[ImplicitALS, ...]]

    def __post_init__(self) -> None:
        """Refuse settings that cannot be."""
        at_least(self, factors=1, regularization=1e-6, alpha=0, iterations=1, last=1)

    def parameters(self, interactions: Interactions) -> int:
        """Numbers that are fitted: the climbs' factors; a case's climber is folded in."""
        return self.factors * interactions.n_items

    def count(self, interactions: Interactions, seed: int) -> CountedALS:
        """Factorise the training sends on one thread: the same seed gives the same factors."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):  # implicit warns of, and is slowed by, threads under its own
            model = self.factorised(training_matrix(interactions), seed)
        factors = model.item_factors
        return CountedALS(factors[:, :0], self.last, factors, self.regularization, self.alpha)

    def factorised(self, matrix: csr_matrix, seed: int) -> Any:
        """`implicit`'s model of a binary matrix [n_climbers, I]."""
        from implicit.cpu.als import AlternatingLeastSquares

        model = AlternatingLeastSquares(
            factors=self.factors,
            regularization=self.regularization,
            alpha=1 + self.alpha,  # implicit takes the whole confidence of what was sent
            iterations=self.iterations,
            num_threads=1,
            random_state=seed,
        )
        model.fit(matrix, show_progress=False)
        return model


ImplicitALS.GRID = (
    ImplicitALS(factors=32, regularization=1, alpha=1),
    ImplicitALS(factors=64, regularization=10, alpha=10),
    ImplicitALS(factors=64, regularization=100, alpha=40),
    ImplicitALS(factors=128, regularization=10, alpha=1),
    ImplicitALS(factors=128, regularization=10, alpha=10),
    ImplicitALS(factors=64, regularization=10, alpha=10, last=3),
    ImplicitALS(factors=128, regularization=10, alpha=10, last=3),
    ImplicitALS(factors=128, regularization=10, alpha=10, last=10),
)
