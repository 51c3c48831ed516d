"""What a run logs as artifacts that is no file yet: texts, plain values, figures, images and tables."""

import json
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import Any

from hookline import media
from hookline.artifacts import Location
from hookline.documents import to_json, write_yaml
from hookline.entities import RunData
from hookline.entities.rules import check_text
from hookline.errors import InvalidValue, NotFound
from hookline.paths import check_key_path


class LogsObjects(ABC):
    """Makes files of objects, for what can log a file: a `Run`."""

    _lock: RLock

    @property
    @abstractmethod
    def data(self) -> RunData:
        """The params, latest metrics and tags that the store holds now."""

    @abstractmethod
    def log_file(self, local_path: Path, artifact_file: str) -> None:
        """Store a local file as the artifact `artifact_file`."""

    @abstractmethod
    def artifact_location(self, path: str = "") -> Location:
        """Return where the artifact `path` of this run is."""

    @abstractmethod
    def set_tag(self, key: str, value: object) -> None:
        """Set a tag; its value becomes text, and the last value wins."""

    def log_bytes(self, data: bytes, artifact_file: str) -> None:
        """Store bytes as the artifact `artifact_file`."""
        with tempfile.TemporaryDirectory(prefix="hookline-") as folder:
            source = Path(folder) / "data"
            source.write_bytes(data)
            self.log_file(source, artifact_file)

    def log_text(self, text: str, artifact_file: str) -> None:
        """Store text, as UTF-8, as the artifact `artifact_file`."""
        if not isinstance(text, str):
            raise InvalidValue(f"log_text takes a text, not {type(text).__name__}; log_bytes takes bytes.")
        self.log_bytes(check_text("text", text).encode(), artifact_file)

    def log_dict(self, dictionary: Any, artifact_file: str) -> None:
        """Store plain values as YAML where the file's name ends with .yaml or .yml, as JSON otherwise."""
        as_yaml = PurePosixPath(check_key_path(artifact_file)).suffix.lower() in (".yaml", ".yml")
        try:
            text = write_yaml(dictionary) if as_yaml else to_json(dictionary)
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"{artifact_file!r} can hold plain values only: {error}") from error
        self.log_text(text, artifact_file)

    def log_figure(self, figure: Any, artifact_file: str) -> None:
        """Store a matplotlib or plotly figure; the file's ending names the format."""
        self.log_bytes(media.figure_bytes(figure, check_key_path(artifact_file)), artifact_file)

    def log_image(self, image: Any, artifact_file: str | None = None, *, key: str = "", step: int = 0) -> None:
        """Store a PIL image or an array as the artifact `artifact_file`, or as the image of `key` at a step."""
        if bool(artifact_file) == bool(key):
            raise InvalidValue("log_image takes either artifact_file or key.")
        name = artifact_file or f"images/{key}/step_{step:08d}.png"
        self.log_bytes(media.image_bytes(image, name), name)

    def log_table(self, data: Any, artifact_file: str) -> None:
        """Store a table (a mapping of columns, or a DataFrame) as JSON; an existing one with these columns grows."""
        columns = media.table_columns(data)
        location = self.artifact_location(check_key_path(artifact_file))
        with self._lock:
            try:
                with location.store.open(location.key) as stream:
                    content = media.append_table(stream.read(), columns)
            except NotFound:
                content = media.table_json(columns)
            self.log_bytes(content, artifact_file)
            self._note_table(artifact_file)

    def _note_table(self, artifact_file: str) -> None:
        """Keep the list of tables in the tag in which MLflow's clients look for them."""
        entry = {"path": artifact_file, "type": "table"}
        known = json.loads(self.data.tags.get("mlflow.loggedArtifacts", "[]"))
        if entry not in known:
            self.set_tag("mlflow.loggedArtifacts", json.dumps([*known, entry]))
