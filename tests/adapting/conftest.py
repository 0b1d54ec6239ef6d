"""A small trained run with its bundle, to add to."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Path:
    from recsys.config.run import RunConfig
    from recsys.exporting.keep import keep_bundle
    from recsys.logbooks.simulate import simulate
    from recsys.runs import Run
    from recsys.training.pipeline import train_run

    root = tmp_path_factory.mktemp("adapt")
    simulate("bc", seed=0, scale=0.03).to_parquet(root / "sends.parquet", index=False)
    config = RunConfig(
        data=str(root / "sends.parquet"),
        ensemble="ease",  # as the default joins it at this size
        model={"d_model": 16, "layers": 1, "climb_dim": 16, "networks": 2},  # so, too
        training={"epochs": 2, "batch_size": 64, "accelerator": "cpu"},
    )
    train_run(config, root / "run")
    assert keep_bundle(Run.open(root / "run"))
    return root / "run"
