"""WSInfer (Kaczmarzyk 2024) with the same weights as ours, as TorchScript, on the same tiles, in an environment of its own.

PyPI's torch needs NVIDIA's libraries; Debian's does not, so this needs `apt-get install python3-torch python3-torchvision`.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.peer_environment import peer_python

SYSTEM_PYTHON = Path("/usr/bin/python3")
BARE = ("wsinfer==0.6.1", "wsinfer-zoo==0.6.2")
REQUIREMENTS = (
    "numpy==1.26.4",
    "onnx==1.17.0",
    "tiffslide==2.4.0",
    "zarr<3",
    "tifffile<2025",
    "fsspec<2025",
    "openslide-python",
    "openslide-bin",
    "opencv-python-headless<4.11",
    "pandas<2.3",
    "scikit-image<0.25",
    "h5py",
    "click<8.2",
    "shapely",
    "tqdm",
    "imagecodecs<2025",
    "huggingface-hub",
    "jsonschema",
)
# An ONNX network of these operators as a PyTorch one, traced to TorchScript; then WSInfer's own loop over given patches.
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from typing import Any
import h5py, numpy as np, onnx, torch
from onnx import numpy_helper
from wsinfer.modellib.models import LocalModelTorchScript
from wsinfer.modellib.run_inference import run_inference
from wsinfer_zoo.client import ModelConfiguration, TransformConfigurationItem

torch.set_num_threads(1)
asked = json.loads(sys.argv[1])
folder = Path(asked["folder"])
graph = onnx.load(asked["network"]).graph
constants = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name, value in constants.items():
            self.register_parameter(name, torch.nn.Parameter(value, requires_grad=False))

    def forward(self, x):
        known = dict(self.named_parameters())
        for node in graph.node:
            given = [known.get(name) for name in node.input]
            how = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            if node.op_type in ("Cast", "Transpose"):
                y = x * 255 if node.op_type == "Cast" else given[0]
            elif node.op_type in ("Mul", "Sub", "Add"):
                y = {"Mul": torch.mul, "Sub": torch.sub, "Add": torch.add}[node.op_type](*given)
            elif node.op_type == "Conv":
                y = torch.nn.functional.conv2d(*given, stride=how["strides"], padding=how["pads"][:2])
            elif node.op_type == "Relu":
                y = torch.relu(given[0])
            elif node.op_type == "MaxPool":
                y = torch.nn.functional.max_pool2d(given[0], how["kernel_shape"], how["strides"], how["pads"][:2])
            elif node.op_type == "GlobalAveragePool":
                y = given[0].mean((2, 3), keepdim=True)
            elif node.op_type == "Flatten":
                y = given[0].flatten(1)
            elif node.op_type == "Gemm":
                y = given[0] @ given[1] + given[2]
            elif node.op_type == "Softmax":
                return given[0]
            known[node.output[0]] = y


side = asked["side"]
torch.jit.trace(Network(), torch.zeros(1, 3, side, side)).save(str(folder / "model.pt"))
(folder / "results" / "patches").mkdir(parents=True)
with h5py.File(folder / "results" / "patches" / (Path(asked["slide"]).stem + ".h5"), "w") as file:
    coords = file.create_dataset("coords", data=np.array(asked["coords"]))
    coords.attrs.update({"patch_level": 0, "patch_size": side})
names = [str(number) for number in range(asked["classes"])]
config = ModelConfiguration("resnet18", len(names), names, side, asked["spacing"], [TransformConfigurationItem("ToTensor", None)])
before = resource.getrusage(resource.RUSAGE_SELF)
began = time.perf_counter()
model = LocalModelTorchScript(config=config, model_path=str(folder / "model.pt"))
failed = run_inference(Path(asked["slide"]).parent, folder / "results", model, batch_size=asked["batch"])
after = resource.getrusage(resource.RUSAGE_SELF)
assert failed == ([], []), failed
print("RESULT" + json.dumps({
    "seconds": time.perf_counter() - began,
    "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    "megabytes": int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024,
}))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Of its own loop, the model's loading included; `megabytes` at most."""

    seconds: float
    cpu: float
    megabytes: float
    probabilities: list[list[float]]


def wsinfer(
    folder: Path,
    slide: Path,
    network: Path,
    coords: Sequence[tuple[int, int]],
    side: int,
    spacing: float,
    classes: int,
    batch: int,
) -> Peer:
    """`slide` alone in its folder; `coords` are left and top of each tile in pixels of its finest level."""
    asked: dict[str, Any] = {"folder": str(folder), "slide": str(slide), "network": str(network), "coords": list(coords)}
    asked |= {"side": side, "spacing": spacing, "classes": classes, "batch": batch}
    python = peer_python("wsinfer", *REQUIREMENTS, bare=BARE, python=SYSTEM_PYTHON)
    folder.mkdir(parents=True)
    done = subprocess.run([python, "-c", PROGRAM, json.dumps(asked)], capture_output=True, text=True, check=False, env=ON_CPU)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.partition("RESULT")[2].splitlines()[0])
    (table,) = (folder / "results" / "model-outputs-csv").glob("*.csv")
    rows = [line.split(",")[4:] for line in table.read_text().splitlines()[1:]]
    return Peer(**figures, probabilities=[[float(one) for one in row] for row in rows])


ON_CPU = {"PATH": "/usr/bin:/bin", "WSINFER_FORCE_CPU": "1", "OMP_NUM_THREADS": "1"}
