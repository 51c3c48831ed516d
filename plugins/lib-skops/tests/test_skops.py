"""Files that come back, files that are damaged, and what the gate is asked."""

import pytest
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

import hookline_lib_skops
from hookline.errors import InvalidValue, PickleRefused
from hookline.models.pickles import PickleGate


def test_an_estimator_comes_back_through_a_closed_gate(tmp_path):
    model = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    assert hookline_lib_skops.save(model, tmp_path / "model.skops") == []
    loaded = hookline_lib_skops.load(tmp_path / "model.skops", PickleGate(tmp_path, "model", "deny"), ())
    assert loaded.predict([[0.5]]) == model.predict([[0.5]])


@pytest.mark.parametrize("vouched", [True, False])
def test_the_gate_is_asked_for_own_types(tmp_path, vouched):
    model = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0])
    hookline_lib_skops.save(model, tmp_path / "model.skops")
    gate = PickleGate(tmp_path, "model", "deny", vouched=lambda: vouched)
    if vouched:
        loaded = hookline_lib_skops.load(tmp_path / "model.skops", gate, ("sklearn", "numpy"))
        assert loaded.predict([[1.0]]) == [1.0]
    else:
        with pytest.raises(PickleRefused, match=r"sklearn\.tree"):
            hookline_lib_skops.load(tmp_path / "model.skops", gate, ("sklearn", "numpy"))


def test_a_damaged_file_is_a_clear_error(tmp_path):
    (tmp_path / "model.skops").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InvalidValue, match=r"model\.skops cannot be read as a skops file"):
        hookline_lib_skops.load(tmp_path / "model.skops", PickleGate(tmp_path, "model", "deny"), ())
