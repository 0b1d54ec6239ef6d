"""Training as a Lightning module: the loss of a batch, the schedule, and the score that chooses an epoch.

Everything random in an epoch (the windows and their order, masks, dropout) is drawn from the seed and the
epoch's number, so a run that was killed and resumed ends like one that was not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from recsys.config.training import TrainingConfig
from recsys.errors import DataError, DivergedError
from recsys.evaluation.evaluate import means_of, ranks_of
from recsys.model.dropout import draw_faster
from recsys.model.network import Network
from recsys.model.scorer import ModelScorer
from recsys.sequences.asking import Asking
from recsys.sequences.cases import Cases
from recsys.sequences.continuing import FreshWindows
from recsys.sequences.epochs import TrainingWindows, amount, epoch
from recsys.sequences.streaming import StreamedBatches, StreamedWindows
from recsys.sequences.windows import as_is
from recsys.training.averaging import RunningAverage
from recsys.training.batches import choose_batch_size
from recsys.training.compiling import compile_body
from recsys.training.decay import decay_groups
from recsys.training.epochs import EpochLines
from recsys.training.processes import hush_lightning
from recsys.training.start import begin_with

if TYPE_CHECKING:
    from pathlib import Path

    from recsys.arrays import Array
    from recsys.sequences.shards import Shards

# Of `criterion`; the mean of prompted and unprompted if `criterion_prompting` is both.
SCORE = "validation_score"
_SCORES, _AVERAGE = "scores", "average"  # of a checkpoint
# torch 2.1, of NVIDIA's last Merlin container, has the fused step on CUDA alone.
_FUSED_ON_CPU = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 4)


class EpochSampler(Sampler[tuple[int, int]]):
    """The windows of each epoch, drawn from the seed and its number, split over the devices."""

    def __init__(
        self, windows: TrainingWindows, drawn: int, seed: int, rank: int = 0, world: int = 1
    ) -> None:
        self.windows, self.seed, self.rank, self.world, self.epoch = windows, seed, rank, world, 0
        self.drawn = math.ceil(drawn / world) * world  # as many for each device

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Windows for this device."""
        rng = np.random.default_rng([self.seed, self.epoch])
        return itertools.islice(epoch(self.windows, self.drawn, rng), self.rank, None, self.world)

    def __len__(self) -> int:
        """Windows that this device sees in an epoch."""
        return self.drawn // self.world


class NextClimb(pl.LightningModule):
    """Trains a model on windows of the training sends.

    Parameters
    ----------
    build:
        Makes the untrained network; pickled to other processes where there are several devices.
    length:
        Sends in a window, the target included.
    config:
        How it is trained.
    training_sends:
        Indexes of the sends that may be asked for; nothing after them is read.
    validation:
        The cases that choose the epoch.
    n_items:
        Climbs in the catalogue.
    exclude_seen:
        Whether climbs that were sent before are left out when validating.
    seed:
        Of everything random.
    fresh:
        Which of all sends are new to a training that is continued, bool [n_sends].
    start:
        Folder with the weights to begin with (`recsys.training.start`); None: drawn from the seed.
    shards:
        Parts on the disk that the windows are drawn of, in place of the sequences of `validation`.
    climbs:
        Embeddings of the climbs to begin with, where `start` does not say it; None: they are drawn.
    """

    def __init__(
        self,
        build: Callable[[], Network],
        length: int,
        config: TrainingConfig,
        training_sends: Array,
        validation: Cases,
        n_items: int,
        exclude_seen: bool,
        seed: int,
        fresh: Array | None = None,
        start: Path | None = None,
        shards: Shards | None = None,
        climbs: Array | None = None,
    ) -> None:
        super().__init__()
        self.build, self.length, self.config = build, length, config
        self.training_sends, self.fresh, self.start, self.shards = training_sends, fresh, start, shards
        self.climbs = climbs
        self.validation, self.n_items, self.exclude_seen, self.seed = validation, n_items, exclude_seen, seed
        self._logged: dict[str, float] = {}  # of the epoch that the checkpoint ends with, when resuming
        self.label = ""  # which of several networks that are trained each by itself
        self._diverged = torch.tensor(math.inf)  # the epoch's first step whose loss is not finite
        self.configure_model()

    def setup(self, stage: str) -> None:
        """Called by Lightning in each process, of which some were started and know nothing of the first."""
        hush_lightning()

    def configure_model(self) -> None:
        """Build the model, with weights drawn from the seed or counted, unless it is there."""
        if "model" not in self._modules:
            torch.manual_seed(self.seed)
            self.model = self.build()
            draw_faster(self.model)
            if self.start is not None:
                begin_with(self.model, self.start)
            elif self.climbs is not None:
                self.model.begin_climbs(self.climbs)
            if self.config.compile:
                compile_body(self.model)
            self.windows = self._windows(self.model.asking(self.length))
            sequences = self.validation.sequences
            if self.shards is None:
                self.model.read_sends(sequences, self.training_sends)
            else:
                self.model.read_counts(self.shards.counts, sequences.texts)

    def _windows(self, asking: Asking) -> TrainingWindows | StreamedWindows:
        """What an epoch draws from."""
        sequences, sends, whole = self.validation.sequences, self.training_sends, self.config.whole_windows
        if self.shards is not None:
            return StreamedWindows(self.shards, self.config.stream, self.length, asking, whole)
        if self.fresh is None:
            return TrainingWindows(sequences, sends, self.length, asking, whole)
        return FreshWindows(sequences, sends, self.length, asking, whole, self.fresh)

    def __getstate__(self) -> dict[str, Any]:
        """Without the model, which holds lambdas of Transformers4Rec's: other processes build their own."""
        return {**self.__dict__, "_modules": {}, "windows": None}

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of windows; cutting one takes well under a millisecond, so there are no workers."""
        own = self.seed, self.trainer.global_rank, self.trainer.world_size
        size, windows = self.batches(self.trainer.world_size)[0], self.windows
        # A generator of its own: starting an epoch draws nothing from the global one.
        options: dict[str, Any] = {"collate_fn": as_is, "generator": torch.Generator()}
        if isinstance(windows, StreamedWindows):
            batches = StreamedBatches(windows, self.amounts, size, *own)
            return DataLoader(windows, batch_sampler=batches, **options)
        return DataLoader(windows, size, sampler=EpochSampler(windows, self.drawn, *own), **options)

    @cached_property
    def amounts(self) -> Array:
        """Windows of an epoch, of each part that they are drawn of: int64 [n_parts]."""
        rng, windows = np.random.default_rng(self.seed), self.windows
        if isinstance(windows, StreamedWindows):
            found = windows.amounts(self.config.windows, rng)
        else:
            found = np.array([amount(windows, self.config.windows, rng)])
        if not found.any():
            raise DataError(
                "has no climber with sends of two days: nothing follows from anything",
                path="the training part",
                remedy="give longer logbooks, or take a row that counts (`model` popularity)",
            )
        return found

    @property
    def drawn(self) -> int:
        """Windows of an epoch: one number for all, so that the schedule of the learning rate is known."""
        return int(self.amounts.sum())

    def batches(self, world: int) -> tuple[int, str]:
        """Windows in a batch of one of `world` processes, and the reason in words."""
        return choose_batch_size(self.config.batch_size, math.ceil(self.drawn / world))

    @cached_property
    def average(self) -> RunningAverage | None:
        """The running average of the weights, if one is asked for."""
        steps = math.ceil(self.drawn / (self.trainer.world_size * self.batches(self.trainer.world_size)[0]))
        return RunningAverage(self.config.ema, steps) if self.config.ema else None

    def on_train_epoch_start(self) -> None:
        """Masks and dropout of an epoch depend on its number, not on what was drawn before."""
        if self.average:
            self.average.begin(self.model.parameters())
        torch.manual_seed(hash((self.seed, self.current_epoch, self.global_rank)) % 2**63)

    def training_step(self, batch: dict[str, torch.Tensor], index: int) -> torch.Tensor:
        """The network's own loss; the first step of the epoch whose loss is not finite is kept in mind."""
        loss = self.model.training_loss(batch)
        step = torch.where(torch.isfinite(loss.detach()), math.inf, float(index + 1))
        self._diverged = step if index == 0 else torch.minimum(self._diverged, step)
        options: dict[str, Any] = {"on_step": False, "on_epoch": True, "prog_bar": True, "sync_dist": True}
        self.log("train_loss", loss, batch_size=1, **options)
        return loss

    def on_train_batch_end(self, *_: Any) -> None:
        """The weights made a step, and so does their average."""
        if self.average:
            self.average.step(self.model.parameters())

    def on_train_epoch_end(self) -> None:
        """Score the validation cases, prompted and unprompted, with the evaluator that scores the test.

        The cases are shared out over the processes; all of them come to the same scores.

        Raises
        ------
        DivergedError
            The loss, or a weight, is not finite any more. No checkpoint of the epoch is kept.
        """
        self._refuse_diverged()
        if self.average:
            self.average.end(self.model.parameters())
        values = []
        criterion, prompting = self.config.criterion, self.config.criterion_prompting
        for prompted in (True, False) if self.model.prompted else (False,):
            found = means_of(self._ranks(prompted), self.n_items)
            kind = "prompted" if prompted else "unprompted"
            for metric in ("accuracy", "recall@10", "mrr@20"):
                self.log(f"validation_{kind}_{metric}", found[metric])
            if prompting in ("both", kind) or not self.model.prompted:
                values.append(found[criterion])
        self.log(SCORE, float(np.mean(values)), prog_bar=True)
        self.model.train()

    def _refuse_diverged(self) -> None:
        """Name the step of the epoch that went wrong, and what can be done with the epochs before."""
        epoch, step = self.current_epoch + 1, float(self._diverged)
        if math.isinf(step) and all(bool(each.isfinite().all()) for each in self.model.parameters()):
            return
        where = f"the loss of step {step:.0f}" if math.isfinite(step) else "a weight after the last step"
        remedy = f"lower `learning_rate` ({self.config.learning_rate:g})"
        if epoch > 1:
            remedy += f" and `resume`, or end with the epochs before: `resume` and `epochs` {epoch - 1}"
        whose = f"{self.label}: " if self.label else ""
        raise DivergedError(f"{whose}{where} of epoch {epoch} is not finite; {remedy}")

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the epoch's scores: they are logged after the checkpoint, and a kill may come between."""
        checkpoint[_SCORES] = {name: float(value) for name, value in self.trainer.callback_metrics.items()}
        if self.average:
            checkpoint[_AVERAGE] = self.average.state()

    def on_fit_start(self) -> None:
        """Log the scores of the epoch that a checkpoint ends with again: its log may lack them."""
        for logger in self.loggers if self._logged else ():
            if not isinstance(logger, EpochLines):
                logger.log_metrics(self._logged, self.trainer.global_step)
                logger.save()

    def on_train_start(self) -> None:
        """A training that its patience had ended stays so when resumed: Lightning would do an epoch more."""
        for stop in self.trainer.early_stopping_callbacks:
            if stop.wait_count and stop.wait_count >= stop.patience:
                self.trainer.should_stop = True

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go by the configured learning rate, which may be another than that of the checkpoint."""
        if _SCORES in checkpoint:
            self._logged = {**checkpoint[_SCORES], "epoch": float(checkpoint["epoch"])}
        if self.average and _AVERAGE in checkpoint:
            self.average.load(checkpoint[_AVERAGE])
        rate = self.config.learning_rate
        for group in (group for each in checkpoint["optimizer_states"] for group in each["param_groups"]):
            group["lr"] *= rate / group["initial_lr"]
            group["initial_lr"] = rate
        for schedule in checkpoint["lr_schedulers"]:
            schedule["base_lrs"] = [rate] * len(schedule["base_lrs"])

    def _ranks(self, prompted: bool) -> Array:
        """Ranks of all validation cases, [n_cases]: each process ranks its share, and gets the others'."""
        world, count = self.trainer.world_size, len(self.validation)
        mine = np.arange(self.global_rank, count, world)
        ranks = ranks_of(
            ModelScorer(self.model, self.validation, self.length, prompted, self.config.onednn),
            mine,
            self.validation.targets,
            self.validation.seen if self.exclude_seen else None,
            self.n_items,
        )
        if world == 1:
            return ranks
        share = torch.zeros(math.ceil(count / world), dtype=torch.int64, device=self.device)
        share[: len(ranks)] = torch.from_numpy(ranks)
        every: Any = self.all_gather(share)  # [world, share]
        return np.asarray(every.cpu()).T.reshape(-1)[:count]

    def configure_optimizers(self) -> Any:
        """AdamW (Loshchilov & Hutter 2019) with a short warm-up and a cosine down to the final rate."""
        # Fused, a third faster; but with mixed precision Lightning cannot clip what a fused step unscales.
        fused = self.trainer.precision == "32-true" and (self.device.type != "cpu" or _FUSED_ON_CPU)
        groups = decay_groups(self.model, self.config.weight_decay)
        optimizer = torch.optim.AdamW(groups, lr=self.config.learning_rate, fused=fused)
        total = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: self._rate(step, total))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int, total: int) -> float:
        """Learning rate at a step, as a share of the highest."""
        warmup = max(1, round(self.config.warmup * total))
        if step < warmup:
            return (step + 1) / warmup
        last = self.config.last_rate / self.config.learning_rate
        done = (step - warmup) / max(1, total - warmup)
        return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
