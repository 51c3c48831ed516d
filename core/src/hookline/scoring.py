"""Scoring: from a model's URI, rows in a file and the name of an engine to predictions in a file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Lock

from hookline.config import Settings
from hookline.entities import ScoringJob
from hookline.entities.scoring import SCORING_FORMATS
from hookline.errors import InvalidValue
from hookline.interfaces import ScoringEngine, ScoringModel
from hookline.interfaces.scoring import ScoringProgress
from hookline.models import Models
from hookline.paths import inside
from hookline.plugins import Plugins

FOLDER = "scoring"
_ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}


class Scoring:
    """Predictions for the rows of files, by the engines of the installed plugins. Thread safe.

    Args:
        home: the workspace's folder; each engine keeps its state below `scoring/ENGINE`.
        settings: `engines` holds the options of each engine.
    """

    def __init__(self, *, plugins: Plugins, models: Callable[[], Models], home: Path, settings: Settings) -> None:
        self._plugins, self._models, self._home, self._settings = plugins, models, home, settings
        self._engines: dict[str, ScoringEngine] = {}
        self._lock = Lock()

    def engine(self, name: str) -> ScoringEngine:
        """Return an engine, made on first use.

        Raises:
            UnknownProvider: no installed plugin offers it. ConfigError: its options under `engines` are wrong.
        """
        with self._lock:
            if name not in self._engines:
                self._plugins.find("scoring_engines", name)  # before a folder is named after it
                folder, options = inside(self._home / FOLDER, name), self._settings.engines.get(name, {})
                self._engines[name] = self._plugins.make("scoring_engines", name, folder, options)
            return self._engines[name]

    def score(
        self,
        model_uri: str | Path,
        job: ScoringJob,
        *,
        engine: str = "local",
        allow_pickle: bool = False,
        progress: ScoringProgress = lambda _done, _length: None,
    ) -> int:
        """Predict for the rows of a file; return how many there were.

        Args:
            allow_pickle: open the model's pickles though no record vouches for them.
            progress: called now and then with how much is done, and how much there is.

        Raises:
            UnknownProvider: no installed plugin offers the engine. As for `ScoringEngine.score` and `Models.load`.
        """
        chosen, models = self.engine(engine), self._models()
        model = ScoringModel(
            str(model_uri),
            partial(models.fetch, model_uri, allow_pickle=allow_pickle),
            partial(models.load, model_uri, allow_pickle=allow_pickle),
        )
        return chosen.score(model, job, progress)


def format_of(name: str, given: str | None, option: str) -> str:
    """Return the format of a file or folder: the given one, or that of its ending.

    Raises:
        InvalidValue: nothing says it; the text names the option.
    """
    found = given or _ENDINGS.get(PurePosixPath(name.rstrip("/")).suffix.lower())
    if found is None:
        raise InvalidValue(
            f"The format of {name!r} is not known: pass {option} with one of {', '.join(SCORING_FORMATS)}."
        )
    return found
