"""The example in docs/how-to/merlin.md as it stands there: the model under Transformers4Rec's own Trainer."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from tests.workflows.test_operators import sends

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/merlin.md"
SMALLER = {
    "length = 20": "length = 5",
    "length=length)": "length=length, d_model=16, layers=1, climb_dim=16)",
    "batch_size=64": "batch_size=8, no_cuda=True",
    "1e-3": "1e-2",
    "logging_steps=10": "logging_steps=4",
}


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    """The trainer that the example leaves, on 30 climbers' last five of twelve sends."""
    from workflows import sends as workflow_of
    from workflows.coded import write_sequences

    folder = tmp_path_factory.mktemp("merlin")
    table = sends(30, 12, 20)
    fitted = workflow_of.fit(table, folder / "sequences" / "workflow")
    write_sequences(workflow_of.pieces(fitted, table), folder / "sequences" / "sequences.parquet")
    text = workflow_of.schema_text(workflow_of.model_schema(fitted))
    (folder / "sequences" / "schema.pbtxt").write_text(text)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / PAGE).read_text(), re.DOTALL)
    for long, short in SMALLER.items():
        assert long in code
        code = code.replace(long, short)
    left: dict = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        exec(compile(code, PAGE, "exec"), left)
        yield left["trainer"], pd.read_parquet("sequences/sequences.parquet")


def test_the_model_learns_under_transformers4recs_trainer(trainer):
    losses = [each["loss"] for each in trainer[0].state.log_history if "loss" in each]
    assert losses[-1] < losses[0]


def test_the_loader_hands_out_the_last_sends(trainer):
    """It keeps the first of a longer list, so the slice has to come before it."""
    running, sequences = trainer
    last = {tuple(each[-5:]) for each in sequences["climb"]}
    seen = [tuple(row.tolist()) for batch, _ in running.get_train_dataloader() for row in batch["climb"]]
    assert set(seen) <= last
    assert len(seen) >= 24
    assert last.isdisjoint({tuple(each[:5]) for each in sequences["climb"]})
