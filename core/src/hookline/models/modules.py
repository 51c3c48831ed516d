"""Which modules an object is made of: a bounded walk over the object, its classes and the code of its functions."""

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

MAX_OBJECTS = 5_000
MAX_ELEMENTS = 100


def modules_of(roots: Sequence[Any], is_installed: Callable[[str], bool]) -> set[str]:
    """Return the names of the modules that objects refer to.

    Classes and functions of installed modules count with their module's name; those of the user's own modules are
    looked into, since whatever their code refers to is needed as well.

    Args:
        is_installed: whether a module belongs to an installed distribution.
    """
    found: set[str] = set()
    seen: set[int] = set()
    queue = deque(roots)
    keep = []  # ids stay unique only while their objects live
    while queue and len(seen) < MAX_OBJECTS:
        each = queue.popleft()
        if each is None or isinstance(each, str | bytes | int | float | complex) or id(each) in seen:
            continue
        seen.add(id(each))
        keep.append(each)
        module = _module_of(each)
        if module and (is_installed(module) or _is_by_reference(each, module)):
            found.add(module)
        queue.extend(_parts(each, is_installed))
    return found


def _module_of(value: Any) -> str | None:
    if isinstance(value, ModuleType):
        return value.__name__
    owner = value if isinstance(value, type | FunctionType | BuiltinFunctionType) else type(value)
    name = getattr(owner, "__module__", None)
    return name if isinstance(name, str) else None


def _is_by_reference(value: Any, module: str) -> bool:
    """Return whether a pickle names an object, or its class, by its module, rather than holding its code.

    Classes and functions of the program itself, or defined inside of a function, are kept with their code.
    """
    if isinstance(value, ModuleType):
        return True
    owner = value if isinstance(value, type | FunctionType | BuiltinFunctionType) else type(value)
    found: Any = sys.modules.get(module)
    for part in owner.__qualname__.split("."):
        found = None if found is None else vars(found).get(part) if hasattr(found, "__dict__") else None
    return module != "__main__" and found is owner


def _parts(value: Any, is_installed: Callable[[str], bool]) -> Iterator[Any]:
    module = _module_of(value)
    if isinstance(value, ModuleType):
        if not _is_foreign(module, is_installed):
            yield from (each for each in vars(value).values() if isinstance(each, ModuleType))
    elif isinstance(value, type):
        yield from value.__bases__
        if not _is_foreign(module, is_installed):
            yield from _class_parts(value)
    elif isinstance(value, FunctionType):
        if not _is_foreign(module, is_installed):
            yield from _function_parts(value)
    elif isinstance(value, MethodType):
        yield from (value.__self__, value.__func__)
    else:
        yield type(value)
        yield from _elements(value)


def _is_foreign(module: str | None, is_installed: Callable[[str], bool]) -> bool:
    """Whether a module's code is not looked into: it is installed, or part of Python."""
    if not module or module == "__main__":
        return False
    return module.partition(".")[0] in sys.stdlib_module_names or is_installed(module)


def _class_parts(value: type) -> Iterator[Any]:
    for each in vars(value).values():
        if isinstance(each, staticmethod | classmethod):
            yield each.__func__
        elif isinstance(each, property):
            yield from (each.fget, each.fset)
        elif isinstance(each, FunctionType | type):
            yield each


def _function_parts(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield function.__globals__[name]
        elif name in sys.modules:  # imported inside of the function
            yield sys.modules[name]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _elements(value: Any) -> Iterator[Any]:
    """Yield what an instance holds, without calling any of its code."""
    if isinstance(value, dict):
        yield from _first(value.values())
    elif isinstance(value, list | tuple | set | frozenset | deque):
        yield from _first(value)
    with contextlib.suppress(AttributeError):
        yield from object.__getattribute__(value, "__dict__").values()
    for name in ("func", "args", "keywords") if type(value).__module__ == "functools" else ():
        yield getattr(value, name, None)


def _first(values: Iterable[Any]) -> Iterator[Any]:
    for _count, each in zip(range(MAX_ELEMENTS), values, strict=False):
        yield each
