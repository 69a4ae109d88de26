"""Settings of inference."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from chassis.settings import StoringSettings


class InferenceSettings(StoringSettings):
    """Which model, on what."""

    bundle: Path = Field(description="folder with bundle.json and model.onnx")
    models: Path | None = Field(
        default=None, description="folder of bundles to serve, each in a folder of its model's name; the bundle's own by default"
    )
    model_control: bool = Field(default=False, description="whether callers may load and unload models")
    inference_address: str = Field(default="127.0.0.1:50051", description="gRPC host:port")
    device: Literal["auto", "cpu", "gpu"] = Field(default="auto", description="gpu: refuse to start where there is none")
    threads: int = Field(default=0, ge=0, description="of one session on CPU; 0 lets ONNX Runtime choose")
    message_megabytes: int = Field(default=64, ge=1, le=1024, description="largest gRPC message")
    shard_tiles: int = Field(default=256, ge=1, le=1024, description="tissue tiles in one work item")
    batch_tiles: int = Field(default=32, ge=1, le=1024)
    failed_tiles_allowed: float = Field(default=0.05, ge=0, le=1, description="share of tiles; more fails the slide")
