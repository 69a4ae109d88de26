"""Tensors of the Open Inference Protocol, version 2, as arrays and back.

Datatypes and layouts: KServe, "Open Inference Protocol", tensor data types and raw tensor contents. BYTES are pictures here, JPEG
or PNG, for an input of pixels.
"""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from chassis.errors import Malformed
from openinference.v2.grpc_service_pb2 import InferTensorContents, ModelInferRequest, ModelInferResponse

type Array = NDArray[np.generic]

DTYPES: dict[str, np.dtype[np.generic]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
# Where a request carries values one by one. FP16 has no such field.
CONTENTS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
}
PICTURES = "BYTES"
RGB = 3


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of a model. A dimension that may be of any size is -1."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def is_pixels(self) -> bool:
        """uint8 (N, rows, columns, 3) of a known size, which pictures can be decoded into."""
        return self.datatype == "UINT8" and len(self.shape) == 4 and self.shape[3] == RGB and min(self.shape[1:3]) > 0


@dataclass(frozen=True, slots=True)
class Pictures:
    """Encoded pictures, each for one row of an input of pixels."""

    encoded: tuple[bytes, ...]
    rows: int
    columns: int

    def decode_into(self, pixels: NDArray[np.uint8]) -> None:
        """(N, rows, columns, 3). Raise Malformed for what is no picture or of another size: that is looked at before decoding."""
        for place, content in zip(pixels, self.encoded, strict=True):
            try:
                if content.startswith(b"\xff\xd8"):
                    rows, columns, *_ = simplejpeg.decode_jpeg_header(content)
                    self.check_size(rows, columns)
                    simplejpeg.decode_jpeg(content, colorspace="RGB", buffer=place)
                else:
                    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                        self.check_size(image.height, image.width)
                        place[...] = np.asarray(image.convert("RGB"))
            except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
                raise Malformed(f"a picture cannot be decoded: {type(error).__name__}") from None

    def check_size(self, rows: int, columns: int) -> None:
        if (rows, columns) != (self.rows, self.columns):
            raise Malformed(f"a picture is {columns} x {rows} pixels; the model takes {self.columns} x {self.rows}")


type Input = Array | Pictures


def rows_of(value: Input) -> int:
    return len(value.encoded) if isinstance(value, Pictures) else len(value)


def kind_of(inputs: Mapping[str, Input]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """What requests must share to be one batch: their shapes but for the rows."""
    return tuple(
        (name, (value.rows, value.columns, RGB) if isinstance(value, Pictures) else value.shape[1:])
        for name, value in sorted(inputs.items())
    )


def inputs_of(request: ModelInferRequest, wanted: Sequence[Tensor]) -> dict[str, Input]:
    """What a request gives for each input that the model wants. Raise Malformed where it is not that."""
    raw = list(request.raw_input_contents)
    if raw and len(raw) != len(request.inputs):
        raise Malformed(f"there are {len(request.inputs)} inputs and {len(raw)} raw contents")
    by_name = {tensor.name: tensor for tensor in wanted}
    found: dict[str, Input] = {}
    for number, given in enumerate(request.inputs):
        tensor = by_name.get(given.name)
        if tensor is None or given.name in found:
            raise Malformed(f"the model's inputs are {', '.join(by_name)}, each once")
        found[given.name] = value_of(given, raw[number] if raw else None, tensor)
    if missing := sorted(set(by_name) - set(found)):
        raise Malformed(f"the input {missing[0]} is missing")
    return found


def value_of(given: ModelInferRequest.InferInputTensor, raw: bytes | None, tensor: Tensor) -> Input:
    shape = tuple(given.shape)
    if given.datatype == PICTURES and tensor.is_pixels:
        encoded = tuple(elements(raw)) if raw is not None else tuple(given.contents.bytes_contents)
        if shape not in ((len(encoded),), (len(encoded), 1)):
            raise Malformed(f"{tensor.name} holds {len(encoded)} pictures, and its shape says {list(shape)}")
        return Pictures(encoded, tensor.shape[1], tensor.shape[2])
    if given.datatype != tensor.datatype:
        allowed = f"{tensor.datatype} or {PICTURES}" if tensor.is_pixels else tensor.datatype
        raise Malformed(f"{tensor.name} is {allowed}, not {given.datatype}")
    if len(shape) != len(tensor.shape) or any(
        have < 0 or want not in (-1, have) for have, want in zip(shape, tensor.shape, strict=True)
    ):
        raise Malformed(f"{tensor.name} has the shape {list(tensor.shape)}, not {list(shape)}")
    return array_of(tensor, shape, raw, given.contents)


def array_of(tensor: Tensor, shape: tuple[int, ...], raw: bytes | None, contents: InferTensorContents) -> Array:
    dtype = DTYPES[tensor.datatype]
    if raw is not None:
        if len(raw) != prod(shape) * dtype.itemsize:
            raise Malformed(f"{tensor.name} holds {len(raw)} bytes; its shape needs {prod(shape) * dtype.itemsize}")
        return np.frombuffer(raw, dtype).reshape(shape)
    values = getattr(contents, CONTENTS[tensor.datatype]) if tensor.datatype in CONTENTS else ()
    if len(values) != prod(shape):
        raise Malformed(f"{tensor.name} holds {len(values)} values; its shape needs {prod(shape)}")
    wide = np.array(values)
    narrow = wide.astype(dtype)
    if dtype.kind in "iu" and not np.array_equal(wide, narrow):
        raise Malformed(f"{tensor.name} holds a value that is no {tensor.datatype}")
    return narrow.reshape(shape)


def elements(raw: bytes) -> Iterator[bytes]:
    """Of a raw BYTES tensor: each with its length before it, four bytes, little end first."""
    at = 0
    while at < len(raw):
        if at + 4 > len(raw):
            raise Malformed("a raw BYTES tensor ends within a length")
        (size,) = struct.unpack_from("<I", raw, at)
        if at + 4 + size > len(raw):
            raise Malformed("a raw BYTES tensor ends within an element")
        yield raw[at + 4 : at + 4 + size]
        at += 4 + size


def add_outputs(response: ModelInferResponse, outputs: Mapping[str, Array], wanted: Sequence[str]) -> None:
    """Raise Malformed where an output is asked for that the model does not give."""
    for name in wanted or outputs:
        if name not in outputs:
            raise Malformed(f"the model's outputs are {', '.join(outputs)}, not {name}")
        value = np.ascontiguousarray(outputs[name])
        response.outputs.add(name=name, datatype=NAMES[value.dtype.newbyteorder("<")], shape=value.shape)
        response.raw_output_contents.append(value.tobytes())
