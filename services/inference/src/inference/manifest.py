"""What bundle.json says of a model: the one manifest, checked before anything is loaded. Pure."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from casepath.inference.v1.scoring_pb2 import (
    MODEL_KIND_SLIDE_AGGREGATOR,
    MODEL_KIND_TILE_CLASSIFIER,
    MODEL_KIND_TILE_SEGMENTER,
)
from chassis.errors import Misconfigured

KINDS = {
    "tile-classifier": MODEL_KIND_TILE_CLASSIFIER,
    "tile-segmenter": MODEL_KIND_TILE_SEGMENTER,
    "slide-aggregator": MODEL_KIND_SLIDE_AGGREGATOR,
}
# ONNX Runtime's names, best first.
PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")
# No tile of a slide is larger, so that what a worker holds is bounded.
LARGEST_TILE = 4096

type Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
type Channels = tuple[float, float, float]


class Part(BaseModel):
    """A part of a manifest: frozen, and nothing in it that is not known, since a misspelt threshold is a wrong one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Serving(Part):
    """How requests to the model are batched, and what one run of it may take."""

    batch_rows: int = Field(default=32, ge=1, le=4096)
    waiting_rows: int = Field(default=1024, ge=1)
    delay_ms: float = Field(default=0, ge=0, le=60_000)
    seconds: float = Field(default=120, gt=0, description="longest run of one batch; then it hangs")
    providers: tuple[str, ...] = Field(default=PROVIDERS, description="what the model may run on, where the deployment has it")
    memory_megabytes: int = Field(default=4096, ge=64, description="of its process; one that has more is made anew")


class Normalisation(Part):
    """Of pixels in 0 to 1, for a model whose input is float32."""

    mean: Channels
    std: Channels


class Calibration(Part):
    """Temperature scaling (Guo 2017), and the expected calibration error that was measured after it."""

    temperature: float = Field(default=1, gt=0)
    ece: float | None = Field(default=None, ge=0, le=1)


class ServedManifest(BaseModel):
    """What every model has that is served: the rest is for reading slides."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=64)
    sha256: Sha256
    serving: Serving = Serving()


class Manifest(ServedManifest):
    """A model that reads slides.

    `tile_side` is a side of its input in pixels of `microns_per_pixel`; from one tile to the next are `stride` pixels (by default
    a tile without its halos), and `halo` on each side are seen and not judged. `scaling` says whether a level of another pixel
    size is scaled to the model's, up to `coarsest` times, or refused. The last of `classes` is the positive one unless `positive`
    names another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["tile-classifier", "tile-segmenter", "slide-aggregator"] = "tile-classifier"
    task: str = ""
    classes: tuple[str, ...] = Field(min_length=1)
    positive: str = ""
    tile_side: int = Field(ge=8, le=LARGEST_TILE)
    microns_per_pixel: float = Field(gt=0, le=100)
    stride: int = Field(default=0, ge=0, le=LARGEST_TILE)
    halo: int = Field(default=0, ge=0)
    scaling: Literal["allowed", "refused"] = "allowed"
    coarsest: float = Field(default=2.5, ge=1)
    normalisation: Normalisation | None = None
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    threshold: float = Field(default=0.5, gt=0, le=1)
    calibration: Calibration = Calibration()
    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    aggregator_sha256: Sha256 | None = None
    training_slides: frozenset[str] = frozenset()
    test_slides: frozenset[str] = frozenset()
    about: dict[str, Any] = {}

    @model_validator(mode="after")
    def agrees(self) -> "Manifest":
        inner = self.tile_side - 2 * self.halo
        if inner < 1 or self.step > inner:
            raise ValueError("a stride is at most a tile without its halos")
        if self.positive and self.positive not in self.classes:
            raise ValueError("the positive class is one of the classes")
        if (self.kind == "slide-aggregator") != (self.aggregator_sha256 is not None):
            raise ValueError("a slide-aggregator, and no other, has an aggregator_sha256")
        if self.kind == "tile-segmenter" and self.step != inner:
            raise ValueError("a segmenter's tiles without their halos meet: its stride is not given, or just that")
        return self

    @property
    def step(self) -> int:
        return self.stride or self.tile_side - 2 * self.halo

    @property
    def positive_index(self) -> int:
        return self.classes.index(self.positive) if self.positive else len(self.classes) - 1


def parsed[M: ServedManifest](kind: type[M], text: str, where: str) -> M:
    """Raise Misconfigured that names each field that is wrong."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
        raise Misconfigured(f"{where} is not the manifest of a {described(kind)}: {wrong}") from None


def described(kind: type[ServedManifest]) -> str:
    return "model that reads slides" if issubclass(kind, Manifest) else "model"
