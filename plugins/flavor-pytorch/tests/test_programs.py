"""Files of exported programs that were made by hand: what they would run is found, and nothing of it runs."""

import contextlib
import copy
import json

import numpy
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")

from torch.export.pt2_archive._package import PT2ArchiveReader, PT2ArchiveWriter  # noqa: E402

from hookline.errors import PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.flavor_suite import canary  # noqa: E402
from hookline_flavor_pytorch.flavor import PyTorchFlavor  # noqa: E402
from hookline_flavor_pytorch.programs import CONFIGS, GRAPH, SAMPLES, findings  # noqa: E402

ROWS = numpy.linspace(-1, 1, 12, dtype=numpy.float32).reshape(4, 3)
BLOCK = {"model_data": "data"}


class Honest(torch.nn.Module):
    """Has what ordinary models have: control flow over sizes, named tensors, no_grad, texts as arguments."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.words = torch.nn.Embedding(10, 4)

    def forward(self, words, mask=None):
        with torch.no_grad():
            found = self.words(words)
        found = self.layer(found, src_key_padding_mask=mask)
        if found.shape[1] % 2:
            found = torch.cat([found, found[:, :2]], 1)
        score = torch.einsum("bij,bkj->bik", found, found)
        return {"score": torch.nn.functional.gelu(score, approximate="tanh"), "size": found.shape[1] // 2}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The records of an honest program."""
    folder = tmp_path_factory.mktemp("honest")
    PyTorchFlavor().save_with_example(torch.nn.Linear(3, 2), folder, {}, ROWS)
    reader = PT2ArchiveReader(str(folder / "data" / "model.pt2"))
    written = ("archive_format", "archive_version", ".data/version", ".data/serialization_id", "byteorder")
    return {name: reader.read_bytes(name) for name in reader.get_file_names() if name not in written}


def made(archive, folder):
    (folder / "data").mkdir()
    path = folder / "data" / "model.pt2"
    with PT2ArchiveWriter(str(path)) as writer:
        for name, content in archive.items():
            writer.write_bytes(name, content)
    return path


def with_graph(archive, change):
    graph = json.loads(archive[GRAPH])
    change(graph)
    return {**archive, GRAPH: json.dumps(graph).encode()}


def command(marker):
    return f"__import__('os').mkdir('{marker}')"


def a_guard(archive, marker):
    return with_graph(archive, lambda graph: graph["guards_code"].append(command(marker)))


def a_size(archive, marker):
    def change(graph):
        values = graph["graph_module"]["graph"]["tensor_values"]
        values["input"]["sizes"][0] = {"as_expr": {"expr_str": command(marker), "hint": None}}

    return with_graph(archive, change)


def a_node(target):
    def changed(archive, marker):
        def change(graph):
            nodes = graph["graph_module"]["graph"]["nodes"]
            extra = copy.deepcopy(nodes[0])
            extra |= {"target": target, "inputs": [{"name": "", "arg": {"as_string": str(marker)}, "kind": 1}]}
            extra["outputs"], extra["name"] = [{"as_tensor": {"name": "extra"}}], "extra"
            graph["graph_module"]["graph"]["tensor_values"]["extra"] = copy.deepcopy(
                graph["graph_module"]["graph"]["tensor_values"]["input"]
            )
            nodes.insert(0, extra)

        return with_graph(archive, change)

    return changed


def a_name(archive, marker):
    text = f"input=({command(marker)})"
    changed = archive[GRAPH].replace(b'"name": "input"', json.dumps({"name": text}).encode()[1:-1])
    return {**archive, GRAPH: changed.replace(b'"input": {', json.dumps(text).encode() + b": {")}


def a_structure(archive, marker):
    def change(graph):
        signature = graph["graph_module"]["module_call_graph"][0]["signature"]
        protocol, root = json.loads(signature["in_spec"])
        root["context"] = json.dumps({"__enum__": True, "fqn": "this:s", "name": "x"})
        signature["in_spec"] = json.dumps([protocol, root])

    return with_graph(archive, change)


def samples(archive, marker):
    return {**archive, SAMPLES: canary(marker)}


def a_weight(archive, marker):
    config = json.loads(archive[CONFIGS[0]])
    config["config"]["weight"]["use_pickle"] = True
    return {**archive, CONFIGS[0]: json.dumps(config).encode(), "data/weights/weight_0": canary(marker)}


def an_object(archive, marker):
    config = json.loads(archive[CONFIGS[1]])
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
    config["config"]["extra"] = entry
    changed = {**archive, CONFIGS[1]: json.dumps(config).encode()}
    return {**changed, "data/constants/opaque_obj_0": canary(marker)}


def a_library(archive, marker):
    return {**archive, "data/aotinductor/model/model.so": b"\x7fELF"}


def a_second_model(archive, marker):
    return {**archive, "models/other.json": archive[GRAPH]}


ATTACKS = {
    "a guard": a_guard,
    "a size": a_size,
    "a node that starts programs": a_node("torch.os.mkdir"),
    "a node that writes files": a_node("torch.ops.aten.save.default"),
    "a node of dunders": a_node("torch.ops.aten.add.__init__"),
    "a name": a_name,
    "a structure": a_structure,
    "sample inputs": samples,
    "a weight": a_weight,
    "an object": an_object,
    "a library": a_library,
    "a second model": a_second_model,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_a_file_would_run_is_refused_unopened(tmp_path, archive, attack):
    marker = tmp_path / "executed"
    made(attack(archive, marker), tmp_path)
    with pytest.raises(PickleRefused) as refused:
        PyTorchFlavor().load(tmp_path, BLOCK, PickleGate(tmp_path, "model", "deny"))
    assert refused.value.imports
    assert not marker.exists()


@pytest.mark.parametrize("name", ["a guard", "a size", "sample inputs", "a weight", "an object"])
def test_pytorch_itself_would_run_it(tmp_path, archive, name):
    """Otherwise the test above proves nothing; some of the others it refuses by itself, as of today."""
    marker = tmp_path / "executed"
    path = made(ATTACKS[name](archive, marker), tmp_path)
    with contextlib.suppress(Exception):
        torch.export.load(path).module()(torch.from_numpy(ROWS))
    assert marker.exists()


def test_an_honest_program_has_no_findings(tmp_path, archive):
    assert findings(made(archive, tmp_path)) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_an_honest_program_of_many_kinds_has_no_findings(tmp_path, rows):
    flavor = PyTorchFlavor()
    words = numpy.arange(rows * 5).reshape(rows, 5) % 10
    block = flavor.save_with_example(Honest(), tmp_path, {"serialization_format": "pt2"}, words)
    assert findings(tmp_path / "data" / "model.pt2") == []
    loaded = flavor.load(tmp_path, block, PickleGate(tmp_path, "model", "deny"))
    assert flavor.predict(loaded, words, {})["size"] == 3


def test_an_operator_of_another_library_is_asked_for(tmp_path):
    with torch.library._scoped_library("hooklinetest", "FRAGMENT") as library:
        library.define("double(Tensor x) -> Tensor")
        library.impl("double", lambda x: x * 2, "CompositeExplicitAutograd")
        torch.library.register_fake("hooklinetest::double", lambda x: torch.empty_like(x), lib=library)

        class Doubled(torch.nn.Module):
            def forward(self, rows):
                return torch.ops.hooklinetest.double(rows)

        flavor = PyTorchFlavor()
        block = flavor.save_with_example(Doubled(), tmp_path, {"serialization_format": "pt2"}, ROWS)
        assert block["other_operators"] == ["torch.ops.hooklinetest.double.default"]
        assert flavor.needs_code(block)
        with pytest.raises(PickleRefused) as refused:
            flavor.load(tmp_path, block, PickleGate(tmp_path, "model", "deny"))
        assert list(refused.value.imports) == block["other_operators"]
        loaded = flavor.load(tmp_path, block, PickleGate(tmp_path, "model", "allow"))
        assert flavor.predict(loaded, ROWS, {}) == pytest.approx(ROWS * 2)
