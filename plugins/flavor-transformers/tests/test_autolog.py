"""Automatic logging of transformers' trainer."""

import sys
from pathlib import Path

import pytest

transformers = pytest.importorskip("transformers", reason="needs transformers: pip install transformers")
pytest.importorskip("accelerate", reason="needs accelerate, which transformers' trainer needs: pip install accelerate")

sys.path.insert(0, str(Path(__file__).parent))
import tiny  # noqa: E402
import torch  # noqa: E402
from transformers import Trainer, TrainingArguments  # noqa: E402

import hookline_flavor_transformers  # noqa: E402
from hookline.entities import RunStatus  # noqa: E402
from hookline.errors import NotFound  # noqa: E402
from hookline.testing.memory_plugin import logged_trainings  # noqa: E402
from hookline_flavor_transformers.autolog import autolog  # noqa: E402

TEXTS = ["a good film", "a very bad film"]
pytestmark = pytest.mark.filterwarnings("ignore:.*pin_memory.*", "ignore::DeprecationWarning")


def trainer(folder, **given):
    words = tiny.tokenizer()
    rows = [{**words("a good film"), "labels": 1}, {**words("a bad film"), "labels": 0}] * 4
    arguments = TrainingArguments(
        folder,
        num_train_epochs=2,
        per_device_train_batch_size=4,
        logging_steps=1,
        save_strategy="no",
        eval_strategy="epoch",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    parts = {"train_dataset": rows, "eval_dataset": rows, "processing_class": words, **given}
    return Trainer(tiny.classifier(), arguments, **parts)


@pytest.fixture
def logged(tmp_path):
    """Switches logging on; gives the workspace, the runs that were opened, and what opens them."""
    with logged_trainings(tmp_path / "home", hookline_flavor_transformers, autolog) as opened:
        yield opened


def test_a_training_is_logged(tmp_path, logged):
    workspace, runs, _ = logged
    training = trainer(tmp_path)
    training.train()
    (run,) = runs
    found = workspace.runs.get(run.run_id)
    assert found.info.status is RunStatus.FINISHED
    assert {"hidden_size": "8", "num_train_epochs": "2", "id2label/1": "good"}.items() <= found.data.params.items()
    assert found.data.tags["mlflow.autologging"] == "transformers"
    for key in ("loss", "learning_rate", "eval_loss"):
        told = [(each["step"], each[key]) for each in training.state.log_history if key in each]
        points = [(each.step, each.value) for each in workspace.runs.metrics(run.run_id, key)]
        assert points == told
    assert not [each for each in training.callback_handler.callbacks if type(each).__module__.startswith("hookline")]
    loaded = workspace.load_model(f"runs:/{run.run_id}/model")
    assert loaded.document.flavors["transformers"]["task"] == "text-classification"
    training.model.eval()
    with torch.no_grad():
        logits = training.model(**tiny.tokenizer()(TEXTS, padding=True, return_tensors="pt")).logits
    assert [each["label"] for each in loaded.predict(TEXTS)] == [["bad", "good"][int(row.argmax())] for row in logits]


def test_a_model_whose_words_are_unknown_is_logged_alone(tmp_path, logged):
    workspace, runs, _ = logged
    trainer(
        tmp_path, processing_class=None, data_collator=transformers.DataCollatorWithPadding(tiny.tokenizer())
    ).train()
    loaded = workspace.load_model(f"runs:/{runs[0].run_id}/model")
    assert type(loaded.native).__name__ == "BertForSequenceClassification"


class Breaking(transformers.TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        raise RuntimeError("the training breaks")


def test_a_broken_training_is_a_failed_run(tmp_path, logged):
    workspace, runs, _ = logged
    with pytest.raises(RuntimeError, match="the training breaks"):
        trainer(tmp_path, callbacks=[Breaking()]).train()
    assert workspace.runs.get(runs[0].run_id).info.status is RunStatus.FAILED


def test_the_model_may_be_left_out_and_logging_switched_off(tmp_path, logged):
    workspace, runs, open_run = logged
    autolog(open_run, log_models=False)
    trainer(tmp_path).train()
    with pytest.raises(NotFound):
        workspace.load_model(f"runs:/{runs[0].run_id}/model")
    autolog(open_run, disable=True)
    trainer(tmp_path).train()
    assert len(runs) == 1
    assert Trainer.train.__module__ == "transformers.trainer"
