"""Parts of MLflow's API that this server does not have, so that their clients are told rather than left to guess."""

import re

_PARTS = (
    *("traces", "assessments", "trace", "genai", "scorers", "scorer", "gateway", "prompts", "prompt", "datasets"),
    *("webhooks", "workspaces", "issues", "jobs", "skills", "mcp-servers", "review-queues", "label-schemas"),
    *("roles", "gateway-proxy", "get-trace-artifact", "runs/link-traces", "presigned", "logged-models/prompts"),
)
_PATH = re.compile(
    r"(?:/(?:ajax-)?api/[23]\.0/(?:preview/)?(?:mlflow/|mlflow-artifacts/)?(?:" + "|".join(_PARTS) + r")(?:/.*)?"
    r"|/v1/traces|/graphql|/gateway/.*|/(?:ajax-)?api/[23]\.0/mlflow/artifacts/presigned-.*)",
    re.DOTALL,
)


NOT_OFFERED = "Traces, prompts, scorers, webhooks and the gateway are not part of this server."


def is_not_offered(path: str) -> bool:
    """Return whether a path is one of MLflow's that this server does not answer."""
    return _PATH.fullmatch(path) is not None
