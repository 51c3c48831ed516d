"""XGBoost models: the flavor `xgboost`, and automatic logging."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of XGBoost's boosters and of its wrappers for scikit-learn."""
    return [
        FlavorProvider(
            name="xgboost",
            target="hookline_flavor_xgboost.flavor:XGBoostFlavor",
            summary="XGBoost boosters and estimators, as UBJSON or JSON",
            options="hookline_flavor_xgboost.flavor:SaveOptions",
            handles=("xgboost.core.Booster", "xgboost.sklearn.XGBModel"),
            autolog="hookline_flavor_xgboost.autolog:autolog",
            library="xgboost",
        )
    ]
