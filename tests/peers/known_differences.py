"""Where our server answers otherwise than MLflow's, on purpose: the request's name, and the reason."""

STRICT = "A value of the wrong type is refused, where MLflow passes over it or fails with 500."
TAKEN = "A name that is taken has the code RESOURCE_ALREADY_EXISTS everywhere; MLflow says BAD_REQUEST at a rename."
NO_RUN = "The history of a run that is not there is refused with 404; MLflow says that there are no points."
NOTHING = "A filter that says nothing, such as AND, is refused; MLflow returns every run."
MISSING = "What is missing is 404 also where MLflow says 400."
FAILS = "What cannot be done is refused with 400, where MLflow fails with 500."
NESTED = "The latest versions within a registered model carry their tags and aliases."
SIZE = "A page of no results is refused."
NO_RUN_ID = "The metrics of a logged model do not name their run."
UPLOAD = "An upload is answered with an empty JSON object; MLflow sends no body."
PARTS = (
    "Uploads in parts go to every artifact store; MLflow's server has them for object stores only, and says 501 else."
)
MEDIA = "A body that does not say that it is JSON is refused with 415, not 400: pages in a browser can send it."
PLAIN = "Unknown paths and methods are told in JSON with a code; MLflow sends a page."

_LOGGED = ("{}", "{'filter': \"name = 'net'\"}", "{'filter': \"params.p = '1'\"}", "{'filter': \"tags.t = 'v'\"}")
_LOGGED += (
    "{'filter': 'metrics.acc > 0.4'}",
    "{'order_by': [{'field_name': 'creation_timestamp'}]}",
    "{'max_results': 1}",
)
_LOGGED += ("{'order_by': [{'field_name': 'metrics.acc', 'ascending': Fal",)

KNOWN = {
    "rename to a taken name": TAKEN,
    "log metric: {'value': True}": STRICT,
    "log batch: {'params': ['x']}": STRICT,
    "history: {'run_id': '00000000000000000000000000000000'}": NO_RUN,
    "history: {'max_results': 'x'}": STRICT,
    "search: AND": NOTHING,
    "search with: {'run_view_type': 'NONSENSE'}": STRICT,
    "create version badly: {'name': 'none', 'source': 'mlflow-artifacts:/1/x'}": MISSING,
    "stage: {'stage': 'Archived', 'archive_existing_versions': True}": FAILS,
    "get model with aliases": NESTED,
    "search models: {'max_results': 0}": SIZE,
    "get logged model with all": NO_RUN_ID,
    **{f"search logged models: {each}": NO_RUN_ID for each in _LOGGED},
    "search logged models: {'filter': 'nonsense = 1'}": FAILS,
    "put a file": UPLOAD,
    "multipart": PARTS,
    "a list as a body": FAILS,
    "a body of another type": MEDIA,
    "an unknown path": PLAIN,
    "a wrong method": PLAIN,
}
