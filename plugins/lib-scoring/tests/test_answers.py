"""From what a model returns to JSON. The golden texts are those of MLflow 3.17.2's scoring server, parsed."""

import datetime
import decimal
import json
import math

import numpy as np
import pandas as pd
import pytest

from hookline_lib_scoring.answers import encode


def encoded(value):
    text = encode(value).decode("ascii")
    assert list(json.loads(text)) == ["predictions"]
    return json.loads(text)["predictions"]


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (
            pd.DataFrame({"a": [1.5, math.nan], "é": ["x", "y"]}, index=[5, 7]),
            [{"a": 1.5, "é": "x"}, {"a": math.nan, "é": "y"}],
        ),
        (pd.DataFrame({0: [1, 2], 1: [3, 4]}), [{"0": 1, "1": 3}, {"0": 2, "1": 4}]),
        (pd.Series([1.0, math.inf], index=["q", "r"], name="z"), [{"z": 1.0}, {"z": math.inf}]),
        (pd.Series([1, 2]), [{"0": 1}, {"0": 2}]),
        (np.array([1.0, math.nan, math.inf, -math.inf]), [1.0, math.nan, math.inf, -math.inf]),
        (np.array([1, 2]), [1, 2]),
        (np.array([True, False]), [True, False]),
        (np.array(["a", "é"]), ["a", "é"]),
        (np.array([1, "a", None], dtype=object), [1, "a", None]),
        (np.array([[1.5, 2], [3, 4]], dtype="float32"), [[1.5, 2.0], [3.0, 4.0]]),
        (np.array([0.1], dtype="float32"), [0.10000000149011612]),
        (np.array([2**63 + 1], dtype="uint64"), [2**63 + 1]),
        (np.array(2.5), 2.5),
        (np.float64(1.5), 1.5),
        (np.int64(3), 3),
        ("hé", "hé"),
        (None, None),
        ([1, 2.5, None, "é"], [1, 2.5, None, "é"]),
        ([math.nan, math.inf], [math.nan, math.inf]),
        ({"a": np.array([1, 2]), "b": [1.0]}, {"a": [1, 2], "b": [1.0]}),
        ((1, 2), [1, 2]),
        ([np.float32(1.25), np.int64(2), np.bool_(True)], [1.25, 2, True]),
        (
            pd.DataFrame({"t": pd.to_datetime(["2024-01-01 10:00:00.123456", None])}),
            [{"t": "2024-01-01T10:00:00.123456"}, {"t": "NaT"}],
        ),
        (pd.DataFrame({"t": pd.to_datetime(["2024-01-01"]).tz_localize("UTC")}), [{"t": "2024-01-01T00:00:00+00:00"}]),
        (
            [datetime.datetime(2024, 1, 1, 3, tzinfo=datetime.UTC), datetime.date(2024, 1, 2)],
            ["2024-01-01T03:00:00+00:00", "2024-01-02"],
        ),
        (np.array(["2024-01-01T10:00:00"], dtype="datetime64[s]"), ["2024-01-01T10:00:00"]),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), [{"a": 2}]),
        (pd.DataFrame({"c": pd.Categorical(["u", "v"])}), [{"c": "u"}, {"c": "v"}]),
        (pd.DataFrame({"i": pd.array([1, None], dtype="Int64")}), [{"i": 1}, {"i": None}]),
        (pd.DataFrame({"n": [[1, 2], {"a": 1.5}]}), [{"n": [1, 2]}, {"n": {"a": 1.5}}]),
        (np.zeros((0, 3)), []),
        (pd.DataFrame({"a": []}), []),
    ],
)
def test_predictions_look_as_those_of_mlflow(predictions, expected):
    np.testing.assert_equal(encoded(predictions), expected)


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        ([b"abc"], ["YWJj"]),  # MLflow ends it with a line break
        (np.array(["2024-01-01"], dtype="datetime64[ns]"), ["2024-01-01T00:00:00.000000000"]),  # a bare number there
        ({"a": pd.DataFrame({"x": [1]})}, {"a": [{"x": 1}]}),  # an error 500 there
        ("\ud800", "\ud800"),
        (np.array([1.5], dtype=np.longdouble), [1.5]),
    ],
)
def test_where_ours_differ_it_is_on_purpose(predictions, expected):
    assert encoded(predictions) == expected


@pytest.mark.parametrize(
    "predictions",
    [
        {1, 2},
        [decimal.Decimal("1.5")],
        np.array([1 + 2j]),
        np.zeros(1, dtype=[("a", "i4")]),
        pd.DataFrame({"t": pd.to_timedelta(["1s"])}),
        object(),
    ],
)
def test_what_has_no_form_in_json_is_a_type_error(predictions):
    with pytest.raises(TypeError):
        encode(predictions)
