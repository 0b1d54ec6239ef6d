"""What a model is made of: a frozen, serialisable configuration, saved beside the weights."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from recsys.columns import FEATURES
from recsys.errors import UsageError

Masking = Literal["last", "mlm", "span", "clm", "plm", "rtd"]
Body = Literal["xlnet", "bert", "gpt2", "electra", "albert", "prenorm"]
Positions = Literal["auto", "learned", "rotary", "time", "time-alone", "sinusoidal"]
Streams = Literal["auto", "one", "two"]
Direction = Literal["auto", "forward", "both"]
FeedForward = Literal["gelu", "swiglu", "ligr"]
Numbers = Literal["soft", "continuous", "binned", "one-hot", "periodic"]
Text = Literal["none", "words", "sentences"]
Aggregation = Literal["concat", "sum"]
Loss = Literal["auto", "softmax", "sampled-softmax", "bpr-max", "gbce"]

# The pairs that cannot work, each with its reason.
REFUSED: Final[dict[tuple[str, str], str]] = {
    **{
        ("gpt2", masking): f"GPT-2 attends to the left only, and {masking} asks for what stands on both sides"
        for masking in ("mlm", "span", "plm", "rtd")
    },
    **{
        (body, "clm"): f"{body} attends to both sides, and would read the climbs that clm asks for"
        for body in ("bert", "electra", "albert")
    },
    **{
        (body, "plm"): f"plm gives each window an order of attention of its own, which {body} does not take"
        for body in ("bert", "electra", "albert", "prenorm")
    },
}

# The body of a masking that the default body cannot take.
OTHER_BODY: Final[dict[str, Body]] = {"plm": "xlnet"}


# The body that has them.
_POSITIONS: Final = {
    "rotary": "prenorm", "time": "prenorm", "time-alone": "prenorm", "sinusoidal": "bert",
}  # fmt: skip


MOST_NETWORKS: Final = 16
# What several networks side by side are made of.
_PACKED: Final = {
    "body": ("prenorm",),
    "masking": ("clm", "last", "mlm", "span"),
    "numbers": ("binned",),
}


class ModelConfig(BaseModel):
    """Body, masking, features and sizes of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    body: Body = Field(
        "prenorm", description="Transformers4Rec body; plm, which prenorm does not take: xlnet"
    )
    masking: Masking = Field("clm", description="which climbs are hidden and predicted in training")
    features: tuple[str, ...] = Field(FEATURES, description="features that the model reads")
    numbers: Numbers = Field("binned", description="how grade, rating and elapsed days enter")
    soft_bins: int = Field(0, ge=0, le=1024, description="bins of a soft number; 0: as many as its bins")
    length: int = Field(10, ge=1, le=4096, description="sends in a window, the target included")
    d_model: int = Field(64, ge=4, le=65_536, description="width of the body")
    heads: int = Field(2, ge=1, description="attention heads")
    layers: int = Field(2, ge=1, le=256, description="transformer layers")
    inner: int = Field(
        0, ge=0, le=262_144, description="width of bert's feed-forward layers; 0: four times d_model"
    )
    positions: Positions = Field(
        "learned",
        description="position encoding: by order (learned, rotary, sinusoidal), by order and by days (time), "
        "by days alone (time-alone); rotary and time need prenorm, sinusoidal needs bert; auto: time where "
        "most orders inside a day are unknown",
    )
    time_bias: bool = Field(False, description="prenorm: attend by the days between two sends as well")
    dropout: float = Field(0.2, ge=0, lt=1, description="dropout in the inputs and the body")
    climb_dim: int = Field(96, ge=1, le=65_536, description="dimension of a climb's embedding")
    climber_dim: int = Field(16, ge=1, le=65_536, description="dimension of a climber's embedding (concat)")
    attribute_dim: int = Field(
        16, ge=1, le=65_536, description="dimension of an attribute's embedding (concat)"
    )
    networks: int = Field(
        1,
        ge=0,
        le=MOST_NETWORKS,
        description="prenorm: networks of these sizes, each trained by itself, whose scores are averaged; "
        "0: by the size of the log",
    )
    aggregation: Aggregation = Field(
        "concat",
        description="how a send's features become one vector; sum adds them, each as wide as climb_dim",
    )
    mlm_probability: float = Field(0.3, gt=0, le=1, description="chance to be predicted by mlm, rtd or plm")
    span_length: int = Field(5, ge=1, le=4096, description="longest run of climbs that span hides")
    rtd_weight: float = Field(1.0, ge=0, description="weight of rtd's detection against its mlm")
    feed_forward: FeedForward = Field(
        "gelu", description="prenorm's feed-forward layers; ligr gates residuals too"
    )
    loss: Loss = Field(
        "auto", description="training loss; auto: full softmax, sampled softmax for large catalogues"
    )
    negatives: int = Field(
        256, ge=1, le=1_048_576, description="climbs drawn for a batch by every loss but softmax"
    )
    chunked: bool = Field(True, description="softmax: a few queries at a time, never all scores at once")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="softmax: share of a target spread over all climbs"
    )
    climb_features: bool = Field(
        True, description="score climbs by usual region, grade, rating and sends as well"
    )
    whole_history: bool = Field(
        True, description="clm: a token holds the send before it (or the day) whole, beside its prompt"
    )
    streams: Streams = Field(
        "one",
        description="clm on prenorm: one token a send, which holds the send before and its own prompt, or "
        "two, what was sent and what is asked for, to which the order inside a day means nothing; auto: two "
        "where orders inside a day are unknown",
    )
    straight: bool = Field(
        True,
        description="prenorm: begin with a climb's embedding reaching the output as it is: like follows like",
    )
    direction: Direction = Field(
        "both",
        description="how training reads logbooks: forward, or both ways, half of the windows backwards; "
        "auto: both where there are fewer than 250,000 training sends",
    )
    pretrained: bool = Field(
        True,
        description="begin with climbs' embeddings counted from pairs of sends that lie near each other (at "
        "most 200,000 climbs)",
    )
    text: Text = Field(
        "none",
        description="read what was written of the history's climbs before: words, or sentences (extra text)",
    )
    text_output: bool = Field(True, description="text: score climbs by all that was written of them as well")
    swap_climb: float = Field(
        0.0, ge=0, le=1, description="chance that training swaps a climb of the history"
    )
    hide_prompt: float = Field(0.25, ge=0, le=1, description="chance that training hides a whole prompt")
    hide_attribute: float = Field(0.1, ge=0, le=1, description="chance that it hides one attribute of one")
    hide_climber: float = Field(0.5, ge=0, le=1, description="chance that it hides who climbed")
    hide_climb: float = Field(0.1, ge=0, le=1, description="chance that it hides a climb of the history")

    @property
    def packed(self) -> ModelConfig:
        """With the sizes of all its networks (`recsys.model.packed`)."""
        sizes = ("d_model", "heads", "climb_dim", "climber_dim", "attribute_dim")
        return self.model_copy(update={name: self.networks * getattr(self, name) for name in sizes})

    @property
    def _unpacked(self) -> list[str]:
        """The settings by which several such networks cannot be one."""
        return [name for name, allowed in _PACKED.items() if getattr(self, name) not in allowed]

    @property
    def packs(self) -> bool:
        """Whether several such networks can be one."""
        return not self._unpacked

    @property
    def scores_texts(self) -> bool:
        """Whether what was written of a climb is in what it is scored by, where there are texts."""
        return self.text != "none" and self.text_output

    @property
    def reads_time(self) -> bool:
        """Whether attention reads the days between sends, whatever the features."""
        return self.positions in ("time", "time-alone") or self.time_bias

    @model_validator(mode="before")
    @classmethod
    def _body(cls, given: Any) -> Any:
        """Where no body is named, one that the masking can have."""
        if isinstance(given, dict) and "body" not in given and given.get("masking") in OTHER_BODY:
            return {**given, "body": OTHER_BODY[given["masking"]]}
        return given

    @field_validator("features", mode="before")
    @classmethod
    def _array(cls, value: object) -> object:
        """JSON's arrays are lists, which pydantic 2.14 refuses for a tuple where it is strict."""
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _pairs(self) -> ModelConfig:
        check_pair(self.body, self.masking)
        check_features(self.features)
        if self.aggregation == "sum" and self.numbers in ("continuous", "one-hot"):
            raise UsageError(
                f"`aggregation` sum adds embeddings of one width, and `numbers` {self.numbers} has none; "
                "use `numbers` binned, soft or periodic with it"
            )
        if self.masking == "rtd" and self.loss not in ("auto", "softmax"):
            raise UsageError(
                f"`masking` rtd draws climbs from the scores of the whole catalogue, and `loss` {self.loss} "
                "scores a sample; use `loss` softmax with it"
            )
        if self.body != "bert" and self.inner:
            raise UsageError(f"`body` {self.body} takes no `inner`; leave it out, or use `body` bert")
        if self.positions not in ("auto", "learned") and self.body != _POSITIONS[self.positions]:
            raise UsageError(
                f"`body` {self.body} has no {self.positions} positions; leave `positions` out, "
                f"or use `body` {_POSITIONS[self.positions]}"
            )
        if self.time_bias and self.body != "prenorm":
            raise UsageError(f"`body` {self.body} has no `time_bias`; leave it out, or use `body` prenorm")
        if self.streams == "two" and (self.body, self.masking) != ("prenorm", "clm"):
            raise UsageError(
                f"`streams` two is of `body` prenorm with `masking` clm, not of {self.body} with "
                f"{self.masking}; leave `streams` out"
            )
        for name in self._unpacked if self.networks > 1 else ():
            raise UsageError(
                f"`networks` {self.networks} are of `{name}` {' or '.join(_PACKED[name])}, not of "
                f"{getattr(self, name)}; leave one of the two out"
            )
        if self.d_model % self.heads:
            raise UsageError(f"`d_model` {self.d_model} is not a multiple of `heads` {self.heads}")
        pairs = {"rotary": 2, "time": 4, "time-alone": 2}.get(self.positions, 1)
        if self.d_model // self.heads % pairs:
            raise UsageError(
                f"`d_model` {self.d_model} over `heads` {self.heads} is no multiple of {pairs}, and "
                f"{self.positions} positions turn pairs"
            )
        if self.body == "xlnet" and self.d_model % 2:
            raise UsageError(f"`d_model` {self.d_model} is odd, and xlnet's positions come in pairs")
        return self


def check_pair(body: str, masking: str) -> None:
    """Refuse a body and a masking that cannot work together, with the reason and the pairs that do."""
    reason = REFUSED.get((body, masking))
    if reason:
        maskings = [m for m in Masking.__args__ if (body, m) not in REFUSED]  # type: ignore[attr-defined]
        bodies = [b for b in Body.__args__ if (b, masking) not in REFUSED]  # type: ignore[attr-defined]
        raise UsageError(
            f"`body` {body} cannot take `masking` {masking}: {reason}; "
            f"use `masking` {' or '.join(maskings)} with it, or `body` {' or '.join(bodies)}"
        )


def check_features(features: tuple[str, ...]) -> None:
    """Refuse an unknown feature, and a list without the climbs."""
    for name in features:
        if name not in FEATURES:
            raise UsageError(f"`features`: no feature {name!r}; there are {', '.join(FEATURES)}")
    if "climb" not in features:
        raise UsageError("`features`: 'climb' is what is predicted and cannot be left out")
