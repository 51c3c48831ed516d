"""The conformance suites, over exported programs and pickles."""

import numpy
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")

from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402

ROWS = numpy.linspace(-1, 1, 12, dtype=numpy.float32).reshape(4, 3)


class Network(torch.nn.Module):
    """A class of the tests' own, with what matters: dropout, a buffer, a constant, sizes that are calculated with."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 8)
        self.norm = torch.nn.BatchNorm1d(8)
        self.drop = torch.nn.Dropout()
        self.last = torch.nn.Linear(8, 2)
        self.register_buffer("scale", torch.tensor([1.0, 2.0]))
        self.offsets = torch.arange(2.0)

    def forward(self, rows):
        hidden = torch.nn.functional.gelu(self.norm(self.first(rows)), approximate="tanh")
        return self.last(self.drop(hidden)) * self.scale + self.offsets / rows.shape[0]


def network():
    torch.manual_seed(0)
    return Network()


class TestProgram(FlavorSuite):
    component = f"PyTorch {torch.__version__}"
    flavor_name = "pytorch"

    @pytest.fixture
    def model(self):
        return network()

    @pytest.fixture
    def data(self):
        return ROWS


class TestPickle(TestProgram):
    component = f"PyTorch {torch.__version__}"
    save_options = {"serialization_format": "pickle"}  # noqa: RUF012 - declared by the suite

    @pytest.fixture
    def model(self):  # of PyTorch's own classes: a pickle may only name others, and not every process finds them
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout())


class TestNamedInputs(FlavorSuite):
    component = f"PyTorch {torch.__version__}"
    flavor_name = "pytorch"

    @pytest.fixture
    def model(self):
        class Difference(torch.nn.Module):
            def forward(self, left, right):
                return {"difference": left - right, "product": left * right}

        return Difference()

    @pytest.fixture
    def data(self):
        return {"left": ROWS, "right": ROWS[::-1].copy()}


class TestPlugin(PluginSuite):
    plugin = "flavor-pytorch"
