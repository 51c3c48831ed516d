"""What is particular to PyTorch: what can be recorded, data of all kinds, pickles, broken files."""

import io
import logging

import numpy
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")

from safetensors.numpy import load_file  # noqa: E402

import hookline_flavor_pytorch  # noqa: E402
from hookline.errors import InvalidState, InvalidValue, NotFound, PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.memory_plugin import memory_workspace  # noqa: E402
from hookline_flavor_pytorch.flavor import PyTorchFlavor  # noqa: E402

ROWS = numpy.linspace(-1, 1, 12, dtype=numpy.float32).reshape(4, 3)


def line():
    torch.manual_seed(0)
    return torch.nn.Linear(3, 2)


def closed(folder):
    return PickleGate(folder, "model", "deny")


def opened(folder):
    return PickleGate(folder, "model", "allow")


class Fork(torch.nn.Module):
    """Looks at the values, which no program can record."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def forward(self, rows):
        return self.layer(rows) if rows.sum() > 0 else -self.layer(rows)


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, rows):
        return self.second(self.first(rows))


class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(10, 4)

    def forward(self, words):
        return self.embedding(words).sum(1)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_program_takes_any_number_of_rows(tmp_path, rows):
    flavor, model = PyTorchFlavor(), line()
    block = flavor.save_with_example(model, tmp_path, {}, ROWS[:rows])
    assert block["serialization_format"] == "pt2"
    loaded = flavor.load(tmp_path, block, closed(tmp_path))
    for count in (1, 2, 4):
        expected = model(torch.from_numpy(ROWS[:count])).detach().numpy()
        assert flavor.predict(loaded, ROWS[:count], {}) == pytest.approx(expected, abs=1e-6)


def test_sequences_may_be_longer_than_in_the_example(tmp_path):
    flavor, model = PyTorchFlavor(), Words()
    block = flavor.save_with_example(model, tmp_path, {}, numpy.array([[1, 2, 3]]))
    loaded = flavor.load(tmp_path, block, closed(tmp_path))
    longer = numpy.array([[1, 2, 3, 4, 5], [9, 8, 7, 6, 5]])
    assert flavor.predict(loaded, longer, {}) == pytest.approx(flavor.predict(model, longer, {}))


def test_data_of_all_kinds_is_taken():
    pandas = pytest.importorskip("pandas")
    flavor, model = PyTorchFlavor(), line()
    expected = model(torch.from_numpy(ROWS)).detach().numpy()
    wide = ROWS.astype(numpy.float64)
    for data in (
        ROWS,
        wide,
        wide.tolist(),
        torch.from_numpy(ROWS),
        pandas.DataFrame(wide),
        (ROWS,),
        ROWS[:, ::-1][:, ::-1],
    ):
        assert flavor.predict(model, data, {}) == pytest.approx(expected)
    assert flavor.predict(model.double(), ROWS, {}).dtype == numpy.float64


def test_asking_and_saving_leave_a_module_in_training(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(3, 50), torch.nn.Dropout(), torch.nn.BatchNorm1d(50))
    model[2].eval()
    flavor = PyTorchFlavor()
    first, second = flavor.predict(model, ROWS, {}), flavor.predict(model, ROWS, {})
    assert (first == second).all()
    flavor.save_with_example(model, tmp_path, {}, ROWS)
    assert [each.training for each in model] == [True, True, False]


@pytest.mark.parametrize(
    ("data", "params"),
    [(numpy.ones((2, 4)), {}), ([["a", "b", "c"]], {}), (ROWS, {"more": 1}), ({"rows": ROWS}, {})],
)
def test_data_that_does_not_fit_is_a_clear_error(tmp_path, data, params):
    flavor = PyTorchFlavor()
    block = flavor.save_with_example(line(), tmp_path, {}, ROWS)
    for model in (line(), flavor.load(tmp_path, block, closed(tmp_path))):
        with pytest.raises(InvalidValue, match=r"cannot be asked with this data|take numbers"):
            flavor.predict(model, data, params)


def test_a_module_that_cannot_be_recorded_becomes_a_pickle(tmp_path, caplog, capfd):
    flavor = PyTorchFlavor()
    with caplog.at_level(logging.WARNING, "hookline"):
        block = flavor.save_with_example(Fork(), tmp_path, {}, ROWS)
    assert block["serialization_format"] == "pickle"
    assert "forward" not in capfd.readouterr().err
    (said,) = [each.getMessage() for each in caplog.records if each.name == "hookline"]
    assert said.startswith("The model is saved as a pickle")
    assert said.endswith("PyTorch cannot export this Fork: what it does depends on the values of its data")
    assert not [each for each in caplog.records if each.name.startswith("torch") and each.levelno >= logging.WARNING]
    with pytest.raises(PickleRefused, match=r"It imports: .*torch"):
        flavor.load(tmp_path, block, closed(tmp_path))
    loaded = flavor.load(tmp_path, block, opened(tmp_path))
    assert not loaded.training
    with pytest.raises(InvalidValue, match="cannot export this Fork"):
        flavor.save_with_example(Fork(), tmp_path / "other", {"serialization_format": "pt2"}, ROWS)


def test_a_program_needs_an_example(tmp_path):
    with pytest.raises(InvalidValue, match="input_example"):
        PyTorchFlavor().save(line(), tmp_path, {"serialization_format": "pt2"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{}, {"serialization_format": "pickle"}])
@pytest.mark.parametrize("model", [line(), Tied(), torch.nn.BatchNorm1d(3)], ids=["line", "tied", "buffers"])
def test_the_weights_are_there_for_who_opens_nothing_else(tmp_path, model, options):
    PyTorchFlavor().save_with_example(model, tmp_path, options, ROWS)
    weights = load_file(tmp_path / "data" / "state.safetensors")
    state = model.state_dict()
    assert set(weights) <= set(state)
    assert {state[name].data_ptr() for name in weights} == {each.data_ptr() for each in state.values()}
    for name, weight in weights.items():
        assert (weight == state[name].numpy()).all()


def test_a_program_is_saved_as_it_is(tmp_path):
    flavor, model = PyTorchFlavor(), line()
    program = torch.export.export(model, (torch.from_numpy(ROWS),))
    block = flavor.save(program, tmp_path, {})
    loaded = flavor.load(tmp_path, block, closed(tmp_path))
    assert flavor.predict(loaded, ROWS, {}) == pytest.approx(flavor.predict(program, ROWS, {}))
    with pytest.raises(InvalidValue, match="pt2"):
        flavor.save(program, tmp_path / "other", {"serialization_format": "pickle"})


def test_a_loaded_program_is_saved_again(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_pytorch) as workspace:
        workspace.save_model(line(), tmp_path / "one", input_example=ROWS)
        first = workspace.load_model(tmp_path / "one")
        workspace.save_model(first.native, tmp_path / "two", input_example=ROWS, serialization_format="pt2")
        again = workspace.load_model(tmp_path / "two")
        assert again.predict(ROWS) == pytest.approx(first.predict(ROWS))
        assert set(again.native.state_dict()) == {"weight", "bias"}


def test_a_program_says_nothing_of_where_it_was_made(tmp_path):
    PyTorchFlavor().save_with_example(line(), tmp_path, {}, ROWS)
    for name, content in records(tmp_path / "data" / "model.pt2").items():
        assert b"site-packages" not in content, name


def records(path):
    reader = torch._C.PyTorchFileReader(str(path))
    return {name: reader.get_record(name) for name in reader.get_all_records()}


def test_modules_of_the_users_own_come_along(tmp_path, monkeypatch):
    source = tmp_path / "here" / "own_layers.py"
    source.parent.mkdir()
    source.write_text("import torch\n\nclass Own(torch.nn.Linear):\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(source.parent))
    import own_layers

    folder = tmp_path / "model"
    folder.mkdir()
    flavor = PyTorchFlavor()
    block = flavor.save(own_layers.Own(3, 1), folder, {"code_paths": [source]})
    monkeypatch.delitem(__import__("sys").modules, "own_layers")
    monkeypatch.setattr("sys.path", [each for each in __import__("sys").path if each != str(source.parent)])
    with pytest.raises(InvalidState, match="'own_layers', which is not installed"):
        flavor.load(folder, {**block, "code": None}, opened(folder))
    with pytest.raises(PickleRefused, match=r"own_layers\.py"):
        flavor.load(folder, block, closed(folder))
    assert type(flavor.load(folder, block, opened(folder))).__name__ == "Own"


def test_a_program_needs_no_modules_of_the_users_own(tmp_path):
    source = tmp_path / "own.py"
    source.write_text("", encoding="utf-8")
    folder = tmp_path / "model"
    folder.mkdir()
    flavor = PyTorchFlavor()
    block = flavor.save_with_example(line(), folder, {"code_paths": [source]}, ROWS)
    assert block["code"] is None
    flavor.load(folder, block, closed(folder))
    with pytest.raises(NotFound, match=r"gone\.py"):
        flavor.save_with_example(line(), folder, {"code_paths": ["gone.py"]}, ROWS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_torchscript_is_refused(tmp_path):
    scripted = torch.jit.trace(line(), torch.from_numpy(ROWS))
    with pytest.raises(InvalidValue, match="TorchScript"):
        PyTorchFlavor().save(scripted, tmp_path, {})


@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
def test_a_broken_program_is_a_clear_error(tmp_path, content):
    flavor = PyTorchFlavor()
    block = flavor.save_with_example(line(), tmp_path, {}, ROWS)
    file = tmp_path / "data" / "model.pt2"
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(InvalidValue, match=r"model\.pt2 cannot be read as an exported program"):
        flavor.load(tmp_path, block, opened(tmp_path))


def test_a_broken_pickle_is_a_clear_error(tmp_path):
    flavor = PyTorchFlavor()
    block = flavor.save(line(), tmp_path, {})
    (tmp_path / "data" / "model.pth").write_bytes(b"no model")
    with pytest.raises(InvalidValue, match=r"model\.pth cannot be read as a module of PyTorch"):
        flavor.load(tmp_path, block, opened(tmp_path))
    buffer = io.BytesIO()
    torch.save({"no": "module"}, buffer)
    (tmp_path / "data" / "model.pth").write_bytes(buffer.getvalue())
    with pytest.raises(InvalidValue, match="holds a dict, and no module"):
        flavor.load(tmp_path, block, opened(tmp_path))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"model_data": "gone"}, NotFound, "no 'gone'"),
        ({"model_data": None}, InvalidValue, "by 'model_data'"),
        ({"model_data": "../model"}, Exception, "outside|leads out|\\.\\."),
    ],
)
def test_a_wrong_block_is_a_clear_error(tmp_path, change, error, text):
    folder = tmp_path / "model"
    folder.mkdir()
    block = PyTorchFlavor().save(line(), folder, {})
    with pytest.raises(error, match=text):
        PyTorchFlavor().load(folder, {**block, **change}, opened(folder))


def test_a_missing_file_is_named(tmp_path):
    block = PyTorchFlavor().save(line(), tmp_path, {})
    (tmp_path / "data" / "model.pth").unlink()
    with pytest.raises(NotFound, match=r"no 'data/model\.pth'"):
        PyTorchFlavor().load(tmp_path, block, opened(tmp_path))
