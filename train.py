"""Train a recommender.

python train.py                                     the simulated BC logbooks
python train.py --epochs 2 --d-model 16             the same, tiny: a minute on a laptop
python train.py --data sends.csv --masking mlm      your own sends (docs/how-to/own-data.md)
"""

from __future__ import annotations

import sys

from recsys.cli.train import train
from recsys.terminal import run, single

if __name__ == "__main__":
    sys.exit(run(single(train), "train.py"))
