"""The conformance suite of `ScoringEngine`."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hookline.entities import ModelFolder, ScoringJob, new_id
from hookline.errors import ExecutionFailed, HooklineError, InvalidValue, SignatureError
from hookline.interfaces import ScoringEngine, ScoringModel
from hookline.models import Signature
from hookline.models.manifest import Manifest
from hookline.models.schema import Column, Scalar, Schema
from hookline.plugins import Plugins
from hookline.testing.flavor_suite import flavor_workspace
from hookline.testing.suite import Suite

Rows = Sequence[Mapping[str, Any]]
Save = Callable[..., ScoringModel]
TWO_NUMBERS = Signature(inputs=Schema(columns=(Column(Scalar.DOUBLE, "a"), Column(Scalar.DOUBLE, "b"))))
ROWS: Rows = [{"id": f"r{number}", "a": float(number), "b": 0.5} for number in range(1000)]


class ScoringEngineSuite(Suite):
    """The laws of a scoring engine: those of `hookline.interfaces.scoring`, each as a test.

    A subclass gives the fixture `engine`. The models are Python functions of a table with the columns `id`, `a` and
    `b`, saved by the installed flavor `python_function`; files are CSV and JSON lines. An engine that writes a folder
    of parts writes them so that their names are in the order of the rows.

    - `place`, which may be left out: the local folder that the engine reads from and writes to.
    """

    kind = "scoring engine"
    version = 1
    formats: ClassVar[Sequence[str]] = ("csv", "jsonl")

    @pytest.fixture
    def engine(self) -> ScoringEngine:
        """The engine."""
        raise NotImplementedError("a subclass of ScoringEngineSuite gives the fixture `engine`")

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """The folder for rows and predictions."""
        made = tmp_path / "place"
        made.mkdir()
        return made

    @pytest.fixture
    def save(self, tmp_path: Path) -> Save:
        """A function that saves a Python function, with a signature or without, as a model to score with."""
        provider = Plugins.discover().find_flavor("python_function")

        def save(function: Any, signature: Signature | None = None) -> ScoringModel:
            folder = tmp_path / "models" / new_id()
            models = flavor_workspace(provider, tmp_path / "home").models
            models.save(function, folder, signature=signature)
            found = ModelFolder("models:/sum/1", folder, Manifest.of(folder).digest, trusted=True, vouched=True)
            return ScoringModel(found.uri, lambda: nullcontext(found), lambda: models.load(folder, allow_pickle=True))

        return save

    @pytest.fixture
    def total(self, save: Save) -> ScoringModel:
        """A model that adds two numbers."""
        return save(lambda rows: rows["a"] + rows["b"], TWO_NUMBERS)

    # Predictions -----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("format", formats)
    @pytest.mark.parametrize("chunk", [1000, 64])
    def test_each_row_has_its_prediction_in_the_order_of_the_rows(
        self, engine: ScoringEngine, total: ScoringModel, place: Path, format: str, chunk: int
    ) -> None:
        """Whatever the format, and however many rows the model is given at once."""
        job = _job(place, ROWS, format, chunk_rows=chunk)
        assert engine.score(total, job, _nobody) == len(ROWS)
        assert [float(row["prediction"]) for row in read_rows(job)] == [row["a"] + row["b"] for row in ROWS]

    @pytest.mark.parametrize(("given", "wanted"), [("csv", "jsonl"), ("jsonl", "csv")])
    def test_predictions_may_have_another_format_than_the_rows(
        self, engine: ScoringEngine, total: ScoringModel, place: Path, given: str, wanted: str
    ) -> None:
        """And are the same in it."""
        job = _job(place, ROWS[:20], given, wanted)
        engine.score(total, job, _nobody)
        assert [float(row["prediction"]) for row in read_rows(job)] == [row["a"] + row["b"] for row in ROWS[:20]]

    def test_columns_of_the_rows_are_kept_beside_their_predictions(
        self, engine: ScoringEngine, total: ScoringModel, place: Path
    ) -> None:
        """Before them, in the order in which they were named."""
        job = _job(place, ROWS, "csv", keep=("b", "id"))
        engine.score(total, job, _nobody)
        found = read_rows(job)
        assert list(found[0]) == ["b", "id", "prediction"]
        assert [row["id"] for row in found] == [row["id"] for row in ROWS]

    def test_several_outputs_are_several_columns(self, engine: ScoringEngine, save: Save, place: Path) -> None:
        """Those of a table by their names, those of an array by their number."""
        job = _job(place, ROWS[:3], "csv")
        engine.score(save(lambda rows: rows[["b", "a"]], TWO_NUMBERS), job, _nobody)
        assert [{key: float(value) for key, value in row.items()} for row in read_rows(job)] == [
            {"b": row["b"], "a": row["a"]} for row in ROWS[:3]
        ]

    def test_an_array_with_several_outputs_a_row_makes_columns_with_numbers(
        self, engine: ScoringEngine, save: Save, place: Path
    ) -> None:
        """From 0 on."""
        job = _job(place, ROWS[:3], "csv")
        engine.score(save(lambda rows: rows[["b", "a"]].to_numpy(), TWO_NUMBERS), job, _nobody)
        assert [list(row.items()) for row in read_rows(job)][2] == [("prediction_0", "0.5"), ("prediction_1", "2.0")]

    def test_texts_of_the_signature_stay_as_they_are_written(
        self, engine: ScoringEngine, save: Save, place: Path
    ) -> None:
        """Though they look like numbers."""
        signature = Signature(inputs=Schema(columns=(Column(Scalar.STRING, "id"),)))
        job = _job(place, [{"id": each} for each in ("007", "1.50", "1e3")], "csv", "jsonl")
        engine.score(save(lambda rows: list(rows["id"] + "!"), signature), job, _nobody)
        assert [str(row["prediction"]) for row in read_rows(job)] == ["007!", "1.50!", "1e3!"]

    def test_no_rows_make_no_predictions(self, engine: ScoringEngine, total: ScoringModel, place: Path) -> None:
        """A header alone is no error, and what comes of it is there."""
        job = _job(place, [], "csv")
        assert engine.score(total, job, _nobody) == 0
        assert Path(job.target).exists()
        assert read_rows(job) == []

    def test_what_was_there_before_is_replaced(self, engine: ScoringEngine, total: ScoringModel, place: Path) -> None:
        """By all of the new predictions and nothing else."""
        job = _job(place, ROWS, "csv")
        engine.score(total, job, _nobody)
        again = _job(place, ROWS[:2], "csv")
        assert engine.score(total, again, _nobody) == 2
        assert len(read_rows(again)) == 2
        assert {each.name for each in place.iterdir()} == {Path(job.source).name, Path(job.target).name}

    # Mistakes --------------------------------------------------------------------------------------------------------

    def test_a_row_that_does_not_fit_is_told_and_leaves_what_was_there(
        self, engine: ScoringEngine, total: ScoringModel, place: Path
    ) -> None:
        """The column is named, and the row where the engine knows its number."""
        self._kept(engine, total, place)
        wrong = [*ROWS[:500], {"id": "wrong", "a": "many", "b": 1.0}, *ROWS[501:]]
        with pytest.raises(SignatureError, match="'a'") as caught:
            engine.score(total, _job(place, wrong, "csv", chunk_rows=64), _nobody)
        assert caught.value.row in (500, None)
        self._check_kept(place)

    @pytest.mark.parametrize(
        ("function", "error", "said"),
        [
            (lambda rows: 1 / 0 if len(rows) and rows["a"].max() > 400 else rows["a"], ExecutionFailed, "division"),
            (lambda rows: list(rows["a"])[1:], InvalidValue, "row"),
        ],
    )
    def test_a_model_that_goes_wrong_is_told_and_leaves_what_was_there(
        self,
        engine: ScoringEngine,
        total: ScoringModel,
        save: Save,
        place: Path,
        function: Any,
        error: type[HooklineError],
        said: str,
    ) -> None:
        """Also where the first rows went well."""
        self._kept(engine, total, place)
        with pytest.raises(error, match=said):
            engine.score(save(function, TWO_NUMBERS), _job(place, ROWS, "csv", chunk_rows=64), _nobody)
        self._check_kept(place)

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"source": "none.csv"}, "none.csv"),
            ({"keep": ("nowhere",)}, "nowhere"),
            ({"config": {"no_such_setting": "1"}}, "no_such_setting"),
        ],
    )
    def test_what_is_not_there_is_named(
        self, engine: ScoringEngine, total: ScoringModel, place: Path, changed: dict[str, Any], said: str
    ) -> None:
        """The rows, a column to keep, a setting."""
        self._kept(engine, total, place)
        job = _job(place, ROWS[:3], "csv", **changed)
        with pytest.raises(InvalidValue, match=said):
            engine.score(total, job, _nobody)
        self._check_kept(place)

    def _kept(self, engine: ScoringEngine, model: ScoringModel, place: Path) -> None:
        engine.score(model, _job(place, [{"id": "old", "a": 40.0, "b": 2.0}], "csv"), _nobody)

    def _check_kept(self, place: Path) -> None:
        job = ScoringJob(str(place / "rows.csv"), str(place / "predictions.csv"), "csv", "csv")
        assert [float(row["prediction"]) for row in read_rows(job)] == [42.0]
        assert {each.name for each in place.iterdir()} == {"rows.csv", "predictions.csv"}


def _nobody(_done: int, _length: int | None) -> None:
    pass


def _job(place: Path, rows: Rows, format: str, output_format: str = "", **changed: Any) -> ScoringJob:
    """Write rows, and return the job that makes predictions of them."""
    source = place / f"rows.{format}"
    with source.open("w", encoding="utf-8", newline="") as file:
        if format == "csv":
            writer = csv.DictWriter(file, list(rows[0] if rows else ROWS[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    wanted = output_format or format
    fields = {"source": str(source), "format": format, "output_format": wanted, **changed}
    if "/" not in fields["source"]:
        fields["source"] = str(place / fields["source"])
    return ScoringJob(target=str(place / f"predictions.{wanted}"), **fields)


def read_rows(job: ScoringJob) -> list[dict[str, Any]]:
    """Return the predictions of a job, from a file or from a folder of parts in the order of their names."""
    target = Path(job.target)
    parts = [target] if target.is_file() else sorted(each for each in target.iterdir() if each.name[0] not in "._")
    found: list[dict[str, Any]] = []
    for part in parts:
        with part.open(encoding="utf-8", newline="") as file:
            found += csv.DictReader(file) if job.output_format == "csv" else map(json.loads, file)
    return found
