"""Train a recommender.

python train.py                                     the simulated BC logbooks
python train.py --epochs 2 --d-model 16             the same, tiny: a minute on a laptop
python train.py --data sends.csv --masking mlm      your own sends (docs/how-to/own-data.md)
"""

from __future__ import annotations

import sys


def main() -> int:
    """Train, and return the exit code."""
    try:
        from recsys.cli.train import train
        from recsys.terminal import run, single

        return run(single(train), "train.py")
    except KeyboardInterrupt:  # while it is imported
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
