"""Print the reference of every hook and every interface as Markdown, from their docstrings.

python docs/reference.py > reference.md
"""

import inspect
from types import FunctionType

from hookline import hookspecs, interfaces


def hooks() -> list[FunctionType]:
    """Return the hook specs in the order of their file."""
    return [
        each for each in vars(hookspecs).values() if isinstance(each, FunctionType) and hasattr(each, "hookline_spec")
    ]


def signature(function: object) -> str:
    """Return a function's name and arguments without `self`."""
    given = inspect.signature(function)  # type: ignore[arg-type]
    kept = [each for name, each in given.parameters.items() if name != "self"]
    return f"{function.__name__}{given.replace(parameters=kept)}"  # type: ignore[attr-defined]


def main() -> None:
    """Print both parts."""
    print("# Hooks\n\n" + inspect.cleandoc(hookspecs.__doc__ or ""))
    for hook in hooks():
        print(f"\n## `{signature(hook)}`\n\n{inspect.getdoc(hook)}")
    print("\n# Interfaces")
    for name in interfaces.__all__:
        kind = getattr(interfaces, name)
        print(f"\n## {name}\n\n{inspect.getdoc(kind)}\n\n{inspect.getdoc(inspect.getmodule(kind))}")
        for method in vars(kind).values():
            function = method.fget if isinstance(method, property) else method
            if isinstance(function, FunctionType) and not function.__name__.startswith("_"):
                kept = "" if getattr(function, "__isabstractmethod__", False) else " (has a default)"
                print(f"\n### `{signature(function)}`{kept}\n\n{inspect.getdoc(function)}")


if __name__ == "__main__":
    main()
