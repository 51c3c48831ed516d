"""Files of an artifact store."""

from attrs import frozen


@frozen
class FileInfo:
    """A file or a folder in an artifact store.

    Attributes:
        path: relative to the store's root, with `/`.
        file_size: bytes; None for a folder.
    """

    path: str
    is_dir: bool
    file_size: int | None = None
