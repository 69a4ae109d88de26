"""Settings of inference."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from chassis.settings import StoringSettings


class InferenceSettings(StoringSettings):
    """Which model, on what."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "access_keys")
    bundle: Path = Field(description="folder with bundle.json and model.onnx: the first version in production")
    models: Path | None = Field(
        default=None, description="folder of bundles to serve, each in a folder of its model's name; the bundle's own by default"
    )
    model_control: bool = Field(default=False, description="whether callers may load and unload models")
    inference_address: str = Field(default="127.0.0.1:50051", description="gRPC host:port")
    access_keys: Path = Field(description="JWK Set with the public keys of whoever issues tokens")
    model_keys: Path | None = Field(default=None, description="folder of public keys (PEM) whose signatures on bundles count")
    evaluation_tiles: Path | None = Field(default=None, description="the evaluation set: one subfolder a class, with tiles")
    least_auc: float = Field(default=0.6, ge=0.5, le=1, description="of a version on the evaluation set, to read for care")
    auc_margin: float = Field(default=0.02, ge=0, le=1, description="how much lower than the one in production it may be")
    model_isolation: Literal["process", "thread"] = Field(
        default="process", description="process: a model that crashes, hangs or leaks harms nothing but itself"
    )
    drift_slides: int = Field(default=20, ge=2, le=1000, description="last slides of a version that drift is measured over")
    score_drift: float = Field(default=0.25, gt=0, description="population stability index that is drift")
    stain_drift: float = Field(default=0.15, gt=0, description="shift in optical density that is drift")
    device: Literal["auto", "cpu", "gpu"] = Field(default="auto", description="gpu: refuse to start where there is none")
    threads: int = Field(default=0, ge=0, description="of one session on CPU; 0 lets ONNX Runtime choose")
    message_megabytes: int = Field(default=64, ge=1, le=1024, description="largest gRPC message")
    shard_tiles: int = Field(default=256, ge=1, le=1024, description="tissue tiles in one work item")
    batch_tiles: int = Field(default=32, ge=1, le=1024)
    failed_tiles_allowed: float = Field(default=0.05, ge=0, le=1, description="share of tiles; more fails the slide")
