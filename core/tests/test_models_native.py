"""What flavors of native files share: arrays by the names of a model's inputs, and schemas of tensors."""

import pytest

from hookline.errors import InvalidValue
from hookline.models.native import named_arrays, tensor_schema, the_installed_of
from hookline.models.schema import Tensor

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

WHOLE = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("names", "data", "found"),
    [
        (["x"], WHOLE, {"x": WHOLE}),
        (["x"], np.array(WHOLE), {"x": WHOLE}),
        (["x"], {"x": WHOLE}, {"x": WHOLE}),
        (["x"], pd.DataFrame(WHOLE), {"x": WHOLE}),
        (["x"], {"a": [1.0, 3.0], "b": [2.0, 4.0]}, {"x": WHOLE}),
        (["x"], pd.DataFrame({"x": [1, 2], "y": [3, 4]}), {"x": [1, 2]}),
        (["x", "y"], {"y": [3], "x": [[1, 2]], "z": [0]}, {"x": [[1, 2]], "y": [3]}),
        (["x", "y"], pd.DataFrame({"y": [3], "x": [1]}), {"x": [1], "y": [3]}),
        (["x", "y"], [{"y": 3, "x": 1}, {"y": 4, "x": 2}], {"x": [1, 2], "y": [3, 4]}),
    ],
)
def test_data_becomes_an_array_for_each_input(names, data, found):
    assert {name: array.tolist() for name, array in named_arrays(names, data).items()} == found


@pytest.mark.parametrize("data", [WHOLE, {"x": [1]}, pd.DataFrame({"x": [1]}), np.array(WHOLE)])
def test_several_inputs_need_their_names(data):
    with pytest.raises(InvalidValue, match="columns: x, y"):
        named_arrays(["x", "y"], data)


@pytest.mark.parametrize(
    ("given", "tensors"),
    [
        ([("x", "float32", (None, 3))], (Tensor("float32", (-1, 3), "x"),)),
        ([(None, "string", [None])], (Tensor("object", (-1,)),)),
        ([("x", "int64", ()), ("y", "bool", (2,))], (Tensor("int64", (), "x"), Tensor("bool", (2,), "y"))),
        ([("x", "float32", None)], None),
        ([("x", "float32", (1,)), ("y", "bfloat16", (1,))], None),
        ([], None),
    ],
)
def test_a_schema_holds_tensors_that_numpy_knows(given, tensors):
    schema = tensor_schema(given)
    assert (schema.tensors if schema else None) == tensors


def test_of_several_distributions_the_one_that_is_here_is_named():
    assert the_installed_of("no-such-distribution", "attrs", "numpy") == "attrs"
    assert the_installed_of("no-such-distribution", "nor-this") == "no-such-distribution"
