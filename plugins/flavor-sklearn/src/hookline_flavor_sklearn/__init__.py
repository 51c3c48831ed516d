"""scikit-learn models: the flavor `sklearn`, and automatic logging."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of scikit-learn's estimators."""
    return [
        FlavorProvider(
            name="sklearn",
            target="hookline_flavor_sklearn.flavor:SklearnFlavor",
            summary="scikit-learn estimators, as skops files or pickles",
            options="hookline_flavor_sklearn.flavor:SaveOptions",
            handles=("sklearn.base.BaseEstimator",),
            autolog="hookline_flavor_sklearn.autolog:autolog",
            library="sklearn",
        )
    ]
