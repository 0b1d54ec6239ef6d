"""A system that `benchmarks/step.py` times: a line in, a line out.

python benchmarks/step_worker.py SYSTEM DATA SIZE THREADS [profile | plain]
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent / "peers"))
BATCH, WIDTH, STEPS = 128, 64, 2
PARTS = {  # what PyTorch's operators do in a step, by the start of their names; the first that fits
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "linear"),
    "attention": ("_scaled_dot_product",),
    "softmax and loss": ("_softmax", "_log_softmax", "exp", "logsumexp", "log", "amax", "nll", "gather"),
    "layer norm": ("native_layer_norm",),
    "dropout and activation": ("bernoulli", "native_dropout", "random_", "ge", "tanh", "pow"),
    "optimiser": ("_fused_adam", "_foreach", "_local_scalar_dense"),
    "embeddings and indices": ("embedding", "index", "nonzero", "_index", "scatter"),
}
Step = Callable[[int], Any]
PLAIN = "plain" in sys.argv[5:]  # ours as PyTorch multiplies, draws dropout and asks for memory by itself


def ours(
    name: str, windows: np.ndarray, n_items: int, device: str = "cpu", batch: int = BATCH
) -> tuple[Step, Any]:
    """Our model with the body and masking of a name, trained as `recsys.training.module` does."""
    from merlin.schema import ColumnSchema, Schema, Tags

    from recsys.config.model import ModelConfig
    from recsys.model.dropout import draw_faster
    from recsys.model.prompted_transformer import build_model
    from recsys.training.decay import decay_groups

    length = windows.shape[1]
    pair = {} if name == "default" else dict(zip(("body", "masking"), name.split("-"), strict=True))
    # Upstream's share of masked items, for MLM to ask as often.
    config = ModelConfig(features=("climb",), length=length, climb_dim=WIDTH, mlm_probability=0.15, **pair)
    column = ColumnSchema(
        "climb", dtype=np.int64, is_list=True, is_ragged=True,
        tags=[Tags.CATEGORICAL, Tags.ITEM, Tags.ITEM_ID],
        properties={
            "domain": {"min": 0, "max": n_items + 2, "name": "climb"},
            "value_count": {"min": 1, "max": length},
        },
    )  # fmt: skip
    model = build_model(Schema([column]), config).to(device)
    if not PLAIN:
        draw_faster(model)
    optimizer = torch.optim.AdamW(decay_groups(model, 0.0), lr=1e-3, fused=True)
    ids = torch.from_numpy(np.where(windows > 0, windows + 2, 0))  # ids begin after padding, null, unknown
    batches = [{"climb": each} for each in ids.to(device).split(batch)]

    def step(number: int) -> None:
        optimizer.zero_grad()
        model.training_loss(batches[number % len(batches)]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step, model


def t4rec(
    name: str, windows: np.ndarray, n_items: int, device: str = "cpu", batch: int = BATCH
) -> tuple[Step, Any]:
    """Stock Transformers4Rec, padded on the right."""
    from exchange import Given
    from run_t4rec import build

    body, masking = name.split("-")
    given = Given.__new__(Given)
    given.n_items = n_items
    given.settings = {"length": windows.shape[1], "d_model": WIDTH, "heads": 2, "layers": 2}
    given.settings |= {"body": body, "masking": masking}
    model = build(given).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    moved = np.zeros_like(windows)
    for row, each in enumerate(windows):
        moved[row, : (each > 0).sum()] = each[each > 0]
    batches = torch.from_numpy(moved).to(device).split(batch)

    def step(number: int) -> None:
        optimizer.zero_grad()
        model({"item_id": batches[number % len(batches)]}, training=True)["loss"].backward()
        optimizer.step()

    return step, model


def sasrec_of(windows: np.ndarray, n_items: int, length: int) -> Any:
    """RecTools' SASRec, fitted for no epoch."""
    import pandas as pd
    from pytorch_lightning import Trainer
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    # Every item once, so that the catalogue is whole.
    items = np.arange(n_items)
    frame = pd.DataFrame({"user_id": items // 20, "item_id": items, "weight": 1.0})
    frame["datetime"] = pd.to_datetime(items, unit="s")
    names = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")

    def trainer() -> Trainer:  # RecTools keeps its name, which a lambda or a partial has not
        return Trainer(max_epochs=1, limit_train_batches=1, **dict.fromkeys(names, False))

    model = SASRecModel(
        n_blocks=2, n_heads=2, n_factors=WIDTH, session_max_len=length, loss="softmax",
        recommend_batch_size=512, get_trainer_func=trainer,
    )  # fmt: skip
    return model.fit(Dataset.construct(frame))


def rectools(name: str, windows: np.ndarray, n_items: int) -> tuple[Step, Any]:
    """RecTools' own loss and optimiser, without its trainer: a window asks for all but its first item."""
    module = sasrec_of(windows, n_items, windows.shape[1] - 1).lightning_model
    module.train()
    optimizer = module.configure_optimizers()
    ids = torch.from_numpy(windows)
    read, asked = ids[:, :-1].split(BATCH), ids[:, 1:].split(BATCH)

    def step(number: int) -> None:
        x, y = read[number % len(read)], asked[number % len(read)] * (read[number % len(read)] > 0)
        optimizer.zero_grad()
        logits = module.get_batch_logits({"x": x, "y": y})
        module.loss_calculator(logits, y, (y > 0).float()).backward()
        optimizer.step()

    return step, module.torch_model


def products(windows: np.ndarray, n_items: int) -> tuple[Step, Any]:
    """The matrix products of the default's step alone: each forward, and by both its factors backward."""
    from recsys.model.softmax import SCORES

    rows, length = BATCH, windows.shape[1]
    tokens, asked = rows * length, int((windows[:BATCH, 1:] * windows[:BATCH, :-1] > 0).sum())
    sizes = [(tokens, WIDTH, WIDTH)]  # the inputs' projection
    sizes += 2 * [(tokens, WIDTH, 3 * WIDTH), (tokens, WIDTH, WIDTH), (tokens, WIDTH, 4 * WIDTH)]
    sizes += 2 * [(tokens, 4 * WIDTH, WIDTH)]
    sizes += [(asked, WIDTH, WIDTH)]
    flat = [(torch.randn(n, k), torch.randn(k, m), torch.randn(n, m)) for n, k, m in sizes]
    heads = torch.randn(rows * 2, length, WIDTH // 2)
    weights = torch.randn(rows * 2, length, length)
    queries, table = torch.randn(asked, WIDTH), torch.randn(n_items, WIDTH)
    part = SCORES // n_items

    def step(number: int) -> None:
        for one, two, out in flat:
            torch.mm(one, two), torch.mm(out, two.T), torch.mm(one.T, out)
        for _ in range(2):  # layers
            for _ in range(3):  # scores and sums: forward and backward
                torch.bmm(heads, heads.transpose(1, 2)), torch.bmm(weights, heads)
        for start in range(0, asked, part):
            scores = queries[start : start + part] @ table.T
            torch.mm(scores, table), torch.mm(scores.T, queries[start : start + part])

    return step, None


def evaluate_ours(folder: str, length: int) -> tuple[Step, Any]:
    """Every test user's target ranked in the whole catalogue, with intervals: the project's evaluator."""
    from recsys.baselines.transformer import Transformer
    from recsys.evaluation.evaluate import evaluate
    from recsys.model.scorer import ModelScorer
    from recsys.runs import Run
    from recsys.sequences.cases import Cases
    from recsys.training.prepare import reopen_run

    prepared, _ = reopen_run(Run(Path(folder) / "run"))
    model = Transformer(features=("climb",), length=length, climb_dim=WIDTH).build(prepared.schema, length)
    cases = Cases.of(prepared.sequences, prepared.parts, "test")
    scorer = ModelScorer(model, cases, length, False)
    return lambda _: evaluate(scorer, cases.targets, cases.climbers, cases.seen, prepared.n_items), None


def evaluate_rectools(folder: str, length: int) -> tuple[Step, Any]:
    """RecTools' `recommend`, ten items for every test user, without scoring them."""
    from exchange import Given
    from run_rectools import dataset_of

    given = Given(Path(folder), {}, Path(folder))
    model = sasrec_of(np.zeros((1, length)), given.n_items, length - 1)
    data, users = dataset_of(given.test), np.arange(len(given.test))
    return lambda _: model.recommend(users=users, dataset=data, k=10, filter_viewed=True), None


def memory(size: int) -> dict[str, Any]:
    """Peak memory of three steps of the default and of ten answers, in a catalogue of a size."""
    import resource

    from scale import sequences_of

    from recsys.baselines.transformer import Transformer
    from recsys.model.scorer import ModelScorer
    from recsys.sequences.cases import Cases
    from recsys.sequences.epochs import TrainingWindows
    from recsys.training.decay import decay_groups

    def peak() -> float:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)

    sequences, schema = sequences_of(size, climbers=5_000)
    before = peak()
    model = Transformer().build(schema, 10)
    targets = np.arange(len(sequences))
    model.read_sends(sequences, targets)
    windows = TrainingWindows(sequences, targets, 10, model.asking(10))
    pairs = windows.draw(np.random.default_rng(0))
    optimizer = torch.optim.AdamW(decay_groups(model, 0.0), lr=1e-3, fused=True)
    for start in (0, BATCH, 2 * BATCH):
        batch = windows.__getitems__([tuple(each) for each in pairs[start : start + BATCH]])
        optimizer.zero_grad()
        model.training_loss(batch).backward()
        optimizer.step()
    trained = peak()
    cases = Cases(sequences, targets[9::10][:10], np.zeros(10, np.int64), np.arange(10))
    began = time.process_time()
    ModelScorer(model, cases, 10, False).scores(np.arange(10))
    return {
        "gib_before": before,
        "gib_trained": trained,
        "gib_recommended": peak(),
        "cpu_seconds_ten_answers": round(time.process_time() - began, 3),
        "loss": model.task.chosen,
    }


def profile(step: Step) -> dict[str, float]:
    """Milliseconds of a step's own time, by what is computed."""
    step(0)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiled:
        for number in range(STEPS):
            step(number)
    found = dict.fromkeys([*PARTS, "the rest"], 0.0)
    for event in profiled.key_averages():
        name = event.key.removeprefix("aten::")
        part = next((key for key, starts in PARTS.items() if name.startswith(starts)), "the rest")
        found[part] += event.self_cpu_time_total / 1e3 / STEPS
    return {key: round(value, 1) for key, value in found.items()}


def main() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    system, data, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if system == "memory":
        input()
        print(json.dumps(memory(size)), flush=True)
        return
    each = 1 if system.startswith("evaluate") else STEPS
    if system == "evaluate-ours":
        step, model = evaluate_ours(data, size)
    elif system == "evaluate-rectools":
        step, model = evaluate_rectools(data, size)
    else:
        held = np.load(data)
        windows, n_items = held["windows"], int(held["n_items"])
        if system.startswith("products"):
            step, model = products(windows, n_items)
        else:
            kind, _, name = system.partition("-")
            step, model = {"ours": ours, "t4rec": t4rec, "rectools": rectools}[kind](name, windows, n_items)
    if sys.argv[5:] == ["profile"]:
        input()
        with as_trained(system):
            print(json.dumps(profile(step)), flush=True)
        return
    with as_trained(system):
        answer_lines(step, model, each)


@contextlib.contextmanager
def as_trained(system: str) -> Iterator[None]:
    """Products and memory as where we train and evaluate, for what is ours."""
    if PLAIN or not system.startswith(("ours", "evaluate-ours", "products-onednn")):
        yield
        return
    from recsys.model.products import by_onednn
    from recsys.training.allocator import freed_memory_held

    with by_onednn(), freed_memory_held():
        yield


def answer_lines(step: Step, model: Any, each: int) -> None:
    """Take `each` steps a line, and print what one took."""
    count = 0
    while input() == "":
        began, spent = time.perf_counter(), time.process_time()
        for _ in range(each):
            step(count)
            count += 1
        answer = {"wall": (time.perf_counter() - began) / each, "cpu": (time.process_time() - spent) / each}
        if model is not None:
            answer["parameters"] = sum(p.numel() for p in model.parameters())
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
