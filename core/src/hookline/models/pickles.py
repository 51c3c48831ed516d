"""The one gate through which pickles are opened. Opening a pickle runs whatever code it names.

Three policies: `allow` opens every one; `trusted`, the default, those that a record of this workspace vouches for, and
those that a caller allows by name; `deny` none, whatever a caller says. While a flavor loads a model whose pickles may
not be opened, an audit hook stops any unpickling on that thread, so that a library which unpickles on its own (joblib,
numpy, torch) does not slip past the gate.
"""

import contextlib
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.config import PicklePolicy
from hookline.errors import InvalidState, PickleRefused, Refused
from hookline.models.scanning import imports_of

MLFLOW_SWITCH = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
_SHOWN = 20
_watching: ContextVar["PickleGate | None"] = ContextVar("hookline_watching_gate", default=None)


@frozen
class PickleGate:
    """The gate of one model. It implements `hookline.interfaces.Unpickler`.

    Attributes:
        folder: the model's folder; nothing outside of it is opened.
        name: what the model is called in messages.
        allowed: whether the caller allowed the pickles of this model by name.
        vouched: asks whether a record of this workspace vouches for the model's digest; asked only where it matters.
    """

    folder: Path
    name: str
    policy: PicklePolicy
    allowed: bool = False
    vouched: Callable[[], bool] = field(default=lambda: False)

    def is_open(self) -> bool:
        """Return whether the model's pickles may be opened."""
        if self.policy == "deny":
            return False
        return self.policy == "allow" or self.allowed or self.vouched()

    def load(self, path: Path) -> Any:
        """Return the object in a pickle file of the model.

        Raises:
            PickleRefused: the policy forbids it; the text and `imports` say what the pickle would import.
            InvalidState: it needs a module that is not here, or is damaged.
        """
        real = self._inside(path)
        if not self.is_open():
            raise self._refusal(real.name, imports_of(real).names)
        return _unpickled(real, self.name)

    def permit(self, path: Path, imports: Sequence[str], *, own: bool = False) -> None:
        """Ask whether a file that is no pickle may import these names, or run; see `hookline.interfaces.Unpickler`.

        Raises:
            PickleRefused: the policy forbids it.
        """
        real = self._inside(path)
        if not (self.is_open() or (own and self.vouched())):
            raise self._refusal(real.name, tuple(imports))

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Stop unpickling by others than this gate, on this thread, while the block runs and the gate is not open.

        Records are asked when something is unpickled: for a model without pickles no store is opened.
        """
        if self.policy == "allow" or (self.policy == "trusted" and self.allowed):
            yield
            return
        _install_hook()
        token = _watching.set(self)
        try:
            yield
        finally:
            _watching.reset(token)

    def _unpickling(self, name: str) -> None:
        """Refuse what is being unpickled by others, with the name that it imports, where the gate is not open."""
        token = _watching.set(None)  # what the stores that are asked now unpickle is their own
        try:
            is_open = self.is_open()
        finally:
            _watching.reset(token)
        if not is_open:
            raise self._refusal("the model", (name,))

    def _inside(self, path: Path) -> Path:
        real, root = path.resolve(), self.folder.resolve()
        if root not in (real, *real.parents):
            raise Refused(f"The model {self.name!r} names the file {str(path)!r}, which is outside of its folder.")
        return real

    def _refusal(self, file: str, imports: tuple[str, ...]) -> PickleRefused:
        shown = ", ".join(imports[:_SHOWN]) + (f" and {len(imports) - _SHOWN} more" if len(imports) > _SHOWN else "")
        opening = f"Opening {file} of the model {self.name!r} runs code. It imports: {shown or 'nothing'}."
        if self.policy == "deny":
            advice = "The policy models.pickle is 'deny'. Save the model in a format that holds no code, such as skops."
        else:
            advice = (
                "No record of this workspace vouches for the model. If you trust where it comes from, pass "
                "--allow-pickle (allow_pickle=True in Python), or set 'models.pickle: allow' in hookline.yaml."
            )
        return PickleRefused(f"{opening} {advice}", imports)


def load_unchecked(path: Path) -> Any:
    """Return the object in a pickle file without asking any policy.

    For the functions `_load_pyfunc` of flavors only, which `mlflow.pyfunc.load_model` calls: there MLflow decides what
    it opens, and knows nothing of a workspace.

    Raises:
        PickleRefused: MLflow's own switch, the variable MLFLOW_ALLOW_PICKLE_DESERIALIZATION, is off.
        InvalidState: as for `PickleGate.load`.
    """
    if os.environ.get(MLFLOW_SWITCH, "true").strip().lower() in ("false", "0"):
        raise PickleRefused(f"{path.name} is a pickle, and {MLFLOW_SWITCH} forbids to open it.", imports_of(path).names)
    return _unpickled(path, path.parent.name)


def _unpickled(path: Path, name: str) -> Any:
    try:
        with path.open("rb") as stream:
            return pickle.load(stream)  # noqa: S301 - this is the gate
    except ModuleNotFoundError as error:
        raise InvalidState(
            f"The model {name!r} needs the Python module {error.name!r}, which is not installed here. "
            "Its requirements.txt names what it was saved with."
        ) from error
    except PickleRefused:
        raise
    except FileNotFoundError as error:
        raise InvalidState(f"The model {name!r} has no file {path.name!r}.") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise InvalidState(
            f"{path.name} of the model {name!r} cannot be unpickled: {type(error).__name__}: {text}. "
            "Its requirements.txt names the versions that it was saved with."
        ) from error


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "pickle.find_class":
        gate = _watching.get()
        if gate is not None:
            gate._unpickling(".".join(str(each) for each in arguments))


@cache
def _install_hook() -> None:
    """Add the audit hook to this interpreter, once: it cannot be taken away again, and does nothing by itself."""
    sys.addaudithook(_audit)
