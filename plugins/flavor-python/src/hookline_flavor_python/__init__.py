"""Python functions and objects with `predict` as models: the flavor `python_function`."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of functions, and of every object that no closer flavor handles."""
    return [
        FlavorProvider(
            name="python_function",
            target="hookline_flavor_python.flavor:PythonFlavor",
            summary="any Python function, or object with predict, by cloudpickle",
            options="hookline_flavor_python.flavor:SaveOptions",
            handles=("builtins.function", "builtins.object"),
        )
    ]
