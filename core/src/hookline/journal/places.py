"""Where the journals of a store lie."""

import hashlib
from pathlib import Path

from hookline.errors import Refused
from hookline.system import can_make, is_network_filesystem, state_folder
from hookline.uris import without_secrets

BESIDE_SUFFIX = ".journals"


def journal_root(uri: str, folder: str | None, file: Path | None) -> Path:
    """Return the folder for the journals of a store: the same one for every process that names this store.

    It lies in the `folder` that is configured, else beside the store's `file`, else in the user's folder for state,
    since a journal belongs on a local disk that this process may write to.

    Args:
        uri: of the store; its credentials do not matter.
        file: that the store is, where it is one.
    """
    named = str(file.absolute() if file else without_secrets(uri)).encode(errors="surrogateescape")  # any bytes
    digest = hashlib.sha256(named).hexdigest()[:16]
    if folder:
        return Path(folder).expanduser().absolute() / digest
    if file is not None:
        beside = file.absolute().with_name(f"{file.name}{BESIDE_SUFFIX}")
        if not is_network_filesystem(beside) and can_make(beside):
            return beside
    return state_folder() / "journals" / digest


def make_root(root: Path) -> None:
    """Make the folder of journals, for this user only.

    Raises:
        Refused: it cannot be made or written to.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"The folder {root} for what is logged cannot be made: {error.strerror or error}. Choose another one with "
            "journal.folder in hookline.yaml or with HOOKLINE_JOURNAL."
        ) from error
