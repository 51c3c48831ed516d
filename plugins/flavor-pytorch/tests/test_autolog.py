"""Automatic logging of Lightning's trainings."""

import logging

import numpy
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch")
pytest.importorskip("lightning", reason="needs Lightning: pip install lightning")

from lightning.pytorch import LightningModule, Trainer  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import hookline_flavor_pytorch  # noqa: E402
from hookline.entities import RunStatus  # noqa: E402
from hookline.errors import NotFound  # noqa: E402
from hookline.testing.memory_plugin import logged_trainings  # noqa: E402
from hookline_flavor_pytorch.autolog import autolog  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*isinstance.treespec", "ignore::DeprecationWarning"
)
ROWS = torch.linspace(-1, 1, 48).reshape(16, 3)
TARGET = ROWS.sum(1, keepdim=True)


class Line(LightningModule):
    def __init__(self, rate=0.1, breaks=False, inner=None):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(3, 1)
        self.seen = []

    def forward(self, rows):
        return self.layer(rows)

    def training_step(self, batch, index):
        if self.hparams.breaks:
            raise RuntimeError("the training breaks")
        loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
        self.seen.append(loss.item())
        self.log("loss@step", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.rate, momentum=0.5)


def data():
    return DataLoader(TensorDataset(ROWS, TARGET), batch_size=4)


def trainer(folder, **given):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1, "logger": False}
    return Trainer(**{"max_epochs": 3, "accelerator": "cpu", "default_root_dir": folder, **quiet, **given})


@pytest.fixture
def logged(tmp_path):
    """Switches logging on; gives the workspace, the runs that were opened, and what opens them."""
    with logged_trainings(tmp_path / "home", hookline_flavor_pytorch, autolog) as opened:
        yield opened


def test_a_training_is_logged(tmp_path, logged):
    workspace, runs, _ = logged
    line = Line(inner={"size": 3})
    trainer(tmp_path).fit(line, data(), data())
    (run,) = runs
    found = workspace.runs.get(run.run_id)
    assert found.info.status is RunStatus.FINISHED
    params = {"rate": "0.1", "inner/size": "3", "max_epochs": "3", "optimizer_name": "SGD", "optimizer_momentum": "0.5"}
    assert params.items() <= found.data.params.items()
    assert found.data.tags["mlflow.autologging"] == "pytorch"
    history = list(workspace.runs.metrics(run.run_id, "loss_at_step"))
    assert [each.step for each in history] == [*range(12)]
    assert [each.value for each in history] == pytest.approx(line.seen)
    assert [each.step for each in workspace.runs.metrics(run.run_id, "val_loss")] == [3, 7, 11]
    loaded = workspace.load_model(f"runs:/{run.run_id}/model")
    assert loaded.document.flavors["pytorch"]["serialization_format"] == "pt2"
    names = [each.partition("==")[0] for each in (loaded.path / "requirements.txt").read_text().split()]
    assert "torch" in names
    assert "lightning" not in names
    assert loaded.input_example == pytest.approx(ROWS[:4].numpy())
    assert loaded.predict(ROWS.numpy()) == pytest.approx(line(ROWS).detach().numpy(), abs=1e-6)


def test_a_training_is_not_disturbed(tmp_path, logged):
    torch.manual_seed(0)
    watched, line = trainer(tmp_path / "one"), Line()
    watched.fit(line, data(), data())
    assert watched.loggers == []
    assert not [each for each in watched.callbacks if type(each).__module__.startswith("hookline")]
    autolog(None, disable=True)
    torch.manual_seed(0)
    alone, other = trainer(tmp_path / "two"), Line()
    alone.fit(other, data(), data())
    assert line.seen == other.seen
    where = [each.checkpoint_callback.best_model_path.replace(str(tmp_path), "") for each in (watched, alone)]
    assert where == ["/one/checkpoints/epoch=2-step=12.ckpt", "/two/checkpoints/epoch=2-step=12.ckpt"]


def test_a_broken_training_is_a_failed_run(tmp_path, logged):
    workspace, runs, _ = logged
    with pytest.raises(RuntimeError, match="the training breaks"):
        trainer(tmp_path).fit(Line(breaks=True), data(), data())
    found = workspace.runs.get(runs[0].run_id)
    assert found.info.status is RunStatus.FAILED
    assert found.data.params["rate"] == "0.1"
    assert not found.data.metrics


def test_the_model_may_be_left_out_and_logging_switched_off(tmp_path, logged):
    workspace, runs, open_run = logged
    autolog(open_run, log_models=False)
    trainer(tmp_path, max_epochs=1, enable_checkpointing=False).fit(Line(), data(), data())
    with pytest.raises(NotFound):
        workspace.load_model(f"runs:/{runs[0].run_id}/model")
    autolog(open_run, disable=True)
    trainer(tmp_path, max_epochs=1, enable_checkpointing=False).fit(Line(), data(), data())
    assert len(runs) == 1
    assert Trainer.fit.__module__ == "lightning.pytorch.trainer.trainer"


def test_a_store_that_is_away_is_a_warning(tmp_path, caplog):
    def open_run(*, parent=None):
        raise OSError("away")

    autolog(open_run)
    try:
        line = Line()
        with caplog.at_level(logging.WARNING, "hookline"):
            trainer(tmp_path, max_epochs=1).fit(line, data(), data())
    finally:
        autolog(open_run, disable=True)
    assert numpy.isfinite(line.seen).all()
    assert "could not log this training: OSError: away" in caplog.text
