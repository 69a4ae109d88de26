from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from chassis.errors import Malformed
from inference.tensors import DTYPES, Tensor, add_outputs, elements, inputs_of
from openinference.v2.grpc_service_pb2 import ModelInferRequest, ModelInferResponse


@pytest.mark.parametrize("datatype", DTYPES)
@given(data=st.data())
def test_an_array_survives_the_way_there_and_back(datatype: str, data: st.DataObject) -> None:
    value = data.draw(arrays(DTYPES[datatype], array_shapes(max_dims=4, max_side=4)))
    response = ModelInferResponse()
    add_outputs(response, {"a": value}, [])
    request = ModelInferRequest(raw_input_contents=response.raw_output_contents)
    request.inputs.add(name="a", datatype=response.outputs[0].datatype, shape=response.outputs[0].shape)
    found = inputs_of(request, [Tensor("a", datatype, (-1,) * value.ndim)])["a"]
    assert isinstance(found, np.ndarray)
    assert found.dtype == value.dtype
    assert found.tobytes() == value.tobytes()
    assert found.shape == value.shape


@given(st.lists(st.binary(max_size=40)))
def test_raw_bytes_are_taken_apart_as_they_were_put_together(contents: list[bytes]) -> None:
    assert list(elements(b"".join(len(one).to_bytes(4, "little") + one for one in contents))) == contents


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_taken_apart_or_malformed(raw: bytes) -> None:
    try:
        found = list(elements(raw))
    except Malformed:
        return
    assert sum(len(one) + 4 for one in found) == len(raw)


@given(
    shape=st.lists(st.integers(min_value=-(2**40), max_value=2**40), max_size=5),
    raw=st.binary(max_size=64),
    datatype=st.sampled_from([*DTYPES, "BYTES", "", "BF16"]),
)
def test_any_request_is_an_array_of_its_shape_or_malformed(shape: list[int], raw: bytes, datatype: str) -> None:
    request = ModelInferRequest(raw_input_contents=[raw])
    request.inputs.add(name="a", datatype=datatype, shape=shape)
    try:
        found = inputs_of(request, [Tensor("a", "FP32", (-1, 2))])["a"]
    except Malformed:
        return
    assert isinstance(found, np.ndarray)
    assert list(found.shape) == shape
    assert found.nbytes == prod(shape) * 4 == len(raw)


@pytest.mark.parametrize(("datatype", "values"), [("UINT8", [256]), ("INT8", [-129]), ("UINT16", [70_000])])
def test_a_value_that_does_not_fit_its_type_is_malformed(datatype: str, values: list[int]) -> None:
    request = ModelInferRequest()
    given_ = request.inputs.add(name="a", datatype=datatype, shape=[1])
    (given_.contents.int_contents if datatype == "INT8" else given_.contents.uint_contents).extend(values)
    with pytest.raises(Malformed, match=f"no {datatype}"):
        inputs_of(request, [Tensor("a", datatype, (-1,))])
