"""The service over a bundle whose network is asked through PyTorch.

python benchmarks/torch_network.py BUNDLE RUN PORT

Features, catalogue and HTTP are the bundle's; only the network differs, so that ONNX Runtime with batches can
be told from PyTorch with one call a request (`benchmarks/serve.py --network RUN`).
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recsys.model.weights import load_weights
from recsys.recommending.bundle import Bundle
from recsys.recommending.recommender import Recommender
from recsys.runs import Run
from recsys.serving.app import create_app
from recsys.serving.policy import Policy
from recsys.serving.server import listen, serve
from workflows.sends import read_schema


class TorchNetwork(Bundle):
    """A bundle but for its graph: the run's own model answers."""

    def __init__(self, folder: Path, run: Path) -> None:
        super().__init__(folder)
        self.model = load_weights(run, read_schema(run / "schema.pbtxt"), Run.open(run).config.model)
        self.busy = threading.Lock()  # Transformers4Rec's modules keep the batch they saw last

    @torch.inference_mode()
    def logits(self, batch: Any) -> Any:
        """Scores of every climb, float32 [batch, n_items]."""
        tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in batch.items()}
        with self.busy:
            return np.asarray(self.model.next_scores(tensors).float())


def main(bundle: Path, run: Path, port: int) -> None:
    torch.set_num_threads(1)
    app = create_app(
        bundle, Policy(rate=0, max_batch=1), lambda folder: Recommender(TorchNetwork(folder, run))
    )
    serve(app, listen("127.0.0.1", port))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
