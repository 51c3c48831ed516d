"""Which experiment a thing is of: a run, a logged model, a file of the artifact store."""

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from attrs import frozen

from hookline.entities import RunInfo, ViewType
from hookline.errors import InvalidValue, NotFound
from hookline.paths import check_key_path
from hookline.search.syntax import Comparison, Entity, Field, Operator, Query
from hookline.search.vocabulary import LOGGED_MODELS
from hookline.store_rules import logged_model_not_found
from hookline_lib_wire.answers import OWN
from hookline_lib_wire.permissions import Thing

if TYPE_CHECKING:
    from hookline_server.services import Services

REMEMBERED = 20_000
DEPTH = 8
"""How many folders of a path may be a run's or a logged model's."""


@frozen
class _Home:
    """Where a run or a logged model lives, which never changes: its experiment, and the folder of its files."""

    experiment_id: str
    artifact_uri: str


class Belonging:
    """Finds the experiments of things. Thread safe."""

    def __init__(self, services: "Services") -> None:
        self._services = services
        self._lock = Lock()
        self._homes: OrderedDict[tuple[Thing, str], _Home] = OrderedDict()

    def experiment_of(self, thing: Thing, name: str) -> str:
        """Return the id of the experiment that a run, a logged model or a path of the artifact store is of.

        Raises:
            NotFound: there is no such thing, or the path is of none.
        """
        return self._of_path(name) if thing is Thing.ARTIFACT else self._home(thing, name).experiment_id

    def known(self, thing: Thing, name: str) -> str | None:
        """Return the same of a run or a logged model from memory; None where it was not asked for lately."""
        with self._lock:
            home = self._homes.get((thing, name))
        return None if home is None else home.experiment_id

    def made(self, run: RunInfo) -> None:
        """Note where a new run lives, which the store may not know yet."""
        self._remember(Thing.RUN, run.run_id, _Home(run.experiment_id, run.artifact_uri))

    def _home(self, thing: Thing, name: str) -> _Home:
        with self._lock:
            known = self._homes.get((thing, name))
            if known is not None:
                self._homes.move_to_end((thing, name))
                return known
        return self._remember(thing, name, self._run(name) if thing is Thing.RUN else self._logged_model(name))

    def _remember(self, thing: Thing, name: str, home: _Home) -> _Home:
        with self._lock:
            self._homes[thing, name] = home
            if len(self._homes) > REMEMBERED:
                self._homes.popitem(last=False)
        return home

    def _run(self, run_id: str) -> _Home:
        info = self._services.tracking.get_run(run_id).info
        return _Home(info.experiment_id, info.artifact_uri)

    def _logged_model(self, model_id: str) -> _Home:
        wanted = Comparison(Field(Entity.ATTRIBUTE, "model_id"), Operator.EQUAL, model_id)
        query = Query((wanted,), LOGGED_MODELS.tie_break, view=ViewType.ALL, max_results=1)  # deleted ones too
        for model in self._services.logged_models.search_logged_models([], query).items:
            return _Home(model.experiment_id, model.artifact_uri)
        raise logged_model_not_found(model_id)

    def _of_path(self, path: str) -> str:
        """An experiment may keep its files anywhere in the store: the runs and models in a path say whose it is."""
        key = check_key_path(path.strip("/"), allow_root=True)
        folders = key.split("/")
        for folder in folders[:DEPTH]:
            if folder.isdigit():
                continue
            for thing in (Thing.LOGGED_MODEL,) if folder.startswith("m-") else (Thing.RUN,):
                home = self._home_or_none(thing, folder)
                if home is not None and _is_within(key, home.artifact_uri.removesuffix("/artifacts")):
                    return home.experiment_id
        try:
            first = self._services.tracking.get_experiment(folders[0])
        except (NotFound, InvalidValue):
            first = None
        if first is None or first.artifact_location.rstrip("/") != OWN + folders[0]:
            raise no_artifact(key)
        return first.experiment_id

    def _home_or_none(self, thing: Thing, name: str) -> _Home | None:
        try:
            return self._home(thing, name)
        except (NotFound, InvalidValue):
            return None


def no_artifact(key: str) -> NotFound:
    """Return the error for a file or a folder of the artifact store that is not there."""
    return NotFound(f"There is no artifact {key!r}.")


def _is_within(key: str, uri: str) -> bool:
    root = uri.removeprefix(OWN) if uri.startswith(OWN) else ""
    return bool(root) and (key == root or key.startswith(f"{root}/"))
