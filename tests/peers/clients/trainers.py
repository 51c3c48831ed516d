"""Trainings of Lightning and transformers, whose own callbacks log to the server that `MLFLOW_TRACKING_URI` names."""

import json
import math
import os

os.environ |= {
    "MLFLOW_EXPERIMENT_NAME": "transformers",
    "MLFLOW_TAGS": json.dumps({"release": "first"}),
    "MLFLOW_FLATTEN_PARAMS": "true",
    "HF_MLFLOW_LOG_ARTIFACTS": "true",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1",  # in seconds: it would load each model anew in a process of its own
}

import mlflow
import numpy
import torch
import transformers
from checks import Checks
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger
from mlflow.tracking import MlflowClient
from torch.utils.data import DataLoader, TensorDataset

check = Checks()
client = MlflowClient()
torch.manual_seed(0)
ROWS = torch.linspace(-1, 1, 48).reshape(16, 3)
TARGET = ROWS.sum(1, keepdim=True)
QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}


def newest(experiment):
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id], order_by=["attributes.start_time DESC"])


def history(run, key):
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, key)]


def close(found, expected):
    return len(found) == len(expected) and numpy.allclose(found, expected)


# Lightning: a metric for every step and epoch, the module's own params, its checkpoints ------------------------------


class Line(LightningModule):
    def __init__(self, rate=0.1, breaks=False):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(3, 1)
        self.seen = []

    def forward(self, rows):
        return self.layer(rows)

    def training_step(self, batch, index):
        if self.hparams.breaks and self.global_step == 3:
            raise RuntimeError("the training breaks")
        rows, target = batch
        loss = torch.nn.functional.mse_loss(self(rows), target)
        self.seen.append((self.global_step, loss.item()))
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.rate)


data = DataLoader(TensorDataset(ROWS, TARGET), batch_size=4)
logger = MLFlowLogger(
    "lightning", run_name="line", tracking_uri=mlflow.get_tracking_uri(), tags={"a": "b"}, log_model=True
)
best = ModelCheckpoint("checkpoints", monitor="val_loss", filename="best")
line = Line()
trainer = Trainer(max_epochs=3, logger=logger, callbacks=[best], **QUIET)
check.done("lightning", lambda: trainer.fit(line, data, data))
(run,) = newest("lightning")
check.same("its name and tag", lambda: (run.info.run_name, run.data.tags["a"]), ("line", "b"))
check.same("its params", lambda: (run.data.params["rate"], run.data.params["breaks"]), ("0.1", "False"))
check.same("a loss for every step", lambda: close(history(run, "train/loss"), line.seen), True)
check.same("one for every epoch", lambda: [step for step, _ in history(run, "val_loss")], [3, 7, 11])
check.same("its end", lambda: run.info.status, "FINISHED")
check.same(
    "its checkpoint",
    lambda: "best/best.ckpt" in [each.path for each in client.list_artifacts(run.info.run_id, "best")],
    True,
)
file = check.done("the file", lambda: client.download_artifacts(run.info.run_id, "best/best.ckpt"))
check.same(
    "what it holds",
    lambda: torch.load(file, weights_only=True)["state_dict"]["layer.weight"].tolist(),
    torch.load(best.best_model_path, weights_only=True)["state_dict"]["layer.weight"].tolist(),
)

logger = MLFlowLogger("lightning", tracking_uri=mlflow.get_tracking_uri())
try:
    Trainer(max_epochs=3, logger=logger, enable_checkpointing=False, **QUIET).fit(Line(breaks=True), data)
except RuntimeError:
    check.same("a broken training", lambda: newest("lightning")[0].info.status, "FAILED")

# MLflow's own logging of Lightning -----------------------------------------------------------------------------------

mlflow.set_experiment("autolog")
mlflow.pytorch.autolog(log_datasets=False)
line = Line()
check.done(
    "mlflow.pytorch.autolog",
    lambda: Trainer(max_epochs=2, logger=False, enable_checkpointing=False, **QUIET).fit(line, data),
)
mlflow.pytorch.autolog(disable=True)
(run,) = newest("autolog")
check.same("its params", lambda: (run.data.params["epochs"], run.data.params["optimizer_name"]), ("2", "SGD"))
check.same("its epochs", lambda: [step for step, _ in history(run, "train/loss")], [0, 1])
loaded = check.done("its model", lambda: mlflow.pytorch.load_model(f"runs:/{run.info.run_id}/model"))
check.same("what it says", lambda: torch.allclose(loaded(ROWS), line(ROWS)), True)

# transformers: a run by its callback, with everything that its environment variables ask for --------------------------

config = transformers.BertConfig(
    vocab_size=30, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
)
words = [{"input_ids": torch.randint(0, 30, (6,)), "labels": torch.tensor(n % 2)} for n in range(12)]
arguments = transformers.TrainingArguments(
    "out",
    run_name="tiny",
    num_train_epochs=2,
    per_device_train_batch_size=4,
    logging_steps=1,
    eval_strategy="epoch",
    save_steps=6,
    report_to=["mlflow"],
    use_cpu=True,
    disable_tqdm=True,
)
trainer = transformers.Trainer(
    transformers.BertForSequenceClassification(config), arguments, train_dataset=words, eval_dataset=words
)
check.done("transformers", trainer.train)
mlflow.flush_async_logging()
(run,) = newest("transformers")
told = trainer.state.log_history
check.same("its name and tag", lambda: (run.info.run_name, run.data.tags["release"]), ("tiny", "first"))
check.same("its params", lambda: (run.data.params["hidden_size"], run.data.params["num_train_epochs"]), ("8", "2"))
check.same("all of them", lambda: len(run.data.params) > 150, True)
for key in ("loss", "learning_rate", "eval_loss"):
    expected = [(each["step"], each[key]) for each in told if key in each]
    check.same(f"every {key}", lambda key=key, expected=expected: close(history(run, key), expected), True)
check.same("their number", lambda: len(history(run, "loss")), 6)
check.same("numbers that are numbers", lambda: all(map(math.isfinite, run.data.metrics.values())), True)
check.same("its end", lambda: run.info.status, "FINISHED")
models = check.done("its checkpoints", lambda: client.search_logged_models([run.info.experiment_id]))
check.same("each by its name", lambda: [each.name for each in models], ["checkpoint-6"])
folder = check.done("one of them", lambda: mlflow.artifacts.download_artifacts(models[0].model_uri))
check.same(
    "its files",
    lambda: [each for _, _, files in os.walk(folder) for each in files if each == "model.safetensors"],
    ["model.safetensors"],
)

# Models through the server -------------------------------------------------------------------------------------------

module = torch.nn.Linear(3, 2).eval()
logged = check.done(
    "mlflow.pytorch.log_model",
    lambda: mlflow.pytorch.log_model(
        module, name="linear", input_example=ROWS.numpy(), pip_requirements=["torch"], registered_model_name="linear"
    ),
)
found = check.done("it, registered", lambda: mlflow.pyfunc.load_model("models:/linear/1"))
check.same("what it says", lambda: numpy.allclose(found.predict(ROWS.numpy()), module(ROWS).detach().numpy()), True)
check.tell(mlflow.__version__)
