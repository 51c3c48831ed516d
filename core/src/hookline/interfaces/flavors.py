"""The interface of a model flavor: seven questions, of which four have a default.

The core's flow does what is common: the folder, `MLmodel`, signature, example, requirements, digests and the pickle
gate. A flavor only writes and reads its own files.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from hookline.models.signature import Signature


class Unpickler(Protocol):
    """The gate through which a flavor opens pickles; the core decides whether it opens."""

    def load(self, path: Path) -> Any:
        """Return the object in a pickle file. Raises `PickleRefused` where the policy forbids it."""

    def permit(self, path: Path, imports: Sequence[str], *, own: bool = False) -> None:
        """Ask whether a file that is no pickle may import these dotted names when it is opened.

        For formats that are safe but for the classes and functions that they name, such as skops.

        Args:
            own: the names belong to the flavor's own library. A crafted file may still misuse them, so that a record of
                this workspace has to vouch for the file; where one does, even the policy `deny` lets them pass.

        Raises:
            PickleRefused: the policy forbids it, as it would forbid a pickle in the same place.
        """


class Flavor(ABC):
    """One kind of models. A provider's target is called as `target()`; one instance serves all threads.

    Attributes:
        name: the flavor's key in `MLmodel`.
        loader_module: the module in which `mlflow.pyfunc` finds `_load_pyfunc(path)`; "" where the flavor's models are
            not callable as functions.
        predicts_by_row: whether the prediction for a row depends on that row alone, up to rounding: a server may then
            answer the rows of several requests together.
        loader_takes_folder: whether that function wants the model's whole folder; else it gets what `data` names.
    """

    name: ClassVar[str]
    loader_module: ClassVar[str] = ""
    predicts_by_row: ClassVar[bool] = False
    loader_takes_folder: ClassVar[bool] = False

    @abstractmethod
    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write a model into an existing folder.

        Returns:
            The flavor's block of `MLmodel`: plain YAML values, paths relative to `folder`. The key `data` names the
            file or folder that holds the model.
        """

    def save_with_example(self, model: Any, folder: Path, options: Mapping[str, Any], example: Any) -> dict[str, Any]:
        """Write a model together with which an input example was given; default: as `save`.

        For formats that record what a model does with data, and so hold it without its code.

        Args:
            example: data as `predict` takes it. The flow writes it; a flavor only looks at it.
        """
        return self.save(model, folder, options)

    @abstractmethod
    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the model that `save` wrote, given its block. Pickles are opened through `pickles` only."""

    @abstractmethod
    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Return predictions for `data` (a DataFrame, an array, a dict of arrays or a list), a row for a row."""

    def signature(self, model: Any, folder: Path, block: Mapping[str, Any]) -> "Signature | None":
        """Return what a model that was just saved says of its inputs and outputs itself.

        None, or None for one of the two: it does not say, and the flow infers it from the input example.
        """
        return None

    def needs_code(self, block: Mapping[str, Any]) -> bool:
        """Return whether a saved model needs the modules that it was made of; default: yes, and they are pinned.

        A graph of another library's operators, say, does not.
        """
        return True

    def requirements(self, model: Any) -> list[str]:
        """Return distributions to pin beyond those found from the model's and the process's imports."""
        return []
