"""The suite of scoring engines: a plain one passes it, and engines that break a law do not."""

import subprocess
import sys
from pathlib import Path

import pytest

from hookline.errors import ExecutionFailed, HooklineError, InvalidValue
from hookline.interfaces import ScoringEngine
from hookline.models.parsed import with_numbers
from hookline.models.schema import Scalar
from hookline.testing import ScoringEngineSuite

pd = pytest.importorskip("pandas")


class PlainEngine(ScoringEngine):
    """Reads all rows, predicts, and writes all predictions."""

    def score(self, model, job, progress):
        if job.config:
            raise InvalidValue(f"Unknown settings: {', '.join(job.config)}.")
        loaded = model.load()
        rows = self.rows(loaded, job)
        predictions = self.predictions(loaded, rows)
        for column in reversed(job.keep):
            if column not in rows:
                raise InvalidValue(f"There is no column {column!r}.")
            predictions.insert(0, column, rows[column])
        self.write(predictions, job)
        return len(rows)

    def rows(self, loaded, job):
        if not Path(job.source).exists():
            raise InvalidValue(f"There is no file {job.source!r}.")
        if job.format == "jsonl":
            return pd.read_json(job.source, lines=True)
        return with_numbers(pd.read_csv(job.source, dtype=self.texts(loaded)), loaded.signature.inputs)

    def texts(self, loaded):
        return {each.name: str for each in loaded.signature.inputs.columns if each.type is Scalar.STRING}

    def predictions(self, loaded, rows):
        try:
            found = loaded.predict(rows) if len(rows) else []
        except HooklineError:
            raise
        except Exception as error:
            raise ExecutionFailed(f"The model failed: {error}") from error
        if len(found) != len(rows):
            raise InvalidValue(f"{len(found)} predictions for {len(rows)} rows.")
        if isinstance(found, pd.DataFrame):
            return found.copy()
        if getattr(found, "ndim", 1) == 2:
            return pd.DataFrame(found, columns=[f"prediction_{number}" for number in range(found.shape[1])])
        return pd.DataFrame({"prediction": list(found)})

    def write(self, predictions, job):
        if job.output_format == "jsonl":
            text = predictions.to_json(orient="records", lines=True)
        else:
            text = predictions.to_csv(index=False)
        Path(job.target).write_text(text, encoding="utf-8")


class TestPlainEngine(ScoringEngineSuite):
    @pytest.fixture
    def engine(self):
        return PlainEngine()


# Engines that break a law ---------------------------------------------------------------------------------------------


class TurnsRowsAround(PlainEngine):
    def predictions(self, loaded, rows):
        return super().predictions(loaded, rows)[::-1].reset_index(drop=True)


class LosesARow(PlainEngine):
    def score(self, model, job, progress):
        return max(0, super().score(model, job, progress) - 1)


class ReadsTextsAsNumbers(PlainEngine):
    def texts(self, loaded):
        return {}


class RemovesFirst(PlainEngine):
    def score(self, model, job, progress):
        Path(job.target).unlink(missing_ok=True)
        return super().score(model, job, progress)


class AddsToWhatWasThere(PlainEngine):
    def write(self, predictions, job):
        with Path(job.target).open("a", encoding="utf-8") as file:
            file.write(predictions.to_csv(index=False, header=file.tell() == 0))


class LeavesSomething(PlainEngine):
    def write(self, predictions, job):
        super().write(predictions, job)
        Path(job.target).with_name("left").touch()


class TakesAnySetting(PlainEngine):
    def score(self, model, job, progress):
        job.config.clear()
        return super().score(model, job, progress)


class PassesErrorsOn(PlainEngine):
    def predictions(self, loaded, rows):
        return pd.DataFrame({"prediction": list(loaded.predict(rows))})


class NamesNoColumn(PlainEngine):
    def predictions(self, loaded, rows):
        return super().predictions(loaded, rows).set_axis(["x"] * 2, axis=1)


class WritesNothingForNothing(PlainEngine):
    def write(self, predictions, job):
        if len(predictions):
            super().write(predictions, job)


MUTANTS = {
    TurnsRowsAround: "test_each_row_has_its_prediction_in_the_order_of_the_rows",
    LosesARow: "test_each_row_has_its_prediction_in_the_order_of_the_rows",
    ReadsTextsAsNumbers: "test_texts_of_the_signature_stay_as_they_are_written",
    RemovesFirst: "test_a_row_that_does_not_fit_is_told_and_leaves_what_was_there",
    AddsToWhatWasThere: "test_what_was_there_before_is_replaced",
    LeavesSomething: "test_what_was_there_before_is_replaced",
    TakesAnySetting: "test_what_is_not_there_is_named",
    PassesErrorsOn: "test_a_model_that_goes_wrong_is_told_and_leaves_what_was_there",
    NamesNoColumn: "test_an_array_with_several_outputs_a_row_makes_columns_with_numbers",
    WritesNothingForNothing: "test_no_rows_make_no_predictions",
}


@pytest.mark.parametrize(("mutant", "law"), MUTANTS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_law_is_noticed(mutant, law, tmp_path):
    (tmp_path / "test_mutant.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import pytest\n"
        "import test_scoring_suite\n"
        "from hookline.testing import ScoringEngineSuite\n"
        "class TestMutant(ScoringEngineSuite):\n"
        "    @pytest.fixture\n"
        "    def engine(self):\n"
        f"        return test_scoring_suite.{mutant.__name__}()\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", f"TestMutant and {law}"]
    done = subprocess.run(
        [*command, "test_mutant.py"], cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 1, done.stdout
    assert f"FAILED test_mutant.py::TestMutant::{law}" in done.stdout
