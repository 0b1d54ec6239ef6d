"""The workflow's Merlin schema, as the text form of TensorFlow Metadata's protobuf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recsys import columns as c

if TYPE_CHECKING:
    from merlin.schema import Schema
    from nvtabular import Workflow


def model_schema(workflow: Workflow) -> Schema:
    """The Merlin schema of what the model reads: the workflow's output without its keys."""
    return workflow.output_schema.excluding_by_name([c.CLIMBER_ID, c.ROW])


def listed(name: str, highest: int) -> Schema:
    """A schema of one more sequential column of ids, 0 to `highest`, which no workflow makes."""
    import numpy as np
    from merlin.schema import ColumnSchema, Schema, Tags

    domain = {"min": 0, "max": highest, "name": name}
    properties = {"domain": domain, "value_count": {"min": 0, "max": None}}
    return Schema(
        [
            ColumnSchema(
                name, (Tags.CATEGORICAL,), properties, np.dtype(np.int64), is_list=True, is_ragged=True
            )
        ]
    )


def schema_text(schema: Schema) -> str:
    """The schema as the text form of TensorFlow Metadata's protobuf, which Merlin reads."""
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    return TensorflowMetadata.from_merlin_schema(_portable(schema)).to_proto_text()


def read_schema(path: Path) -> Schema:
    """Read a ``schema.pbtxt``."""
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    return TensorflowMetadata.from_proto_text(path.read_text()).to_merlin_schema()


def _portable(schema: Schema) -> Schema:
    """The schema without the folder that the categories lay in while fitting."""
    from merlin.schema import Schema

    kept = []
    for column in schema:
        properties = {k: v for k, v in column.properties.items() if k != "cat_path"}
        kept.append(type(column)(**{**column.__dict__, "properties": properties}))
    return Schema(kept)
