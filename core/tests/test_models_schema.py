"""The JSON of signatures: what MLflow writes is read and written back to the letter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import InvalidValue
from hookline.models.schema import (
    ANY,
    AnyType,
    ArrayType,
    Column,
    MapType,
    ObjectType,
    Param,
    Property,
    Scalar,
    Schema,
    Tensor,
    describe,
    merge,
    params_from_json,
    params_to_json,
)
from hookline.models.signature import Signature

NAMES = st.text(min_size=1, max_size=8)
TYPES = st.recursive(
    st.sampled_from([*Scalar, ANY, AnyType("sparkml_vector")]),
    lambda inner: st.one_of(
        inner.map(ArrayType),
        inner.map(MapType),
        st.lists(
            st.builds(Property, NAMES, inner, st.booleans()), min_size=1, max_size=3, unique_by=lambda each: each.name
        ).map(ObjectType),
    ),
    max_leaves=6,
)
COLUMNS = st.lists(
    st.builds(Column, TYPES, NAMES | st.integers(0, 9), st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda c: c.name,
)
TENSORS = st.lists(
    st.builds(Tensor, st.sampled_from(["float32", "int64", "str"]), st.lists(st.integers(-1, 9)).map(tuple), NAMES),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each.name,
)
VALUES = {
    Scalar.LONG: st.integers(-(2**62), 2**62),
    Scalar.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    Scalar.STRING: st.text(max_size=5),
    Scalar.BOOLEAN: st.booleans(),
}


@st.composite
def params(draw):
    kind = draw(st.sampled_from(list(VALUES)))
    is_list = draw(st.booleans())
    default = draw(st.lists(VALUES[kind], max_size=3) if is_list else VALUES[kind])
    return Param(draw(NAMES), kind, default, is_list)


@given(COLUMNS)
def test_columns_survive_json(columns):
    schema = Schema(tuple(columns))
    assert Schema.from_json(schema.to_json()) == schema


@given(TENSORS)
def test_tensors_survive_json(tensors):
    schema = Schema(tensors=tuple(tensors))
    assert Schema.from_json(schema.to_json()) == schema


@given(st.lists(params(), max_size=3, unique_by=lambda each: each.name))
def test_params_survive_json(given_params):
    assert params_from_json(params_to_json(given_params)) == tuple(given_params)


@given(TYPES, TYPES)
def test_merging_does_not_depend_on_the_order(first, second):
    assert merge(first, second) == merge(second, first)


@given(TYPES)
def test_merging_a_type_with_itself_changes_nothing_and_every_type_has_a_description(kind):
    assert merge(kind, kind) == kind
    assert describe(kind)


@pytest.mark.parametrize(
    "text",
    [
        '[{"type": "long", "name": "a", "required": true}, {"type": "double", "name": "b", "required": false}]',
        '[{"type": "long", "name": 0, "required": true}, {"type": "double", "name": 1, "required": true}]',
        '[{"type": "string", "required": true}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]',
        '[{"name": "a", "type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]',
        '[{"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "required": false}, '
        '"z": {"type": "long", "required": true}}, "name": "o", "required": true}, '
        '{"type": "map", "values": {"type": "double"}, "name": "m", "required": true}, '
        '{"type": "array", "items": {"type": "map", "values": {"type": "array", "items": {"type": "long"}}}, '
        '"name": "n", "required": false}, {"type": "any", "name": "x", "required": true}]',
    ],
)
def test_what_mlflow_writes_is_written_back_to_the_letter(text):
    assert Schema.from_json(text).to_json() == text


def test_the_params_of_mlflow_are_written_back_to_the_letter():
    text = (
        '[{"name": "a", "default": 1, "shape": null, "type": "long"}, '
        '{"name": "e", "default": [1.5], "shape": [-1], "type": "double"}, '
        '{"name": "h", "default": "2020-01-01T00:00:00", "shape": null, "type": "datetime"}, '
        '{"name": "i", "default": {"k": 1}, "shape": null, "type": "object", '
        '"properties": {"k": {"type": "long", "required": true}}}]'
    )
    assert params_to_json(params_from_json(text)) == text


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ('[{"name": "a", "type": "long"}]', '[{"type": "long", "name": "a", "required": true}]'),
        ('[{"name": "a", "type": "long", "optional": true}]', '[{"type": "long", "name": "a", "required": false}]'),
        ('[{"type": "sparkml_vector", "name": "x", "required": null}]', None),
    ],
)
def test_older_forms_are_read(older, newer):
    schema = Schema.from_json(older)
    assert schema.columns[0].required is ("true" not in older)
    if newer:
        assert schema.to_json() == newer


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "not JSON"),
        ('{"a": 1}', "JSON list of objects"),
        ("[1]", "JSON list of objects"),
        ("[]", "at least one"),
        ('[{"name": "a"}]', "no type"),
        ('[{"type": "array", "name": "a"}]', "lacks 'items'"),
        ('[{"type": "object", "name": "a"}]', "lacks 'properties'"),
        ('[{"type": "tensor", "name": "a"}]', "tensor-spec"),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": ["x"]}}]', "whole numbers"),
        ('[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [1]}}, {"type": "long"}]', "mixes"),
        ('[{"type": "long", "name": "a"}, {"type": "long", "name": "a"}]', "must differ"),
        ('[{"type": "long", "name": [1]}]', "text or a number"),
    ],
)
def test_what_is_no_schema_is_refused_with_the_reason(text, problem):
    with pytest.raises(InvalidValue, match=problem):
        Schema.from_json(text)


def test_a_signature_survives_its_dict_and_older_ones_lack_params():
    signature = Signature(
        Schema((Column(Scalar.LONG, "a"),)), Schema((Column(Scalar.DOUBLE),)), (Param("t", Scalar.DOUBLE, 0.5),)
    )
    assert Signature.from_dict(signature.to_dict()) == signature
    plain = {"inputs": json.dumps([{"name": "a", "type": "long"}]), "outputs": None}
    assert Signature.from_dict(plain) == Signature(Schema((Column(Scalar.LONG, "a"),)))
    assert Signature.from_dict({"inputs": "[]"}) == Signature()


def test_a_signature_that_is_none_is_refused():
    with pytest.raises(InvalidValue, match="inputs, outputs and params"):
        Signature.from_dict("long")
