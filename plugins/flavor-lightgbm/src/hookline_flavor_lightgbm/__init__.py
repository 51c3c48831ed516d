"""LightGBM models: the flavor `lightgbm`, and automatic logging."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of LightGBM's boosters and of its wrappers for scikit-learn."""
    return [
        FlavorProvider(
            name="lightgbm",
            target="hookline_flavor_lightgbm.flavor:LightGBMFlavor",
            summary="LightGBM boosters as text, and estimators as skops files",
            handles=("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel"),
            autolog="hookline_flavor_lightgbm.autolog:autolog",
            library="lightgbm",
        )
    ]
