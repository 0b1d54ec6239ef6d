"""Names of the files in a run's folder, and of those that a bundle has too.

`docs/reference/files.md` says what each of them holds.
"""

from __future__ import annotations

from typing import Final

CONFIG: Final = "config.json"
SCHEMA: Final = "schema.pbtxt"
WORKFLOW: Final = "workflow"  # a folder: NVTabular's, with its description
SENDS: Final = "sends.parquet"
CLIMBS: Final = "climbs.parquet"
SHARDS: Final = "shards"  # a folder: what a training streams from, while it lasts
SKILL: Final = "skill.npz"
START: Final = "start.safetensors"  # weights that a training which continues another begins with
WEIGHTS: Final = "model.safetensors"  # of a network
COUNTS: Final = "model.npz"  # of a method that counts
METHOD: Final = "method.json"
METRICS: Final = "metrics.json"
CARD: Final = "MODEL_CARD.md"
LEARNING_CURVE: Final = "learning_curve.png"
RELIABILITY: Final = "reliability.png"
RESUMED: Final = "resumed.json"  # what a resumed training changed
REJECTS: Final = "rejects.csv"  # rows that could not be read
SIMULATED: Final = "simulated.parquet"  # sends that were made up, where none were given
CHECKPOINTS: Final = "checkpoints"
LOGS: Final = "logs"
BUNDLE: Final = "bundle"
OF_BUNDLE: Final = "bundle.json"  # of a bundle, whose folder is no run
STUDY: Final = "study.json"  # of a study, whose folder is no run
