"""What a pickle would import, told by reading its instructions; nothing of it is executed.

For people to read, never for a decision: the gate does not open a pickle because its imports look harmless.
"""

import contextlib
import io
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from attrs import frozen

MAX_INSTRUCTIONS = 1_000_000
_LARGE = 1 << 20
_SUFFIXES = (".pkl", ".pickle", ".joblib", ".p", ".dill")
_MARK = object()
_IMPORTERS = ("cloudpickle.cloudpickle.subimport", "importlib.import_module", "builtins.__import__")
"""Functions that import what their first argument names."""


@frozen
class Imports:
    """The dotted names that a pickle imports, sorted.

    Attributes:
        complete: whether the pickle was read to its end; if not, there may be more.
    """

    names: tuple[str, ...] = ()
    complete: bool = True


def imports_of(path: Path) -> Imports:
    """Return what a pickle file, or the pickles inside of a zip file (as torch writes them), would import."""
    if zipfile.is_zipfile(path):
        return _of_archive(path)
    with path.open("rb") as stream:
        return _of_stream(stream)


def is_pickle(path: Path) -> bool:
    """Return whether a file is a pickle by its name or its first bytes, or a zip file that holds one."""
    if path.suffix in _SUFFIXES:
        return True
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(_SUFFIXES) for name in archive.namelist())
    with path.open("rb") as stream:
        start = stream.read(2)
    return len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5


def _of_archive(path: Path) -> Imports:
    names: set[str] = set()
    complete = True
    with contextlib.suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith(_SUFFIXES):
                with archive.open(entry) as stream:
                    found = _of_stream(stream)
                names.update(found.names)
                complete = complete and found.complete
    return Imports(tuple(sorted(names)), complete)


class _Skipped(bytes):
    """Stands for a large value that was passed over: it has its length, and none of its bytes."""

    size: int

    def __len__(self) -> int:
        return self.size


@frozen
class _Reader:
    """A stream for `pickletools` that reads no large value, and believes no length beyond the stream's end."""

    stream: IO[bytes]

    def read(self, size: int) -> bytes:
        if size <= _LARGE:
            return self.stream.read(size)
        start = self.stream.tell()
        end = self.stream.seek(0, io.SEEK_END)
        if start + size > end:
            return b""
        self.stream.seek(start + size)
        skipped = _Skipped()
        skipped.size = size
        return skipped

    def readline(self) -> bytes:
        return self.stream.readline(_LARGE)


def _of_stream(stream: IO[bytes]) -> Imports:
    found: set[str] = set()
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for count, (opcode, argument, _position) in enumerate(pickletools.genops(cast(IO[bytes], _Reader(stream)))):
            if count > MAX_INSTRUCTIONS:
                return Imports(tuple(sorted(found)), False)
            found.update(_step(opcode, argument, stack, memo))
    except (ValueError, IndexError, KeyError, EOFError, OSError, OverflowError):  # damaged, or followed by other data
        return Imports(tuple(sorted(found)), False)
    return Imports(tuple(sorted(found)), True)


def _step(opcode: Any, argument: Any, stack: list[Any], memo: dict[int, Any]) -> Iterator[str]:
    """Do what one instruction does to the stack, where only texts are kept; yield what it imports."""
    name = opcode.name
    top = stack[-1] if stack else None
    imported = _imported(name, argument, stack)
    if imported is not None:
        yield imported
    elif name == "REDUCE" and len(stack) > 1 and stack[-2] in _IMPORTERS and isinstance(top, tuple) and top:
        yield top[0] if isinstance(top[0], str) else "?"
    if name in ("PUT", "BINPUT", "LONG_BINPUT"):
        memo[int(argument)] = top
    elif name == "MEMOIZE":
        memo[len(memo)] = top
    elif name == "DUP":
        stack.append(top)
    elif name in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo.get(int(argument)))
    elif name == "MARK":
        stack.append(_MARK)
    else:
        popped = _popped(opcode, stack)
        pushed = argument if ("UNICODE" in name or "STRING" in name) and isinstance(argument, str) else imported
        stack.extend((popped if name.startswith("TUPLE") else pushed) for _each in opcode.stack_after)


def _imported(name: str, argument: Any, stack: list[Any]) -> str | None:
    """Return the dotted name that an instruction imports, if it does."""
    if name in ("GLOBAL", "INST"):
        return str(argument).replace(" ", ".")
    if name == "STACK_GLOBAL":
        return ".".join(each if isinstance(each, str) else "?" for each in stack[-2:])
    return f"copyreg extension {argument}" if name in ("EXT1", "EXT2", "EXT4") else None


def _popped(opcode: Any, stack: list[Any]) -> tuple[Any, ...]:
    """Take off the stack what an instruction takes, and return it in the order in which it was put there."""
    found: list[Any] = []
    before = opcode.stack_before
    if pickletools.markobject in before:
        while stack and (each := stack.pop()) is not _MARK:
            found.append(each)
        before = before[: before.index(pickletools.markobject)]
    for _each in before:
        if stack:
            found.append(stack.pop())
    return tuple(reversed(found))
